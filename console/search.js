// What an id is of, and to which order it leads, as ops/lookup.py finds it; else what ids begin like it. Pure: who calls
// says by what is read, `{ find, read }` of reading.js.
import { orderAskedOf } from "./acts.js";
import { beginningWith, ofCustomer, ofOrder, ofSession, REFUND_IDS, refunded } from "./queries.js";

/** The order in which an id is tried; the first that is known decides. */
const PATHS = [
  ["order", "orders"], ["payment", "payments"], ["event", "webhookEvents"], ["event", "auditLog"],
  ["dispute", "disputes"], ["effect", "effects"], ["finding", "findings"], ["request", "operatorRequests"], ["product", "inventory"],
];
const BEGINNINGS = ["orders", "payments", "webhookEvents", "auditLog", "disputes", "inventory"];
/** In so many of the latest orders of which something was refunded is a refund looked for: no index leads to it. */
const REFUNDED_MAX = 500;
const PAGE = 100;

/** `{ kind, orderId }`; the id of an order that there is none of for whatever leads to none, or to several; or null. */
export async function leadFrom(id, reading) {
  if (!isDocumentId(id)) {
    return null;
  }
  if (REFUND_IDS.some((beginning) => id.startsWith(beginning))) {
    return ofRefund(id, reading);
  }
  const found = await Promise.all(PATHS.map(([, collection]) => reading.read(`${collection}/${id}`)));
  const leads = PATHS.flatMap(([kind], index) => (found[index] ? [{ kind, orderId: orderOf(kind, found[index]) }] : []));
  return leads.find(({ orderId }) => orderId) ?? leads[0] ?? await ofWhatNamesIt(id, reading);
}

/** `[{ kind, id, orderId, says }]`: what has an id that begins so, a few of each kind. */
export async function hitsFor(text, { find }) {
  if (!isDocumentId(text)) {
    return [];
  }
  const found = await Promise.all(BEGINNINGS.map((collection) => find(beginningWith(collection, text))));
  const hits = BEGINNINGS.flatMap((collection, index) => found[index].map(({ id, fields }) => ({
    kind: PATHS.find(([, each]) => each === collection)[0],
    id,
    orderId: collection === "orders" ? id : fields.orderId ?? null,
    says: fields.status ?? fields.result ?? fields.name ?? "",
  })));
  return [...new Map(hits.map((hit) => [`${hit.kind} ${hit.id}`, hit])).values()];
}

function orderOf(kind, { id, fields }) {
  const known = { order: id, request: orderAskedOf(fields) };
  return kind in known ? known[kind] : fields.orderId ?? null;
}

/** A session, an order that there is no more, or a customer. */
async function ofWhatNamesIt(id, { find }) {
  const { claims, entries } = ofOrder(id, 1);
  const [sessions, orders, ...named] = await Promise.all([ofSession(id), ofCustomer(id), claims, entries].map(find));
  if (sessions.length) {
    return { kind: "session", orderId: sessions[0].id };
  }
  if (named.flat().length) {
    return { kind: "order", orderId: id };
  }
  return orders.length ? { kind: "customer", orderId: orders.length === 1 ? orders[0].id : null } : null;
}

async function ofRefund(id, { find }) {
  let after;
  for (let looked = 0; looked < REFUNDED_MAX; looked += PAGE) {
    const found = await find(refunded({ after, limit: PAGE }));
    const order = found.find(({ fields }) => id in (fields.refunds ?? {}));
    if (order) {
      return { kind: "refund", orderId: order.id };
    }
    if (found.length < PAGE) {
      break;
    }
    after = found.at(-1).cursor;
  }
  return null;
}

/** https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields */
export function isDocumentId(id) {
  return id !== "" && !id.includes("/") && id !== "." && id !== ".." && !/^__.*__$/.test(id)
    && new TextEncoder().encode(id).length <= 1_500;
}
