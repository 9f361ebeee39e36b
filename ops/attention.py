"""Finds what waits for a person in a shop: how much, since when, and how much money, in a bounded number of reads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from database.documents.effects import UNFINISHED
from database.documents.findings import OPEN
from database.documents.inventory import inventory_path
from database.documents.orders import WENT_UNCOUNTED
from effects.effect import EffectState
from ops.phrases import added
from ops.reading import Found, Query, Reader, Where
from ops.waiting import (
    ATTEMPTS_MANY,
    Item,
    counted_in,
    of_dispute,
    of_effect,
    of_failing_effect,
    of_finding,
    of_lapsed,
    of_order,
    of_overpaid,
    of_parked,
    of_refund_lost,
    of_request,
    of_uncounted,
)
from orders.disputes import WAITING_FOR_EVIDENCE
from orders.money import Money
from orders.order import OrderStatus
from settlement.terms import AutoRefund, Terms

LISTED_MAX: Final = 100
"""How many of each concern are read, those waiting longest; all are counted."""
UNTOUCHED_MAX: Final = timedelta(minutes=20)
"""The sweep, which runs every five minutes, should have taken it up by then, whatever else it had to do."""
ASKED_WITHIN: Final = timedelta(days=1)
REQUESTS_MAX: Final = 1_000
"""In a day. No index separates answered requests from the others."""


@dataclass(frozen=True, slots=True)
class Concern:
    name: str
    says: str
    count: int
    items: tuple[Item, ...]
    """Those waiting longest."""
    money: tuple[Money, ...]
    """At risk in these items, one sum per currency."""
    needs_person: bool

    @property
    def is_complete(self) -> bool:
        """Whether the money covers all of them, not only those listed."""
        return self.count <= len(self.items)


@dataclass(frozen=True, slots=True)
class _Watched:
    """One thing that may wait for a person, and how to find it."""

    name: str
    says: str
    query: Callable[[datetime], Query]
    item: Callable[[Found], Item | None]
    """None for documents that turn out not to wait."""
    needs_person: Callable[[Terms], bool] = lambda _: True
    is_counted: bool = True
    """Whether everything that the query finds counts, or only what is an item."""
    still: Callable[[Sequence[Found], Reader, Terms, datetime], Sequence[Found]] = lambda found, *_: found
    """Filters out what no longer waits, if more has to be read to tell."""


def concerns_of(reader: Reader, terms: Terms, now: datetime) -> tuple[Concern, ...]:
    """All concerns, also those with nothing waiting. Raises Transient."""
    return tuple(_concern(watched, reader, terms, now) for watched in WATCHED)


def _concern(watched: _Watched, reader: Reader, terms: Terms, now: datetime) -> Concern:
    query = watched.query(now)
    found = reader.find(query)
    items = tuple(item for each in watched.still(found, reader, terms, now) if (item := watched.item(each)))
    # If everything is on the page, it need not be counted.
    is_all = len(found) < query.at_most or not watched.is_counted
    count = len(items) if is_all else reader.count(query)
    return Concern(
        name=watched.name,
        says=watched.says,
        count=count,
        items=items,
        money=added([money for item in items for money in item.money]),
        needs_person=bool(count) and watched.needs_person(terms),
    )


# --- How each is found ------------------------------------------------------------------------------------------------


def _orders(status: OrderStatus, *, is_old: bool = False) -> Callable[[datetime], Query]:
    """Served by the index (status, createdAt)."""

    def query(now: datetime) -> Query:
        untouched = (Where("createdAt", "<=", now - UNTOUCHED_MAX),) if is_old else ()
        return Query("orders", (Where("status", "==", str(status)), *untouched), "createdAt", at_most=LISTED_MAX)

    return query


def _lapsed(now: datetime) -> Query:
    """Served by the index (status, reservationExpiresAt)."""
    is_over = Where("reservationExpiresAt", "<=", now - UNTOUCHED_MAX)
    reserved = Where("status", "==", str(OrderStatus.RESERVED))
    return Query("orders", (reserved, is_over), "reservationExpiresAt", at_most=LISTED_MAX)


def _parked(_now: datetime) -> Query:
    """Served by the index (processed, parkedAt)."""
    return Query("webhookEvents", (Where("processed", "==", False),), "parkedAt", at_most=LISTED_MAX)


def _effects(*states: str, is_overdue: bool = False) -> Callable[[datetime], Query]:
    """Served by the index (state, nextAttemptAt)."""

    def query(now: datetime) -> Query:
        due = (Where("nextAttemptAt", "<=", now - UNTOUCHED_MAX),) if is_overdue else ()
        return Query("effects", (Where("state", "in", list(states)), *due), "nextAttemptAt", at_most=LISTED_MAX)

    return query


def _disputes(_now: datetime) -> Query:
    """Those waiting for evidence, by deadline. Served by the index (status, dueBy)."""
    waiting = Where("status", "in", list(WAITING_FOR_EVIDENCE))
    return Query("disputes", (waiting,), "dueBy", at_most=LISTED_MAX)


def _requests(now: datetime) -> Query:
    """Those of the last day, answered or not. Served by the index of createdAt."""
    made = (Where("createdAt", ">=", now - ASKED_WITHIN), Where("createdAt", "<=", now - UNTOUCHED_MAX))
    return Query("operatorRequests", made, "createdAt", at_most=REQUESTS_MAX)


def _findings(_now: datetime) -> Query:
    """Served by the index (state, since)."""
    return Query("findings", (Where("state", "==", OPEN),), "since", at_most=LISTED_MAX)


def _overpaid(_now: datetime) -> Query:
    """Served by the index (overpaid, createdAt), which contains only such orders."""
    return Query("orders", (Where("overpaid", "==", True),), "createdAt", at_most=LISTED_MAX)


def _refund_lost(_now: datetime) -> Query:
    """Served by the index (refundLost, updatedAt), which contains only such orders."""
    return Query("orders", (Where("refundLost", "==", True),), "updatedAt", at_most=LISTED_MAX)


def _uncounted(_now: datetime) -> Query:
    """The latest. Served by the index (wentUncounted, createdAt desc), which contains very few orders."""
    went_uncounted = (Where(WENT_UNCOUNTED, "==", True),)
    return Query("orders", went_uncounted, "createdAt", is_descending=True, at_most=LISTED_MAX)


def _waiting_for_a_person(found: Sequence[Found], _: Reader, terms: Terms, now: datetime) -> Sequence[Found]:
    """If the shop refunds automatically, only what it should have refunded by now."""
    if terms.auto_refund is AutoRefund.OFF:
        return found
    return [each for each in found if (item := of_overpaid(each)) and item.since <= now - UNTOUCHED_MAX]


def _still_without_inventory(found: Sequence[Found], reader: Reader, *_: object) -> Sequence[Found]:
    counted = {each.id: counted_in(each) for each in found}
    paths = sorted({inventory_path(product_id) for products in counted.values() for product_id in products})
    there = reader.read(*paths) if paths else {}
    return [each for each in found if not {inventory_path(one) for one in counted[each.id]} <= there.keys()]


WATCHED: Final[Sequence[_Watched]] = (
    _Watched("parked", "events that wait for their order or payment", _parked, of_parked),
    _Watched(
        "refund due",
        "paid, but cannot be fulfilled",
        _orders(OrderStatus.REFUND_DUE),
        of_order,
        needs_person=lambda terms: terms.auto_refund is not AutoRefund.ALL,
    ),
    _Watched("review", "paid, but not what was asked", _orders(OrderStatus.REVIEW), of_order),
    _Watched(
        "paid twice", "more was paid than needed", _overpaid, of_overpaid, is_counted=False, still=_waiting_for_a_person
    ),
    _Watched("refund failed", "of fulfilled orders; the money is still owed", _refund_lost, of_refund_lost),
    _Watched(
        "inventory gone",
        "units moved of products without an inventory",
        _uncounted,
        of_uncounted,
        is_counted=False,
        still=_still_without_inventory,
    ),
    _Watched("pending", "orders whose units are not held yet", _orders(OrderStatus.PENDING, is_old=True), of_order),
    _Watched(
        "reserving", "orders whose hold is not confirmed yet", _orders(OrderStatus.RESERVING, is_old=True), of_order
    ),
    _Watched("expired holds", "unpaid, but not released yet", _lapsed, of_lapsed),
    _Watched("effects given up", "failed, and not retried any more", _effects(str(EffectState.ERROR)), of_effect),
    _Watched("effects overdue", "due, but not tried in time", _effects(*UNFINISHED, is_overdue=True), of_effect),
    _Watched(
        "effects failing",
        f"tried {ATTEMPTS_MANY} times or more",
        _effects(str(EffectState.RETRY)),
        of_failing_effect,
        is_counted=False,
    ),
    _Watched("requests", "from operators, not answered in time", _requests, of_request, is_counted=False),
    _Watched("disputes", "waiting for evidence, by deadline", _disputes, of_dispute),
    _Watched("findings", "from reconciliation with Stripe", _findings, of_finding),
)
