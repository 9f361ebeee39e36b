// Who holds units of a product, and how much of it there was.
import { html, nothing } from "../sdk/lit-html.js";
import { moment } from "../time.js";
import { line } from "./chart.js";
import { orderLink } from "./links.js";
import { statusMark } from "./orders.js";
import { table } from "./table.js";

/** What can still be sold, marked where that is nothing. */
export function available(level) {
  if (level.isNeverShort) {
    return "any";
  }
  return level.available === undefined ? "–" : html`<span class=${level.available > 0 ? "" : "bad"}>${level.available}</span>`;
}

const HOLDERS = [
  { name: "Order", cell: ({ id }) => orderLink(id) },
  { name: "Status", cell: ({ fields }) => statusMark(fields.status) },
  { name: "Placed", cell: ({ fields }) => moment(fields.createdAt) },
  { name: "Held until", cell: ({ fields }) => moment(fields.reservationExpiresAt) },
  { name: "Units", isNumber: true, cell: ({ units }) => units },
];

/**
 * @param holders null while they are unknown
 * @param toTake units that are paid, and not yet taken
 * @param seen `{ isAll, looked, lookThrough, canLook }`: whether all that may hold were looked through, and how many were
 */
export function holdersPart(holders, level, toTake, { isAll, looked, lookThrough, canLook }) {
  const held = holders?.reduce((sum, { units }) => sum + units, 0);
  const differs = isAll && level.reserved !== undefined && held + toTake !== level.reserved;
  return html`
    <section class="panel" aria-labelledby="holders" aria-busy=${!holders}>
      <h2 id="holders">Held by</h2>
      ${holders ? table("Orders that hold units of it, longest first", HOLDERS, holders, "No order that was checked holds any of it.")
        : html`<p class="waiting">Looking …</p>`}
      ${holders && !isAll ? html`
        <p class="row"><span class="warn">Only the ${looked} oldest were checked, and a few that are paid.</span>
          ${canLook ? html`<button type="button" @click=${lookThrough}>Check more</button>` : nothing}</p>` : nothing}
      ${toTake ? html`<p class="soft">${isAll ? "" : "At least "}${toTake} ${toTake === 1 ? "unit is" : "units are"} paid but not taken yet: until then
        on hand and held include them.</p>` : nothing}
      ${differs ? html`<p class="warn">${level.reserved} are reserved, but orders hold ${held}${toTake ? `, and ${toTake} are to be taken` : ""}. If it stays so, something else
        changed the inventory: the runbook says how to correct it.</p>` : nothing}
    </section>`;
}

const HISTORY = [
  { name: "At", cell: ({ at }) => moment(at) },
  { name: "On hand", isNumber: true, cell: ({ stock }) => stock },
  { name: "Moved", isNumber: true, cell: ({ moved }) => (moved > 0 ? `+${moved}` : moved) },
  { name: "Because of", cell: ({ says, orderId }) => html`${orderId ? orderLink(orderId) : nothing} ${says.replaceAll("_", " ")}` },
];

/** Short enough for a picture. */
const label = (at, hours) => at.toLocaleString([], hours <= 24 ? { hour: "2-digit", minute: "2-digit" } : { day: "numeric", month: "short" });

/** @param draw is called with the number of hours to look back */
export function historyPart(productId, history, note, times, draw) {
  const asked = (event) => {
    event.preventDefault();
    draw(new FormData(event.target).get("hours"));
  };
  return html`
    <section class="panel" aria-labelledby="history">
      <h2 id="history">History</h2>
      <form class="row" @submit=${asked}>
        <label>Of <select name="hours">${times.map(([hours, words]) => html`<option value=${hours}>${words}</option>`)}</select></label>
        <button type="submit">Draw</button>
      </form>
      <p class="soft" role="status">${note || (history ? "" : "This reads the audit trail: each entry counts as a document read.")}</p>
      ${history ? html`
        ${line(`${productId} on hand`, history.points.map(({ at, stock }) => ({ label: label(at, history.hours), value: stock })))}
        ${table("What moved it, latest first", HISTORY, history.points.filter(({ moved }) => moved).reverse(), "Nothing moved it.")}` : nothing}
    </section>`;
}
