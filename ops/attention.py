"""What of a shop waits for a person: how much, since when, and how much money, in a bounded number of reads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from database.documents.disputes import dispute_from
from database.documents.effects import UNFINISHED
from database.documents.findings import OPEN
from database.documents.inventory import inventory_path
from database.documents.orders import WENT_UNCOUNTED, order_from
from database.documents.values import text_or_none, time_or_none
from effects.effect import EffectState
from ops.case import Finding, finding_in, parked_event_in
from ops.phrases import added
from ops.reading import Found, Query, Reader, Where
from ops.standing import held_back
from orders.money import Money
from orders.numbers import whole_number
from orders.order import OrderStatus
from orders.payments import amount_of
from reconciliation.finding import to_copy
from settlement.terms import AutoRefund, Terms

LISTED_MAX: Final = 100
"""Of each concern so many are read, those that have waited longest; all of them are counted."""
UNTOUCHED_MAX: Final = timedelta(minutes=20)
"""After so long the sweep, which runs every five minutes, should have taken it up, whatever it had to do before."""
ASKED_WITHIN: Final = timedelta(days=1)
REQUESTS_MAX: Final = 1_000
"""Of a day. No index tells those that are answered from the others."""
SHOWS_ONLY: Final = ("./shop why ", "./shop status")
"""How a finding's remedy begins that puts nothing right: what it shows may know nothing of the finding."""
ATTEMPTS_MANY: Final = 5
"""So many attempts take a quarter of an hour and more: then it is no passing trouble."""


@dataclass(frozen=True, slots=True)
class Item:
    id: str
    since: datetime
    """Of a dispute: until when it has to be answered."""
    money: tuple[Money, ...] = ()
    note: str | None = None
    command: str | None = None
    """What shows more of it, where that is not `why`."""


@dataclass(frozen=True, slots=True)
class Concern:
    name: str
    says: str
    count: int
    items: tuple[Item, ...]
    """Those that have waited longest."""
    money: tuple[Money, ...]
    """At risk in these items, one sum a currency."""
    needs_person: bool

    @property
    def is_complete(self) -> bool:
        """Whether the money is that of all, and not only of those that are listed."""
        return self.count <= len(self.items)


@dataclass(frozen=True, slots=True)
class _Watched:
    """One thing that may wait for a person, and how it is found."""

    name: str
    says: str
    query: Callable[[datetime], Query]
    item: Callable[[Found], Item | None]
    """None for what was found and is none."""
    needs_person: Callable[[Terms], bool] = lambda _: True
    is_counted: bool = True
    """Whether all that the query finds counts, and not only what is an item."""
    still: Callable[[Sequence[Found], Reader, Terms, datetime], Sequence[Found]] = lambda found, *_: found
    """What of it is still so, if more has to be read to tell."""


def concerns_of(reader: Reader, terms: Terms, now: datetime) -> tuple[Concern, ...]:
    """Each that there may be, also where nothing is. Raises Transient."""
    return tuple(_concern(watched, reader, terms, now) for watched in WATCHED)


def _concern(watched: _Watched, reader: Reader, terms: Terms, now: datetime) -> Concern:
    query = watched.query(now)
    found = reader.find(query)
    items = tuple(item for each in watched.still(found, reader, terms, now) if (item := watched.item(each)))
    # What fits on a page needs no counting.
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
    """Those that wait for evidence, by deadline. Served by the index (status, dueBy)."""
    waiting = Where("status", "in", ["needs_response", "warning_needs_response"])
    return Query("disputes", (waiting,), "dueBy", at_most=LISTED_MAX)


def _requests(now: datetime) -> Query:
    """Those of a day, answered or not. Served by the index of createdAt."""
    made = (Where("createdAt", ">=", now - ASKED_WITHIN), Where("createdAt", "<=", now - UNTOUCHED_MAX))
    return Query("operatorRequests", made, "createdAt", at_most=REQUESTS_MAX)


def _findings(_now: datetime) -> Query:
    """Served by the index (state, since)."""
    return Query("findings", (Where("state", "==", OPEN),), "since", at_most=LISTED_MAX)


def _overpaid(_now: datetime) -> Query:
    """Served by the index (overpaid, createdAt), in which only such orders are."""
    return Query("orders", (Where("overpaid", "==", True),), "createdAt", at_most=LISTED_MAX)


def _uncounted(_now: datetime) -> Query:
    """The latest. Served by the index (wentUncounted, createdAt desc), in which nearly no order is."""
    went_uncounted = (Where(WENT_UNCOUNTED, "==", True),)
    return Query("orders", went_uncounted, "createdAt", is_descending=True, at_most=LISTED_MAX)


def _waiting_for_a_person(found: Sequence[Found], _: Reader, terms: Terms, now: datetime) -> Sequence[Found]:
    """Where the shop refunds by itself, only what it should have refunded by now."""
    if terms.auto_refund is AutoRefund.OFF:
        return found
    return [each for each in found if (item := _of_overpaid(each)) and item.since <= now - UNTOUCHED_MAX]


def _still_without_inventory(found: Sequence[Found], reader: Reader, *_: object) -> Sequence[Found]:
    counted = {each.id: _counted_in(each) for each in found}
    paths = sorted({inventory_path(product_id) for products in counted.values() for product_id in products})
    there = reader.read(*paths) if paths else {}
    return [each for each in found if not {inventory_path(one) for one in counted[each.id]} <= there.keys()]


def _counted_in(found: Found) -> list[str]:
    return [line.product_id for line in order_from(found.id, found.fields).counted_lines]


def _of_overpaid(found: Found) -> Item | None:
    order = order_from(found.id, found.fields)
    if not order.unneeded:
        return None
    left = [
        Money(amount_of(each) - order.refunds.promised_of(each), each.money.currency)
        for each in order.unneeded
        if each.money
    ]
    since = min(each.at for each in order.unneeded)
    return Item(found.id, since, added(left), f"not needed: {', '.join(each.payment_id for each in order.unneeded)}")


def _of_uncounted(found: Found) -> Item:
    since = order_from(found.id, found.fields).created_at or found.created_at
    return Item(found.id, since, note=f"ordered {', '.join(_counted_in(found))}, of which not all is in the inventory")


def _of_order(found: Found) -> Item:
    order = order_from(found.id, found.fields)
    return Item(found.id, order.created_at or found.created_at, held_back(order), order.failure_reason)


def _of_lapsed(found: Found) -> Item:
    order = order_from(found.id, found.fields)
    return Item(found.id, order.reservation_expires_at or found.created_at, (order.asked,) if order.asked else ())


def _of_parked(found: Found) -> Item:
    event = parked_event_in(found)
    money = (event.money,) if event.money else ()
    return Item(event.event_id, event.since, money, f"{event.event_type}, {event.result}")


def _of_effect(found: Found) -> Item:
    fields = found.fields
    since = time_or_none(fields.get("createdAt")) or found.created_at
    what = f"{fields.get('kind')} for order {fields.get('orderId')}"
    return Item(found.id, since, note=f"{what}: {text_or_none(fields.get('error')) or fields.get('state')}")


def _of_failing_effect(found: Found) -> Item | None:
    return _of_effect(found) if (whole_number(found.fields.get("attempts")) or 0) >= ATTEMPTS_MANY else None


def _of_dispute(found: Found) -> Item | None:
    dispute = dispute_from(found.id, found.fields)
    if dispute is None:
        return None
    return Item(
        found.id, dispute.due_by or dispute.opened_at, (Money(dispute.amount, dispute.currency),), dispute.reason
    )


def _of_request(found: Found) -> Item | None:
    if found.fields.get("settledAt") is not None:
        return None
    fields, since = found.fields, time_or_none(found.fields.get("createdAt")) or found.created_at
    said = f"{fields.get('kind')}, asked for by {fields.get('operator')} (request {found.id})"
    return Item(text_or_none(fields.get("target")) or found.id, since, note=said)


def _of_finding(found: Found) -> Item:
    finding = finding_in(found)
    target = text_or_none(found.fields.get("target")) or text_or_none(found.fields.get("orderId"))
    command = None if text_or_none(found.fields.get("orderId")) else _remedy_of(finding)
    return Item(target or found.id, finding.since, note=f"{finding.rule}: {finding.found}", command=command)


def _remedy_of(finding: Finding) -> str:
    """What belongs to no order (a product, a key, what operators did) is nothing that `why` knows much of."""
    if finding.remedy and not finding.remedy.startswith(SHOWS_ONLY):
        return finding.remedy
    return to_copy("why", finding.finding_id)


WATCHED: Final[Sequence[_Watched]] = (
    _Watched("parked", "events that wait for their order or payment", _parked, _of_parked),
    _Watched(
        "refund due",
        "paid, and cannot be fulfilled",
        _orders(OrderStatus.REFUND_DUE),
        _of_order,
        needs_person=lambda terms: terms.auto_refund is not AutoRefund.ALL,
    ),
    _Watched("review", "paid otherwise than asked", _orders(OrderStatus.REVIEW), _of_order),
    _Watched(
        "paid twice", "more than is needed", _overpaid, _of_overpaid, is_counted=False, still=_waiting_for_a_person
    ),
    _Watched(
        "inventory gone",
        "units moved that nothing counts",
        _uncounted,
        _of_uncounted,
        is_counted=False,
        still=_still_without_inventory,
    ),
    _Watched("pending", "orders that nothing is held for yet", _orders(OrderStatus.PENDING, is_old=True), _of_order),
    _Watched("reserving", "orders held halfway", _orders(OrderStatus.RESERVING, is_old=True), _of_order),
    _Watched("expired holds", "unpaid, and not released", _lapsed, _of_lapsed),
    _Watched("effects given up", "not done outside, and not tried again", _effects(str(EffectState.ERROR)), _of_effect),
    _Watched("effects overdue", "not tried in time", _effects(*UNFINISHED, is_overdue=True), _of_effect),
    _Watched(
        "effects failing",
        f"tried {ATTEMPTS_MANY} times and more",
        _effects(str(EffectState.RETRY)),
        _of_failing_effect,
        is_counted=False,
    ),
    _Watched("requests", "of operators, not answered in time", _requests, _of_request, is_counted=False),
    _Watched("disputes", "wait for evidence, by deadline", _disputes, _of_dispute),
    _Watched("findings", "of reconciliation with Stripe", _findings, _of_finding),
)
