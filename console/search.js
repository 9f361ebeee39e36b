// What an id is of, and to which order it leads, as ops/lookup.py finds it; else what ids begin like it.
import { beginningWith, ofCustomer, ofSession, refunded } from "./queries.js";
import { find, read } from "./reading.js";

/** The order in which an id is tried; the first that is known decides. */
const PATHS = [
  ["order", "orders"], ["payment", "payments"], ["event", "webhookEvents"], ["event", "auditLog"],
  ["dispute", "disputes"], ["effect", "effects"], ["request", "operatorRequests"], ["product", "inventory"],
];
const BEGINNINGS = ["orders", "payments", "webhookEvents", "auditLog", "disputes", "inventory"];
/** In so many of the latest orders of which something was refunded is a refund looked for: no index leads to it. */
const REFUNDED_MAX = 500;
const PAGE = 100;

/** `{ kind, orderId }`; the id of an order that there is none of for whatever leads to none, or to several; or null. */
export async function leadFrom(id) {
  if (!isDocumentId(id)) {
    return null;
  }
  if (/^(re|pyr)_/.test(id)) {
    return ofRefund(id);
  }
  const found = await Promise.all(PATHS.map(([, collection]) => read(`${collection}/${id}`)));
  const leads = PATHS.flatMap(([kind], index) => (found[index] ? [{ kind, orderId: orderOf(kind, found[index]) }] : []));
  return leads.find(({ orderId }) => orderId) ?? leads[0] ?? await ofSessionOrCustomer(id);
}

/** `[{ kind, id, orderId, says }]`: what has an id that begins so, a few of each kind. */
export async function hitsFor(text) {
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
  const ofOrder = { order: id, request: ["stock", "retry"].includes(fields.kind) ? null : fields.target };
  return kind in ofOrder ? ofOrder[kind] : fields.orderId ?? null;
}

async function ofSessionOrCustomer(id) {
  const [sessions, orders] = await Promise.all([find(ofSession(id)), find(ofCustomer(id))]);
  if (sessions.length) {
    return { kind: "session", orderId: sessions[0].id };
  }
  return orders.length ? { kind: "customer", orderId: orders.length === 1 ? orders[0].id : null } : null;
}

async function ofRefund(id) {
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
