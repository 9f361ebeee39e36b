"""Stories of one payment: what Stripe and the shop may tell of it, and where the money must be when all is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from orders.events import OrderEvent, ShopEvent
from orders.order import Money as Amount
from tests.support.builders import (
    NOW,
    Fields,
    a_cancel_request,
    a_cancellation,
    a_catalogue_entry,
    a_dispute,
    a_failure,
    a_lapse,
    a_payment,
    a_placement,
    a_processing,
    a_refund,
    a_refunded_charge,
    an_order,
    an_updated_refund,
)

STOCK = 10
# Past every reservation, however extended.
MUCH_LATER = NOW + timedelta(days=30)

FACTS: Mapping[str, OrderEvent] = {
    "placed": a_placement(),
    "charge": a_payment("evt_charge", event_type="charge.succeeded"),
    "intent": a_payment("evt_intent"),
    "session": a_payment("evt_session", event_type="checkout.session.completed", charge_id=None),
    "decline": a_failure("evt_decline"),
    "processing": a_processing("evt_processing"),
    "canceled": a_cancellation("evt_canceled"),
    "partial": a_refunded_charge("evt_partial", total=1_200),
    "full": a_refunded_charge("evt_full", total=3_600),
    "re_1 made": an_updated_refund("evt_re_1", a_refund("re_1", 1_200, restock={"shirt": 1})),
    "re_2 pending": an_updated_refund("evt_re_2_pending", a_refund("re_2", 2_400, "pending")),
    "re_2 made": an_updated_refund("evt_re_2", a_refund("re_2", 2_400)),
    "re_2 failed": an_updated_refund("evt_re_2_failed", a_refund("re_2", 2_400, "failed")),
    "dispute": a_dispute("evt_dispute"),
    "dispute lost": a_dispute("evt_lost", "lost", created_at=NOW + timedelta(days=1)),
    "lapsed": a_lapse(),
    "cancel asked": a_cancel_request(),
    "wrong": a_payment("evt_wrong", money=Amount(3_500, "eur")),
    "wrong refunded": a_refunded_charge("evt_back", total=3_500, paid=Amount(3_500, "eur")),
}
WRONG = {"wrong", "wrong refunded"}
"""These contradict the others: one payment has one amount."""


@dataclass(frozen=True)
class Money:
    """Where the money is, and where the goods are."""

    received: object
    refunded: object
    status: object
    stock: object


def a_shop(stock: int) -> dict[str, Fields]:
    """One order for three shirts, and so many of them."""
    return {
        "orders/order-1": an_order(),
        "inventory/shirt": {"stock": stock, "reserved": 0},
        "products/shirt": a_catalogue_entry(),
    }


def delivered(event: OrderEvent, number: int) -> OrderEvent:
    """The same event, in a delivery of its own."""
    if isinstance(event, ShopEvent):
        return event
    return replace(event, delivery=replace(event.delivery, delivered_at=NOW + timedelta(microseconds=number)))


def time_of(name: str) -> datetime:
    return MUCH_LATER if name == "lapsed" else NOW


def money_in(documents: Mapping[str, Mapping[str, Any]]) -> Money:
    order = documents["orders/order-1"]
    status = order["status"] if order.get("amountReceived") else "unpaid"
    stock = documents["inventory/shirt"]["stock"]
    return Money(order.get("amountReceived"), order.get("amountRefunded", 0), status, stock)


@dataclass(frozen=True)
class Story:
    facts: Sequence[str]
    money: Money
    stock: int = STOCK


PAID = Money(3_600, 0, "finalized", 7)
REFUNDED = Money(3_600, 3_600, "refunded", 10)
PARTLY = Money(3_600, 1_200, "partially_refunded", 8)
UNPAID = Money(None, 0, "unpaid", 10)

STORIES: Mapping[str, Story] = {
    "paid": Story(["placed", "charge", "intent", "session", "decline", "processing"], PAID),
    "paid after all": Story(["placed", "intent", "canceled", "lapsed", "decline", "cancel asked"], PAID),
    "refunded": Story(["placed", "charge", "intent", "full", "re_1 made", "re_2 made"], REFUNDED),
    "refunded in two": Story(["charge", "partial", "re_1 made", "re_2 pending", "re_2 made"], REFUNDED),
    "refunded in part": Story(["placed", "session", "partial", "re_1 made", "canceled"], PARTLY),
    "refund failed": Story(["charge", "full", "re_1 made", "re_2 made", "re_2 failed"], PARTLY),
    "told by refunds alone": Story(["partial", "re_1 made", "full", "lapsed", "processing"], REFUNDED),
    "late and refunded": Story(["placed", "lapsed", "canceled", "intent", "full", "dispute"], REFUNDED),
    "the only refund failed": Story(["placed", "intent", "re_2 pending", "re_2 made", "re_2 failed"], PAID),
    "never paid": Story(["placed", "canceled", "lapsed", "decline", "processing", "cancel asked"], UNPAID),
    "refund of an unknown payment": Story(["placed", "re_1 made", "re_2 failed", "dispute"], UNPAID),
    "wrong amount": Story(["placed", "wrong", "canceled", "lapsed", "decline"], Money(3_500, 0, "review", 10)),
    "wrong amount, refunded": Story(["placed", "wrong", "wrong refunded"], Money(3_500, 3_500, "refunded", 10)),
    "short": Story(["placed", "intent", "session", "decline", "partial"], Money(3_600, 1_200, "refund_due", 2), 2),
    "short, refunded": Story(["placed", "intent", "partial", "full"], Money(3_600, 3_600, "refunded", 2), 2),
}
