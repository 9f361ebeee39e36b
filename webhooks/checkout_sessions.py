"""Reads events of a Checkout session: https://docs.stripe.com/api/checkout/sessions/object."""

from orders.checkout import SessionTotals
from orders.events import (
    Envelope,
    Ignored,
    PaymentCanceled,
    PaymentFailed,
    PaymentProcessing,
    PaymentSucceeded,
    StripeDelivery,
    SubscriptionStarted,
)
from orders.money import is_amount, is_currency
from webhooks.declines import payment_failed
from webhooks.payment_methods import slowest_end
from webhooks.stripe_fields import Json, Misshapen, id_or_none, money_in, object_or_empty


def completed(
    session: Json, order_id: str | None, delivery: StripeDelivery
) -> PaymentSucceeded | PaymentProcessing | SubscriptionStarted | Ignored:
    envelope = _envelope(session, order_id, delivery)
    if session.get("mode") == "subscription":
        # A subscription is paid by recurring invoices.
        return SubscriptionStarted(**envelope)
    if session.get("mode") == "setup":
        # It only stores a payment method for later.
        return _not_for_payment(delivery)
    match session.get("payment_status"):
        case "paid":
            return _succeeded(session, envelope)
        case "unpaid":
            # A slow payment method: checkout.session.async_payment_succeeded follows once the money has arrived.
            until = slowest_end(session, delivery.created_at)
            session_id, totals = id_or_none(session, "id"), _totals_of(session)
            return PaymentProcessing(**envelope, until=until, is_estimate=True, session_id=session_id, totals=totals)
        case "no_payment_required" if session.get("mode") == "payment" and session.get("amount_total") == 0:
            # Without a payment, no other event will report the order as complete:
            # https://docs.stripe.com/payments/checkout/no-cost-orders.
            return _succeeded(session, envelope)
        case "no_payment_required":
            return Ignored(delivery.event_id, delivery.event_type, "nothing to pay")
        case _:
            raise Misshapen("payment_status must be a session's payment status")


def completed_later(
    session: Json, order_id: str | None, delivery: StripeDelivery
) -> PaymentSucceeded | PaymentProcessing | SubscriptionStarted | Ignored:
    # The session's `completed` event has already reported that it sold a subscription.
    return completed(session, order_id, delivery) if _is_for_payment(session) else _not_for_payment(delivery)


def failed(session: Json, order_id: str | None, delivery: StripeDelivery) -> PaymentFailed | Ignored:
    """A session does not say why; its PaymentIntent's own event does."""
    if not _is_for_payment(session):
        return _not_for_payment(delivery)
    return payment_failed(_envelope(session, order_id, delivery), code=None, decline_code=None)


def expired(session: Json, order_id: str | None, delivery: StripeDelivery) -> PaymentCanceled | Ignored:
    if not _is_for_payment(session):
        return _not_for_payment(delivery)
    return PaymentCanceled(**_envelope(session, order_id, delivery), session_id=id_or_none(session, "id"))


def _is_for_payment(session: Json) -> bool:
    return session.get("mode") in (None, "payment")


def _not_for_payment(delivery: StripeDelivery) -> Ignored:
    return Ignored(delivery.event_id, delivery.event_type, "not a session for a payment")


def _succeeded(session: Json, envelope: Envelope) -> PaymentSucceeded:
    money, session_id = money_in(session, "amount_total"), id_or_none(session, "id")
    return PaymentSucceeded(**envelope, money=money, session_id=session_id, totals=_totals_of(session))


def _totals_of(session: Json) -> SessionTotals | None:
    """The session's totals; None if it does not report all of them, as in older API versions.

    https://docs.stripe.com/api/checkout/sessions/object#checkout_session_object-total_details
    """
    details, currency = object_or_empty(session, "total_details"), session.get("currency")
    subtotal, total = session.get("amount_subtotal"), session.get("amount_total")
    # An item that the session does not use, such as shipping, may be null.
    discount, shipping, tax = (details.get(name) or 0 for name in ("amount_discount", "amount_shipping", "amount_tax"))
    if not (details and is_currency(currency) and is_amount(subtotal) and is_amount(total)):
        return None
    if not (is_amount(discount) and is_amount(shipping) and is_amount(tax)):
        return None
    return SessionTotals(subtotal, total, discount, shipping, tax, currency)


def _envelope(session: Json, order_id: str | None, delivery: StripeDelivery) -> Envelope:
    return {
        "delivery": delivery,
        "order_id": order_id,
        "payment_intent_id": id_or_none(session, "payment_intent"),
        "charge_id": None,
    }
