/** The pages by the name that their address begins with, the first for an address without one; without label, no link. */
export const PAGES = [
  { name: "today", label: "Today", load: () => import("./pages/today.js") },
  { name: "orders", label: "Orders", load: () => import("./pages/orders.js") },
  { name: "order", within: "orders", load: () => import("./pages/order.js") },
  { name: "stock", label: "Stock", load: () => import("./pages/stock.js") },
  { name: "events", label: "Events", load: () => import("./pages/events.js") },
];
