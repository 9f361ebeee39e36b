"""A verified Stripe event → what it means for an order. The only place that knows Stripe's shapes.

The shapes: https://docs.stripe.com/api/events/object and the objects it carries. Which events carry the order's id:
a PaymentIntent's metadata is copied to its charge, while a Checkout session has only its own metadata and
`client_reference_id` (https://docs.stripe.com/metadata).
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, TypeGuard

from orders.events import Ignored, NotUnderstood, PaymentSucceeded, StripeDelivery
from orders.order import Money, is_amount, is_currency, is_document_id, is_order_id

Json = Mapping[str, object]

_STRIPE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
_API_VERSION: Final = re.compile(r"[0-9a-z.-]{1,40}")


class NotAnEvent(ValueError):
    """Signed by Stripe, but not an event object. The message repeats nothing of the body."""


class _Misshapen(ValueError):
    """A field is missing or of another kind. The message names the field and never its value."""


def order_event_from(message: Json, *, delivered_at: datetime) -> PaymentSucceeded | NotUnderstood | Ignored:
    """Read a verified message of Stripe's.

    Raises:
        NotAnEvent: it is not an event.
    """
    if message.get("object") == "v2.core.event":
        # Thin events (https://docs.stripe.com/event-destinations#thin-payload) have another envelope; none concerns us.
        return Ignored(_text_or_none(message.get("id")), _text_or_none(message.get("type")), "not a snapshot event")
    delivery = _delivery_from(message, delivered_at)
    translate = _TRANSLATIONS.get(delivery.event_type)
    if translate is None:
        return Ignored(delivery.event_id, delivery.event_type, "type not handled")
    order_id = None
    try:
        stripe_object = _object(_object(message, "data"), "object")
        order_id = _order_id_from(stripe_object)
        if order_id is None:
            return Ignored(delivery.event_id, delivery.event_type, "no order id")
        return translate(stripe_object, order_id, delivery)
    except _Misshapen as misshapen:
        return NotUnderstood(delivery, order_id, str(misshapen))


def _delivery_from(message: Json, delivered_at: datetime) -> StripeDelivery:
    event_id, event_type, created = message.get("id"), message.get("type"), message.get("created")
    livemode, api_version = message.get("livemode"), message.get("api_version")
    if message.get("object") != "event" or not _is_stripe_id(event_id):
        raise NotAnEvent("the body is not an event")
    if not isinstance(event_type, str) or type(created) is not int:
        raise NotAnEvent("the body is not an event")
    try:
        created_at = datetime.fromtimestamp(created, UTC)
    except (ValueError, OverflowError, OSError):
        raise NotAnEvent("the body is not an event") from None
    if not (isinstance(api_version, str) and _API_VERSION.fullmatch(api_version)):
        api_version = None
    return StripeDelivery(event_id, event_type, created_at, delivered_at, livemode is True, api_version)


def _payment_intent_succeeded(intent: Json, order_id: str, delivery: StripeDelivery) -> PaymentSucceeded:
    return PaymentSucceeded(
        delivery=delivery,
        order_id=order_id,
        money=_money(intent, "amount_received"),
        payment_intent_id=_id(intent, "id"),
        charge_id=_id_or_none(intent, "latest_charge") or _first_embedded_charge(intent),
    )


def _charge_succeeded(charge: Json, order_id: str, delivery: StripeDelivery) -> PaymentSucceeded | Ignored:
    captured = charge.get("captured")
    if not isinstance(captured, bool):
        raise _Misshapen("captured must be true or false")
    if not captured:
        # An authorisation (https://docs.stripe.com/payments/place-a-hold-on-a-payment-method) is not yet a payment.
        return Ignored(delivery.event_id, delivery.event_type, "authorised, not captured")
    return PaymentSucceeded(
        delivery=delivery,
        order_id=order_id,
        # Older API versions have no amount_captured; what they captured was the whole amount.
        money=_money(charge, "amount_captured" if "amount_captured" in charge else "amount"),
        payment_intent_id=_id_or_none(charge, "payment_intent"),
        charge_id=_id(charge, "id"),
    )


def _checkout_session_paid(session: Json, order_id: str, delivery: StripeDelivery) -> PaymentSucceeded | Ignored:
    payment_status = session.get("payment_status")
    if not isinstance(payment_status, str):
        raise _Misshapen("payment_status must be a text")
    if payment_status != "paid":
        # A slow payment method: checkout.session.async_payment_succeeded follows when the money is there.
        return Ignored(delivery.event_id, delivery.event_type, "not paid, or not yet")
    return PaymentSucceeded(
        delivery=delivery,
        order_id=order_id,
        money=_money(session, "amount_total"),
        payment_intent_id=_id_or_none(session, "payment_intent"),
        charge_id=None,
    )


_TRANSLATIONS: Final[Mapping[str, Callable[[Json, str, StripeDelivery], PaymentSucceeded | Ignored]]] = (
    MappingProxyType(
        {
            "payment_intent.succeeded": _payment_intent_succeeded,
            "charge.succeeded": _charge_succeeded,
            "checkout.session.completed": _checkout_session_paid,
            "checkout.session.async_payment_succeeded": _checkout_session_paid,
        }
    )
)


def _order_id_from(stripe_object: Json) -> str | None:
    """The order's id; None where there is none that could be an order of ours."""
    metadata = stripe_object.get("metadata")
    if isinstance(metadata, Mapping) and "orderId" in metadata:
        order_id = metadata["orderId"]
    else:
        order_id = stripe_object.get("client_reference_id")
    return order_id if is_order_id(order_id) else None


def _first_embedded_charge(intent: Json) -> str | None:
    """Until API version 2022-11-15 a PaymentIntent carried its charges as a list."""
    charges = intent.get("charges")
    data = charges.get("data") if isinstance(charges, Mapping) else None
    first = data[0] if isinstance(data, list) and data else None
    return _id_or_none(first, "id") if isinstance(first, Mapping) else None


def _money(stripe_object: Json, amount_name: str) -> Money:
    amount, currency = stripe_object.get(amount_name), stripe_object.get("currency")
    if not is_amount(amount):
        raise _Misshapen(f"{amount_name} must be an amount in minor units")
    if not is_currency(currency):
        raise _Misshapen("currency must be three lower-case letters")
    return Money(amount, currency)


def _object(parent: Json, name: str) -> Json:
    value = parent.get(name)
    if not isinstance(value, Mapping):
        raise _Misshapen(f"{name} must be an object")
    return value


def _id(parent: Json, name: str) -> str:
    found = _id_or_none(parent, name)
    if found is None:
        raise _Misshapen(f"{name} must be an id")
    return found


def _id_or_none(parent: Json, name: str) -> str | None:
    """An id, or the id of an object that was expanded in its place (https://docs.stripe.com/expand)."""
    value = parent.get(name)
    if isinstance(value, Mapping):
        value = value.get("id")
    if value is None:
        return None
    if not _is_stripe_id(value):
        raise _Misshapen(f"{name} must be an id")
    return value


def _is_stripe_id(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and _STRIPE_ID.fullmatch(value) is not None and is_document_id(value)


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None
