// What an order says of itself, as ops/standing.py and orders/order.py read it. Pure.

/** By status: its name, what it means, and how it looks. */
export const STANDING = {
  pending: ["placed; nothing is held for it yet", ""],
  reserving: ["its units are counted, but nobody has confirmed yet that they are there", ""],
  reserved: ["its units are held until it is paid", ""],
  finalized: ["paid, and its units are taken", "good"],
  partially_refunded: ["paid, and some of the money is refunded", "good"],
  refunded: ["all of its money is refunded", "soft"],
  failed: ["it could not be held", "soft"],
  expired: ["its hold ended before it was paid", "soft"],
  cancelled: ["cancelled before it was paid", "soft"],
  refund_due: ["paid, but it cannot be fulfilled: its money is due back", "bad"],
  review: ["something was paid, but not what was asked: a person decides, and nothing moves until then", "warn"],
};

export function standingOf(status) {
  const [says, look] = STANDING[status] ?? ["somebody else has written its status", "bad"];
  return { says, look };
}

/** What is to be paid, in minor units; null without a price. */
export function asked({ itemsTotal, adjustments, amountTotal, finalizedAt }) {
  if (adjustments?.length && itemsTotal != null && !finalizedAt) {
    return adjustments.reduce((sum, { amount }) => sum + amount, itemsTotal);
  }
  return amountTotal ?? itemsTotal ?? null;
}

export function unitsOf({ items }) {
  return Array.isArray(items) ? items.reduce((sum, { quantity }) => sum + (Number(quantity) || 0), 0) : 0;
}
