// Asks Firestore the queries of queries.js, live or once, and counts the documents that this costs.
import {
  collection, collectionGroup, count, doc, documentId, getAggregateFromServer, getDoc, getDocs, limit, onSnapshot, orderBy, query,
  startAfter, sum, Timestamp, where,
} from "./sdk/firebase-firestore.js";
import { db } from "./firebase.js";

let reads = 0;

/** How many documents the page has read. */
export const readsSoFar = () => reads;

export function forgetReads() {
  reads = 0;
}

/** Calls `found` with what a query finds, now and whenever that changes, until the function it returns is called. */
export function watch(asked, found, failed) {
  return onSnapshot(queryOf(asked), (snapshot) => {
    charge(snapshot.docChanges().filter(({ type }) => type !== "removed").length);
    found(snapshot.docs.map((each) => foundIn(each, asked.order)));
  }, failed);
}

/** The same of one document: with null while there is none. */
export function watchDocument(path, found, failed) {
  return onSnapshot(doc(db, path), (snapshot) => {
    charge(1);
    found(foundIn(snapshot));
  }, failed);
}

/** What the query finds now: `[{ id, path, fields, cursor }]`; the cursor is what the next page begins `after`. */
export async function find(asked) {
  const snapshot = await getDocs(queryOf(asked));
  charge(snapshot.size);
  return snapshot.docs.map((each) => foundIn(each, asked.order));
}

/** The document now, or null. */
export async function read(path) {
  const snapshot = await getDoc(doc(db, path));
  charge(1);
  return foundIn(snapshot);
}

/** How many there are, however many are wanted at most: one read for each 1,000. */
export async function countOf({ limit: _, ...asked }) {
  return (await getAggregateFromServer(inOrder(asked), { all: count() })).data().all;
}

/** How many there are, as `all`, and the `sum` of the field that the query names. */
export async function sumOf({ limit: _, ...asked }) {
  return (await getAggregateFromServer(inOrder(asked), { all: count(), sum: sum(asked.sum) })).data();
}

function charge(documents) {
  reads += documents;
}

function queryOf(asked) {
  const { order = [] } = asked;
  // Two may be of one time: their ids say which of them comes first.
  return order.length && order.at(-1)[0] !== "id" ? inOrder({ ...asked, order: [...order, ["id", order.at(-1)[1]]] }) : inOrder(asked);
}

function inOrder({ collection: name, everywhere = false, where: conditions = [], order = [], after, limit: most }) {
  return query(
    everywhere ? collectionGroup(db, name) : collection(db, name),
    ...conditions.map(([field, operator, value]) => where(field === "id" ? documentId() : field, operator, value)),
    ...order.map(([field, way]) => orderBy(field === "id" ? documentId() : field, way)),
    ...(after ? [startAfter(...after.map(exact))] : []),
    ...(most ? [limit(most)] : []),
  );
}

function foundIn(snapshot, order = []) {
  if (!snapshot.exists()) {
    return null;
  }
  return {
    id: snapshot.id,
    path: snapshot.ref.path,
    fields: plain(snapshot.data({ serverTimestamps: "estimate" })),
    cursor: [...order.filter(([field]) => field !== "id").map(([field]) => parts(snapshot.get(field))), snapshot.id],
  };
}

/** A date has milliseconds, and Firestore's own times have microseconds: by a date, a page would begin too late. */
const parts = (value) => (value instanceof Timestamp ? { seconds: value.seconds, nanoseconds: value.nanoseconds } : value);
const exact = (value) => (value?.seconds === undefined ? value : new Timestamp(value.seconds, value.nanoseconds));

/** With dates in the place of Firestore's own times. Its other values stay: a reference leads round in circles. */
function plain(value) {
  if (value instanceof Timestamp) {
    return value.toDate();
  }
  if (Array.isArray(value)) {
    return value.map(plain);
  }
  if (value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
  }
  return value;
}
