// What is on sale. How many units are left, only the shop knows: a product says "in", "few" or "out".
import { collection, limit, onSnapshot, query, where } from "./sdk/firebase-firestore.js";
import { announceRefusal } from "./announcement.js";
import { byId, element } from "./element.js";
import { db } from "./firebase.js";
import { money } from "./money.js";

const BADGES = { few: "Few left", out: "Sold out" };

/** What is on sale now, by id, except for what nobody could show. */
export let products = new Map();

/** Shows what is on sale. Calls `add` with the id of a product that is chosen, and `changed` after every change. */
export function watchCatalogue(add, changed) {
  const onSale = query(collection(db, "products"), where("active", "==", true), limit(100));
  onSnapshot(onSale, (found) => {
    products = new Map(found.docs.map((product) => [product.id, product.data()]).filter(([, fields]) => isShowable(fields)));
    show(add);
    changed();
  }, announceRefusal);
}

const isShowable = ({ name, unitAmount, currency }) =>
  typeof name === "string"
  && (unitAmount === undefined || (Number.isSafeInteger(unitAmount) && /^[a-z]{3}$/.test(currency)));

export const nameOf = (productId) => products.get(productId)?.name ?? productId;
export const isSoldOut = (productId) => products.get(productId)?.available === "out";

function show(add) {
  const list = byId("catalogue");
  const focused = document.activeElement?.dataset?.productId;
  list.replaceChildren(...[...products].map(([id, product]) => card(id, product, add)));
  list.ariaBusy = "false";
  // Who uses the keyboard stays where they were.
  list.querySelector(`button[data-product-id="${CSS.escape(focused ?? "")}"]`)?.focus();
  if (products.size === 0) {
    list.append(element("li", { className: "empty" }, "Nothing is on sale right now."));
  }
}

function card(id, { name, unitAmount, currency, available }, add) {
  const badge = BADGES[available];
  const button = element("button", {
    type: "button",
    disabled: available === "out",
    ariaLabel: `Add to cart: ${name}`,
    onclick: () => add(id),
  }, "Add to cart");
  button.dataset.productId = id;
  const plate = element("div", { className: "plate", ariaHidden: "true" }, Array.from(name)[0] ?? "");
  plate.style.setProperty("--hue", hueOf(id));
  return element(
    "li",
    { className: available === "out" ? "product sold-out" : "product" },
    plate,
    badge ? element("span", { className: `badge ${available}` }, badge) : null,
    element("h2", {}, name),
    element("p", { className: "price" }, unitAmount === undefined ? "Price on request" : money(unitAmount, currency)),
    button,
  );
}

/** A colour for each product, in place of a picture. */
function hueOf(id) {
  return Array.from(id).reduce((sum, character) => (sum * 31 + character.codePointAt(0)) % 360, 7);
}
