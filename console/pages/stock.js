// What is on the shelf, what of it is held, and by which orders; one product with its history.
import { html, nothing, render } from "../sdk/lit-html.js";
import { money } from "../money.js";
import { actButton } from "../parts/act.js";
import { problem } from "../parts/problem.js";
import { readsLine } from "../parts/reads.js";
import { available, historyPart, holdersPart } from "../parts/shelf.js";
import { table } from "../parts/table.js";
import { inventory, mayHold, onSale, PAGE, takings, trailWithin } from "../queries.js";
import { countOf, find, watch, watchDocument } from "../reading.js";
import { addressOf } from "../router.js";
import { DAYS_BACK, ENTRIES_MAX, historyOf, holdersOf, levelOf, shelvesFrom, sinceFor, toTakeIn } from "../shelves.js";

/** Of a product's holders so many orders are looked through at first, and so many if somebody wants to know. */
const LOOKED_THROUGH = 40;
const LOOKED_THROUGH_MAX = 1_000;
/** And so many paid ones whose units are still to be taken. */
const TAKINGS = 8;

export const title = ({ path: [productId] }) => productId ?? "Stock";

export function show(place, { path: [productId], parameters }, shop) {
  return productId ? showOne(place, productId, shop) : showAll(place, parameters.get("after") ?? undefined);
}

function showAll(place, after) {
  const state = { inventory: null, products: null, error: null };
  const draw = () => render(all(state, after), place);
  const failed = (error) => set(state, { error }, draw);
  draw();
  const ends = [
    watch(inventory({ after }), (found) => set(state, { inventory: found }, draw), failed),
    watch(onSale({ after }), (found) => set(state, { products: found }, draw), failed),
  ];
  return () => ends.forEach((end) => end());
}

function set(state, changes, draw) {
  Object.assign(state, changes);
  draw();
}

function all({ inventory: counted, products, error }, after) {
  const shelves = counted && products && shelvesFrom(counted, products, PAGE);
  const last = shelves?.length === PAGE && shelves.at(-1).id;
  return html`
    <h1>Stock</h1>
    ${problem(error)}
    <section class="panel" aria-label="Stock" aria-busy=${!shelves}>
      ${shelves ? table("Products, by id", COLUMNS, shelves) : html`<p class="waiting">Looking …</p>`}
      <p class="row">
        ${after ? html`<a href=${addressOf("stock")}>The first</a>` : nothing}
        ${last ? html`<a rel="next" href=${addressOf("stock", [], { after: last })}>More</a>` : nothing}
      </p>
    </section>
    ${readsLine()}`;
}

const COLUMNS = [
  { name: "Product", cell: ({ id }) => html`<a class="id" href=${addressOf("stock", [id])}>${id}</a>` },
  { name: "Name", cell: ({ product }) => product?.name ?? "–" },
  { name: "Price", isNumber: true, cell: ({ product }) => money(product?.unitAmount, product?.currency) },
  { name: "On hand", isNumber: true, cell: ({ inventory: found }) => figure(found, "stock") },
  { name: "Held", isNumber: true, cell: ({ inventory: found }) => figure(found, "reserved") },
  { name: "Available", isNumber: true, cell: ({ inventory: found }) => available(levelOf(found)) },
  { name: "Remark", cell: ({ inventory: found, product }) => html`<span class="warn">${remarks(found, product)}</span>` },
];

function figure(found, name) {
  const level = levelOf(found);
  return level.isNeverShort ? "any" : level[name] ?? "–";
}

const remarks = (found, product) => [levelOf(found).defect, product?.active === true ? null : "not on sale"].filter(Boolean).join("; ");

function showOne(place, productId, shop) {
  const state = {
    inventory: undefined, product: undefined, orders: null, most: LOOKED_THROUGH, takings: null, takingsMost: TAKINGS, history: null, hours: 0, note: "", error: null,
  };
  const draw = () => render(one(productId, state, { lookThrough, draw: drawHistory }, shop), place);
  const failed = (error) => set(state, { error }, draw);
  const look = () => [
    watch(mayHold(state.most), (found) => set(state, { orders: found }, draw), failed),
    watch(takings(state.takingsMost), (found) => set(state, { takings: found }, draw), failed),
  ];
  let looking = look();
  function lookThrough() {
    looking.forEach((end) => end());
    set(state, { most: LOOKED_THROUGH_MAX, orders: null, takingsMost: LOOKED_THROUGH_MAX, takings: null }, draw);
    looking = look();
  }
  async function drawHistory(hours) {
    const now = new Date();
    const since = sinceFor(hours, now);
    set(state, { note: "Reading the trail …", history: null }, draw);
    try {
      const query = trailWithin({ since, limit: ENTRIES_MAX });
      const count = await countOf(query);
      if (count > ENTRIES_MAX) {
        set(state, { note: `There are ${count} entries, too many to read: choose a shorter time.` }, draw);
        return;
      }
      const level = levelOf(state.inventory?.fields);
      set(state, { note: "", history: historyOf(await find(query), productId, level.stock, since, now), hours }, draw);
    } catch (error) {
      set(state, { note: "", error }, draw);
    }
  }
  draw();
  const ends = [
    watchDocument(`inventory/${productId}`, (found) => set(state, { inventory: found }, draw), failed),
    watchDocument(`products/${productId}`, (found) => set(state, { product: found }, draw), failed),
    () => looking.forEach((end) => end()),
  ];
  return () => ends.forEach((end) => end());
}

function one(productId, state, { lookThrough, draw }, shop) {
  const { inventory: found, product, orders, most, takings: sold, takingsMost, history, hours, note, error } = state;
  const isKnown = found !== undefined && product !== undefined;
  const level = levelOf(found?.fields);
  const holders = orders && sold && holdersOf(orders, productId);
  const seen = {
    isAll: orders?.length < most && sold?.length < takingsMost, looked: orders?.length, lookThrough, canLook: most < LOOKED_THROUGH_MAX,
  };
  return html`
    <h1>${product?.fields.name ?? productId}</h1>
    ${problem(error)}
    <section class="panel" aria-labelledby="shelf" aria-busy=${!isKnown}>
      <h2 id="shelf">On the shelf</h2>
      ${isKnown ? shelf(productId, level, found, product) : html`<p class="waiting">Looking …</p>`}
      ${isKnown && level.stock !== undefined ? html`<div class="row acts">${actButton("stock", productId, shop)}</div>` : nothing}
    </section>
    ${holdersPart(holders, level, toTakeIn(sold ?? [], productId), seen)}
    ${level.stock === undefined ? nothing : historyPart(productId, history && { points: history, hours }, note, DAYS_BACK, draw)}
    ${readsLine()}`;
}

function shelf(productId, level, found, product) {
  const figures = [
    ["On hand", level.isNeverShort ? "never short" : level.stock], ["Held", level.reserved], ["Available", level.available],
    ["Backorders allowed", found?.fields.backorder], ["Customers see", product?.fields.available],
    ["Price", product ? money(product.fields.unitAmount, product.fields.currency) : undefined],
  ];
  const said = remarks(found?.fields, product?.fields);
  return html`
    <dl>
      <dt>Product</dt><dd class="id">${productId}</dd>
      ${figures.filter(([, value]) => value !== undefined).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}
    </dl>
    ${said ? html`<p class="warn">${said}</p>` : nothing}`;
}
