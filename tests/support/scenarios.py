"""One order and its payments: events that may come in any order, and where money and goods must end up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from orders.events import OrderEvent, StripeEvent
from orders.money import Money
from tests.support.builders import NOW, a_cancel_request, a_lapse, a_placement, redelivered
from tests.support.payments import EVENTS_OF_ONE_PAYMENT, a_cancellation, a_failure, a_payment, a_processing
from tests.support.refunds import a_dispute, a_refund, a_refunded_charge, an_updated_refund
from tests.support.shop import SHIRTS

_CHARGE, _INTENT, _SESSION = EVENTS_OF_ONE_PAYMENT


def _another(payment: str, amount: int, event_id: str = "") -> OrderEvent:
    """A second payment."""
    ids = {"payment_intent_id": f"pi_{payment}", "charge_id": f"ch_{payment}"}
    return a_payment(event_id or f"evt_{payment}", money=Money(amount, "eur"), **ids)


def _another_refunded(payment: str, paid: int, total: int) -> OrderEvent:
    ids = {"payment_intent_id": f"pi_{payment}", "charge_id": f"ch_{payment}"}
    return a_refunded_charge(f"evt_{payment}_{total}_back", total=total, paid=Money(paid, "eur"), **ids)


def _another_refund(payment: str, status: str) -> OrderEvent:
    ids = {"payment_intent_id": f"pi_{payment}", "charge_id": f"ch_{payment}"}
    refund = a_refund(f"re_{payment}", 3_600, status, payment_id=f"pi_{payment}")
    return an_updated_refund(f"evt_re_{payment}_{status}", refund, **ids)


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
    "all pending": an_updated_refund("evt_re_3_pending", a_refund("re_3", status="pending")),
    "too much": _another("much", 3_700),
    "too much refunded": _another_refunded("much", 3_700, 3_700),
    "again": _another("1_again", 3_600),
    "again by charge": _another("1_again", 3_600, "evt_1_again_charge"),
    "again partly refunded": _another_refunded("1_again", 3_600, 600),
    "again refunded": _another_refunded("1_again", 3_600, 3_600),
    "again refund pending": _another_refund("1_again", "pending"),
    "again refund made": _another_refund("1_again", "succeeded"),
    "again refund failed": _another_refund("1_again", "failed"),
    "half": _another("half", 1_800),
    "half refunded": _another_refunded("half", 1_800, 1_800),
    "other half": _another("other_half", 1_800),
    "most": _another("most", 3_500),
    "most partly refunded": _another_refunded("most", 3_500, 500),
    "rest": _another("rest", 100),
    "other declined": a_failure("evt_other_decline", payment_intent_id="pi_other"),
    "other processing": a_processing("evt_other_processing", payment_intent_id="pi_other"),
    "other canceled": a_cancellation("evt_other_canceled", payment_intent_id="pi_other"),
}


def delivery_of(name: str, number: int, *, seconds_apart: int = 0) -> OrderEvent:
    """The event of this name, in its delivery of this number.

    Args:
        seconds_apart: the time at Stripe between each event and the one before it.
    """
    event = redelivered(EVENTS[name], NOW + timedelta(microseconds=number))
    if not isinstance(event, StripeEvent):
        return event
    created_at = event.delivery.created_at + timedelta(seconds=list(EVENTS).index(name) * seconds_apart)
    return replace(event, delivery=replace(event.delivery, created_at=created_at))


@dataclass(frozen=True)
class Ending:
    """Where money and goods are, which does not depend on the order of events."""

    received: object
    refunded: object
    status: object
    """`unpaid` for every order without a payment."""
    stock: object
    held: object = 0
    """0 for an unpaid order, whose hold is not compared."""


def ending_in(documents: Mapping[str, Mapping[str, Any]]) -> Ending:
    order = documents["orders/order-1"]
    is_paid, shirts = bool(order.get("amountReceived")), documents["inventory/shirt"]
    status, held = (order["status"], shirts["reserved"]) if is_paid else ("unpaid", 0)
    return Ending(order.get("amountReceived"), order.get("amountRefunded", 0), status, shirts["stock"], held)


def payments_in(documents: Mapping[str, Mapping[str, Any]]) -> object:
    """What the order knows of payments and refunds, which does not depend on the order of events either."""
    order = documents["orders/order-1"]
    return order.get("payments"), order.get("refunds")


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
    "wrong amount": Scenario(["placed", "wrong", "canceled", "lapsed", "decline"], Ending(3_500, 0, "review", 10, 3)),
    "wrong amount, refunded": Scenario(["placed", "wrong", "wrong refunded"], Ending(3_500, 3_500, "refunded", 10)),
    "short": Scenario(
        ["placed", "intent", "session", "decline", "partial"], Ending(3_600, 1_200, "refund_due", 2), stock=2
    ),
    "short, refunded": Scenario(["placed", "intent", "partial", "full"], Ending(3_600, 3_600, "refunded", 2), stock=2),
    "all of it is only being refunded": Scenario(["placed", "charge", "full", "all pending"], PAID),
    "too much, and then right": Scenario(["placed", "too much", "intent", "decline"], PAID),
    "too much refunded, and then right": Scenario(
        ["placed", "too much", "too much refunded", "intent", "lapsed"], PAID
    ),
    "too much, and part of it": Scenario(["placed", "too much", "half"], Ending(5_500, 0, "review", 10, 3)),
    "in halves": Scenario(["placed", "half", "other half", "lapsed", "canceled"], PAID),
    "in halves, one refunded": Scenario(
        ["placed", "half", "half refunded", "other half"], Ending(3_600, 1_800, "partially_refunded", 7)
    ),
    "in halves, and all of it": Scenario(["placed", "half", "half refunded", "other half", "again"], PAID),
    "the rest later": Scenario(["placed", "most", "rest", "cancel asked"], PAID),
    "the rest later, partly refunded": Scenario(
        ["most", "most partly refunded", "rest", "placed"], Ending(3_600, 500, "partially_refunded", 7)
    ),
    "half of it": Scenario(["placed", "half", "lapsed", "decline"], Ending(1_800, 0, "review", 10, 3)),
    "half of it, refunded": Scenario(["placed", "half", "half refunded"], Ending(1_800, 1_800, "refunded", 10)),
    "twice": Scenario(["placed", "intent", "again", "again by charge"], PAID),
    "twice, the first one refunded": Scenario(["placed", "intent", "again", "full"], PAID),
    "twice, the second one refunded": Scenario(["placed", "intent", "again", "again refunded"], PAID),
    "twice, the second one partly refunded": Scenario(["placed", "intent", "again", "again partly refunded"], PAID),
    "twice, both partly refunded": Scenario(
        ["intent", "partial", "re_1 made", "again", "again partly refunded"], PARTLY
    ),
    "twice, refund failed": Scenario(["charge", "again", "again refund made", "again refund failed"], PAID),
    "twice, refund pending": Scenario(["charge", "again", "again refunded", "again refund pending"], PAID),
    "another one declined": Scenario(["placed", "intent", "other declined", "other processing"], PAID),
    "another one canceled": Scenario(["placed", "processing", "intent", "other processing", "other canceled"], PAID),
    "none comes to anything": Scenario(
        ["placed", "processing", "canceled", "other declined", "other canceled"], UNPAID
    ),
}
