"""In any order of Stripe's events, however often delivered: the same money and the same stock."""

import json
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import permutations
from math import factorial
from typing import Any

import pytest

from orders.events import OrderEvent
from orders.money import Money
from tests.support.auditor import complaints
from tests.support.builders import NOW, a_placement, an_order
from tests.support.memory_store import MemoryStore
from tests.support.payments import a_payment
from tests.support.refunds import a_dispute, a_refund, an_updated_refund
from tests.support.scenarios import SCENARIOS, Scenario, delivery_of, ending_in, payments_in
from tests.support.settling import settled
from tests.support.shop import SHIRTS, a_shop, a_shop_after, complaints_in, status_in, time_of

Documents = dict[str, dict[str, Any]]


def audited_shop_after(names: Iterable[str], *, stock: int = SHIRTS) -> MemoryStore:
    """The shop after these events, in this order; the auditor finds nothing wrong after any of them."""
    store = a_shop(an_order(), stock=stock)
    for number, name in enumerate(names):
        deliver(event := delivery_of(name, number), store)
        assert complaints_in(store, stock=stock) == [], event.event_id
    return store


def deliver(event: OrderEvent, store: MemoryStore) -> None:
    settled(event, store, now=time_of(event))


def shops_after_every_order(events: Sequence[OrderEvent], shop: MemoryStore, *, stock: int = SHIRTS) -> list[Documents]:
    """The final shops. Orders of events that led to equal shops, except for their trails, continue as one."""
    # By the delivered events: the resulting shops, and how many orders of events led to each.
    begun: Mapping[frozenset[str], Iterable[tuple[Documents, int]]] = {frozenset(): [(shop.dump(), 1)]}
    for _ in events:
        further: defaultdict[frozenset[str], dict[str, tuple[Documents, int]]] = defaultdict(dict)
        for delivered, shops in begun.items():
            for event in (event for event in events if event.event_id not in delivered):
                ended = further[delivered | {event.event_id}]
                for documents, orders in shops:
                    store = MemoryStore(documents)
                    deliver(event, store)
                    after = store.dump()
                    assert complaints(after, {"shirt": stock}) == [], event.event_id
                    same = without_trail(after)
                    known, others = ended.get(same, (after, 0))
                    ended[same] = known, others + orders
        begun = {delivered: shops.values() for delivered, shops in further.items()}
    (ends,) = begun.values()
    assert sum(orders for _, orders in ends) == factorial(len(events))
    return [documents for documents, _ in ends]


def without_trail(documents: Documents) -> str:
    """All that the next decision can depend on: none reads the trail, notices, or other events' claims."""
    read_again = {
        path: {name: value for name, value in fields.items() if name not in {"auditHead", "auditCount"}}
        for path, fields in documents.items()
        if not (path.startswith(("auditLog/", "notifications/")) or fields.get("processed"))
    }
    return json.dumps(read_again, sort_keys=True, default=str)


def events_of(names: Iterable[str], *, seconds_apart: int = 0) -> list[OrderEvent]:
    return [delivery_of(name, 0, seconds_apart=seconds_apart) for name in names]


each_scenario = pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
IN_ONE_SECOND = [pytest.param(scenario, 0, id=name) for name, scenario in SCENARIOS.items()]
ONE_AFTER_THE_OTHER = [
    pytest.param(scenario, 1, id=f"{name}, one after the other")
    for name, scenario in SCENARIOS.items()
    if len(scenario.events) <= 4
]


@pytest.mark.parametrize(("scenario", "seconds_apart"), IN_ONE_SECOND + ONE_AFTER_THE_OTHER)
def test_the_same_events_in_every_order_end_with_the_same_money_and_stock(
    scenario: Scenario, seconds_apart: int
) -> None:
    events = events_of(scenario.events, seconds_apart=seconds_apart)
    ends = shops_after_every_order(events, a_shop(an_order(), stock=scenario.stock), stock=scenario.stock)
    assert [ending_in(end) for end in ends] == [scenario.ending] * len(ends)
    assert all(payments_in(end) == payments_in(ends[0]) for end in ends)


@each_scenario
def test_every_event_twice_in_any_order_ends_the_same(scenario: Scenario) -> None:
    dice = random.Random(7)  # noqa: S311 - no secret
    for _ in range(2):
        order = [*scenario.events, *scenario.events]
        dice.shuffle(order)
        assert ending_in(audited_shop_after(order, stock=scenario.stock).dump()) == scenario.ending, order


REPORTS = {
    # disputes and their statuses, one second apart
    "one is won": "dp_1 needs_response, dp_1 under_review, dp_1 won",
    "one of two is lost": "dp_1 needs_response, dp_2 needs_response, dp_1 under_review, dp_1 lost",
    "both are closed": "dp_1 warning_needs_response, dp_2 needs_response, dp_2 prevented, dp_1 warning_closed",
    "an appeal": "dp_1 lost, dp_2 needs_response, dp_2 lost, dp_1 under_review",
}
DECIDED = {"won", "lost", "warning_closed", "prevented"}


@pytest.mark.parametrize("told", REPORTS.values(), ids=REPORTS)
def test_each_dispute_ends_in_its_latest_state_in_any_order_and_its_order_is_disputed_while_one_is_open(
    told: str,
) -> None:
    reports = [report.split() for report in told.split(", ")]
    events = [
        a_dispute(f"evt_{number}", status, dispute_id=dispute_id, created_at=NOW + timedelta(seconds=number))
        for number, (dispute_id, status) in enumerate(reports)
    ]
    latest = dict(reports)
    for end in shops_after_every_order([a_payment("evt_paid"), *events], a_shop_after(a_placement())):
        assert {dispute_id: end[f"disputes/{dispute_id}"]["status"] for dispute_id in latest} == latest
        assert end["orders/order-1"]["disputed"] is (not DECIDED.issuperset(latest.values()))


# --- Paid and never fulfilled -----------------------------------------------------------------------------------------

NEVER_FULFILLED = {
    # shirts, amount paid, the final status
    "short": (2, 3_600, "refund_due"),
    "wrong amount": (10, 3_500, "review"),
}


@pytest.mark.parametrize(("stock", "paid", "status"), NEVER_FULFILLED.values(), ids=NEVER_FULFILLED)
def test_a_refund_that_failed_leaves_an_unfulfilled_order_as_it_was_in_any_order(
    stock: int, paid: int, status: str
) -> None:
    for statuses in permutations(("succeeded", "failed")):
        store = a_shop(an_order(), stock=stock)
        for event in (a_placement(), a_payment(money=Money(paid, "eur"))):
            settled(event, store)
        for refunded in statuses:
            settled(an_updated_refund(f"evt_{refunded}", a_refund("re_1", paid, refunded)), store)
        assert status_in(store) == status
