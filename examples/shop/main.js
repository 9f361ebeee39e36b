// The page: everybody sees catalogue and cart, and who is signed in sees their orders and notices.
import { announce, attempt } from "./announcement.js";
import { addToCart, emptyCart, items, showCart } from "./cart.js";
import { watchCatalogue } from "./catalogue.js";
import { byId } from "./element.js";
import { showNoNotices, watchNotices } from "./notices.js";
import { showNoOrders, showOrders } from "./order-list.js";
import { placeOrder, watchOrders } from "./orders.js";
import { askWho, watchSession } from "./session.js";

let customer = null;
let orders = [];
let watched = [];

watchCatalogue(addToCart, () => {
  showCart();
  // They show the products' names.
  if (orders.length) {
    showOrders(orders);
  }
});

watchSession((userId) => {
  watched.forEach((end) => end());
  customer = userId;
  orders = [];
  showNoOrders();
  showNoNotices();
  byId("place-order").textContent = userId ? "Place order" : "Sign in to order";
  watched = userId ? [watchOrders(userId, (found) => showOrders(orders = found)), watchNotices(userId)] : [];
});

byId("place-order").onclick = async () => {
  if (!customer) {
    askWho();
    return;
  }
  byId("place-order").disabled = true;
  const isPlaced = await attempt(() => placeOrder(customer, items()));
  byId("place-order").disabled = false;
  if (isPlaced) {
    emptyCart();
    announce("Your order is placed. We are checking that everything is in stock.");
    byId("orders").focus();
  }
};
