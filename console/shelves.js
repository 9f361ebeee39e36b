// What there is of a product and who holds it, as ops/shelves.py reads it. Pure.
import { isHolding, linesOf } from "./order-fields.js";
import { HOUR } from "./time.js";

export const DAYS_BACK = [["24", "the last 24 hours"], ["168", "the last 7 days"], ["720", "the last 30 days"]];
/** Of the trail so many entries are looked through at most: all of a day of a busy shop. */
export const ENTRIES_MAX = 1_000;

/** The products by id, of those in the inventory and those on sale, each `{ id, inventory, product }`: null where none is. */
export function shelvesFrom(inventory, products, most) {
  const [counted, listed] = [inventory, products].map((found) => new Map(found.map(({ id, fields }) => [id, fields])));
  const ids = [...new Set([...counted.keys(), ...listed.keys()])].sort(byCodePoints).slice(0, most);
  return ids.map((id) => ({ id, inventory: counted.get(id) ?? null, product: listed.get(id) ?? null }));
}

/** As Firestore orders ids: JavaScript's own order differs beyond the basic plane. */
function byCodePoints(one, other) {
  const [these, those] = [[...one], [...other]].map((letters) => letters.map((letter) => letter.codePointAt(0)));
  const first = these.findIndex((point, index) => point !== those[index]);
  return first < 0 ? these.length - those.length : these[first] - (those[first] ?? -1);
}

/** `{ stock, reserved, available, isNeverShort, defect }`; without figures where nothing can be held of it. */
export function levelOf(inventory) {
  if (!inventory) {
    return { defect: "it has no inventory" };
  }
  const { stock, reserved = 0, backorder = 0 } = inventory;
  if (stock === null) {
    return { isNeverShort: true };
  }
  if (![stock, reserved, backorder].every(Number.isInteger)) {
    return { defect: "its figures are not whole numbers" };
  }
  return { stock, reserved, available: stock + backorder - reserved };
}

/** Of these orders those that hold units of the product: `[{ id, fields, units }]`. */
export function holdersOf(orders, productId) {
  return orders
    .filter(({ fields }) => isHolding(fields))
    .filter(({ fields }) => !(fields.unlimited ?? []).includes(productId))
    .map(({ id, fields }) => ({ id, fields, units: unitsIn(fields, productId) }))
    .filter(({ units }) => units);
}

/** A map of units by product that are paid and not yet taken; none if nobody can read them. As database/documents/takings.py
 *  reads them. */
export function unitsToTakeFrom({ units }) {
  const read = Object.entries(units ?? {});
  return new Map(read.every(([, number]) => Number.isInteger(number) && number > 0) ? read : []);
}

/** Of these takings, the units of the product: they still count as on hand and as held. */
export const toTakeIn = (takings, productId) =>
  takings.reduce((sum, { fields }) => sum + (unitsToTakeFrom(fields).get(productId) ?? 0), 0);

const unitsIn = (fields, productId) => linesOf(fields)
  .filter((line) => line.productId === productId)
  .reduce((sum, { quantity }) => sum + quantity, 0);

/**
 * How much there was, from the trail's entries and what there is now: `[{ at, stock, says, orderId }]`, the earliest first.
 * What an entry moved is taken back from what there was after it.
 */
export function historyOf(entries, productId, stock, since, now) {
  const moves = entries.map(({ fields }) => ({
    at: fields.createdAt,
    moved: movedIn(fields.stock, productId),
    says: fields.operator ? `${fields.operator}: ${fields.reason}` : fields.result,
    orderId: fields.orderId,
  })).filter(({ moved }) => moved);
  const points = [{ at: now, stock, says: "now", orderId: null }];
  let before = stock;
  for (const { moved, ...entry } of moves.reverse()) {
    points.unshift({ ...entry, stock: before, moved });
    before -= moved;
  }
  return [{ at: since, stock: before, says: "until then", orderId: null }, ...points];
}

const movedIn = (moves, productId) => (moves ?? [])
  .filter((move) => move.productId === productId)
  .reduce((sum, { stock }) => sum + stock, 0);

export const sinceFor = (hours, now) => new Date(now - Number(hours) * HOUR);
