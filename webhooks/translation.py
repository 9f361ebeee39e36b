"""Translates a verified Stripe event into what it means for an order. One module reads each kind of object.

Only this module and those know Stripe's shapes: https://docs.stripe.com/api/events/object and the objects it carries.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from orders.event_kinds import EventKind
from orders.events import FOUND_BY_PAYMENT, Ignored, NotUnderstood, ReportsPayment, StripeDelivery, StripeEvent
from orders.numbers import unix_time
from webhooks import charges, checkout_sessions, disputes, payment_intents, refunds
from webhooks.ownership import NO_ORDER_ID, Naming, account_in, attempt_in, is_of_another_shop, order_named_in
from webhooks.stripe_fields import (
    Json,
    Misshapen,
    check_object,
    is_stripe_id,
    moment_or_none,
    object_in,
    object_or_empty,
)

_Read = Callable[[Json, str | None, StripeDelivery], StripeEvent | Ignored]

_HANDLED_OF: Final[Mapping[str, Mapping[str, tuple[EventKind, _Read]]]] = MappingProxyType(
    {
        "payment_intent": {
            "payment_intent.succeeded": (EventKind.PAYMENT_SUCCEEDED, payment_intents.succeeded),
            "payment_intent.processing": (EventKind.PAYMENT_PROCESSING, payment_intents.processing),
            "payment_intent.partially_funded": (EventKind.PAYMENT_PROCESSING, payment_intents.processing),
            "payment_intent.requires_action": (EventKind.PAYMENT_PROCESSING, payment_intents.requires_action),
            "payment_intent.amount_capturable_updated": (EventKind.PAYMENT_PROCESSING, payment_intents.authorised),
            "payment_intent.payment_failed": (EventKind.PAYMENT_FAILED, payment_intents.failed),
            "payment_intent.canceled": (EventKind.PAYMENT_CANCELED, payment_intents.canceled),
        },
        "charge": {
            "charge.succeeded": (EventKind.PAYMENT_SUCCEEDED, charges.succeeded),
            "charge.captured": (EventKind.PAYMENT_SUCCEEDED, charges.succeeded),
            "charge.pending": (EventKind.PAYMENT_PROCESSING, charges.pending),
            "charge.failed": (EventKind.PAYMENT_FAILED, charges.failed),
            "charge.refunded": (EventKind.CHARGE_REFUNDED, charges.refunded),
        },
        "checkout.session": {
            "checkout.session.completed": (EventKind.PAYMENT_SUCCEEDED, checkout_sessions.completed),
            "checkout.session.async_payment_succeeded": (
                EventKind.PAYMENT_SUCCEEDED,
                checkout_sessions.completed_later,
            ),
            "checkout.session.async_payment_failed": (EventKind.PAYMENT_FAILED, checkout_sessions.failed),
            "checkout.session.expired": (EventKind.PAYMENT_CANCELED, checkout_sessions.expired),
        },
        "refund": {
            "refund.created": (EventKind.REFUND_UPDATED, refunds.updated),
            "refund.updated": (EventKind.REFUND_UPDATED, refunds.updated),
            "refund.failed": (EventKind.REFUND_UPDATED, refunds.failed),
            "charge.refund.updated": (EventKind.REFUND_UPDATED, refunds.updated),
        },
        "dispute": {
            "charge.dispute.created": (EventKind.DISPUTE_CHANGED, disputes.changed),
            "charge.dispute.updated": (EventKind.DISPUTE_CHANGED, disputes.changed),
            "charge.dispute.closed": (EventKind.DISPUTE_CHANGED, disputes.changed),
            "charge.dispute.funds_withdrawn": (EventKind.DISPUTE_CHANGED, disputes.changed),
            "charge.dispute.funds_reinstated": (EventKind.DISPUTE_CHANGED, disputes.changed),
        },
    }
)
"""By the event's object and type: the kind of event that it usually becomes, and the function that reads its object.

The object decides: a charge reported as succeeded may only be authorised. An object that says it is of another kind is
not read, since its id would be taken for a payment's.
"""
_HANDLED: Final = {event_type: (name, *how) for name, types in _HANDLED_OF.items() for event_type, how in types.items()}

HANDLED_TYPES: Final = frozenset(_HANDLED)
"""All of Stripe's types that can mean something for an order."""
HANDLED_THIN: Final = frozenset(f"v1.{event_type}" for event_type in HANDLED_TYPES)
"""The same types, as thin events name them: https://docs.stripe.com/event-destinations#thin-payload."""

_API_VERSION: Final = re.compile(r"[0-9a-z.-]{1,40}")


class NotAnEvent(ValueError):
    """Signed by Stripe, but not an event. The message repeats nothing of the body."""


def order_event_from(message: Json, *, delivered_at: datetime, naming: Naming) -> StripeEvent | NotUnderstood | Ignored:
    """Read a verified message of Stripe's.

    Raises:
        NotAnEvent: it is not an event.
    """
    if message.get("object") == "v2.core.event":
        return _thin_event_from(message, delivered_at)
    if message.get("object") != "event":
        raise NotAnEvent("the body is not an event")
    delivery = _delivery_from(message, unix_time(message.get("created")), delivered_at)
    handled = _HANDLED.get(delivery.event_type)
    if handled is None:
        return Ignored(delivery.event_id, delivery.event_type, "type not handled")
    object_name, kind, read = handled
    order_id, why_none = None, ""
    try:
        stripe_object = object_in(object_in(message, "data"), "object")
        if is_of_another_shop(stripe_object, naming):
            return Ignored(delivery.event_id, delivery.event_type, "another shop's: metadata.shop is not SHOP_ID")
        order_id, why_none = order_named_in(stripe_object, naming)
        check_object(stripe_object, object_name)
        event = read(stripe_object, order_id, delivery)
    except Misshapen as misshapen:
        if why_none and kind not in FOUND_BY_PAYMENT:
            return Ignored(delivery.event_id, delivery.event_type, why_none)
        return NotUnderstood(delivery, order_id, str(misshapen))
    if isinstance(event, ReportsPayment) and (attempt := attempt_in(stripe_object)) is not None:
        event = replace(event, attempt=attempt)
    if isinstance(event, Ignored) or order_id:
        return event
    # An object that names an order in an untrusted way does not reach it by its payment either.
    leads_there = bool(event.payment_ids) and (kind in FOUND_BY_PAYMENT or why_none == NO_ORDER_ID)
    return event if leads_there else Ignored(delivery.event_id, delivery.event_type, why_none)


def _thin_event_from(message: Json, delivered_at: datetime) -> NotUnderstood | Ignored:
    """A thin event names its object without containing it: if it concerns us, a person has to look it up."""
    event_type = _text_or_none(message.get("type"))
    if event_type not in HANDLED_THIN:
        return Ignored(_text_or_none(message.get("id")), event_type, "not a snapshot event")
    created = message.get("created")
    created_at = moment_or_none(created) or unix_time(created) or delivered_at
    # If it has no id, use that of the ordinary event for which it stands.
    event_id = next(filter(is_stripe_id, (message.get("id"), message.get("snapshot_event"))), None)
    delivery = _delivery_from({**message, "id": event_id}, created_at, delivered_at)
    if not isinstance(message.get("livemode"), bool):
        delivery = replace(delivery, livemode=None)
    related, snapshot = object_or_empty(message, "related_object").get("id"), message.get("snapshot_event")
    ids = " and ".join(str(named) for named in (related, snapshot) if is_stripe_id(named))
    return NotUnderstood(delivery, None, f"a thin event: {ids or 'its object'} must be looked up in Stripe")


def _delivery_from(message: Json, created_at: datetime | None, delivered_at: datetime) -> StripeDelivery:
    event_id, event_type = message.get("id"), message.get("type")
    livemode, api_version = message.get("livemode"), message.get("api_version")
    if not is_stripe_id(event_id) or not isinstance(event_type, str) or created_at is None:
        raise NotAnEvent("the body is not an event")
    if not (isinstance(api_version, str) and _API_VERSION.fullmatch(api_version)):
        api_version = None
    account = account_in(message)
    return StripeDelivery(event_id, event_type, created_at, delivered_at, livemode is True, api_version, account)


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None
