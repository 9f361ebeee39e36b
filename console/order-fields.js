// What an order says of itself, as ops/standing.py and orders/order.py read it. Pure.
import { added, money } from "./money.js";
import { age, moment } from "./time.js";

/** By status: its name, what it means, and how it looks. */
export const STANDING = {
  pending: ["placed; nothing is held for it yet", ""],
  reserving: ["its units are counted, but it is not confirmed yet that there are enough", ""],
  reserved: ["its units are held until it is paid", ""],
  finalized: ["paid, and its units are taken", "good"],
  partially_refunded: ["paid, and partly refunded", "good"],
  refunded: ["fully refunded", "soft"],
  failed: ["its units could not be held", "soft"],
  expired: ["its hold ended before it was paid", "soft"],
  cancelled: ["cancelled before it was paid", "soft"],
  refund_due: ["paid, but it cannot be fulfilled: its money is due back", "bad"],
  review: ["what was paid is not what was asked; nothing moves until a person decides", "warn"],
};

/** A dispute's statuses in which nobody waits for an answer; in any other it is open, also in an unknown one. */
export const DECIDED = ["warning_closed", "won", "lost", "prevented", "charge_refunded"];

export function standingOf(status) {
  const [says, look] = STANDING[status] ?? ["somebody else has overwritten its status", "bad"];
  return { says, look };
}

/** What is to be paid, in minor units; null without a price. */
export function asked({ itemsTotal, adjustments, amountTotal, finalizedAt }) {
  if (adjustments?.length && itemsTotal != null && !finalizedAt) {
    return adjustments.reduce((sum, { amount }) => sum + amount, itemsTotal);
  }
  return amountTotal ?? itemsTotal ?? null;
}

/** Whether what is asked is in another currency than the money that came. */
export function isPaidInAnother({ currency, currencyReceived }) {
  return Boolean(currency && currencyReceived && currency !== currencyReceived);
}

export function currencyOf({ currency, currencyReceived }) {
  return currencyReceived ?? currency ?? null;
}

/** Its lines that name a product, as `{ productId, quantity }`. A customer can write anything there, of which a page shows no
 *  object: lit-html would take some for a value of its own. */
export function linesOf({ items }) {
  return (Array.isArray(items) ? items : [])
    .filter((line) => typeof line?.productId === "string")
    .map(({ productId, quantity }) => ({ productId, quantity: Number.isFinite(quantity) ? quantity : 0 }));
}

export const unitsOf = (fields) => linesOf(fields).reduce((sum, { quantity }) => sum + quantity, 0);

/** Whether its units are counted as held. */
export function isHolding({ status, holdKept }) {
  return ["reserving", "reserved"].includes(status) || (status === "review" && holdKept === true);
}

/** Its payments, each `{ id, state, amount, currency, chargeId, refunded, … }`, the earliest first. */
export function paymentsOf({ payments = {}, refunds = {} }) {
  return Object.entries(payments ?? {})
    .map(([id, payment]) => ({ id, ...payment, refunded: refundedOf({ id, ...payment }, refunds ?? {}) }))
    .sort((one, other) => (one.at ?? 0) - (other.at ?? 0));
}

/** Its refunds, each in the currency of its payment. */
export function refundsOf(fields) {
  const payments = paymentsOf(fields);
  const paidWith = ({ paymentId }) => payments.find(({ id, chargeId }) => paymentId && [id, chargeId].includes(paymentId));
  return Object.entries(fields.refunds ?? {})
    .map(([id, refund]) => ({ id, ...refund, currency: paidWith(refund)?.currency ?? currencyOf(fields) }));
}

/** What its payments have brought, less what is refunded: `[{ amount, currency }]`, one sum a currency. */
export function balanceOf(fields) {
  const brought = paymentsOf(fields).filter(({ state, currency }) => state === "succeeded" && currency);
  return added(brought.map(({ amount, refunded, currency }) => ({ amount: amount - refunded, currency })))
    .filter(({ amount }) => amount);
}

/** Whether any of its money can still be ordered to go back: pending refunds, which take days, have it already. */
export function isLeftToRefund(fields) {
  return paymentsOf(fields).some((payment) => payment.state === "succeeded"
    && payment.amount > promisedOf(payment, fields.refunds ?? {}));
}

/** What is refunded of a payment, by Stripe or elsewhere. */
const refundedOf = (payment, refunds) => countedOf(payment, refunds, ({ status }) => status === "succeeded");

/** The same, with what is pending. */
const promisedOf = (payment, refunds) => countedOf(payment, refunds, (refund) => !isUndone(refund));

/** What of its refunds counts: `isCounted` of each. A charge's total also counts what is only pending, or has failed since;
 *  and with what went back outside Stripe it is no more than the payment has brought. */
function countedOf({ id, chargeId, amount, amountRefunded = 0 }, refunds, isCounted) {
  const own = Object.values(refunds).filter(({ paymentId }) => paymentId == null || [id, chargeId].includes(paymentId));
  const total = (several) => several.reduce((sum, each) => sum + each.amount, 0);
  const ofStripe = own.filter(({ elsewhere }) => !elsewhere);
  const counted = total(ofStripe.filter(isCounted));
  const atStripe = counted + Math.max(amountRefunded - mostAtOnce(ofStripe), 0);
  const elsewhere = own.filter((refund) => refund.elsewhere && !isUndone(refund));
  return Math.max(atStripe, Math.min(atStripe + total(elsewhere), amount ?? 0));
}

/** The largest sum that a charge's total can have included of these refunds, as `orders/refunds.py` has it. */
function mostAtOnce(refunds) {
  const steps = refunds.flatMap(({ at, failedAt, amount }) => [
    { at: Number(at ?? -Infinity), amount },
    ...(failedAt ? [{ at: Number(failedAt), amount: -amount }] : []),
  ]);
  let sum = 0;
  // In one second, what is made comes before what fails.
  return Math.max(0, ...steps.toSorted((one, other) => (one.at === other.at ? other.amount - one.amount : one.at - other.at))
    .map(({ amount }) => (sum += amount)));
}

const isUndone = ({ status }) => ["failed", "canceled"].includes(status);

/** The ids of those of its refunds of which an operator can say that they were a mistake. */
export const mistakesOf = (fields) => refundsOf(fields)
  .filter((refund) => !refund.mistake && (refund.elsewhere || isUndone(refund)))
  .map(({ id }) => id);

/** Refunds of a fulfilled order that came to nothing, of which less has gone back instead: with `paidWith`, `currency` and what is `owed`. */
export function refundsToRepeat(fields) {
  return (fields.refundLost ? paymentsOf(fields) : []).filter(({ state }) => state === "succeeded").flatMap((payment) => {
    const own = refundsOf(fields)
      .filter(({ paymentId, mistake }) => !mistake && (paymentId == null || [payment.id, payment.chargeId].includes(paymentId)));
    return [...owedOf(own, promisedOf(payment, fields.refunds ?? {}), payment.amount)]
      .map(([refund, owed]) => ({ ...refund, paidWith: payment.id, currency: payment.currency, owed }))
      .filter(({ owed }) => owed > 0);
  });
}

/** What is owed of each of a payment's refunds that came to nothing, as `orders/lost_refunds.py` has it: a refund makes up for
 *  what had failed when it was made, and for nothing else. */
function owedOf(refunds, promised, paid) {
  const owed = new Map();
  const makeUp = (amount) => {
    for (const [refund, left] of owed) {
      const taken = Math.max(Math.min(left, amount), 0);
      owed.set(refund, left - taken);
      amount -= taken;
    }
  };
  const steps = refunds.toSorted((one, other) => (one.id < other.id ? -1 : 1)).flatMap((refund) => {
    const undone = isUndone(refund);
    const made = { refund, at: Number(refund.at ?? (undone ? -Infinity : Infinity)), rank: undone ? 0 : 2 };
    return undone ? [made, { refund, at: Number(refund.failedAt ?? refund.at ?? -Infinity), rank: 1 }] : [made];
  });
  for (const { refund, rank } of steps.toSorted((one, other) => (one.at === other.at ? one.rank - other.rank : one.at - other.at))) {
    if (rank === 1) {
      owed.set(refund, refund.amount);
    } else {
      makeUp(refund.amount);
    }
  }
  makeUp(promised - refunds.filter((refund) => !isUndone(refund)).reduce((sum, { amount }) => sum + amount, 0));
  makeUp([...owed.values()].reduce((sum, left) => sum + left, 0) - Math.max(paid - promised, 0));
  return owed;
}

/** Why it is not further, and what somebody still has to do, in words. */
export function missingIn(fields, now) {
  const said = [];
  const { status, failureReason, reservationExpiresAt: ends, createdAt, openDisputes, cancelRequestedAt } = fields;
  const price = asked(fields);
  if (failureReason) {
    said.push(failureReason);
  }
  if (status === "reserved" && !paymentsOf(fields).some(({ state }) => state === "succeeded")) {
    said.push(price === null ? "not paid yet; it has no price" : `not paid yet; ${money(price, fields.currency)} is asked`);
  }
  if (status === "reserved" && ends) {
    said.push(ends <= now
      ? `its hold ended ${age(ends, now)} ago: the next sweep releases it`
      : `its units are held for another ${age(ends, now)}, until ${moment(ends)}`);
  }
  if (["pending", "reserving"].includes(status) && createdAt) {
    said.push(`it was created ${age(createdAt, now)} ago; if its trigger was lost, the sweep does its work`);
  }
  for (const { id, state, funded } of paymentsOf(fields)) {
    if (["processing", "authorised"].includes(state)) {
      said.push(`payment ${id} is ${state}`);
    }
    if (funded && state !== "succeeded") {
      said.push(`${money(funded.amount, funded.currency)} of payment ${id} has arrived at Stripe, and the rest has not`);
    }
  }
  if (status === "refund_due") {
    said.push(...balanceOf(fields).map(({ amount, currency }) => `${money(amount, currency)} is to be refunded`));
  }
  for (const { id, status: state } of refundsOf(fields)) {
    if (["pending", "requires_action"].includes(state)) {
      said.push(`refund ${id} is ${state}`);
    }
  }
  for (const { id, status: state } of refundsToRepeat(fields)) {
    said.push(`refund ${id} paid nothing back: it is ${state}`);
  }
  if (openDisputes) {
    said.push(`undecided disputes of its payments: ${openDisputes}`);
  }
  if (fields.overpaid) {
    said.push("more was paid than is needed");
  }
  if (cancelRequestedAt && fields.finalizedAt && status !== "refunded") {
    said.push(`the customer asked at ${moment(cancelRequestedAt)} to cancel it`);
  }
  return [...new Set(said)];
}
