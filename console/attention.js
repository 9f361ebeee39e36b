// What of a shop waits for a person: the questions of ops/attention.py, and how what is found is said. Pure.
import { orderAskedOf } from "./acts.js";
import { balanceOf, currencyOf, linesOf, refundsToRepeat } from "./order-fields.js";
import { added } from "./money.js";
import { MINUTE } from "./time.js";

/** After so long the sweep should have taken it up. */
const UNTOUCHED = 20 * MINUTE;
const ASKED_WITHIN = 24 * 60 * MINUTE;
/** So many attempts take a quarter of an hour and more: then it is no passing trouble. */
const ATTEMPTS_MANY = 5;

/** Whether a parked event is kept as it was read; of what nobody could read there is only its id. */
export const isKept = ({ event }) => Boolean(event);

const untouched = (now) => new Date(now - UNTOUCHED);

const inStatus = (status, isOld) => (now) => ({
  collection: "orders",
  where: [["status", "==", status], ...(isOld ? [["createdAt", "<=", untouched(now)]] : [])],
  order: [["createdAt", "asc"]],
});

const effects = (states, isOverdue) => (now) => ({
  collection: "effects",
  where: [["state", "in", states], ...(isOverdue ? [["nextAttemptAt", "<=", untouched(now)]] : [])],
  order: [["nextAttemptAt", "asc"]],
});

/**
 * By urgency. `item` makes of what was found `{ id, since, money, note, orderId }`, or null if it is none after all;
 * `of`: what it is, if it can be marked as handled; of an event, `isKept` says whether it can be settled as it is kept.
 * `isFiltered`: whether only what is read can tell, so that they cannot be counted. `needs`: the documents that say
 * whether it is still so, which `isStill` is then given by path.
 */
export const CONCERNS = [
  { name: "disputes", says: "waiting for evidence, by deadline", item: ofDispute, query: () => ({
    collection: "disputes",
    where: [["status", "in", ["warning_needs_response", "needs_response", "appeal_needs_response"]]],
    order: [["dueBy", "asc"]],
  }) },
  { name: "refund due", says: "paid, but cannot be fulfilled", item: ofOrder, query: inStatus("refund_due") },
  { name: "review", says: "paid, but not what was asked", item: ofOrder, query: inStatus("review") },
  { name: "paid twice", says: "more was paid than needed", item: ofOrder, isFiltered: true, query: () => ({
    collection: "orders", where: [["overpaid", "==", true]], order: [["createdAt", "asc"]],
  }) },
  { name: "refund failed", says: "of fulfilled orders; the money is still owed", item: ofRefundLost, query: () => ({
    collection: "orders", where: [["refundLost", "==", true]], order: [["updatedAt", "asc"]],
  }) },
  { name: "parked", of: "event", says: "events that wait for their order or payment", item: ofParked, query: () => ({
    collection: "webhookEvents", where: [["processed", "==", false]], order: [["parkedAt", "asc"]],
  }) },
  { name: "findings", of: "finding", says: "from reconciliation with Stripe", item: ofFinding, query: () => ({
    collection: "findings", where: [["state", "==", "open"]], order: [["since", "asc"]],
  }) },
  { name: "effects given up", of: "effect", says: "failed, and not retried any more", item: ofEffect, query: effects(["ERROR"]) },
  { name: "effects failing", says: `tried ${ATTEMPTS_MANY} times or more`, item: ofFailing, isFiltered: true,
    query: effects(["RETRY"]) },
  { name: "effects overdue", says: "due, but not tried in time", item: ofEffect,
    query: effects(["PENDING", "PROCESSING", "RETRY"], true) },
  { name: "requests", says: "from operators, not answered in time", item: ofRequest, isFiltered: true, query: (now) => ({
    collection: "operatorRequests",
    where: [["createdAt", ">=", new Date(now - ASKED_WITHIN)], ["createdAt", "<=", untouched(now)]],
    order: [["createdAt", "asc"]],
  }) },
  { name: "expired holds", says: "unpaid, but not released yet", item: ofLapsed, query: (now) => ({
    collection: "orders",
    where: [["status", "==", "reserved"], ["reservationExpiresAt", "<=", untouched(now)]],
    order: [["reservationExpiresAt", "asc"]],
  }) },
  { name: "pending", says: "orders whose units are not held yet", item: ofOrder, query: inStatus("pending", true) },
  { name: "reserving", says: "orders whose hold is not confirmed yet", item: ofOrder, query: inStatus("reserving", true) },
  { name: "inventory gone", says: "units moved of products without an inventory", item: ofUncounted, isFiltered: true,
    needs: inventoriesOf, isStill: (found, there) => inventoriesOf(found).some((path) => !there.has(path)), query: () => ({
    collection: "orders", where: [["wentUncounted", "==", true]], order: [["createdAt", "desc"]],
  }) },
];

const ofNoOrder = ({ id, fields }, since, money, note) => ({
  id, since, money, note, orderId: fields.orderId ?? null, isKept: isKept(fields),
});
const sum = (amount, currency) => (amount && currency ? [{ amount, currency }] : []);

function ofOrder({ id, fields }) {
  return { id, orderId: id, since: fields.createdAt, money: balanceOf(fields), note: fields.failureReason ?? "" };
}

function ofRefundLost({ id, fields }) {
  const lost = refundsToRepeat(fields);
  const money = added(lost.map(({ owed, currency }) => ({ amount: owed, currency })));
  const note = lost.map((refund) => `refund ${refund.id} is ${refund.status}`).join(" and ");
  return { id, orderId: id, since: fields.updatedAt, money, note };
}

function ofLapsed({ id, fields }) {
  const money = sum(fields.amountTotal, currencyOf(fields));
  return { id, orderId: id, since: fields.reservationExpiresAt, money, note: "" };
}

/** Of products that are never short nothing is counted. */
function inventoriesOf({ fields }) {
  const { unlimited = [] } = fields;
  return linesOf(fields).filter(({ productId }) => !unlimited.includes(productId)).map(({ productId }) => `inventory/${productId}`);
}

function ofUncounted({ id, fields }) {
  const products = linesOf(fields).map(({ productId }) => productId).join(", ");
  return { id, orderId: id, since: fields.createdAt, money: [], note: `ordered ${products}, of which not all had an inventory` };
}

function ofParked(found) {
  const { parkedAt, eventType, result, event } = found.fields;
  return ofNoOrder(found, parkedAt, sum(event?.amount, event?.currency), `${eventType}, ${result}`);
}

function ofEffect(found) {
  const { createdAt, kind, orderId, error, state } = found.fields;
  return ofNoOrder(found, createdAt, [], `${kind} for order ${orderId}: ${error ?? state}`);
}

function ofFailing(found) {
  return found.fields.attempts >= ATTEMPTS_MANY ? ofEffect(found) : null;
}

function ofDispute(found) {
  const { dueBy, openedAt, amount, currency, reason } = found.fields;
  return ofNoOrder(found, dueBy ?? openedAt, sum(amount, currency), reason ?? "");
}

function ofRequest({ id, fields }) {
  if (fields.settledAt) {
    return null;
  }
  const note = `${fields.kind} ${fields.target}, asked for by ${fields.operator}`;
  return { id, orderId: orderAskedOf(fields), since: fields.createdAt, money: [], note };
}

function ofFinding(found) {
  const { since, rule, found: says } = found.fields;
  return ofNoOrder(found, since, [], `${rule}: ${says}`);
}
