// An order's money and its units, side by side.
import { html, nothing } from "../sdk/lit-html.js";
import { money } from "../money.js";
import { asked, currencyOf, isHolding, linesOf, paymentsOf, refundsOf } from "../order-fields.js";
import { moment } from "../time.js";
import { idOf } from "./links.js";
import { table } from "./table.js";

/** @param checkout the Checkout session of the service's own, if there is one */
export function moneyPart(fields, checkout, livemode) {
  const currency = currencyOf(fields);
  const ofAsked = fields.currency ?? currency;
  const amounts = [
    ["Items", fields.itemsTotal, fields.itemsCurrency ?? ofAsked],
    ...(fields.adjustments ?? []).map(({ kind, label, amount }) => [label ?? kind, amount, ofAsked]),
    ["Asked", asked(fields), ofAsked], ["Paid", fields.amountReceived, currency], ["Refunded", fields.amountRefunded, currency],
  ];
  const payments = [
    { name: "Payment", cell: ({ id }) => idOf(id, livemode) },
    { name: "State", cell: ({ state }) => state },
    { name: "At", cell: ({ at }) => moment(at) },
    { name: "Received", isNumber: true, cell: ({ amount, currency: of }) => money(amount, of) },
    { name: "Refunded", isNumber: true, cell: ({ refunded, currency: of }) => (refunded ? money(refunded, of) : "–") },
  ];
  const refunds = [
    { name: "Refund", cell: ({ id }) => idOf(id, livemode) },
    { name: "Status", cell: ({ status }) => status },
    { name: "Amount", isNumber: true, cell: ({ amount, currency: of }) => money(amount, of) },
  ];
  const refunded = refundsOf(fields);
  return html`
    <section class="panel" aria-labelledby="money">
      <h2 id="money">Money</h2>
      <dl>${amounts.filter(([, amount]) => amount != null).map(([name, amount, of]) => html`<dt>${name}</dt><dd>${money(amount, of)}</dd>`)}</dl>
      ${table("Payments", payments, paymentsOf(fields), "No payment names it.")}
      ${refunded.length ? table("Refunds", refunds, refunded) : nothing}
      ${checkout?.fields.sessionId ? html`<p>Checkout session, ${checkout.fields.state}: ${idOf(checkout.fields.sessionId, livemode)}</p>` : nothing}
    </section>`;
}

/**
 * @param inventory by product, what there is of it for all: null where there is none, and nothing while it is unknown
 * @param toTake by product, the units of this order that are sold, and that on hand and held still count
 */
export function stockPart(fields, inventory, toTake) {
  const returned = new Map((fields.returned ?? []).map(({ productId, quantity }) => [productId, quantity]));
  const isHeld = isHolding(fields);
  const isTaken = Boolean(fields.finalizedAt);
  const level = (productId, name) => {
    const known = inventory.get(productId);
    return known === undefined ? html`<span class="waiting">…</span>` : known === null ? "none" : known.fields[name] ?? "∞";
  };
  const columns = [
    { name: "Product", cell: ({ productId }) => html`<span class="id">${productId}</span>` },
    { name: "Ordered", isNumber: true, cell: ({ quantity }) => quantity },
    { name: "Held", isNumber: true, cell: ({ quantity }) => (isHeld ? quantity : 0) },
    { name: "Taken", isNumber: true, cell: ({ quantity }) => (isTaken ? quantity : 0) },
    ...(toTake.size ? [{ name: "To be taken", isNumber: true, cell: ({ productId }) => toTake.get(productId) ?? 0 }] : []),
    { name: "Came back", isNumber: true, cell: ({ productId }) => returned.get(productId) ?? 0 },
    { name: "On hand", isNumber: true, cell: ({ productId }) => level(productId, "stock") },
    { name: "Held by all", isNumber: true, cell: ({ productId }) => level(productId, "reserved") },
  ];
  return html`
    <section class="panel" aria-labelledby="units">
      <h2 id="units">Units</h2>
      ${table("Units", columns, linesOf(fields), "It has no products.")}
    </section>`;
}
