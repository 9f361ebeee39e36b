"""The shop before anyone comes in, and what a well-behaved client sends."""

from datetime import UTC, datetime
from typing import Final

from database.ids import OPERATORS
from tests.emulator.rules.emulated_project import Documents, Fields, Special, Value, Written

REQUEST_TIME: Final = Special.REQUEST_TIME
REMOVED: Final = Special.REMOVED
EARLIER: Final = datetime(2024, 2, 29, 12, tzinfo=UTC)
LATER: Final = datetime(2124, 2, 29, 12, tzinfo=UTC)
A_LINE: Final[Value] = {"productId": "mug", "quantity": 1}


def an_order(**changed: Written) -> Fields:
    """The order that Alice's client sends, but for the changes."""
    order: dict[str, Written] = {
        "userId": "alice",
        "items": [A_LINE],
        "status": "pending",
        "createdAt": REQUEST_TIME,
    }
    return {name: value for name, value in (order | changed).items() if value is not REMOVED}


def a_cancel_request(**changed: Written) -> Fields:
    """Alice's request, but for the changes."""
    request: dict[str, Written] = {"userId": "alice", "createdAt": REQUEST_TIME}
    return {name: value for name, value in (request | changed).items() if value is not REMOVED}


def a_notice(**changed: Value) -> Fields:
    """What Alice's order leaves in the outbox, but for the changes."""
    return {"type": "refund_due", "audience": "customer", "orderId": "alices", "readAt": None} | changed


SHOP: Final[Documents] = {
    "orders/alices": an_order(),
    "orders/alices_other": an_order(),
    "orders/bobs": an_order(userId="bob"),
    "orders/namesakes": an_order(userId=OPERATORS),
    "orders/alices/below/new": an_order(),
    "cancelRequests/alices_other": a_cancel_request(),
    "notifications/alice/messages/evt_1": a_notice(),
    "notifications/alice/messages/evt_2": a_notice(readAt=EARLIER),
    f"notifications/{OPERATORS}/messages/evt_1": a_notice(audience="operator"),
    "products/mug": {"name": "Mug", "active": True, "unitAmount": 1200, "currency": "eur"},
    "inventory/mug": {"stock": 5, "reserved": 1},
    "auditLog/evt_1": {"eventId": "evt_1", "orderId": "alices"},
    "auditLog/evt_1/deliveries/2": {"eventId": "evt_1", "orderId": "alices"},
    "webhookEvents/evt_1": {"orderId": "alices", "processed": True},
    "payments/pi_1": {"orderId": "alices"},
    "users/alice": {"name": "Alice"},
    "users/mallory": {"admin": True, "role": "admin"},
    "anything/else": {"userId": "alice"},
}
