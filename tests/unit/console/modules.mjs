// The console's pure modules, by Node's own test runner: test_modules.py runs it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { actsOn, parametersFrom, Unclear } from "../../../console/acts.js";
import { CONCERNS } from "../../../console/attention.js";
import { head, rows } from "../../../console/csv.js";
import { cursorIn, filterIn, parametersOf } from "../../../console/filter.js";
import { happeningsIn } from "../../../console/happenings.js";
import { added, minorUnits, money } from "../../../console/money.js";
import { balanceOf, missingIn } from "../../../console/order-fields.js";
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
});

test("a refund is offered only while there is money to send back", () => {
  const paid = { amount: 3600, currency: "eur", state: "succeeded" };
  assert.deepEqual(actsOn({ status: "finalized", payments: { pi_1: paid } }), ["refund"]);
  assert.deepEqual(actsOn({ status: "refunded", payments: { pi_1: { ...paid, amountRefunded: 3600 } } }), []);
  assert.deepEqual(actsOn({ status: "reserved" }), ["accept", "release", "extend", "cancel"]);
  assert.deepEqual(actsOn({ status: "somebody else's" }), []);
});

test("a request says what was chosen and nothing besides", () => {
  const order = { currency: "eur" };
  assert.deepEqual(parametersFrom("refund", said({ amount: "", payment: "", restock: "" }), order), {});
  const chosen = said({ amount: "12.5", payment: "pi_1", restock: "all", again: "1" });
  assert.deepEqual(parametersFrom("refund", chosen, order), { amount: 1250, payment: "pi_1", restock: "all", again: true });
  assert.deepEqual(parametersFrom("stock", said({ mode: "add", quantity: "-3" })), { mode: "add", quantity: -3 });
  for (const quantity of ["", "1.5", "x"]) {
    assert.throws(() => parametersFrom("stock", said({ mode: "set", quantity })), Unclear);
  }
  for (const amount of ["0", "1.234", "x"]) {
    assert.throws(() => parametersFrom("refund", said({ amount }), order), Unclear);
  }
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
  assert.match(price, /nobody has paid; .*36/);
  assert.match(hold, /held for another 30 min/);
  assert.match(missingIn({ ...held, reservationExpiresAt: minutes(-5) }, NOW)[1], /ended 5 min ago/);
  const late = { ...held, payments: { pi_1: { state: "processing" } } };
  assert.ok(missingIn(late, NOW).includes("payment pi_1 is processing"));
});

test("happenings are in the order of time, whatever they are of", () => {
  const found = (id, fields) => ({ id, fields });
  const happened = happeningsIn({
    entries: [found("evt_1", { createdAt: minutes(2), eventType: "charge.succeeded", result: "quarantined" })],
    effects: [found("mail", { createdAt: minutes(3), kind: "mail", recipient: "customer", state: "ERROR", attempts: 1 })],
    parked: [found("evt_0", { parkedAt: minutes(1), eventType: "refund.created", result: "payment_not_found" })],
  });
  assert.deepEqual(happened.map(({ id, lane, look }) => [id, lane, look]), [
    ["evt_0", "order", "warn"], ["evt_1", "money", "bad"], ["mail", "messages", "bad"],
  ]);
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
