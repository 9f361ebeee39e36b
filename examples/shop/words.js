// What the shop tells its customers. Statuses, reasons and notices that are not listed here get a general sentence.
import { money } from "./money.js";

/** By status: its name, what it means to the customer, and how the order looks. */
const STATUSES = {
  pending: ["Placed", "We are checking that everything is in stock.", "waiting"],
  reserving: ["Placed", "We are checking that everything is in stock.", "waiting"],
  reserved: ["Reserved", "Everything is in stock and set aside for you.", "waiting"],
  finalized: ["Paid", "Thank you! We are getting it ready.", "good"],
  partially_refunded: ["Partly refunded", "Part of your payment is on its way back to you.", "good"],
  refunded: ["Refunded", "Your payment is on its way back to you.", "over"],
  failed: ["Not accepted", "You have nothing to pay.", "bad"],
  expired: ["Expired", "It was not paid in time. You are welcome to order again.", "over"],
  cancelled: ["Cancelled", "You have nothing to pay.", "over"],
  refund_due: ["Cannot be delivered", "You will get your money back, and there is nothing you need to do.", "bad"],
  review: ["Under review", "Your payment has arrived, and one of us will look at the order.", "waiting"],
};

export function statusInWords(status) {
  const [name, meaning, look] = STATUSES[status] ?? [status, "", "waiting"];
  return { name, meaning, look };
}

/** By the first word of a failed order's `failureReason`. */
const FAILURES = {
  insufficient_stock: "Somebody was faster: we no longer have all of it.",
  not_on_sale: "Something in it is no longer for sale.",
  too_many_open_orders: "You have too many unpaid orders: pay for one of them, or cancel it.",
  id_used_before: "An earlier order had the same number: please order again.",
  amount_too_large: "It costs more than can be paid at once: please order less.",
  mixed_currencies: "It cannot be paid in one currency: please split it into two orders.",
};

export function failureInWords(reason) {
  const [word] = (reason ?? "").split(":");
  return FAILURES[word] ?? "We cannot accept this order as it is.";
}

/** By type: what happened to the order, and what the notice's amount is. */
const NOTICES = {
  reserved: ["can be paid now", "To pay"],
  failed: ["could not be accepted", "Price"],
  paid: ["is paid. Thank you", "Paid"],
  payment_failed: ["is still unpaid: the payment did not go through", "To pay"],
  expired: ["was not paid in time", "Price"],
  cancelled: ["is cancelled", "Price"],
  refunded: ["is refunded", "Refunded"],
  partially_refunded: ["is partly refunded", "Refunded so far"],
  refund_due: ["cannot be delivered. You will get your money back", "Paid"],
  review: ["is being reviewed: your payment has arrived", "Paid"],
};

export function noticeInWords({ type, orderId, amount, currency }) {
  const [news, what] = NOTICES[type] ?? ["has changed", "Amount"];
  return {
    sentence: `Order ${shortened(orderId)} ${news}.`,
    amount: amount === null ? null : `${what}: ${money(amount, currency)}`,
  };
}

/** Enough of an order's id to tell a customer's orders apart. */
export const shortened = (orderId) => orderId.slice(0, 8);

/** By the reason or the code of an error. */
const REFUSALS = {
  payment_under_way: "Your payment is on its way.",
  held_too_long: "This order has waited too long: please order again.",
  too_many_attempts: "This order has waited too long: please order again.",
  "functions/failed-precondition": "This order cannot be paid here at the moment.",
  "functions/unavailable": "The shop is very busy. Please try again in a moment.",
  "permission-denied": "The shop does not allow this. Perhaps it is done already, or it is too late.",
  "resource-exhausted": "The shop is very busy. Please try again in a moment.",
  unavailable: "The shop cannot be reached. Please check your connection.",
  "auth/email-already-in-use": "There is already an account with this e-mail: sign in instead.",
  "auth/credential-already-in-use": "There is already an account with this e-mail: sign in instead.",
  "auth/invalid-credential": "This e-mail and password do not match.",
  "auth/invalid-email": "This is not an e-mail address.",
  "auth/missing-password": "Please enter a password.",
  "auth/network-request-failed": "The shop cannot be reached. Please check your connection.",
  "auth/too-many-requests": "Too many attempts. Please try again in a moment.",
  "auth/user-disabled": "This account has been disabled.",
  "auth/user-not-found": "This e-mail and password do not match.",
  "auth/weak-password": "A password needs at least six characters.",
  "auth/wrong-password": "This e-mail and password do not match.",
};

export function refusalInWords(error) {
  return REFUSALS[error.details?.reason] ?? REFUSALS[error.code] ?? `Something went wrong (${error.code ?? error.message}). Please try again.`;
}
