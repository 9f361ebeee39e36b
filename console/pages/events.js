// Stripe's events: those that wait, those that were set aside, those that came again, and how many came when.
import { html, render } from "../sdk/lit-html.js";
import { isKept } from "../attention.js";
import { buttonsFor } from "../parts/act.js";
import { bars } from "../parts/chart.js";
import { idOf, orderLink } from "../parts/links.js";
import { problem } from "../parts/problem.js";
import { readsLine } from "../parts/reads.js";
import { table } from "../parts/table.js";
import { cameAgainWithin, parkedEvents, repeated, setAside, trailWithin } from "../queries.js";
import { countOf, watch } from "../reading.js";
import { HOUR, MINUTE, moment, when } from "../time.js";

const SHOWN = 12;
const HOURS = 12;

export const title = "Events";

const LISTS = [
  { name: "parked", heading: "Parked", query: parkedEvents(SHOWN), none: "None is waiting.",
    says: "They wait for their order or payment, and are settled automatically once it is there. One that could not be read needs a person: ./shop replay EVENT.",
    acts: (shop) => [{ name: "Acts", cell: ({ id, fields }) => buttonsFor("event", { id, isKept: isKept(fields) }, shop) }] },
  { name: "aside", heading: "Set aside", query: setAside(SHOWN), none: "None was.",
    says: "From another account, or from the other mode (live or test). They changed nothing." },
  { name: "repeated", heading: "Delivered again", query: repeated(SHOWN), none: "None was.",
    says: "Stripe delivers an event again if it was not answered in time, and sometimes even if it was. Each was settled once." },
];

export function show(place, _, shop) {
  const state = { lists: {}, counts: {}, hours: null, error: null };
  const draw = () => render(page(state, shop), place);
  const failed = (error) => {
    state.error = error;
    draw();
  };
  const refresh = () => Promise.all(hoursUntil(new Date()).map(counted)).then((hours) => {
    state.hours = hours;
    draw();
  }).catch(failed);
  draw();
  refresh();
  const timer = setInterval(refresh, 5 * MINUTE);
  const ends = LISTS.map(({ name, query }) => watch(query, (found) => {
    state.lists[name] = found;
    draw();
    countMore(state, name, query, found).then(draw, failed);
  }, failed));
  return () => {
    clearInterval(timer);
    ends.forEach((end) => end());
  };
}

/** What does not fit is counted. */
async function countMore({ counts }, name, query, found) {
  counts[name] = found.length < SHOWN ? found.length : await countOf(query);
}

/** The last whole hours, and the one that has begun. */
function hoursUntil(now) {
  const begun = new Date(now).setMinutes(0, 0, 0);
  return Array.from({ length: HOURS }, (_, index) => new Date(begun - (HOURS - 1 - index) * HOUR));
}

const over = new Map();

/** What is over is counted once. */
async function counted(since) {
  const until = new Date(since.getTime() + HOUR);
  const label = since.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const value = over.get(+since) ?? sum(await Promise.all([trailWithin, cameAgainWithin].map((of) => countOf(of({ since, until })))));
  if (until < new Date()) {
    over.set(+since, value);
  }
  return { label, value };
}

function page({ lists, counts, hours, error }, shop) {
  return html`
    <h1>Events</h1>
    ${problem(error)}
    <section class="panel" aria-labelledby="hours" aria-busy=${!hours}>
      <h2 id="hours">Deliveries, by the hour</h2>
      ${hours ? bars("Deliveries, by the hour", hours) : html`<p class="waiting">Counting …</p>`}
      <p class="soft">Everything that arrived and was settled: each delivery of Stripe’s events, placed orders, acts of
        operators.</p>
    </section>
    ${LISTS.map((list) => part(list, lists[list.name], counts[list.name], shop))}
    ${readsLine()}`;
}

function part({ name, heading, says, none, acts }, found, count, shop) {
  const columns = [...COLUMNS, ...(acts && shop.who.mayAct ? acts(shop) : [])];
  return html`
    <section class="panel" aria-labelledby=${name} aria-busy=${!found}>
      <h2 id=${name}>${heading}${count ? ` (${count})` : ""}</h2>
      <p class="soft">${says}</p>
      ${found ? table(heading, columns, found, none) : html`<p class="waiting">Looking …</p>`}
    </section>`;
}

const COLUMNS = [
  { name: "Event", cell: ({ id, fields }) => idOf(id, fields.livemode ?? null) },
  { name: "Type", cell: ({ fields }) => fields.eventType },
  { name: "Order", cell: ({ fields }) => (fields.orderId ? orderLink(fields.orderId) : "–") },
  { name: "Result", cell: ({ fields }) => [words(fields.result), fields.reason, fields.account].filter(Boolean).join(": ") },
  { name: "Came", cell: ({ fields }) => (fields.processed ? moment(fields.receivedAt) : when(fields.parkedAt, new Date())) },
  { name: "Times", isNumber: true, cell: ({ fields }) => fields.deliveries },
];

const sum = (numbers) => numbers.reduce((one, other) => one + other, 0);

const words = (result) => result?.replaceAll("_", " ");
