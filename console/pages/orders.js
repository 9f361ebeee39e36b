// Orders by what the address says, the newest first, page by page; or what an id leads to.
import { html, nothing, render } from "../sdk/lit-html.js";
import { announce, attempt } from "../announcement.js";
import { head, rows } from "../csv.js";
import { cursorIn, filterIn, parametersOf } from "../filter.js";
import { orderLink } from "../parts/links.js";
import { ordersTable } from "../parts/orders.js";
import { problem } from "../parts/problem.js";
import { readsLine } from "../parts/reads.js";
import { table } from "../parts/table.js";
import { orders, PAGE, STATUSES } from "../queries.js";
import { find, read, watch } from "../reading.js";
import { addressOf, goTo } from "../router.js";
import { hitsFor, leadFrom } from "../search.js";
import { DAY, midnight } from "../time.js";

const EXPORTED_AT_ONCE = 300;

export const title = ({ parameters }) => (parameters.has("find") ? `Find ${parameters.get("find")}` : "Orders");

export function show(place, { parameters }) {
  if (parameters.has("find")) {
    return showFound(place, parameters.get("find"));
  }
  const filter = filterIn(parameters);
  const after = cursorIn(parameters);
  const state = { found: null, error: null };
  const draw = () => render(page(filter, after, state), place);
  draw();
  // One more than fits says whether there is another page.
  return watch(orders({ ...filter, after, limit: PAGE + 1 }), (found) => {
    state.found = found;
    draw();
  }, (error) => {
    state.error = error;
    draw();
  });
}

function page(filter, after, { found, error }) {
  const shown = found?.slice(0, PAGE);
  const last = shown?.at(-1);
  const next = found?.length > PAGE && parametersOf(filter, last.cursor);
  return html`
    <h1>Orders</h1>
    ${form(filter)}
    ${problem(error)}
    <section class="panel" aria-label="Orders" aria-busy=${!found}>
      ${shown ? ordersTable("Orders, the newest first", shown) : html`<p class="waiting">Looking …</p>`}
      <p class="row">
        ${after ? html`<a href=${addressOf("orders", [], parametersOf(filter))}>The newest</a>` : nothing}
        ${next ? html`<a rel="next" href=${addressOf("orders", [], next)}>Older</a>` : nothing}
        ${shown?.length ? html`<button type="button" @click=${(event) => save(filter, event.target)}>Export as CSV</button>` : nothing}
      </p>
    </section>
    ${readsLine()}`;
}

function form({ statuses, user, since, until }) {
  const box = (status) => html`
    <label class="inline"><input type="checkbox" name="status" value=${status} .checked=${statuses.includes(status)}>
      ${status.replaceAll("_", " ")}</label>`;
  return html`
    <form class="panel filter" aria-label="Which orders" @submit=${filtered}>
      <fieldset><legend>Status</legend><div class="row">${STATUSES.map(box)}</div></fieldset>
      <div class="row">
        <label>Or all of one customer <input name="user" .value=${user} placeholder="Customer’s id" autocomplete="off"></label>
        <label>Placed from <input name="since" type="date" .value=${dateOf(since)}></label>
        <label>to <input name="until" type="date" .value=${dateOf(until && new Date(until - 1))}></label>
        <button class="main" type="submit">Show</button>
      </div>
    </form>`;
}

function filtered(event) {
  event.preventDefault();
  const said = new FormData(event.target);
  const [since, until] = ["since", "until"].map((name) => dayIn(said.get(name)));
  const filter = { statuses: said.getAll("status"), user: said.get("user").trim(), since, until: until && dayAfter(until) };
  goTo("orders", [], parametersOf(filter));
}

/** A day as the person says it begins where the person is. */
const dayIn = (text) => (text ? new Date(`${text}T00:00`) : undefined);
const dayAfter = (day) => midnight(day.getTime() + DAY + DAY / 8);

function dateOf(at) {
  return at ? [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((part) => String(part).padStart(2, "0")).join("-") : "";
}

/** All that the filter finds, however many pages that are: each order is read, and billed. */
async function save(filter, button) {
  button.disabled = true;
  await attempt(async () => {
    const parts = [head()];
    let after;
    let count = 0;
    for (let found; !found || found.length === EXPORTED_AT_ONCE;) {
      found = await find(orders({ ...filter, after, limit: EXPORTED_AT_ONCE }));
      parts.push(rows(found));
      count += found.length;
      announce(`${count} orders read …`);
      after = found.at(-1)?.cursor;
    }
    const address = URL.createObjectURL(new Blob(parts, { type: "text/csv" }));
    Object.assign(document.createElement("a"), { href: address, download: "orders.csv" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
    announce(`orders.csv has ${count} orders.`);
  });
  button.disabled = false;
}

/** What the id leads to; where that is one order, it is shown at once. */
function showFound(place, text) {
  let isOver = false;
  const draw = (content) => isOver || render(html`<h1>Find ${text}</h1>${content}${readsLine()}`, place);
  const look = async () => {
    const lead = await leadFrom(text, { find, read });
    if (isOver) {
      return;
    }
    if (lead?.orderId) {
      location.replace(addressOf("order", [lead.orderId]));
    } else if (lead?.kind === "customer") {
      location.replace(addressOf("orders", [], { user: text }));
    } else {
      draw(hitsTable(text, lead, await hitsFor(text, { find })));
    }
  };
  draw(html`<p class="waiting">Looking …</p>`);
  look().catch((error) => draw(problem(error)));
  return () => {
    isOver = true;
  };
}

function hitsTable(text, lead, hits) {
  const columns = [
    { name: "What", cell: ({ kind }) => kind },
    { name: "Id", cell: ({ id }) => html`<span class="id">${id}</span>` },
    { name: "Says", cell: ({ says }) => says },
    { name: "Order", cell: ({ orderId }) => (orderId ? orderLink(orderId) : "–") },
  ];
  return html`
    ${lead ? html`<p>${text} is the id of ${/^[aeo]/.test(lead.kind) ? "an" : "a"} ${lead.kind} that belongs to no order.</p>` : nothing}
    <section class="panel">${table(`What begins with ${text}`, columns, hits, `${text} is unknown.`)}</section>`;
}
