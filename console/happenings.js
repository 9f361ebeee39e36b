// What happened to an order, one thing after the other, as its documents say: ops/timeline.py. Pure.
import { money } from "./money.js";

/** `{ at, lane, what, id, result, note, who, look }`, the earliest first. The lanes are those of the picture. */
export const LANES = ["money", "order", "messages"];

export function happeningsIn({ entries, effects, parked, findings }) {
  return [...entries.map(ofEntry), ...effects.map(ofEffect), ...parked.map(ofParked), ...findings.filter(({ fields }) => fields.state === "handled").map(ofHandled)]
    .filter(({ at }) => at)
    .sort((one, other) => one.at - other.at);
}

function ofEntry({ id, fields }) {
  const { eventType, eventId, result, statusBefore, statusAfter, amount, currency, stock, note, operator, reason } = fields;
  const moved = statusAfter && statusBefore !== statusAfter ? `${statusBefore ?? "new"} → ${statusAfter}` : "";
  const units = (stock ?? []).map(({ productId, stock: onHand, reserved }) => `${productId}: ${signed(onHand)} on hand, ${signed(reserved)} held`);
  return {
    at: fields.createdAt,
    lane: /^(charge|payment_intent|checkout|refund|operator\.refund)/.test(eventType) ? "money" : "order",
    what: eventType,
    id: eventId ?? id,
    result,
    note: [moved, amount == null ? "" : money(amount, currency), ...units, note ?? ""].filter(Boolean).join("; "),
    who: operator ? `${operator}: ${reason}` : "",
    look: /^not_|error|failed|quarantined|refund_due/.test(result) ? "bad" : moved ? "good" : "",
  };
}

function ofEffect({ id, fields }) {
  const { createdAt: at, kind, recipient, state, attempts, error, nextAttemptAt, handledAt, operator, reason } = fields;
  return {
    at,
    lane: kind === "stripe_refund" ? "money" : "messages",
    what: `${kind} for ${recipient}`,
    id,
    result: endOf(handledAt ? "handled by a person" : state, attempts),
    note: [error, nextAttemptAt && `next at ${nextAttemptAt.toLocaleString()}`].filter(Boolean).join("; "),
    who: operator ? `${operator}: ${reason}` : "",
    look: state === "ERROR" ? "bad" : state === "RETRY" ? "warn" : state === "SUCCESS" ? "good" : "",
  };
}

/** How often it was tried; a message to nobody is done without a try. */
function endOf(end, attempts) {
  if (!attempts) {
    return end === "SUCCESS" ? `${end}, nothing to do` : end;
  }
  return `${end} after ${attempts} ${attempts === 1 ? "attempt" : "attempts"}`;
}

function ofParked({ id, fields }) {
  const { parkedAt: at, eventType: what, result, reason } = fields;
  return { at, lane: "order", what, id, result: `parked as ${result}`, note: reason ?? "", who: "", look: "warn" };
}

/** What a rule has found wrong, and a person has looked into. */
function ofHandled({ id, fields }) {
  const { handledAt: at, rule, found: note, operator, reason } = fields;
  return { at, lane: "order", what: `found by ${rule}`, id, result: "handled", note, who: `${operator}: ${reason}`, look: "" };
}

const signed = (number) => (number > 0 ? `+${number}` : String(number ?? 0));
