/** The pages by the name that their address begins with, the first for an address without one; without label, no link. */
export const PAGES = [
  { name: "orders", label: "Orders", load: () => import("./pages/orders.js") },
];
