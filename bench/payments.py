"""What Stripe tells of one payment: the events as it posts them, signed; and the same, translated."""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from bench.shop import CURRENCY
from orders.events import StripeEvent
from webhooks.translation import order_event_from

SECRET: Final = "whsec_of_the_bench"  # noqa: S105 - of databases that live as long as this run

VOICES: Final = ("charge.succeeded", "payment_intent.succeeded", "checkout.session.completed")
"""The events that Stripe sends within milliseconds of one Checkout payment."""

# What else stands in such an object, some three kilobytes of it, is parsed and then read by nobody.
_UNREAD: Final = {f"field_{number}": {"value": None, "kind": "unread", "amount": number} for number in range(50)}


def stripe_event(event_type: str, order_id: str, amount: int) -> Mapping[str, object]:
    """One event of an order's payment: https://docs.stripe.com/api/events/object."""
    return {
        "id": event_id_of(event_type, order_id),
        "object": "event",
        "api_version": "2026-02-25.clover",
        "created": int(time.time()),
        "data": {"object": {**_UNREAD, **_objects(order_id, amount)[event_type]}},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": event_type,
    }


def event_id_of(event_type: str, order_id: str) -> str:
    return f"evt_{event_type}_{order_id}".replace(".", "_")


def translated(event: Mapping[str, object]) -> StripeEvent:
    """The event as the service understands it, delivered now."""
    translation = order_event_from(event, delivered_at=datetime.now(UTC))
    if not isinstance(translation, StripeEvent):
        raise TypeError(f"{event['type']} was translated to {translation}")
    return translation


def payment(order_id: str, amount: int, event_type: str = "payment_intent.succeeded") -> StripeEvent:
    return translated(stripe_event(event_type, order_id, amount))


def signed(event: Mapping[str, object]) -> tuple[bytes, dict[str, str]]:
    """The body and the headers as Stripe posts them: https://docs.stripe.com/webhooks#verify-manually."""
    body, timestamp = json.dumps(event).encode(), int(time.time())
    signature = hmac.new(SECRET.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return body, {"Content-Type": "application/json", "Stripe-Signature": f"t={timestamp},v1={signature}"}


def _objects(order_id: str, amount: int) -> Mapping[str, Mapping[str, object]]:
    intent_id, charge_id, metadata = f"pi_{order_id}", f"ch_{order_id}", {"orderId": order_id}
    return {
        "charge.succeeded": {
            "id": charge_id,
            "object": "charge",
            "amount": amount,
            "amount_captured": amount,
            "amount_refunded": 0,
            "captured": True,
            "currency": CURRENCY,
            "metadata": metadata,
            "payment_intent": intent_id,
            "status": "succeeded",
        },
        "payment_intent.succeeded": {
            "id": intent_id,
            "object": "payment_intent",
            "amount": amount,
            "amount_received": amount,
            "currency": CURRENCY,
            "latest_charge": charge_id,
            "metadata": metadata,
            "status": "succeeded",
        },
        "checkout.session.completed": {
            "id": f"cs_{order_id}",
            "object": "checkout.session",
            "amount_total": amount,
            "client_reference_id": order_id,
            "currency": CURRENCY,
            "metadata": {},
            "payment_intent": intent_id,
            "payment_status": "paid",
            "status": "complete",
        },
        "invoice.paid": {"id": f"in_{order_id}", "object": "invoice"},
    }
