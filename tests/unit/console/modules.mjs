// The console's pure modules, by Node's own test runner: test_modules.py runs it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { actsOn, choicesFor, expectedStatus, parametersFrom, Unclear } from "../../../console/acts.js";
import { CONCERNS } from "../../../console/attention.js";
import { head, rows } from "../../../console/csv.js";
import { cursorIn, filterIn, parametersOf } from "../../../console/filter.js";
import { happeningsIn } from "../../../console/happenings.js";
import { added, minorUnits, money } from "../../../console/money.js";
import { balanceOf, linesOf, missingIn, refundsOf, unitsOf } from "../../../console/order-fields.js";
import { hitsFor, leadFrom } from "../../../console/search.js";
import { toTakeIn, unitsToTakeFrom } from "../../../console/shelves.js";
import { stripeAddress } from "../../../console/stripe.js";
import { age } from "../../../console/time.js";

const NOW = new Date("2026-03-14T15:09:26Z");
const minutes = (count) => new Date(NOW.getTime() + count * 60_000);
const said = (words) => new Map(Object.entries(words));

test("an amount that a person writes is the same in minor units, or none", () => {
  assert.deepEqual(["14.50", "14,5", "14", " 3 "].map((text) => minorUnits(text, "eur")), [1450, 1450, 1400, 300]);
  assert.equal(minorUnits("1450", "jpy"), 1450);
  assert.equal(minorUnits("1.450", "bhd"), 1450);
  for (const text of ["", "14.505", "-1", "1e3", "14.5.0", "1 000", "abc"]) {
    assert.ok(Number.isNaN(minorUnits(text, "eur")), text);
  }
  assert.ok(Number.isNaN(minorUnits("1.5", "jpy")));
});

test("an amount without a currency is not made up", () => {
  assert.deepEqual([money(100, null), money(null, "eur"), money(100, "<b>")], ["–", "–", "–"]);
  assert.equal(money(1450, "eur", "en-IE"), "€14.50");
});

test("money of two currencies is never added up", () => {
  const sums = added([{ amount: 1, currency: "usd" }, { amount: 2, currency: "eur" }, { amount: 3, currency: "usd" }]);
  assert.deepEqual(sums, [{ amount: 2, currency: "eur" }, { amount: 4, currency: "usd" }]);
});

test("a file for a spreadsheet has no formula of a customer's, and each order in one row", () => {
  const fields = { status: "a\"b,c", createdAt: NOW, amountTotal: 100, currency: "eur", amountReceived: -5 };
  assert.equal(rows([{ id: "=1+1", fields }]), "'=1+1,2026-03-14T15:09:26.000Z,\"a\"\"b,c\",,100,-5,,eur\r\n");
  assert.match(rows([{ id: "o", fields: { ...fields, currencyReceived: "jpy" } }]), /,,,-5,,jpy\r\n$/);
  assert.equal(head().split(",").length, rows([{ id: "x", fields: {} }]).split(",").length);
});

test("an address says which orders are shown, and only what can be asked for", () => {
  const filter = { statuses: ["review", "refund_due"], user: "", since: minutes(-5), until: undefined };
  const written = (parameters) => new URLSearchParams(Object.entries(parameters)
    .flatMap(([name, value]) => [value ?? []].flat().map((each) => [name, each])));
  const cursor = [{ seconds: 1_773_500_966, nanoseconds: 123_456_000 }, "order 1"];
  const address = written(parametersOf(filter, cursor));
  assert.deepEqual(filterIn(address), filter);
  assert.deepEqual(cursorIn(address), cursor);
  const hostile = new URLSearchParams("status=nonsense&since=yesterday&after=x");
  assert.deepEqual(filterIn(hostile), { statuses: [], user: "", since: undefined, until: undefined });
  assert.equal(cursorIn(hostile), undefined);
});

test("of what a customer has written into an order only lines that name a product are read", () => {
  const lines = [null, "cup", [1], {}, { productId: { nodeType: 1 } }, { productId: "cup", quantity: { valueOf: 1 } }, { productId: "pot", quantity: 2 }];
  assert.deepEqual(linesOf({ items: lines }), [{ productId: "cup", quantity: 0 }, { productId: "pot", quantity: 2 }]);
  assert.deepEqual([undefined, null, {}, "cup", [{ productId: "cup", quantity: NaN }]].map((items) => unitsOf({ items })), [0, 0, 0, 0, 0]);
});

test("what is refunded of a payment counts once, whether its charge says so or its refunds do", () => {
  const paid = { amount: 3600, currency: "eur", state: "succeeded", chargeId: "ch_1", amountRefunded: 1000 };
  const refund = (status, paymentId = "pi_1") => ({ amount: 1000, status, paymentId });
  const balance = (refunds) => balanceOf({ payments: { pi_1: paid }, refunds })[0]?.amount;
  assert.equal(balance({ re_1: refund("succeeded") }), 2600);
  assert.equal(balance({ re_1: refund("succeeded", "ch_1") }), 2600);
  assert.equal(balance({ re_1: refund("pending") }), 3600);
  assert.equal(balance({ re_1: refund("failed") }), 3600);
  assert.equal(balance({}), 2600);
  assert.equal(balance({ re_1: { ...refund("succeeded"), amount: 3600 } }), undefined);
  const elsewhere = (amount) => ({ amount, status: "succeeded", paymentId: "pi_1", elsewhere: true });
  assert.equal(balance({ elsewhere_1: elsewhere(1000) }), 1600);
  assert.equal(balance({ elsewhere_1: elsewhere(1000), re_1: refund("failed") }), 2600);
  assert.equal(balance({ elsewhere_1: { ...elsewhere(1000), status: "canceled", mistake: true } }), 2600);
  assert.equal(balance({ elsewhere_1: elsewhere(3600), re_1: { ...refund("succeeded"), amount: 3600 } }), undefined);
});

test("a refund that was made again after it had failed is in its charge's total only once", () => {
  const paid = { amount: 3600, currency: "eur", state: "succeeded", amountRefunded: 3600 };
  const [made, failedAt, later] = [0, 1000, 2000].map((milliseconds) => new Date(NOW.getTime() + milliseconds));
  const refund = (status, times) => ({ amount: 1000, status, paymentId: "pi_1", ...times });
  const left = (first, second) => balanceOf({
    payments: { pi_1: paid },
    refunds: { re_1: refund("failed", first), re_2: refund("succeeded", second) },
  })[0]?.amount;
  assert.equal(left({ at: made, failedAt }, { at: later }), undefined);
  assert.equal(left({ failedAt }, { at: later }), undefined);
  assert.equal(left({ at: made, failedAt }, { at: failedAt }), 1000);
  assert.equal(left({ at: made, failedAt }, {}), 1000);
  assert.equal(left({ at: made }, { at: later }), 1000);
});

test("a refund that failed is named with its money until as much has gone back", () => {
  const paid = { amount: 3600, currency: "eur", state: "succeeded" };
  const refund = (status, more) => ({ amount: 1200, status, paymentId: "pi_1", ...more });
  const { item } = CONCERNS.find(({ name }) => name === "refund failed");
  const found = (refunds) => {
    const fields = { status: "finalized", payments: { pi_1: paid }, refunds, refundLost: true, updatedAt: NOW };
    const { money: lost, note } = item({ id: "o", fields });
    return [lost, note, missingIn(fields, NOW)];
  };
  const words = "refund re_1 is failed and refund re_2 is canceled";
  const missing = ["refund re_1 paid nothing back: it is failed", "refund re_2 paid nothing back: it is canceled"];
  assert.deepEqual(found({ re_1: refund("failed"), re_2: refund("canceled") }), [[{ amount: 2400, currency: "eur" }], words, missing]);
  assert.deepEqual(found({ re_1: refund("failed"), e_1: refund("succeeded", { elsewhere: true }) }), [[], "", []]);
  assert.deepEqual(found({ re_1: refund("failed", { mistake: true }) }), [[], "", []]);
  const [at, later] = [NOW, new Date(NOW.getTime() + 1000)];
  const noted = (refunds) => found(refunds)[1];
  assert.equal(noted({ re_1: refund("failed", { at: later }), re_2: refund("succeeded", { at }) }), "refund re_1 is failed");
  const repeated = { re_0: refund("failed", { at: new Date(0) }), re_1: refund("failed", { at }) };
  assert.equal(noted({ ...repeated, re_2: refund("succeeded", { at: later }) }), "");
  const [owed] = found({ ...repeated, re_2: refund("succeeded", { at: later, amount: 1000 }) });
  assert.deepEqual(owed, [{ amount: 200, currency: "eur" }]);
  const before = { re_0: refund("failed", { at: new Date(0), failedAt: later }), re_1: refund("failed", { at }) };
  assert.deepEqual(found(before)[0], [{ amount: 2400, currency: "eur" }]);
  assert.deepEqual(found({ ...before, re_2: refund("succeeded", { at: later }) })[1], "refund re_0 is failed");
  const gone = refund("succeeded", { at: new Date(0), amount: 3600, elsewhere: true });
  assert.equal(noted({ e_1: gone, re_1: refund("failed", { at }) }), "");
});

test("a refund is in the currency of its payment", () => {
  const refund = { amount: 900, status: "succeeded" };
  const fields = { currencyReceived: "eur", payments: { pi_1: { currency: "eur", chargeId: "ch_1" }, pi_2: { currency: "jpy", chargeId: "ch_2" }, pi_3: { currency: "usd", chargeId: null } } };
  const currencies = (...paymentIds) =>
    refundsOf({ ...fields, refunds: paymentIds.map((paymentId) => ({ ...refund, paymentId })) }).map(({ currency }) => currency);
  assert.deepEqual(currencies("pi_1", "pi_2", "ch_2", null, "pi_9"), ["eur", "jpy", "jpy", "eur", "eur"]);
});

test("a refund is offered only while there is money to send back", () => {
  const paid = { amount: 3600, currency: "eur", state: "succeeded" };
  assert.deepEqual(actsOn({ status: "finalized", payments: { pi_1: paid } }), ["refund"]);
  assert.deepEqual(actsOn({ status: "refunded", payments: { pi_1: { ...paid, amountRefunded: 3600 } } }), []);
  assert.deepEqual(actsOn({ status: "refunded", payments: { pi_1: paid }, refunds: GONE }), ["refund"]);
  const pending = (amount) => ({ status: "finalized", payments: { pi_1: paid }, refunds: { re_1: { amount, status: "pending" } } });
  assert.deepEqual([3600, 3599].map((amount) => actsOn(pending(amount))), [[], ["refund"]]);
  assert.deepEqual(actsOn({ status: "reserved" }), ["accept", "release", "extend", "cancel"]);
  assert.deepEqual(actsOn({ status: "somebody else's" }), []);
  assert.deepEqual(["review", "shipped"].map((status) => expectedStatus({ status })), ["review", "unknown"]);
  assert.deepEqual(actsOn({ status: "cancelled", finalizedAt: new Date(), payments: { pi_1: paid } }), ["refund"]);
  assert.deepEqual(actsOn({ status: "shipped", unfulfilledAs: "review", payments: { pi_1: paid } }), ["refund"]);
});

const GONE = { e_1: { amount: 3600, status: "succeeded", paymentId: "pi_1", elsewhere: true } };

test("what can have been a mistake can be chosen as one", () => {
  const chosen = (refunds) => choicesFor("refund", { refunds }).filter(({ name }) => name === "mistake");
  const refunds = {
    ...GONE, re_1: { amount: 1, status: "failed" }, re_2: { amount: 1, status: "succeeded" }, re_3: { amount: 1, status: "failed", mistake: true },
  };
  assert.deepEqual(chosen(refunds).map(({ options }) => options), [[["", "none"], ["e_1", "e_1"], ["re_1", "re_1"]]]);
  assert.deepEqual(chosen({ re_2: refunds.re_2 }), []);
  assert.deepEqual(parametersFrom("refund", said({ mistake: "e_1", amount: "" }), {}), { mistake: "e_1" });
});

test("a request says what was chosen and nothing besides", () => {
  const order = { currency: "eur" };
  assert.deepEqual(parametersFrom("refund", said({ amount: "", payment: "", restock: "" }), order), {});
  const chosen = said({ amount: "12.5", payment: "pi_1", restock: "all", again: "1", elsewhere: "1" });
  const asked = { amount: 1250, payment: "pi_1", restock: "all", again: true, elsewhere: true };
  assert.deepEqual(parametersFrom("refund", chosen, order), asked);
  assert.deepEqual(parametersFrom("stock", said({ mode: "add", quantity: "-3" })), { mode: "add", quantity: -3 });
  for (const quantity of ["", "1.5", "x"]) {
    assert.throws(() => parametersFrom("stock", said({ mode: "set", quantity })), Unclear);
  }
  for (const amount of ["0", "1.234", "x"]) {
    assert.throws(() => parametersFrom("refund", said({ amount }), order), Unclear);
  }
});

test("what is to go back is in the currency of the payment that is named, or of the only one that there is", () => {
  const paid = (amount, currency) => ({ amount, currency, state: "succeeded" });
  const order = { currency: "eur", payments: { pi_1: paid(3600, "eur"), pi_2: paid(3600, "jpy") } };
  assert.equal(parametersFrom("refund", said({ amount: "10", payment: "pi_2" }), order).amount, 10);
  assert.equal(parametersFrom("refund", said({ amount: "10", payment: "pi_1" }), order).amount, 1000);
  assert.throws(() => parametersFrom("refund", said({ amount: "10", payment: "" }), order), Unclear);
  assert.deepEqual(parametersFrom("refund", said({ amount: "" }), order), {});
  const inYen = { currency: "eur", payments: { pi_2: paid(3600, "jpy") } };
  assert.equal(parametersFrom("refund", said({ amount: "10" }), inYen).amount, 10);
});

test("a page leads to Stripe's own only if it knows in which mode", () => {
  assert.equal(stripeAddress("pi_1", true), "https://dashboard.stripe.com/payments/pi_1");
  assert.equal(stripeAddress("dp_1", false), "https://dashboard.stripe.com/test/disputes/dp_1");
  const nowhere = [["pi_1", null], ["order-1", true], ["evt_1_mail_customer", true]];
  assert.deepEqual(nowhere.map(([id, livemode]) => stripeAddress(id, livemode)), [null, null, null]);
  assert.equal(stripeAddress("evt_1", true), "https://dashboard.stripe.com/events/evt_1");
});

test("what is missing names the hold, the price and the money that is on its way", () => {
  const held = { status: "reserved", amountTotal: 3600, currency: "eur", reservationExpiresAt: minutes(30) };
  const [price, hold] = missingIn(held, NOW);
  assert.match(price, /not paid yet; .*36/);
  assert.match(hold, /held for another 30 min/);
  assert.match(missingIn({ ...held, reservationExpiresAt: minutes(-5) }, NOW)[1], /ended 5 min ago/);
  const late = { ...held, payments: { pi_1: { state: "processing" } } };
  assert.ok(missingIn(late, NOW).includes("payment pi_1 is processing"));
  const part = { state: "canceled", funded: { amount: 2400, currency: "eur" } };
  assert.match(missingIn({ status: "expired", payments: { pi_1: part } }, NOW)[0], /24.* of payment pi_1 has arrived at Stripe/);
  assert.deepEqual(missingIn({ status: "expired", payments: { pi_1: { ...part, state: "succeeded" } } }, NOW), []);
});

test("happenings are in the order of time, whatever they are of", () => {
  const found = (id, fields) => ({ id, fields });
  const happened = happeningsIn({
    entries: [found("evt_1", { createdAt: minutes(2), eventType: "charge.succeeded", result: "quarantined" })],
    effects: [found("mail", { createdAt: minutes(3), kind: "mail", recipient: "customer", state: "ERROR", attempts: 1 })],
    parked: [found("evt_0", { parkedAt: minutes(1), eventType: "refund.created", result: "payment_not_found" })],
    findings: [found("f_1", { state: "handled", handledAt: minutes(4) }), found("f_2", { state: "open", handledAt: minutes(5) })],
  });
  assert.deepEqual(happened.map(({ id, lane, look }) => [id, lane, look]), [
    ["evt_0", "order", "warn"], ["evt_1", "money", "bad"], ["mail", "messages", "bad"], ["f_1", "order", ""],
  ]);
});

test("what a person has handled says so and who", () => {
  const by = { handledAt: NOW, operator: "olga", reason: "counted" };
  const mail = { createdAt: NOW, kind: "mail", recipient: "customer", state: "SUCCESS", attempts: 9, ...by };
  const finding = { state: "handled", rule: "stock_off_trail", found: "3 beside it", ...by };
  const happened = happeningsIn({
    entries: [], parked: [], effects: [{ id: "mail", fields: mail }], findings: [{ id: "f_1", fields: finding }],
  });
  assert.deepEqual(happened.map(({ what, result, who }) => [what, result, who]), [
    ["mail for customer", "handled by a person after 9 attempts", "olga: counted"],
    ["found by stock_off_trail", "handled", "olga: counted"],
  ]);
});

test("a message to nobody is not said to have been tried", () => {
  const mail = { createdAt: NOW, kind: "mail", recipient: "customer", state: "SUCCESS", attempts: 0 };
  const [{ result }] = happeningsIn({ entries: [], effects: [{ id: "mail", fields: mail }], parked: [], findings: [] });
  assert.equal(result, "SUCCESS, nothing to do");
});

test("what can be handled says what it is, and an event whether it is kept", () => {
  const of = Object.fromEntries(CONCERNS.filter(({ of: kind }) => kind).map(({ name, of: kind }) => [name, kind]));
  assert.deepEqual(of, { parked: "event", findings: "finding", "effects given up": "effect" });
  const { item } = CONCERNS.find(({ name }) => name === "parked");
  assert.deepEqual([{ event: { kind: "refund_updated" } }, {}].map((fields) => item({ id: "evt_1", fields }).isKept), [true, false]);
});

test("what is paid and not yet taken counts by product, unless somebody else has written it", () => {
  const takings = [{ cup: 2, pot: 1 }, { cup: 3 }, { cup: 0, pot: 4 }, { cup: 1.5 }, { cup: "1" }, null].map((units) => ({ fields: { units } }));
  assert.deepEqual([toTakeIn(takings, "cup"), toTakeIn(takings, "pot"), toTakeIn([], "cup")], [5, 1, 0]);
  assert.deepEqual([unitsToTakeFrom({ units: { cup: 2 } }), unitsToTakeFrom({})], [new Map([["cup", 2]]), new Map()]);
  // Customers can order what is called so.
  assert.equal(toTakeIn(takings, "constructor"), 0);
});

test("an age has its two largest units", () => {
  assert.deepEqual([2 * 1440 + 245, 61, 1, 0].map((count) => age(minutes(-count), NOW)), ["2 d 4 h", "1 h 1 min", "1 min", "under a minute"]);
});

test("an order whose inventory is back waits for nobody", () => {
  const { needs, isStill } = CONCERNS.find(({ name }) => name === "inventory gone");
  const order = { id: "o", fields: { items: [{ productId: "cup" }, { productId: "gift" }], unlimited: ["gift"] } };
  assert.deepEqual(needs(order), ["inventory/cup"]);
  assert.deepEqual([new Set(), new Set(["inventory/cup"])].map((there) => isStill(order, there)), [true, false]);
});

const OPERATORS = {
  "==": (value, wanted) => value === wanted,
  in: (value, wanted) => wanted.includes(value),
  ">=": (value, wanted) => value >= wanted,
  "<=": (value, wanted) => value <= wanted,
};

/** What reading.js would read of these documents, by path. */
function readingOf(documents) {
  const all = Object.entries(documents).map(([path, fields]) => ({ path, id: path.split("/")[1], fields }));
  const find = async ({ collection, where, limit }) => all
    .filter(({ path, id, fields }) => path === `${collection}/${id}` && where.every(([name, operator, wanted]) =>
      OPERATORS[operator](name === "id" ? id : fields[name], wanted)))
    .slice(0, limit);
  return { find, read: async (wanted) => all.find(({ path }) => path === wanted) ?? null };
}

const SHOP = readingOf({
  "orders/o-1": { userId: "alice", status: "refund_due", refunds: { re_1: {}, refund_1: {} } },
  "orders/o-2": { userId: "alice", status: "reserved" },
  "orders/o-3": { userId: "bob", status: "reserved", refunds: { re_3: {} } },
  "payments/pi_1": { orderId: "o-1" },
  "checkouts/o-2": { sessionId: "cs_2" },
  "webhookEvents/evt_2": { orderId: "o-2" },
  "webhookEvents/evt_lost": { orderId: "lost" },
  "webhookEvents/evt_3": { orderId: null, result: "payment_not_found" },
  "auditLog/evt_3": { orderId: "o-3" },
  "auditLog/evt_gone": { orderId: "gone" },
  "disputes/dp_1": { orderId: "o-1" },
  "effects/evt_2_mail_customer": { orderId: "o-2" },
  "operatorRequests/asked": { kind: "refund", target: "o-1" },
  "operatorRequests/corrected": { kind: "stock", target: "cup" },
  "inventory/cup": { stock: 1 },
});

test("any id leads to its order, also to one that is gone, and a customer's to all of theirs", async () => {
  const leads = {
    "o-1": ["order", "o-1"], pi_1: ["payment", "o-1"], evt_2: ["event", "o-2"], evt_3: ["event", "o-3"],
    dp_1: ["dispute", "o-1"], evt_2_mail_customer: ["effect", "o-2"], cs_2: ["session", "o-2"], re_1: ["refund", "o-1"],
    refund_1: ["refund", "o-1"], asked: ["request", "o-1"], corrected: ["request", null], cup: ["product", null],
    gone: ["order", "gone"], lost: ["order", "lost"], alice: ["customer", null], bob: ["customer", "o-3"],
  };
  for (const [id, [kind, orderId]] of Object.entries(leads)) {
    assert.deepEqual(await leadFrom(id, SHOP), { kind, orderId }, id);
  }
  // Of an order that is not paid nothing was refunded.
  for (const id of ["re_3", "nothing", "o", "", "a/b", "..", "__all__", "€".repeat(501)]) {
    assert.equal(await leadFrom(id, SHOP), null, id);
  }
});

test("the beginning of an id finds what begins so, each once", async () => {
  const found = async (text) => (await hitsFor(text, SHOP)).map(({ kind, id, orderId, says }) => [kind, id, orderId, says]);
  assert.deepEqual(await found("evt_3"), [["event", "evt_3", "o-3", ""]]);
  assert.deepEqual(await found("o-"), [
    ["order", "o-1", "o-1", "refund_due"], ["order", "o-2", "o-2", "reserved"], ["order", "o-3", "o-3", "reserved"],
  ]);
  assert.deepEqual(await found("cu"), [["product", "cup", null, ""]]);
  assert.deepEqual([await found("nothing"), await found("a/b")], [[], []]);
});
