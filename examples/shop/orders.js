// What a customer does with orders: place them, watch them, ask to cancel them.
import {
  collection, doc, limit, onSnapshot, orderBy, query, serverTimestamp, setDoc, where,
} from "./sdk/firebase-firestore.js";
import { announceRefusal } from "./announcement.js";
import { db } from "./firebase.js";

const SHOWN_MAX = 20;

/** Returns the id of the order, once the security rules have accepted it. The service does the rest. */
export async function placeOrder(userId, items) {
  const order = doc(collection(db, "orders"));
  await setDoc(order, {
    userId,                       // the signed-in user
    items,                        // [{ productId: "espresso-cup", quantity: 3 }]
    status: "pending",
    createdAt: serverTimestamp(),
  });
  return order.id;
}

/** Calls back with the customer's orders, the latest first, whenever one changes. Returns a function that ends this. */
export function watchOrders(userId, changed) {
  const own = query(
    collection(db, "orders"),
    where("userId", "==", userId), // the rules refuse any other query
    orderBy("createdAt", "desc"),
    limit(SHOWN_MAX),
  );
  return onSnapshot(own, (found) => changed(found.docs.map((order) => ({ id: order.id, ...order.data() }))), announceRefusal);
}

/** An unpaid order is cancelled; for a paid one, the shop is notified and decides. */
export async function requestCancellation(userId, orderId) {
  await setDoc(doc(db, "cancelRequests", orderId), { userId, createdAt: serverTimestamp() });
}

/** What the order costs in minor units, with shipping, tax and discounts; null without a price. */
export function asked({ itemsTotal, adjustments, amountTotal, finalizedAt }) {
  if (adjustments?.length && itemsTotal != null && !finalizedAt) {
    return adjustments.reduce((sum, { amount }) => sum + amount, itemsTotal);
  }
  return amountTotal ?? itemsTotal ?? null;
}
