"""The address at which a reserved order is paid: a Checkout session, made on the server. Copy it into the backend."""

from google.cloud import firestore
from stripe import StripeClient


def checkout_url(order_id: str, user_id: str, *, db: firestore.Client, stripe: StripeClient, shop_url: str) -> str:
    """For the signed-in user. Whoever asks again meanwhile gets the same session."""
    order = db.document(f"orders/{order_id}").get().to_dict() or {}
    if (order.get("userId"), order.get("status")) != (user_id, "reserved"):
        raise LookupError(f"user {user_id} has no reserved order {order_id}")
    adjustments = [adjustment["amount"] for adjustment in order.get("adjustments") or []]
    amount = order["itemsTotal"] + sum(adjustments) if adjustments else order["amountTotal"]
    # A minute before the units are released. Stripe asks for at least 30 minutes: RESERVATION_MINUTES=35 leaves some.
    ends = int(order["reservationExpiresAt"].timestamp()) - 60
    session = stripe.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "line_items": [
                {
                    "price_data": {
                        "currency": order["currency"],
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
        {"idempotency_key": f"{order_id}-{amount}-{ends}"},
    )
    return str(session.url)
