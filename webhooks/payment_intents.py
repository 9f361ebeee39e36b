"""Reads events of a PaymentIntent: https://docs.stripe.com/api/payment_intents/object."""

from collections.abc import Mapping

from orders.events import (
    Envelope,
    Ignored,
    PaymentCanceled,
    PaymentFailed,
    PaymentProcessing,
    PaymentSucceeded,
    StripeDelivery,
)
from orders.payments import PaymentState
from webhooks.declines import payment_failed
from webhooks.payment_methods import authorised_until, is_waiting_for_money, partly_funded, slowest_end, voucher_expiry
from webhooks.stripe_fields import Json, code_or_none, id_in, id_or_none, list_or_empty, money_in, object_or_empty


def succeeded(intent: Json, order_id: str | None, delivery: StripeDelivery) -> PaymentSucceeded:
    # localstripe leaves out amount_received when a payment has succeeded: then it is the whole amount.
    amount_name = "amount" if intent.get("amount_received") is None else "amount_received"
    return PaymentSucceeded(**_envelope(intent, order_id, delivery), money=money_in(intent, amount_name))


def processing(intent: Json, order_id: str | None, delivery: StripeDelivery) -> PaymentProcessing:
    until = slowest_end(intent, delivery.created_at)
    return PaymentProcessing(**_envelope(intent, order_id, delivery), until=until, funded=partly_funded(intent))


def authorised(intent: Json, order_id: str | None, delivery: StripeDelivery) -> PaymentProcessing:
    until = authorised_until(object_or_empty(intent, "latest_charge"))
    return PaymentProcessing(**_envelope(intent, order_id, delivery), state=PaymentState.AUTHORISED, until=until)


def requires_action(intent: Json, order_id: str | None, delivery: StripeDelivery) -> PaymentProcessing | Ignored:
    """A voucher or a bank transfer is still to be paid; no other action of a customer takes days."""
    if not is_waiting_for_money(intent):
        return Ignored(delivery.event_id, delivery.event_type, "nothing to wait for")
    return PaymentProcessing(**_envelope(intent, order_id, delivery), until=voucher_expiry(intent))


def failed(intent: Json, order_id: str | None, delivery: StripeDelivery) -> PaymentFailed:
    error = object_or_empty(intent, "last_payment_error")
    envelope = _envelope(intent, order_id, delivery)
    # The error names the charge of the failed attempt; the intent's latest charge is only a guess.
    envelope["charge_id"] = id_or_none(error, "charge") or envelope["charge_id"]
    return payment_failed(envelope, code_or_none(error, "code"), code_or_none(error, "decline_code"))


def canceled(intent: Json, order_id: str | None, delivery: StripeDelivery) -> PaymentCanceled | PaymentSucceeded:
    if intent.get("amount_received"):
        # Captured in part before: only the rest was released. https://docs.stripe.com/api/payment_intents/cancel
        return succeeded(intent, order_id, delivery)
    return PaymentCanceled(**_envelope(intent, order_id, delivery))


def _envelope(intent: Json, order_id: str | None, delivery: StripeDelivery) -> Envelope:
    return {
        "delivery": delivery,
        "order_id": order_id,
        "payment_intent_id": id_in(intent, "id"),
        "charge_id": id_or_none(intent, "latest_charge") or _first_embedded_charge(intent),
    }


def _first_embedded_charge(intent: Json) -> str | None:
    """Until API version 2022-11-15, a PaymentIntent contained its charges as a list."""
    first = next(iter(list_or_empty(intent, "charges")), None)
    return id_or_none(first, "id") if isinstance(first, Mapping) else None
