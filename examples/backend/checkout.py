"""The address at which a reserved order is paid: a Checkout session, made on the server. Copy it into the backend."""

from google.cloud import firestore
from stripe import StripeClient


def checkout_url(order_id: str, user_id: str, *, db: firestore.Client, stripe: StripeClient, shop_url: str) -> str:
    """For the signed-in user. Whoever asks again meanwhile gets the same session."""
    order = db.document(f"orders/{order_id}").get().to_dict() or {}
    if (order.get("userId"), order.get("status")) != (user_id, "reserved"):
        raise LookupError(f"user {user_id} has no reserved order {order_id}")
    currency, amount = order["currency"], order["amountTotal"]
    # Adjustments are of the catalogue's price. Where it has none, the backend's amountTotal is all that is asked.
    if order.get("adjustments") and order["itemsTotal"] is not None:
        amount = order["itemsTotal"] + sum(adjustment["amount"] for adjustment in order["adjustments"])
    if amount is None:
        raise LookupError(f"order {order_id} has no price: the catalogue has none, and no amountTotal was written")
    # Firestore may have a whole number as a double. Stripe takes only an integer, and refuses any other amount.
    amount = int(amount) if amount == int(amount) else amount
    # A minute before the units are released. Stripe asks for at least 30: RESERVATION_MINUTES=35 leaves four.
    ends = int(order["reservationExpiresAt"].timestamp()) - 60
    session = stripe.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "line_items": [
                {
                    "price_data": {
                        "currency": currency,
                        "unit_amount": amount,
                        "product_data": {"name": f"Order {order_id}"},
                    },
                    "quantity": 1,
                }
            ],
            "metadata": {"orderId": order_id},
            # A session's metadata is not copied to its payment, whose events have to name the order, too.
            "payment_intent_data": {"metadata": {"orderId": order_id}},
            "expires_at": ends,
            "success_url": f"{shop_url}#orders",
        },
        {"idempotency_key": f"{order_id}-{amount}-{currency}-{ends}"},
    )
    return str(session.url)
