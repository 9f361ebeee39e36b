// Prints what the console's pure modules say, as JSON: what it asks of Firestore, and the tables that the service has too.
import { ACTS, ACTS_ON_NO_ORDER, REFUSALS } from "../../console/acts.js";
import { CONCERNS } from "../../console/attention.js";
import { DECIDED, STANDING } from "../../console/order-fields.js";
import * as queries from "../../console/queries.js";

const now = new Date(process.argv[2]);

/** One call of each function in queries.js, with all that it can be given: a function that is not here has no index. */
const CALLS = {
  beginningWith: () => ["orders", "webhookEvents"].map((collection) => queries.beginningWith(collection, "text")),
  currencyAfter: () => queries.currencyAfter("eur"),
  inventory: () => queries.inventory({ after: "shirt" }),
  mayHold: () => queries.mayHold(1),
  ofCustomer: () => queries.ofCustomer("alice"),
  ofOrder: () => Object.values(queries.ofOrder("order-1")),
  ofSession: () => queries.ofSession("cs_1"),
  onSale: () => queries.onSale({ after: "shirt" }),
  orders: () => [{}, { user: "alice" }, { statuses: ["review"] }].map((which) =>
    queries.orders({ ...which, since: now, until: now, after: [now, "order-1"] })),
  cameAgainWithin: () => queries.cameAgainWithin({ since: now, until: now }),
  parkedEvents: () => queries.parkedEvents(1),
  paid: () => queries.paid({ currency: "eur", since: now, until: now }),
  requestsFor: () => queries.requestsFor("order-1", 1),
  repeated: () => queries.repeated(1),
  refunded: () => queries.refunded({ limit: 1 }),
  setAside: () => queries.setAside(1),
  takings: () => queries.takings(1),
  trailWithin: () => queries.trailWithin({ since: now, until: now, limit: 1 }),
};

const made = Object.keys(queries).filter((name) => typeof queries[name] === "function");
const missing = made.filter((name) => !(name in CALLS));
if (missing.length) {
  throw new Error(`CALLS lacks ${missing}`);
}
console.log(JSON.stringify({
  queries: [...made.flatMap((name) => CALLS[name]()), ...CONCERNS.map(({ query }) => query(now))],
  orders: CALLS.orders().map(({ collection, where, order }) => ({ collection, where, order })),
  concerns: CONCERNS.map(({ name, says, query }) => ({ name, says, query: query(now) })),
  standing: Object.fromEntries(Object.entries(STANDING).map(([status, [says]]) => [status, says])),
  decided: DECIDED,
  statuses: queries.STATUSES,
  refundable: queries.REFUNDABLE,
  refundIds: queries.REFUND_IDS,
  refusals: REFUSALS,
  ofNoOrder: ACTS_ON_NO_ORDER,
  acts: Object.fromEntries(Object.entries(ACTS).map(([kind, { statuses }]) => [kind, statuses])),
}));
