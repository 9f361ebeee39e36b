// The customer's orders on the page.
import { announce, attempt } from "./announcement.js";
import { nameOf } from "./catalogue.js";
import { byId, element } from "./element.js";
import { money } from "./money.js";
import { asked, requestCancellation } from "./orders.js";
import { howToPay } from "./payment.js";
import { failureInWords, shortened, statusInWords } from "./words.js";

const CANCELLABLE = ["pending", "reserving", "reserved", "finalized"];

let statuses = new Map();

/** Shows the orders, and announces each whose status has changed. */
export function showOrders(orders) {
  const focused = document.activeElement?.closest("#order-list > li")?.id;
  byId("order-list").replaceChildren(...orders.map(card));
  byId("orders-empty").hidden = orders.length > 0;
  byId("orders-empty").textContent = "You have not ordered anything yet.";
  if (focused) {
    byId(focused)?.focus();
  }
  for (const { id, status } of orders) {
    if (statuses.has(id) && statuses.get(id) !== status) {
      const { name, meaning } = statusInWords(status);
      announce(`Order ${shortened(id)}: ${name}. ${meaning}`);
    }
  }
  statuses = new Map(orders.map(({ id, status }) => [id, status]));
}

export function showNoOrders() {
  statuses = new Map();
  byId("order-list").replaceChildren();
  byId("orders-empty").hidden = false;
  byId("orders-empty").textContent = "Sign in to see your orders.";
}

function card(order) {
  const { name, meaning, look } = statusInWords(order.status);
  const amount = asked(order);
  return element(
    "li",
    { id: `order-${order.id}`, className: `panel order ${look}`, tabIndex: -1 },
    element(
      "header",
      {},
      element("h3", {}, `Order ${shortened(order.id)}`),
      element("span", { className: "status" }, name),
    ),
    element("p", { className: "meaning" }, order.status === "failed" ? `${failureInWords(order.failureReason)} ` : null, meaning),
    element("ul", { className: "lines" }, ...order.items.map(line), ...adjustmentsOf(order).map(adjustment(order))),
    amount === null ? null : element("p", { className: "total" }, element("span", {}, "Total"), money(amount, order.currency)),
    order.status === "reserved" ? howToPay(order) : null,
    cancelButton(order),
  );
}

const line = ({ productId, quantity }) =>
  element("li", {}, element("span", {}, nameOf(productId)), element("span", {}, `× ${quantity}`));

// Without a currency the order has no price, which they could change.
const adjustmentsOf = ({ adjustments, currency }) => (currency ? adjustments ?? [] : []);

const adjustment = ({ currency }) => ({ kind, amount, label }) =>
  element("li", {}, element("span", {}, label ?? kind), element("span", {}, money(amount, currency)));

function cancelButton(order) {
  if (order.cancelRequestedAt) {
    return element("p", { className: "meaning" }, "You have asked us to cancel it.");
  }
  if (!CANCELLABLE.includes(order.status)) {
    return null;
  }
  const button = element("button", { type: "button", className: "quiet" });
  button.textContent = order.status === "finalized" ? "Ask to cancel" : "Cancel the order";
  button.onclick = async () => {
    button.disabled = true;
    button.disabled = await attempt(() => requestCancellation(order.userId, order.id));
  };
  return button;
}
