// Ids: each can be copied, leads to its page here, and to what Stripe's own dashboard says of it.
import { html, nothing } from "../sdk/lit-html.js";
import { announce, attempt } from "../announcement.js";
import { addressOf } from "../router.js";
import { stripeAddress } from "../stripe.js";

export const orderLink = (orderId) => html`<a class="id" href=${addressOf("order", [orderId])}>${orderId}</a>`;

/** An id with a button that copies it, and a link if it is one of Stripe's. `livemode`: null where nobody knows. */
export function idOf(id, livemode = null) {
  const address = stripeAddress(id, livemode);
  return html`
    <span class="id">${id}</span>
    <button type="button" class="small quiet" aria-label=${`Copy ${id}`} @click=${() => copy(id)}>Copy</button>
    ${address ? html`<a href=${address} target="_blank" rel="noreferrer" aria-label=${`${id} at Stripe`}>Stripe</a>` : nothing}`;
}

async function copy(id) {
  if (await attempt(() => navigator.clipboard.writeText(id))) {
    announce(`${id} is copied.`);
  }
}
