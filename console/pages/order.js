// One order: where it is, what is missing, its money beside its units, and what happened to it.
import { html, nothing, render } from "../sdk/lit-html.js";
import { isKept } from "../attention.js";
import { actButton, buttonsFor } from "../parts/act.js";
import { idOf } from "../parts/links.js";
import { moneyPart, stockPart } from "../parts/order.js";
import { statusMark } from "../parts/orders.js";
import { problem } from "../parts/problem.js";
import { readsLine } from "../parts/reads.js";
import { timeline } from "../parts/timeline.js";
import { actsOn } from "../acts.js";
import { happeningsIn } from "../happenings.js";
import { DECIDED, linesOf, missingIn, standingOf } from "../order-fields.js";
import { ofOrder, requestsFor } from "../queries.js";
import { watch, watchDocument } from "../reading.js";
import { addressOf } from "../router.js";
import { isDocumentId } from "../search.js";
import { unitsToTakeFrom } from "../shelves.js";
import { moment, when } from "../time.js";

const FEW = 15;
const MANY = 100;
/** The inventory of so many of its products is shown at first. */
const PRODUCTS_FEW = 3;

export const title = ({ path: [orderId] }) => `Order ${orderId ?? ""}`;

export function show(place, { path: [orderId], parameters }, shop) {
  if (!orderId || !isDocumentId(orderId)) {
    render(html`<h1>Which order?</h1>`, place);
    return () => {};
  }
  const isAll = parameters.has("all");
  const state = { order: undefined, lists: {}, checkout: null, taking: null, inventory: new Map(), error: null, isAll };
  const draw = () => render(page(orderId, state, shop), place);
  const failed = (error) => {
    state.error = error;
    draw();
  };
  const follow = watchingInventory(state, isAll ? MANY : PRODUCTS_FEW, draw, failed);
  const limit = isAll ? MANY : FEW;
  const queries = { ...ofOrder(orderId, limit), ...(isAll ? { requests: requestsFor(orderId, limit) } : {}) };
  const ends = [
    watchDocument(`orders/${orderId}`, (order) => {
      state.order = order;
      follow.products(linesOf(order?.fields ?? {}));
      draw();
    }, failed),
    watchDocument(`checkouts/${orderId}`, (checkout) => {
      state.checkout = checkout;
      draw();
    }, failed),
    watchDocument(`takings/${orderId}`, (taking) => {
      state.taking = taking;
      draw();
    }, failed),
    ...Object.entries(queries).map(([name, query]) => watch(query, (found) => {
      state.lists[name] = found;
      state.isCut ||= query.limit > 1 && found.length === query.limit;
      draw();
    }, failed)),
  ];
  draw();
  return () => [...ends, follow.end].forEach((end) => end());
}

/** Watches the inventory of the order's products, of which there are never more than when it was placed. */
function watchingInventory(state, most, draw, failed) {
  const ends = new Map();
  return {
    products(lines) {
      for (const { productId } of lines.slice(0, most)) {
        if (!ends.has(productId) && isDocumentId(productId)) {
          ends.set(productId, watchDocument(`inventory/${productId}`, (level) => {
            state.inventory.set(productId, level);
            draw();
          }, failed));
        }
      }
    },
    end: () => ends.forEach((end) => end()),
  };
}

function page(orderId, state, shop) {
  const { order, lists, error } = state;
  const { entries = [], effects = [], parked = [], claims = [], disputes = [], findings = [], requests = [] } = lists;
  const livemode = claims.map(({ fields }) => fields.livemode).find((mode) => typeof mode === "boolean") ?? null;
  const fields = order?.fields;
  return html`
    <div class="head"><h1>Order <span class="id">${orderId}</span></h1><span role="status">${fields ? statusMark(fields.status) : nothing}</span></div>
    ${problem(error)}
    ${order === undefined ? html`<p class="waiting">Looking …</p>` : fields ? what(orderId, fields, shop) : html`<p>There is no such order.</p>`}
    ${waiting({ effects, parked, disputes, findings, requests }, shop, livemode)}
    ${fields ? html`<div class="columns">${moneyPart(fields, state.checkout, livemode)}${stockPart(fields, state.inventory, unitsToTakeFrom(state.taking?.fields ?? {}))}</div>` : nothing}
    <section class="panel" aria-labelledby="happened">
      <h2 id="happened">What happened</h2>
      ${timeline(happeningsIn({ entries, effects, parked, findings }), holdOf(fields), livemode)}
      ${state.isCut && !state.isAll ? html`<p>There is more, later on: <a href=${addressOf("order", [orderId], { all: 1 })}>show all of it</a></p>` : nothing}
    </section>
    ${readsLine()}`;
}

function what(orderId, fields, shop) {
  const missing = missingIn(fields, new Date());
  const acts = actsOn(fields).map((kind) => actButton(kind, orderId, shop, fields));
  return html`
    <section class="panel" aria-label="Where it is">
      <p class="standing">${standingOf(fields.status).says}. Placed ${moment(fields.createdAt)} by ${fields.userId ? html`<a class="id" href=${addressOf("orders", [], { user: fields.userId })}>${fields.userId}</a>` : "an unnamed customer"}. ${idOf(orderId)}</p>
      ${missing.length ? html`<ul class="missing">${missing.map((each) => html`<li>${each}</li>`)}</ul>` : nothing}
      ${shop.who.mayAct && acts.length ? html`<div class="row acts" role="group" aria-label="What you can do">${acts}</div>` : nothing}
    </section>`;
}

/** What somebody has to see to, besides what the order itself says. */
function waiting({ effects, parked, disputes, findings, requests }, shop, livemode) {
  const now = new Date();
  const lines = [
    ...findings.filter(({ fields }) => fields.state === "open")
      .map(({ id, fields }) => html`Found by ${fields.rule}: ${fields.found} <code>${fields.remedy ?? ""}</code> ${buttonsFor("finding", { id }, shop)}`),
    ...parked.map(({ id, fields }) => html`Event ${idOf(id, livemode)} (${fields.eventType}) is parked as ${fields.result}.
      ${isKept(fields) ? nothing : html`<code>./shop replay ${id}</code>`} ${buttonsFor("event", { id, isKept: isKept(fields) }, shop)}`),
    ...effects.filter(({ fields }) => fields.state === "ERROR")
      .map(({ id, fields }) => html`${fields.kind} for ${fields.recipient} was given up: ${fields.error}. ${buttonsFor("effect", { id }, shop)}`),
    ...disputes.filter(({ fields }) => !DECIDED.includes(fields.status))
      .map(({ id, fields }) => html`Dispute ${idOf(id, livemode)} is ${fields.status.replaceAll("_", " ")}${fields.dueBy ? html`: answer it in Stripe, due ${when(fields.dueBy, now)}` : nothing}.`),
    ...requests.filter(({ fields }) => !fields.settledAt && !fields.rehearse)
      .map(({ fields }) => html`${fields.operator} asked for ${fields.kind} ${when(fields.createdAt, now)}; it is not answered yet.`),
  ];
  return lines.length ? html`
    <section class="panel attention" aria-labelledby="to-do">
      <h2 id="to-do">Needs attention</h2>
      <ul>${lines.map((each) => html`<li>${each}</li>`)}</ul>
    </section>` : nothing;
}

function holdOf(fields) {
  const { reservedAt: from, finalizedAt, reservationExpiresAt, status, updatedAt } = fields ?? {};
  const to = status === "reserved" ? reservationExpiresAt : finalizedAt ?? updatedAt;
  return from && to && to > from ? { from, to } : null;
}
