"""The shop before each case, and what a well-behaved client sends."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from database.ids import OPERATORS
from orders.order import OrderStatus
from tests.emulator.rules.emulated_project import Documents, Fields, Special, Value, Written
from tests.support import builders

REQUEST_TIME: Final = Special.REQUEST_TIME
REMOVED: Final = Special.REMOVED
EARLIER: Final = datetime(2024, 2, 29, 12, tzinfo=UTC)
LATER: Final = datetime(2124, 2, 29, 12, tzinfo=UTC)
A_LINE: Final[Value] = {"productId": "shirt", "quantity": 1}
ADDRESS_FIELDS: Final = ("name", "line1", "line2", "postalCode", "city", "state", "country", "phone")
AN_ADDRESS: Final[dict[str, Value]] = dict.fromkeys(ADDRESS_FIELDS, "x" * 200)
QUIET_HOURS: Final[dict[str, Value]] = {"from": "22:00", "until": "07:00", "timeZone": "Europe/Berlin"}


def an_order(**changed: Written) -> Fields:
    """Alice's order as her client sends it, with these changes."""
    return _without_removed(builders.an_order(**{"createdAt": REQUEST_TIME, **changed}))


def a_cancel_request(**changed: Written) -> Fields:
    """Alice's request as her client sends it, with these changes."""
    return _without_removed({"userId": "alice", "createdAt": REQUEST_TIME, **changed})


def the_details(**changed: Written) -> Fields:
    """Alice's details of her order as her client sends them, with these changes."""
    details = {"address": AN_ADDRESS, "email": "alice@example.com", "note": "Ring twice"}
    return _without_removed({"userId": "alice", "updatedAt": REQUEST_TIME, **details, **changed})


def the_preferences(**changed: Written) -> Fields:
    """Where and when to reach Alice, as her client sends it, with these changes."""
    reached = {"locale": "en", "email": "alice@example.com", "phone": "+491701234567"}
    chosen = {"channels": {"mail": True, "push": True, "sms": False}, "quietHours": QUIET_HOURS}
    return _without_removed({**reached, **chosen, **changed})


def a_device(**changed: Written) -> Fields:
    """Alice's device as her client sends it, with these changes."""
    return _without_removed({"createdAt": REQUEST_TIME, "platform": "web", **changed})


def a_request(**changed: Written) -> Fields:
    """A request of the admin Ada, with these changes."""
    asked = {"kind": "release", "target": "alices", "operator": "ada@example.com ada", "reason": "as agreed"}
    return _without_removed({**asked, "createdAt": REQUEST_TIME, **changed})


def a_notice(**changed: Value) -> Fields:
    """A notice about Alice's order, with these changes."""
    return {"type": "refund_due", "audience": "customer", "orderId": "alices", "readAt": None} | changed


def _without_removed(fields: Mapping[str, Any]) -> Fields:
    return {name: value for name, value in fields.items() if value is not REMOVED}


SHOP: Final[Documents] = {
    "orders/alices": an_order(),
    "orders/alices_other": an_order(),
    **{f"orders/alices_{status}": an_order(status=status.value) for status in OrderStatus},
    "orders/bobs": an_order(userId="bob"),
    "orders/namesakes": an_order(userId=OPERATORS),
    "orders/alices/below/new": an_order(),
    "cancelRequests/alices_other": a_cancel_request(),
    "orderDetails/alices_other": the_details(),
    "orderDetails/alices_finalized": the_details(),
    "orderDetails/namesakes": the_details(userId=OPERATORS),
    # Alice's details of an order that was deleted, or that is Bob's now.
    "orderDetails/left": the_details(),
    "orders/moved": an_order(userId="bob"),
    "orderDetails/moved": the_details(),
    "notifications/alice/messages/evt_1": a_notice(),
    "notifications/alice/messages/evt_2": a_notice(readAt=EARLIER),
    f"notifications/{OPERATORS}/messages/evt_1": a_notice(audience="operator"),
    "products/shirt": {"name": "Shirt", "active": True, "unitAmount": 1_200, "currency": "eur"},
    "products/mug": {"name": "Mug", "active": False, "unitAmount": 900, "currency": "eur"},
    "inventory/shirt": {"stock": 5, "reserved": 1},
    "takings/alices": {"units": {"shirt": 1}},
    "disputes/dp_1": {"orderId": "alices", "status": "needs_response"},
    "auditLog/evt_1": {"eventId": "evt_1", "orderId": "alices"},
    "auditLog/evt_1/deliveries/2": {"eventId": "evt_1", "orderId": "alices"},
    "webhookEvents/evt_1": {"orderId": "alices", "processed": True},
    "payments/pi_1": {"orderId": "alices"},
    "sweeps/products": {"after": "shirt"},
    "operatorRequests/req-1": {"kind": "accept", "target": "alices", "operator": "olga", "reason": "as agreed"},
    "anchors/20260314": {"digest": "0"},
    "chains/operators": {"auditCount": 1, "auditHead": "0"},
    "findings/reserved_not_held_shirt": {"rule": "reserved_not_held", "state": "open"},
    "reconciliations/stripe": {"eventsUntil": EARLIER},
    "baselines/shirt": {"stock": 5},
    "effects/evt_1_mail_alice": {"kind": "mail", "orderId": "alices", "userId": "alice"},
    **{
        f"checkouts/{name}": {"url": "https://checkout.example/1", "userId": user_id}
        for name, user_id in {
            "alices": "alice",
            "namesakes": OPERATORS,
            "left": "alice",
            "erased": "alice",
            "moved": "alice",
        }.items()
    },
    "orders/erased": an_order(userId=REMOVED),
    "mail/1": {"to": "alice@example.com"},
    "users/alice": the_preferences(),
    "users/alice/fcmTokens/known": a_device(),
    f"users/{OPERATORS}": the_preferences(),
    "users/mallory": {"admin": True, "role": "admin"},
    "anything/else": {"userId": "alice"},
}
