"""One order and one payment: what may happen to them, in any order, and what must have become of money and goods."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from orders.events import OrderEvent
from orders.order import Money
from tests.support.builders import (
    EVENTS_OF_ONE_PAYMENT,
    NOW,
    a_cancel_request,
    a_cancellation,
    a_dispute,
    a_failure,
    a_lapse,
    a_payment,
    a_placement,
    a_processing,
    a_refund,
    a_refunded_charge,
    an_updated_refund,
    redelivered,
)
from tests.support.shop import SHIRTS

_CHARGE, _INTENT, _SESSION = EVENTS_OF_ONE_PAYMENT

EVENTS: Mapping[str, OrderEvent] = {
    "placed": a_placement(),
    "charge": _CHARGE,
    "intent": _INTENT,
    "session": _SESSION,
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
    "other dispute": a_dispute("evt_other", dispute_id="dp_2"),
    "lapsed": a_lapse(),
    "cancel asked": a_cancel_request(),
    "wrong": a_payment("evt_wrong", money=Money(3_500, "eur")),
    "wrong refunded": a_refunded_charge("evt_back", total=3_500, paid=Money(3_500, "eur")),
}
CONTRADICTORY = {"wrong", "wrong refunded"}
"""These contradict the others: one payment has one amount."""


def delivery_of(name: str, number: int) -> OrderEvent:
    """The event of this name, in the delivery of this number."""
    return redelivered(EVENTS[name], NOW + timedelta(microseconds=number))


@dataclass(frozen=True)
class Ending:
    """What does not depend on the order of events: where the money is, and where the goods are."""

    received: object
    refunded: object
    status: object
    """Of an order that is not paid: only that it is not."""
    stock: object


def ending_in(documents: Mapping[str, Mapping[str, Any]]) -> Ending:
    order = documents["orders/order-1"]
    status = order["status"] if order.get("amountReceived") else "unpaid"
    stock = documents["inventory/shirt"]["stock"]
    return Ending(order.get("amountReceived"), order.get("amountRefunded", 0), status, stock)


@dataclass(frozen=True)
class Scenario:
    events: Sequence[str]
    ending: Ending
    stock: int = SHIRTS


PAID = Ending(3_600, 0, "finalized", 7)
REFUNDED = Ending(3_600, 3_600, "refunded", 10)
PARTLY = Ending(3_600, 1_200, "partially_refunded", 8)
UNPAID = Ending(None, 0, "unpaid", 10)

SCENARIOS: Mapping[str, Scenario] = {
    "paid": Scenario(["placed", "charge", "intent", "session", "decline", "processing"], PAID),
    "paid after all": Scenario(["placed", "intent", "canceled", "lapsed", "decline", "cancel asked"], PAID),
    "refunded": Scenario(["placed", "charge", "intent", "full", "re_1 made", "re_2 made"], REFUNDED),
    "refunded in two": Scenario(["charge", "partial", "re_1 made", "re_2 pending", "re_2 made"], REFUNDED),
    "refunded in part": Scenario(["placed", "session", "partial", "re_1 made", "canceled"], PARTLY),
    "refund failed": Scenario(["charge", "full", "re_1 made", "re_2 made", "re_2 failed"], PARTLY),
    "reported by refunds alone": Scenario(["partial", "re_1 made", "full", "lapsed", "processing"], REFUNDED),
    "late and refunded": Scenario(["placed", "lapsed", "canceled", "intent", "full", "dispute"], REFUNDED),
    "the only refund failed": Scenario(["placed", "intent", "re_2 pending", "re_2 made", "re_2 failed"], PAID),
    "disputed twice": Scenario(["placed", "intent", "dispute", "dispute lost", "other dispute"], PAID),
    "never paid": Scenario(["placed", "canceled", "lapsed", "decline", "processing", "cancel asked"], UNPAID),
    "refund of an unknown payment": Scenario(["placed", "re_1 made", "re_2 failed", "dispute"], UNPAID),
    "wrong amount": Scenario(["placed", "wrong", "canceled", "lapsed", "decline"], Ending(3_500, 0, "review", 10)),
    "wrong amount, refunded": Scenario(["placed", "wrong", "wrong refunded"], Ending(3_500, 3_500, "refunded", 10)),
    "short": Scenario(
        ["placed", "intent", "session", "decline", "partial"], Ending(3_600, 1_200, "refund_due", 2), stock=2
    ),
    "short, refunded": Scenario(["placed", "intent", "partial", "full"], Ending(3_600, 3_600, "refunded", 2), stock=2),
}
