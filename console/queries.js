// What the console asks of Firestore, as values: a test holds that each has its index. Pure.
//
// { collection, everywhere, where: [[field, operator, value]], order: [[field, "asc" or "desc"]], after: [values, id], limit }
// Of `everywhere`, whatever document the collection is below.
// The field "id" is the document's name. What is ordered by a field is ordered by its id besides.

export const STATUSES = [
  "pending", "reserving", "reserved", "finalized", "partially_refunded", "refunded", "failed", "expired", "cancelled",
  "refund_due", "review",
];
export const PAGE = 25;

/**
 * Orders, the newest first: of some statuses or of one customer, as no index serves both, within a time.
 * Served by the index (status, createdAt desc) or (userId, createdAt desc).
 */
export function orders({ statuses = [], user, since, until, after, limit = PAGE } = {}) {
  const which = user ? ["userId", "==", user] : ["status", "in", statuses.length ? statuses : STATUSES];
  return {
    collection: "orders",
    where: [
      which,
      ...(since ? [["createdAt", ">=", since]] : []),
      ...(until ? [["createdAt", "<", until]] : []),
    ],
    order: [["createdAt", "desc"]],
    after,
    limit,
  };
}

/**
 * What was paid within a time in one currency: `sum` is to be added up.
 * Served by the index (currencyReceived, finalizedAt, amountReceived), in which only paid orders are.
 */
export function paid({ currency, since, until }) {
  return {
    collection: "orders",
    where: [
      ["currencyReceived", "==", currency],
      ["finalizedAt", ">=", since],
      ...(until ? [["finalizedAt", "<", until]] : []),
    ],
    // What is added up has to be in the index, which is in this order.
    order: [["finalizedAt", "asc"], ["amountReceived", "asc"]],
    sum: "amountReceived",
  };
}

/** One order in the next currency behind this one, in the order of that index: so currencies are found one by one. */
export function currencyAfter(currency = "") {
  return {
    collection: "orders",
    where: [["currencyReceived", ">", currency]],
    order: [["currencyReceived", "asc"], ["finalizedAt", "asc"], ["amountReceived", "asc"]],
    limit: 1,
  };
}

/** What is on record of one order, each list with so many at most; the earliest first, as the indexes have it. */
export function ofOrder(orderId, limit = 16) {
  const of = [["orderId", "==", orderId]];
  const few = Math.ceil(limit / 5);
  return {
    entries: { collection: "auditLog", where: of, order: [["createdAt", "asc"]], limit },
    effects: { collection: "effects", where: of, order: [["createdAt", "asc"]], limit },
    parked: { collection: "webhookEvents", where: [...of, ["processed", "==", false]], limit: few },
    // Any of them says whether the order's money is real.
    claims: { collection: "webhookEvents", where: of, limit: 1 },
    disputes: { collection: "disputes", where: of, limit: few },
    findings: { collection: "findings", where: of, limit: few },
  };
}

/** What operators have asked for of an order, answered or not, and whether or not it was only rehearsed. */
export function requestsFor(orderId, limit) {
  return { collection: "operatorRequests", where: [["target", "==", orderId]], limit };
}

const LAST = "\uf8ff";
/** Of orders of which something may have been refunded; and how the ids of refunds begin. */
export const REFUNDABLE = ["finalized", "partially_refunded", "refunded", "refund_due", "review"];
export const REFUND_IDS = ["re_", "pyr_", "refund_", "elsewhere_"];

/** What has an id that begins so. */
export function beginningWith(collection, text, limit = 5) {
  return { collection, where: [["id", ">=", text], ["id", "<=", text + LAST]], order: [["id", "asc"]], limit };
}

/** The order of a Checkout session is the id of what is found. */
export function ofSession(sessionId) {
  return { collection: "checkouts", where: [["sessionId", "==", sessionId]], limit: 1 };
}

/** Whether a customer has one order, or several. */
export function ofCustomer(userId) {
  return orders({ user: userId, limit: 2 });
}

/** The latest orders of which something may have been refunded. */
export function refunded({ after, limit } = {}) {
  return orders({ statuses: REFUNDABLE, after, limit });
}

/** What is in the inventory, by id. */
export function inventory({ after, limit = PAGE } = {}) {
  return { collection: "inventory", where: [], order: [["id", "asc"]], after: after && [after], limit };
}

/** What is on sale, by id: the rules let nobody list what is not. */
export function onSale({ after, limit = PAGE } = {}) {
  return { ...inventory({ after, limit }), collection: "products", where: [["active", "==", true]] };
}

/** What paid orders have still to take of hot products, each by the id of its order. */
export function takings(limit) {
  return { collection: "takings", where: [], order: [["id", "asc"]], limit };
}

/** The orders that may hold units, the longest waiting first: no index leads to those that hold a product. */
export function mayHold(limit) {
  return {
    collection: "orders",
    where: [["status", "in", ["reserving", "reserved", "review"]]],
    order: [["createdAt", "asc"]],
    limit,
  };
}

/** What the trail says within a time, the earliest first. */
export function trailWithin({ since, until, limit }) {
  return {
    collection: "auditLog",
    where: [["createdAt", ">=", since], ...(until ? [["createdAt", "<", until]] : [])],
    order: [["createdAt", "asc"], ["orderId", "asc"]],
    limit,
  };
}

/** The deliveries within a time of what had come before. */
export function cameAgainWithin({ since, until }) {
  return {
    collection: "deliveries",
    everywhere: true,
    where: [["createdAt", ">=", since], ["createdAt", "<", until]],
    order: [["createdAt", "asc"]],
  };
}

/** Events that wait for their order or payment, or that nobody could read; the longest waiting first. */
export function parkedEvents(limit) {
  return { collection: "webhookEvents", where: [["processed", "==", false]], order: [["parkedAt", "asc"]], limit };
}

/** Events of another account or mode than the shop's, which were put on record and no more. */
export function setAside(limit) {
  return { collection: "webhookEvents", where: [["result", "in", ["other_account", "livemode_mismatch"]]], limit };
}

/** Events that came more than once, the most often first. */
export function repeated(limit) {
  return {
    collection: "webhookEvents", where: [["deliveries", ">", 1]], order: [["deliveries", "desc"]], limit,
  };
}
