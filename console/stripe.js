// Where Stripe's dashboard shows what an id is of. Pure.
// What is done outside has an id that begins with that of its event, and goes on.
const PLACES = [
  [/^(pi|ch|py)_/, "payments"],
  [/^(dp|du)_/, "disputes"],
  [/^evt_[A-Za-z0-9]+$/, "events"],
  [/^cs_/, "checkout/sessions"],
];

/** Null if it is no id of Stripe's, or if nobody knows whether it is of live or of test mode. */
export function stripeAddress(id, livemode) {
  const place = PLACES.find(([pattern]) => pattern.test(id))?.[1];
  if (!place || typeof livemode !== "boolean") {
    return null;
  }
  return `https://dashboard.stripe.com/${livemode ? "" : "test/"}${place}/${encodeURIComponent(id)}`;
}
