// What the console asks of Firestore, as values: a test holds that each has its index. Pure.
//
// { collection, where: [[field, operator, value]], order: [[field, "asc" or "desc"]], after: [values, id], limit }
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
