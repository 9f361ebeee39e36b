"""Stripe's events, as its webhooks carry them: every field, in the newest API version and in one of 2020.

Each builder makes one situation, with the fields that the test gives. The objects are in `tests/support/stripe`; the
event around them is documented at https://docs.stripe.com/api/events/object.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from tests.support.builders import NOW, Fields
from tests.support.stripe.charges import a_charge, a_failed_charge, a_pending_charge, a_refunded_charge_object
from tests.support.stripe.checkout_sessions import a_checkout_session, an_expired_session, an_unpaid_session
from tests.support.stripe.disputes import a_dispute_object
from tests.support.stripe.payment_intents import (
    a_canceled_intent,
    a_declined_intent,
    a_partially_funded_intent,
    a_payment_intent,
    a_processing_intent,
    a_waiting_intent,
    an_authorised_intent,
)
from tests.support.stripe.refunds import a_failed_refund, a_refund_object
from tests.support.stripe.versions import AMOUNT, CURRENT

PAYMENT_EVENTS: Final = ("charge.succeeded", "payment_intent.succeeded", "checkout.session.completed")
"""Stripe sends these within milliseconds of one Checkout payment."""

OBJECT_OF: Final[Mapping[str, Callable[..., Fields]]] = {
    "payment_intent.succeeded": a_payment_intent,
    "charge.succeeded": a_charge,
    "charge.captured": a_charge,
    "checkout.session.completed": a_checkout_session,
    "checkout.session.async_payment_succeeded": a_checkout_session,
    "payment_intent.processing": a_processing_intent,
    "payment_intent.partially_funded": a_partially_funded_intent,
    "payment_intent.requires_action": a_waiting_intent,
    "payment_intent.amount_capturable_updated": an_authorised_intent,
    "charge.pending": a_pending_charge,
    "payment_intent.payment_failed": a_declined_intent,
    "charge.failed": a_failed_charge,
    "checkout.session.async_payment_failed": an_unpaid_session,
    "payment_intent.canceled": a_canceled_intent,
    "checkout.session.expired": an_expired_session,
    "charge.refunded": a_refunded_charge_object,
    "refund.created": a_refund_object,
    "refund.updated": a_refund_object,
    "refund.failed": a_failed_refund,
    "charge.refund.updated": a_refund_object,
    "charge.dispute.created": a_dispute_object,
    "charge.dispute.updated": a_dispute_object,
    "charge.dispute.closed": a_dispute_object,
    "charge.dispute.funds_withdrawn": a_dispute_object,
    "charge.dispute.funds_reinstated": a_dispute_object,
}
"""For every handled event type, its usual object in the given API version."""


def an_event(
    event_type: str,
    stripe_object: Mapping[str, object],
    event_id: str = "evt_1",
    *,
    api_version: str = CURRENT,
    created: datetime = NOW,
    **fields: object,
) -> Fields:
    """The event around an object."""
    return {
        "id": event_id,
        "object": "event",
        "api_version": api_version,
        "created": int(created.timestamp()),
        "data": {"object": stripe_object},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": "req_1", "idempotency_key": "3f0c8a52-7a5e-4c1e-9d57-2f1d2f6f2a11"},
        "type": event_type,
        **fields,
    }


def a_thin_event(event_type: str = "v1.payment_intent.succeeded", event_id: str = "evt_1", **fields: object) -> Fields:
    """An event that names its object: https://docs.stripe.com/event-destinations#thin-payload."""
    return {
        "id": event_id,
        "object": "v2.core.event",
        "type": event_type,
        "livemode": False,
        "created": "2026-03-14T15:09:26.000Z",
        "related_object": {"id": "pi_1", "type": "payment_intent", "url": "/v1/payment_intents/pi_1"},
        "snapshot_event": "evt_snapshot",
        "context": None,
        **fields,
    }


def the_event(event_type: str, api_version: str = CURRENT, event_id: str = "evt_1", **object_fields: object) -> Fields:
    """The usual event of this type, with these fields of its object changed."""
    return an_event(event_type, OBJECT_OF[event_type](api_version, **object_fields), event_id, api_version=api_version)


def a_stripe_event(
    stripe_object: Mapping[str, object] | None = None,
    event_type: str = "payment_intent.succeeded",
    event_id: str = "evt_1",
    **fields: Any,
) -> Fields:
    """For tests that are not about an event's shape: by default, order-1 is paid."""
    return an_event(event_type, a_payment_intent() if stripe_object is None else stripe_object, event_id, **fields)


def an_event_for(order_id: str, event_type: str, **object_fields: object) -> Fields:
    """The usual event of this type for the order's own payment, with its own event id."""
    intent_id, charge_id, metadata = f"pi_{order_id}", f"ch_{order_id}", {"orderId": order_id}
    ids: Mapping[str, Fields] = {
        "payment_intent": {"id": intent_id, "metadata": metadata},
        "charge": {"id": charge_id, "payment_intent": intent_id, "metadata": metadata},
        "checkout": {"id": f"cs_{order_id}", "payment_intent": intent_id, "metadata": metadata},
        "refund": {"id": f"re_{order_id}", "payment_intent": intent_id, "charge": charge_id},
    }
    event_id = f"evt_{order_id}_{event_type}".replace(".", "_")
    return the_event(event_type, CURRENT, event_id, **{**ids[event_type.partition(".")[0]], **object_fields})


def a_payment_event(order_id: str, event_type: str = "payment_intent.succeeded", amount: int = AMOUNT) -> Fields:
    """One of `PAYMENT_EVENTS`, for an order paid with this amount."""
    fields: Mapping[str, Fields] = {
        "charge.succeeded": {"amount": amount, "amount_captured": amount},
        "payment_intent.succeeded": {"amount": amount, "amount_received": amount, "latest_charge": f"ch_{order_id}"},
        "checkout.session.completed": {"amount_subtotal": amount, "amount_total": amount},
    }
    return an_event_for(order_id, event_type, **fields[event_type])


def three_events_of_one_payment(order_id: str, amount: int = AMOUNT) -> list[Fields]:
    """All `PAYMENT_EVENTS` of one payment."""
    return [a_payment_event(order_id, event_type, amount) for event_type in PAYMENT_EVENTS]
