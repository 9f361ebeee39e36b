// What needs a person first, and then the orders and the money of the day.
import { html, nothing, render } from "../sdk/lit-html.js";
import { CONCERNS } from "../attention.js";
import { Day } from "../day.js";
import { added, money, sumsInWords } from "../money.js";
import { buttonsFor } from "../parts/act.js";
import { bars } from "../parts/chart.js";
import { orderLink } from "../parts/links.js";
import { ordersTable } from "../parts/orders.js";
import { problem } from "../parts/problem.js";
import { readsLine } from "../parts/reads.js";
import { table } from "../parts/table.js";
import { orders } from "../queries.js";
import { countOf, read, watch } from "../reading.js";
import { addressOf } from "../router.js";
import { MINUTE, when } from "../time.js";

export const title = "Today";

/** Of each concern so many are read at first, and more of those that only reading can tell. */
const SHOWN = 2;
const FILTERED = 5;
const LATEST = 6;
/** Of one concern that is looked at by itself. */
const ALL = 50;
const ASKED_ANEW_AFTER = 10 * MINUTE;

export function show(place, { parameters }, shop) {
  const only = parameters.get("show");
  const watched = CONCERNS.filter(({ name }) => !only || name === only);
  const state = { concerns: new Map(), latest: null, day: null, error: null };
  const draw = () => render(only ? one(watched, state, shop) : today(state, shop), place);
  const failed = (error) => {
    state.error = error;
    draw();
  };
  const refresh = only ? () => {} : refreshing(new Day(), state, draw, failed);
  const watching = new Map();
  const look = (concern) => {
    watching.get(concern)?.();
    const limit = only ? ALL : concern.isFiltered ? FILTERED : SHOWN;
    watching.set(concern, watchConcern(concern, limit, new Date(), state, draw, failed));
  };
  watched.forEach(look);
  const endLatest = only ? () => {} : watch(orders({ limit: LATEST }), (found) => {
    state.latest = found;
    draw();
    refresh();
  }, failed);
  const timers = [
    setInterval(refresh, MINUTE),
    // What a query says of time, it says of when it was asked.
    setInterval(() => watched.filter(({ query }) => query.length).forEach(look), ASKED_ANEW_AFTER),
  ];
  draw();
  return () => {
    timers.forEach(clearInterval);
    endLatest();
    watching.forEach((end) => end());
  };
}

function watchConcern(concern, limit, now, state, draw, failed) {
  const query = { ...concern.query(now), limit };
  let latest;
  const look = async (found) => {
    const items = (concern.needs ? await stillSo(concern, found) : found).map(concern.item).filter(Boolean);
    const known = { concern, items, count: items.length, isAll: found.length < limit };
    if (latest === found) {
      state.concerns.set(concern.name, known);
      draw();
    }
    if (!known.isAll && !concern.isFiltered) {
      known.count = await countOf(query);
      known.isAll = known.count === items.length;
      draw();
    }
  };
  return watch(query, (found) => {
    latest = found;
    look(found).catch(failed);
  }, failed);
}

/** What of it is still so, for which more has to be read. */
async function stillSo({ needs, isStill }, found) {
  const paths = [...new Set(found.flatMap(needs))];
  const known = await Promise.all(paths.map(read));
  const there = new Set(paths.filter((_, index) => known[index]));
  return found.filter((each) => isStill(each, there));
}

/** Asks for the figures of the day once at a time, and once more if there is news meanwhile. */
function refreshing(day, state, draw, failed) {
  let isAsking = false;
  let isNews = false;
  return async function refresh() {
    isNews = true;
    while (isNews && !isAsking) {
      [isAsking, isNews] = [true, false];
      try {
        const paidIn = (state.latest ?? []).map(({ fields }) => fields.currencyReceived).filter(Boolean);
        state.day = await day.until(new Date(), paidIn);
        draw();
      } catch (error) {
        failed(error);
      }
      isAsking = false;
    }
  };
}

function today(state, shop) {
  const waiting = CONCERNS.map(({ name }) => state.concerns.get(name)).filter((each) => each?.count);
  const isKnown = state.concerns.size === CONCERNS.length;
  return html`
    <h1>Today</h1>
    ${problem(state.error)}
    <section class="panel" aria-labelledby="waits" aria-busy=${!isKnown}>
      <h2 id="waits">${waiting.length ? "Something needs a person" : isKnown ? "Nothing needs a person" : "Looking …"}</h2>
      ${waiting.length ? html`<ul class="concerns">${waiting.map((known) => concernIn(known, shop))}</ul>` : nothing}
    </section>
    <div class="columns">${figures(state.day)}</div>
    <section class="panel" aria-labelledby="latest">
      <h2 id="latest">The latest orders</h2>
      ${state.latest ? ordersTable("The latest orders", state.latest) : html`<p class="waiting">Looking …</p>`}
    </section>
    ${readsLine()}`;
}

function concernIn({ concern: { name, says, of }, items, count, isAll }, shop) {
  const atRisk = added(items.flatMap(({ money: sums }) => sums));
  const amount = atRisk.length ? html`<strong>${isAll ? "" : "at least "}${sumsInWords(atRisk)}</strong>` : nothing;
  return html`
    <li>
      <div class="head">
        <h3><a href=${addressOf("today", [], { show: name })}>${name} (${count}${isAll || count > items.length ? "" : " or more"})</a></h3>
        ${amount} <span class="soft">${says}</span>
      </div>
      <ul>${items.slice(0, SHOWN).map((item) => line(item, of, shop))}</ul>
    </li>`;
}

function line(item, of, shop) {
  const { id, orderId, since, money: sums, note } = item;
  const now = new Date();
  const look = since > now ? "warn" : "soft";
  return html`
    <li>
      ${orderId ? orderLink(orderId) : html`<span class="id">${id}</span>`}
      ${since ? html`<span class=${look}>${when(since, now)}</span>` : nothing}
      ${sumsInWords(sums)} <span class="soft">${note}</span> ${buttonsFor(of, item, shop)}
    </li>`;
}

/** One concern by itself, as far as it fits on a page. */
function one([concern], state, shop) {
  if (!concern) {
    return html`<h1>There is no such list</h1>`;
  }
  const { items = [], count = 0 } = state.concerns.get(concern.name) ?? {};
  const now = new Date();
  const columns = [
    { name: "Id", cell: ({ id, orderId }) => (orderId === id ? orderLink(id) : html`<span class="id">${id}</span>`) },
    { name: "Order", cell: ({ orderId }) => (orderId ? orderLink(orderId) : "–") },
    { name: "Since or until", cell: ({ since }) => (since ? when(since, now) : "–") },
    { name: "Money", isNumber: true, cell: ({ money: sums }) => sumsInWords(sums) || "–" },
    { name: "Note", cell: ({ note }) => note },
    ...(concern.of && shop.who.mayAct ? [{ name: "Acts", cell: (item) => buttonsFor(concern.of, item, shop) }] : []),
  ];
  return html`
    <h1>${concern.name}</h1>
    <p class="soft">${concern.says}${count > items.length ? `: ${count}, of which these have waited longest` : ""}</p>
    ${problem(state.error)}
    <section class="panel">${table(concern.name, columns, items, "Nothing is waiting here.")}</section>
    ${readsLine()}`;
}

function figures(day) {
  if (!day) {
    return html`<section class="panel"><p class="waiting">Adding up …</p></section>`;
  }
  const { spans, currencies } = day;
  const label = ({ since }) => since.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const total = spans.reduce((sum, span) => sum + span.placed, 0);
  return html`
    <section class="panel">
      <h2>Placed today: ${total}</h2>
      ${bars("Orders placed today, by time", spans.map((span) => ({ label: label(span), value: span.placed })))}
    </section>
    ${currencies.length ? nothing : html`<section class="panel"><h2>Paid today: nothing</h2></section>`}
    ${currencies.map((currency, index) => taken(spans, currency, index, label))}`;
}

function taken(spans, currency, index, label) {
  const points = spans.map((span) => ({ label: label(span), value: span.paid[index].amount }));
  const [amount, count] = ["amount", "orders"].map((name) => spans.reduce((sum, span) => sum + span.paid[index][name], 0));
  return html`
    <section class="panel">
      <h2>Paid today: ${money(amount, currency)} in ${count} ${count === 1 ? "order" : "orders"}</h2>
      ${bars(`Paid today in ${currency}, by time`, points, (value) => money(value, currency))}
    </section>`;
}
