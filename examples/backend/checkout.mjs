// The address at which a reserved order is paid: a Checkout session, made on the server. Copy it into the backend.

/** For the signed-in user. Whoever asks again meanwhile gets the same session. */
export async function checkoutUrl(orderId, userId, { db, stripe, shopUrl }) {
  const order = (await db.doc(`orders/${orderId}`).get()).data();
  if (order?.userId !== userId || order.status !== "reserved") {
    throw new Error(`user ${userId} has no reserved order ${orderId}`);
  }
  const { currency, itemsTotal, amountTotal, adjustments } = order;
  // Adjustments are of the catalogue's price. Where it has none, the backend's amountTotal is all that is asked.
  const isAdjusted = adjustments?.length && itemsTotal !== null;
  const amount = isAdjusted ? adjustments.reduce((sum, each) => sum + each.amount, itemsTotal) : amountTotal;
  if (amount === null) {
    throw new Error(`order ${orderId} has no price: the catalogue has none, and no amountTotal was written`);
  }
  // A minute before the units are released. Stripe asks for at least 30: RESERVATION_MINUTES=35 leaves four.
  const ends = order.reservationExpiresAt.seconds - 60;
  const session = await stripe.checkout.sessions.create({
    mode: "payment",
    line_items: [{ price_data: { currency, unit_amount: amount, product_data: { name: `Order ${orderId}` } }, quantity: 1 }],
    metadata: { orderId },
    // A session's metadata is not copied to its payment, whose events have to name the order, too.
    payment_intent_data: { metadata: { orderId } },
    expires_at: ends,
    success_url: `${shopUrl}#orders`,
  }, { idempotencyKey: `${orderId}-${amount}-${currency}-${ends}` });
  return session.url;
}
