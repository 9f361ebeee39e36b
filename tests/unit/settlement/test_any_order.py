"""In whatever order Stripe's events come, and however often: the same money, and the same stock."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from math import factorial

import pytest

from orders.events import OrderEvent
from orders.money import Money
from tests.support.builders import (
    NOW,
    TERMS,
    a_catalogue_entry,
    a_dispute,
    a_lapse,
    a_payment,
    a_placement,
    a_refund,
    a_refunded_charge,
    an_order,
    an_updated_refund,
)
from tests.support.memory_store import MemoryStore
from tests.support.scenarios import (
    CONTRADICTORY,
    EVENTS,
    SCENARIOS,
    Ending,
    Scenario,
    delivery_of,
    ending_in,
    payments_in,
)
from tests.support.settling import settled
from tests.support.shop import (
    SHIRTS,
    a_shop,
    a_shop_after,
    complaints_in,
    document_at,
    status_in,
    time_of,
)


def audited_shop_after(names: Iterable[str], *, stock: int = SHIRTS) -> MemoryStore:
    """The shop after these events, in this order. The auditor finds nothing wrong after any of them."""
    store = a_shop(an_order(), stock=stock)
    for number, name in enumerate(names):
        deliver(name, number, store, stock=stock)
    return store


def deliver(
    name: str, number: int, store: MemoryStore, *, stock: int, restock: bool = True, seconds_apart: int = 0
) -> None:
    event, terms = delivery_of(name, number, seconds_apart=seconds_apart), replace(TERMS, restock_on_refund=restock)
    settled(event, store, now=time_of(event), terms=terms)
    assert complaints_in(store, stock=stock) == [], name


def shops_after_every_order(
    names: Sequence[str], *, stock: int = SHIRTS, restock: bool = True, seconds_apart: int = 0
) -> Iterator[tuple[tuple[str, ...], MemoryStore]]:
    """Every order of the events, and the shop after it. What begins alike is delivered once."""
    begun: list[tuple[tuple[str, ...], MemoryStore]] = [((), a_shop(an_order(), stock=stock))]
    while begun:
        order, store = begun.pop()
        if len(order) == len(names):
            yield order, store
        for name in set(names) - set(order):
            further = MemoryStore(store.dump())
            deliver(name, len(order), further, stock=stock, restock=restock, seconds_apart=seconds_apart)
            begun.append(((*order, name), further))


each_scenario = pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)


IN_ONE_SECOND = [pytest.param(scenario, 0, id=name) for name, scenario in SCENARIOS.items()]
ONE_AFTER_THE_OTHER = [
    pytest.param(scenario, 1, id=f"{name}, one after the other")
    for name, scenario in SCENARIOS.items()
    if len(scenario.events) <= 5
]


@pytest.mark.parametrize(("scenario", "seconds_apart"), IN_ONE_SECOND + ONE_AFTER_THE_OTHER)
def test_the_same_events_in_every_order_end_with_the_same_money_and_stock(
    scenario: Scenario, seconds_apart: int
) -> None:
    orders, known = 0, []
    for order, store in shops_after_every_order(scenario.events, stock=scenario.stock, seconds_apart=seconds_apart):
        assert ending_in(store.dump()) == scenario.ending, order
        known.append(payments_in(store.dump()))
        assert known[-1] == known[0], order
        orders += 1
    assert orders == factorial(len(scenario.events))


@each_scenario
def test_every_event_twice_in_any_order_ends_the_same(scenario: Scenario) -> None:
    dice = random.Random(7)  # noqa: S311 - no secret
    for _ in range(3):
        order = [*scenario.events, *scenario.events]
        dice.shuffle(order)
        assert ending_in(audited_shop_after(order, stock=scenario.stock).dump()) == scenario.ending, order


@pytest.mark.parametrize("seed", range(5))
def test_any_choice_of_events_ends_the_same_in_any_order(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - no secret
    names = dice.sample(sorted(EVENTS.keys() - CONTRADICTORY), k=dice.randint(5, len(EVENTS) - len(CONTRADICTORY)))
    ending = ending_in(audited_shop_after(names).dump())
    for _ in range(6):
        order = names + dice.choices(names, k=3)
        dice.shuffle(order)
        assert ending_in(audited_shop_after(order).dump()) == ending, (names, order)


@pytest.mark.parametrize(("refund", "stock"), [("re_1 made", 8), ("partial", 7)], ids=["one is asked for", "silent"])
def test_without_restocking_every_order_ends_with_only_those_units_back_that_a_refund_asks_for(
    refund: str, stock: int
) -> None:
    for order, store in shops_after_every_order(["placed", "charge", "full", refund], restock=False):
        assert ending_in(store.dump()) == Ending(3_600, 3_600, "refunded", stock), order


def paid_shop_after(events: Iterable[OrderEvent]) -> MemoryStore:
    store = audited_shop_after(["intent"])
    for event in events:
        settled(event, store)
    return store


def test_one_refund_reported_by_five_events_counts_once() -> None:
    one = a_refund("re_1", 1_200)
    reports: list[OrderEvent] = [
        a_refunded_charge("evt_1", total=1_200),
        an_updated_refund("evt_2", one, event_type="refund.created"),
        an_updated_refund("evt_3", one, event_type="refund.updated"),
        an_updated_refund("evt_4", one, event_type="refund.failed"),
        an_updated_refund("evt_5", one, event_type="charge.refund.updated"),
    ]
    for order in permutations(reports):
        assert ending_in(paid_shop_after(order).dump()) == Ending(3_600, 1_200, "partially_refunded", 7)


REPORTS: dict[str, list[tuple[str, str]]] = {
    # which dispute is in which status then, one second after the other
    "one is won": [("dp_1", "needs_response"), ("dp_1", "under_review"), ("dp_1", "won")],
    "one of two is lost": [
        *(("dp_1", "needs_response"), ("dp_2", "needs_response"), ("dp_1", "under_review")),
        *(("dp_2", "under_review"), ("dp_1", "lost")),
    ],
    "both are closed": [
        *(("dp_1", "warning_needs_response"), ("dp_2", "needs_response"), ("dp_2", "prevented")),
        *(("dp_1", "warning_under_review"), ("dp_1", "warning_closed")),
    ],
    "an appeal": [
        *(("dp_1", "needs_response"), ("dp_1", "lost"), ("dp_2", "needs_response"), ("dp_2", "lost")),
        ("dp_1", "under_review"),
    ],
}
DECIDED = {"won", "lost", "warning_closed", "prevented"}


@pytest.mark.parametrize("is_paid_first", [True, False], ids=["paid first", "paid last"])
@pytest.mark.parametrize("reports", REPORTS.values(), ids=REPORTS)
def test_each_dispute_ends_in_its_latest_state_in_any_order_and_its_order_is_disputed_while_one_is_open(
    reports: list[tuple[str, str]], *, is_paid_first: bool
) -> None:
    events = [
        a_dispute(f"evt_{number}", status, dispute_id=dispute_id, created_at=NOW + timedelta(seconds=number))
        for number, (dispute_id, status) in enumerate(reports)
    ]
    latest = dict(reports)
    is_disputed = not {*latest.values()} <= DECIDED
    for order in permutations(events):
        store = a_shop_after(a_placement(), *([a_payment("evt_paid")] if is_paid_first else []), *order, order[0])
        if not is_paid_first:
            settled(a_payment("evt_paid"), store)
        statuses = {dispute_id: document_at(store, f"disputes/{dispute_id}")["status"] for dispute_id in latest}
        assert statuses == latest
        assert document_at(store, "orders/order-1")["disputed"] is is_disputed
        assert complaints_in(store) == []


# --- Paid and never fulfilled -----------------------------------------------------------------------------------------


def a_short_shop(**catalogue: object) -> MemoryStore:
    store = a_shop(an_order(), stock=2)
    store.put("products/shirt", a_catalogue_entry(**catalogue))
    return store


def an_expired_order_whose_units_are_gone() -> MemoryStore:
    store = a_shop_after(a_placement(), a_lapse())
    store.put("inventory/shirt", {"stock": 2, "reserved": 0})
    return store


def a_reserved_order_that_somebody_broke() -> MemoryStore:
    store = a_shop_after(a_placement())
    store.put("orders/order-1", {**document_at(store, "orders/order-1"), "items": []})
    return store


NEVER_FULFILLED: dict[str, tuple[Callable[[], MemoryStore], int, str]] = {
    # the shop, what is paid, and what the order is in the end
    "short": (a_short_shop, 3_600, "refund_due"),
    "short and unpriced": (lambda: a_short_shop(unitAmount=None, currency=None), 3_600, "refund_due"),
    "wrong amount": (lambda: a_shop_after(a_placement()), 3_500, "review"),
    "wrong amount and short": (an_expired_order_whose_units_are_gone, 3_500, "refund_due"),
    "broken": (lambda: a_shop(an_order(items=[])), 3_600, "refund_due"),
    "broken after it was reserved": (a_reserved_order_that_somebody_broke, 3_600, "review"),
    "strange status": (lambda: a_shop(an_order(status="shipped")), 3_600, "review"),
}


@pytest.mark.parametrize("is_failure_first", [False, True], ids=["success first", "failure first"])
@pytest.mark.parametrize(("shop", "paid", "status"), NEVER_FULFILLED.values(), ids=NEVER_FULFILLED)
def test_a_refund_that_failed_leaves_an_unfulfilled_order_as_it_was_in_any_order(
    shop: Callable[[], MemoryStore], paid: int, status: str, *, is_failure_first: bool
) -> None:
    store = shop()
    settled(a_payment(money=Money(paid, "eur")), store)
    made = an_updated_refund("evt_made", a_refund(amount=paid))
    failed = an_updated_refund("evt_failed", a_refund(amount=paid, status="failed"))
    for event in (failed, made) if is_failure_first else (made, failed):
        settled(event, store)
    assert status_in(store) == status
