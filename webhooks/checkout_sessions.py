"""What events of a Checkout session mean: https://docs.stripe.com/api/checkout/sessions/object."""

from orders.events import (
    Envelope,
    Ignored,
    PaymentCanceled,
    PaymentFailed,
    PaymentProcessing,
    PaymentSucceeded,
    StripeDelivery,
)
from webhooks.declines import payment_failed
from webhooks.stripe_fields import Json, Misshapen, id_or_none, money_in


def completed(
    session: Json, order_id: str | None, delivery: StripeDelivery
) -> PaymentSucceeded | PaymentProcessing | Ignored:
    envelope = _envelope(session, order_id, delivery)
    match session.get("payment_status"):
        case "paid":
            return PaymentSucceeded(**envelope, money=money_in(session, "amount_total"))
        case "unpaid":
            # A slow payment method: checkout.session.async_payment_succeeded follows when the money is there.
            return PaymentProcessing(**envelope)
        case "no_payment_required" if session.get("mode") == "payment" and session.get("amount_total") == 0:
            # No other event will report the order as complete, for there is no payment:
            # https://docs.stripe.com/payments/checkout/no-cost-orders.
            return PaymentSucceeded(**envelope, money=money_in(session, "amount_total"))
        case "no_payment_required":
            # The payment comes later, as of a subscription that begins with a trial, or a payment method is only kept.
            return Ignored(delivery.event_id, delivery.event_type, "nothing to pay")
        case _:
            raise Misshapen("payment_status must be a session's payment status")


def failed(session: Json, order_id: str | None, delivery: StripeDelivery) -> PaymentFailed:
    """A session does not say why; its PaymentIntent's own event does."""
    return payment_failed(_envelope(session, order_id, delivery), code=None, decline_code=None)


def expired(session: Json, order_id: str | None, delivery: StripeDelivery) -> PaymentCanceled:
    return PaymentCanceled(**_envelope(session, order_id, delivery))


def _envelope(session: Json, order_id: str | None, delivery: StripeDelivery) -> Envelope:
    return {
        "delivery": delivery,
        "order_id": order_id,
        "payment_intent_id": id_or_none(session, "payment_intent"),
        "charge_id": None,
    }
