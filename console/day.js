// The orders and the money of a day, in spans of two hours: counted and added up by Firestore, which reads no order.
import { currencyAfter, orders, paid } from "./queries.js";
import { countOf, find, sumOf } from "./reading.js";
import { HOUR, midnight } from "./time.js";

const SPAN = 2 * HOUR;

/** What is over is asked once, however often the day is looked at. */
export class Day {
  #start = null;
  #currencies = [];
  #spans = new Map();

  /** Since midnight, also in the currencies that are `seen` elsewhere: `{ spans: [{ since, placed, paid: [{ currency, orders, amount }] }], currencies }`, the earliest span first. */
  async until(now, seen = []) {
    const start = midnight(now).getTime();
    const isNew = seen.some((currency) => !this.#currencies.includes(currency));
    if (start !== this.#start || isNew) {
      this.#start = start;
      this.#spans.clear();
      this.#currencies = await currenciesKnown();
    }
    const starts = [];
    for (let since = start; since <= now; since += SPAN) {
      starts.push(since);
    }
    const spans = await Promise.all(starts.map((since) => this.#span(since, now)));
    return { spans, currencies: this.#currencies };
  }

  async #span(since, now) {
    if (this.#spans.has(since)) {
      return this.#spans.get(since);
    }
    const within = { since: new Date(since), until: new Date(since + SPAN) };
    const [placed, ...sums] = await Promise.all([
      countOf(orders(within)),
      ...this.#currencies.map((currency) => sumOf(paid({ currency, ...within }))),
    ]);
    const paidFor = sums.map(({ all, sum }, index) => ({ currency: this.#currencies[index], orders: all, amount: sum }));
    const span = { since: within.since, placed, paid: paidFor };
    if (since + SPAN <= now) {
      this.#spans.set(since, span);
    }
    return span;
  }
}

async function currenciesKnown() {
  const known = [];
  for (let found; (found = await find(currencyAfter(known.at(-1)))).length;) {
    known.push(found[0].fields.currencyReceived);
  }
  return known;
}
