// What an operator can do, and how it is asked for: a document that the service answers. Pure.
import { balanceOf, currencyOf, isLeftToRefund, mistakesOf, paymentsOf, STANDING } from "./order-fields.js";
import { minorUnits } from "./money.js";

/** By kind: its name on a button, what it does, and in which statuses of an order it is no use to ask for it at all. */
export const ACTS = {
  accept: {
    name: "Accept",
    says: "Accept what was paid as the price, and fulfil the order. It may also have been paid outside Stripe.",
    statuses: ["reserved", "failed", "expired", "cancelled", "refund_due", "review"],
  },
  refund: {
    name: "Refund",
    says: "Have Stripe refund money. The order changes once Stripe reports the refund.",
    statuses: ["finalized", "partially_refunded", "refunded", "refund_due", "review"],
  },
  release: {
    name: "Release",
    says: "Release the units of this unpaid order now.",
    statuses: ["reserving", "reserved"],
  },
  extend: { name: "Hold longer", says: "Hold the units for the customer until then, paid or not.", statuses: ["reserved"] },
  cancel: {
    name: "Cancel",
    says: "Cancel it, as if its customer had asked.",
    statuses: ["pending", "reserving", "reserved"],
  },
  stock: { name: "Adjust", says: "Correct the number of units.", statuses: [] },
  retry: { name: "Try again", says: "Try it again, unless somebody has done it since.", statuses: [] },
  replay: { name: "Settle now", says: "Settle this event as if Stripe had just delivered it.", statuses: [] },
  handle: {
    name: "Mark as handled",
    says: "Record that somebody has dealt with it, so that it no longer waits. No money, stock or order changes.",
    statuses: [],
  },
};

export const ACTS_ON_NO_ORDER = ["stock", "retry", "replay", "handle"];
export const REASON_CHARACTERS_MAX = 500;

/** Its status, or the one that the service gave a paid order before somebody else overwrote it. */
function settledStatus({ status, finalizedAt, unfulfilledAs }) {
  return ACTS.refund.statuses.includes(status) ? status : (finalizedAt ? "finalized" : unfulfilledAs) ?? status;
}

/** The kinds that may be asked for of this order. */
export function actsOn(fields) {
  const possible = Object.keys(ACTS).filter((kind) => ACTS[kind].statuses.includes(settledStatus(fields)));
  return possible.filter((kind) => isOfUse(kind, fields));
}

function isOfUse(kind, fields) {
  switch (kind) {
    case "accept":
      return fields.status in STANDING;
    case "refund":
      return isLeftToRefund(fields) || mistakesOf(fields).length > 0;
    default:
      return true;
  }
}

/** Its status as the service names it, also one that somebody else has written. */
export const expectedStatus = ({ status }) => (status in STANDING ? status : "unknown");

/** What can be chosen for an act, as fields of a form: `{ name, label, type, options, value, note }`. */
export function choicesFor(kind, fields) {
  const paid = paymentsOf(fields ?? {}).filter(({ state }) => state === "succeeded").map(({ id }) => id);
  const mistakes = mistakesOf(fields ?? {}).map((id) => [id, id]);
  switch (kind) {
    case "accept":
      return [{ name: "payment", label: "Payment that paid for it, if it named no order", type: "text", note: "pi_…" }];
    case "refund":
      return [
        { name: "amount", label: "Amount", type: "text", note: "all that is left" },
        { name: "payment", label: "Which payment", options: [["", "those not needed first"], ...paid.map((id) => [id, id])] },
        { name: "restock", label: "Units", options: [["", "the shop's setting"], ["all", "all come back"], ["none", "none come back"]] },
        { name: "again", label: "Even if another refund is on its way or was for as much, or the order is disputed", type: "checkbox" },
        { name: "elsewhere", label: "It already went back outside Stripe: only count it as refunded", type: "checkbox" },
        ...(mistakes.length ? [{ name: "mistake", label: "Only record that a refund was a mistake", options: [["", "none"], ...mistakes] }] : []),
      ];
    case "extend":
      return [{ name: "until", label: "Until", type: "datetime-local", isRequired: true }];
    case "stock":
      return [
        { name: "mode", label: "How", options: [["set", "set the stock to"], ["add", "add to the stock (negative: remove)"], ["recount", "recount what orders hold"]] },
        { name: "quantity", label: "Units", type: "number", note: "none for a recount" },
        { name: "force", label: "Even if orders hold more than are left", type: "checkbox" },
      ];
    default:
      return [];
  }
}

/** What the request says besides kind, target and reason, from the form's own words. Throws a sentence for a person. */
export function parametersFrom(kind, said, fields) {
  const parameters = {};
  for (const name of ["payment", "restock", "mode", "mistake"]) {
    if (said.get(name)?.trim()) {
      parameters[name] = said.get(name).trim();
    }
  }
  for (const name of ["again", "elsewhere", "force"]) {
    if (said.get(name)) {
      parameters[name] = true;
    }
  }
  if (kind === "refund" && said.get("amount")?.trim()) {
    const currency = refundedIn(fields, parameters.payment);
    parameters.amount = minorUnits(said.get("amount"), currency);
    if (!(parameters.amount > 0)) {
      throw new Unclear(`${said.get("amount")} is not an amount in ${currency}.`);
    }
  }
  if (kind === "extend") {
    parameters.until = new Date(said.get("until"));
  }
  if (kind === "stock" && parameters.mode !== "recount") {
    parameters.quantity = Number(said.get("quantity"));
    if (!Number.isInteger(parameters.quantity) || said.get("quantity") === "") {
      throw new Unclear("Units must be a whole number.");
    }
  }
  return parameters;
}

/** In which currency a person says how much of an order's money, or of one of its payments, is to go back. */
function refundedIn(fields, paymentId) {
  const currencies = paymentId
    ? paymentsOf(fields).filter(({ id }) => id === paymentId).map(({ currency }) => currency)
    : balanceOf(fields).map(({ currency }) => currency);
  if (currencies.length > 1) {
    throw new Unclear(`It has money in ${currencies.join(" and ")}: choose a payment, or leave the amount empty.`);
  }
  return currencies[0] ?? currencyOf(fields);
}

/** What a person has written cannot be read; the message says why. */
export class Unclear extends Error {}

/** The order that a request is about; null if it is about none. */
export const orderAskedOf = ({ kind, target }) => (ACTS_ON_NO_ORDER.includes(kind) ? null : target);

/** How answers end that turn a request down; the note says why. */
export const REFUSALS = [
  "not_accepted", "not_refunded", "not_released", "not_extended", "not_cancelled", "not_adjusted", "not_retried",
  "not_replayed", "not_handled", "invalid_request",
];

/** Whether an answer says that it is, or would be, done. */
export const isDone = ({ result }) => !REFUSALS.includes(result);
