// What the customer is about to order, kept on their device.
import { announce } from "./announcement.js";
import { isSoldOut, nameOf, products } from "./catalogue.js";
import { byId, element, showCount } from "./element.js";
import { money } from "./money.js";

// The most that security rules and service accept.
const LINES_MAX = 100;
const UNITS_MAX = 1000;

const quantities = new Map(Object.entries(JSON.parse(localStorage.getItem("cart") ?? "{}")));

/** As an order lists them. */
export const items = () => [...quantities].map(([productId, quantity]) => ({ productId, quantity }));

export function addToCart(productId) {
  if (!quantities.has(productId) && quantities.size === LINES_MAX) {
    announce(`An order has at most ${LINES_MAX} different products.`);
    return;
  }
  setQuantity(productId, (quantities.get(productId) ?? 0) + 1);
  announce(`${nameOf(productId)} is in your cart.`);
}

export function emptyCart() {
  quantities.clear();
  keep();
}

export function showCart() {
  byId("cart-lines").replaceChildren(...[...quantities].map(line));
  byId("cart-empty").hidden = quantities.size > 0;
  byId("cart-foot").hidden = quantities.size === 0;
  byId("cart-total").textContent = total();
  showCount(byId("cart-count"), [...quantities.values()].reduce((sum, quantity) => sum + quantity, 0), "in the cart");
}

function setQuantity(productId, quantity) {
  if (quantity < 1) {
    quantities.delete(productId);
  } else {
    quantities.set(productId, Math.min(quantity, UNITS_MAX));
  }
  keep();
}

function keep() {
  localStorage.setItem("cart", JSON.stringify(Object.fromEntries(quantities)));
  showCart();
}

function line([productId, quantity]) {
  const name = nameOf(productId);
  const { unitAmount, currency } = products.get(productId) ?? {};
  return element(
    "li",
    {},
    element("span", { className: "name" }, name, isSoldOut(productId) ? element("em", {}, "sold out") : null),
    element("span", { className: "amount" }, unitAmount === undefined ? "" : money(unitAmount * quantity, currency)),
    element(
      "span",
      { className: "stepper" },
      step(productId, quantity - 1, "−", `One ${name} less`),
      element("output", { ariaLabel: `Quantity of ${name}` }, String(quantity)),
      step(productId, quantity + 1, "+", `One ${name} more`),
    ),
  );
}

function step(productId, quantity, sign, label) {
  const button = element("button", { type: "button", ariaLabel: label }, sign);
  button.onclick = () => {
    setQuantity(productId, quantity);
    // The line was made anew: who uses the keyboard stays where they were.
    (byId("cart-lines").querySelector(`[aria-label="${CSS.escape(label)}"]`) ?? byId("place-order")).focus();
  };
  return button;
}

/** By the catalogue's prices of now; one sum for each currency. */
function total() {
  const sums = new Map();
  for (const [productId, quantity] of quantities) {
    const { unitAmount, currency } = products.get(productId) ?? {};
    if (unitAmount !== undefined) {
      sums.set(currency, (sums.get(currency) ?? 0) + unitAmount * quantity);
    }
  }
  return [...sums].map(([currency, sum]) => money(sum, currency)).join(" + ");
}
