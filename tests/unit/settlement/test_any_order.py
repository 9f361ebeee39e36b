"""Whatever the order in which Stripe tells of a payment, and however often: the same money, and the same stock."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import permutations
from math import factorial

import pytest

from orders.events import OrderEvent
from settlement.settle import Patience, settle
from tests.support.auditor import complaints
from tests.support.builders import NOW, TERMS, a_dispute, a_refund, a_refunded_charge, an_updated_refund
from tests.support.memory_store import MemoryStore
from tests.support.scenarios import FACTS, STOCK, STORIES, WRONG, Money, Story, a_shop, delivered, money_in, time_of

PATIENCE = Patience(monotonic=lambda: 0.0, sleep=lambda _seconds: None, random=lambda: 0.5)


def told(names: Iterable[str], *, stock: int = STOCK) -> MemoryStore:
    """The shop after it was told all this, in this order. After each word the auditor looks through its books."""
    store = MemoryStore(a_shop(stock))
    for number, name in enumerate(names):
        tell(name, number, store, stock=stock)
    return store


def tell(name: str, number: int, store: MemoryStore, *, stock: int, restock: bool = True) -> None:
    terms = replace(TERMS, restock_on_refund=restock)
    settle(delivered(FACTS[name], number), time_of(name), store=store, terms=terms, patience=PATIENCE)
    assert complaints(store.dump(), {"shirt": stock}) == [], name


def told_in_every_order(
    names: Sequence[str], *, stock: int = STOCK, restock: bool = True
) -> Iterator[tuple[tuple[str, ...], MemoryStore]]:
    """Every order of the names, and the shop after it. What begins alike is told once."""
    begun: list[tuple[tuple[str, ...], MemoryStore]] = [((), MemoryStore(a_shop(stock)))]
    while begun:
        order, store = begun.pop()
        if len(order) == len(names):
            yield order, store
        for name in set(names) - set(order):
            further = MemoryStore(store.dump())
            tell(name, len(order), further, stock=stock, restock=restock)
            begun.append(((*order, name), further))


each_story = pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)


@each_story
def test_every_order_of_the_same_facts_ends_with_the_same_money_and_stock(story: Story) -> None:
    orders = 0
    for order, store in told_in_every_order(story.facts, stock=story.stock):
        assert money_in(store.dump()) == story.money, order
        orders += 1
    assert orders == factorial(len(story.facts))


@each_story
def test_telling_everything_twice_in_any_order_ends_the_same(story: Story) -> None:
    dice = random.Random(7)  # noqa: S311 - no secret
    for _ in range(15):
        order = [*story.facts, *story.facts]
        dice.shuffle(order)
        assert money_in(told(order, stock=story.stock).dump()) == story.money, order


@pytest.mark.parametrize("seed", range(12))
def test_any_choice_of_facts_ends_the_same_in_any_order(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - no secret
    names = dice.sample(sorted(FACTS.keys() - WRONG), k=dice.randint(5, len(FACTS) - len(WRONG)))
    expected = money_in(told(names).dump())
    for _ in range(8):
        order = names + dice.choices(names, k=3)
        dice.shuffle(order)
        assert money_in(told(order).dump()) == expected, (names, order)


def test_without_restocking_every_order_ends_with_the_units_gone() -> None:
    facts = ["placed", "charge", "partial", "full", "re_1 made"]
    for order, store in told_in_every_order(facts, restock=False):
        assert money_in(store.dump()) == Money(3_600, 3_600, "refunded", 7), order


def test_one_refund_told_by_five_events_counts_once() -> None:
    types = ("refund.created", "refund.updated", "refund.failed", "charge.refund.updated")
    one = a_refund("re_1", 1_200)
    voices: list[OrderEvent] = [a_refunded_charge("evt_1", total=1_200)]
    voices += [an_updated_refund(f"evt_{kind}", one, event_type=kind) for kind in types]
    for order in permutations(voices):
        store = told(["intent"])
        settled_all(store, order)
        assert money_in(store.dump()) == Money(3_600, 1_200, "partially_refunded", 7)


def settled_all(store: MemoryStore, events: Iterable[OrderEvent]) -> None:
    for event in events:
        settle(event, NOW, store=store, terms=TERMS, patience=PATIENCE)


def test_the_latest_state_of_a_dispute_stands_in_any_order() -> None:
    states = ["needs_response", "under_review", "won"]
    told_of = [a_dispute(f"evt_{n}", status) for n, status in enumerate(states)]
    for order in permutations(told_of):
        store = told(["intent"])
        settled_all(store, order)
        fields = store.get("orders/order-1")
        assert fields is not None
        assert fields["dispute"]["status"] == "won"  # type: ignore[index]
