"""Folding: a whole page or nothing, once, whoever does it and whatever interferes."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from inventory.takings import Folded
from orders.outcome import StoreUnavailable
from settlement.folding import PRODUCTS_MAX, RUN_SECONDS_MAX, TAKINGS_MAX
from settlement.settle import PATIENCE_SECONDS
from tests.support.builders import NOW
from tests.support.folding import folded, folding_on
from tests.support.interference import (
    Crash,
    DisturbedStore,
    Interference,
    answer_lost,
    crash_after,
    crash_before,
    refused,
    someone_after,
    someone_first,
    unanswered,
)
from tests.support.memory_store import MemoryStore
from tests.support.settling import Clock


def a_shelf(*units: int, **takings: dict[str, int]) -> MemoryStore:
    """Two hundred shirts and mugs, and paid orders for these units that are still to be taken."""
    of_shirts = {f"order-{number}": {"shirt": quantity} for number, quantity in enumerate(units)}
    documents = {f"takings/{order_id}": {"units": units} for order_id, units in {**of_shirts, **takings}.items()}
    level = {"stock": 200, "reserved": 200, "hot": True}
    return MemoryStore({"inventory/shirt": level, "inventory/mug": level, **documents})


def level_of(store: MemoryStore, product_id: str = "shirt") -> tuple[object, object]:
    level = store.get(f"inventory/{product_id}") or {}
    return level.get("stock"), level.get("reserved")


def left_in(store: MemoryStore) -> list[str]:
    return [path for path, _ in store.documents() if path.startswith("takings/")]


# --- What it does -----------------------------------------------------------------------------------------------------


def test_units_of_many_orders_leave_both_figures_in_one_commit_in_which_nothing_else_changes() -> None:
    store = a_shelf(3, 2, both={"shirt": 1, "mug": 4})
    disturbed = DisturbedStore(store)
    done = folded(store, disturbed, now=NOW + timedelta(seconds=0.5))
    assert (level_of(store), level_of(store, "mug"), left_in(store)) == ((194, 194), (196, 196), [])
    assert disturbed.calls == ["read", "commit"]
    assert done == Folded(3, done.units, oldest_seconds=0.5)
    assert done.units == {"shirt": 6, "mug": 4}
    assert store.get("inventory/shirt") == {"stock": 194, "reserved": 194, "hot": True}


def test_with_nothing_to_fold_nothing_is_read() -> None:
    store = a_shelf()
    disturbed = DisturbedStore(store)
    assert folded(store, disturbed) == Folded()
    assert disturbed.calls == []


def test_more_than_fit_into_one_commit_are_folded_in_several() -> None:
    store = a_shelf(*[1] * (TAKINGS_MAX + 1))
    disturbed = DisturbedStore(store)
    assert folded(store, disturbed).orders == TAKINGS_MAX + 1
    assert disturbed.calls == ["read", "commit"] * 2
    assert level_of(store) == (99, 99)


def test_no_commit_takes_from_too_many_products_unless_one_order_does() -> None:
    counts = (PRODUCTS_MAX // 2, PRODUCTS_MAX // 2, 1, PRODUCTS_MAX + 1)
    kinds = {f"{order}": {f"p{order}-{each}": 1 for each in range(count)} for order, count in enumerate(counts)}
    store = a_shelf(**kinds)
    for units in kinds.values():
        for product_id in units:
            store.put(f"inventory/{product_id}", {"stock": 1, "reserved": 1})
    disturbed = DisturbedStore(store)
    folded(store, disturbed)
    assert [len(paths) for paths in disturbed.paths] == [PRODUCTS_MAX, 1, PRODUCTS_MAX + 1]
    assert left_in(store) == []


def test_what_was_made_a_double_is_folded_too_and_what_is_never_short_by_now_keeps_its_null() -> None:
    store = a_shelf(3, other={"mug": 2})
    store.put("inventory/shirt", {"stock": 200.0, "reserved": 200.0})
    store.put("inventory/mug", {"stock": None, "reserved": 2})
    folded(store)
    assert (level_of(store), level_of(store, "mug")) == ((197.0, 197.0), (None, 0))


# --- What stands in its way -------------------------------------------------------------------------------------------


def test_a_product_that_is_gone_is_left_out_and_said() -> None:
    store = a_shelf(3, other={"mug": 2})
    store.delete("inventory/mug")
    done = folded(store)
    assert (level_of(store), left_in(store), done.gone) == ((197, 197), [], {"mug": 2})


def test_so_is_one_that_goes_just_then() -> None:
    store = a_shelf(3, other={"mug": 2})
    disturbed = DisturbedStore(store, [someone_first(lambda: store.delete("inventory/mug"))])
    assert folded(store, disturbed).gone == {"mug": 2}
    assert (level_of(store), left_in(store)) == ((197, 197), [])


@pytest.mark.parametrize(
    "units", [None, {}, {"shirt": 0}, {"shirt": "3"}, {"shirt": 3, "mug": -1}, {"a/b": 1}, ["shirt"]], ids=str
)
def test_what_nobody_can_read_is_left_alone_and_said_and_stops_no_other(units: object) -> None:
    store = a_shelf(3)
    store.put("takings/broken", {"units": units})
    done = folded(store)
    assert (level_of(store), left_in(store), done.unreadable) == ((197, 197), ["takings/broken"], ["broken"])


def test_what_nobody_can_read_hides_nothing_behind_it() -> None:
    store = a_shelf(3)
    for number in range(TAKINGS_MAX):
        store.put(f"takings/broken-{number:03}", {})
    done = folded(store)
    assert (done.orders, len(done.unreadable), level_of(store)) == (1, TAKINGS_MAX, (197, 197))


LOST: dict[str, Interference] = {"refused": refused, "no answer": unanswered, "the answer is lost": answer_lost}


@pytest.mark.parametrize("interference", LOST.values(), ids=LOST)
def test_after_a_refusal_or_without_an_answer_it_lists_again_and_each_unit_is_taken_once(
    interference: Interference,
) -> None:
    store = a_shelf(3, 2)
    assert folded(store, DisturbedStore(store, [interference])).lost is None
    assert (level_of(store), left_in(store)) == ((195, 195), [])


@pytest.mark.parametrize(("crash", "level", "left"), [(crash_before, (200, 200), 2), (crash_after, (195, 195), 0)])
def test_a_crash_leaves_all_or_nothing_and_the_next_run_does_the_rest(
    crash: Interference, level: tuple[int, int], left: int
) -> None:
    store = a_shelf(3, 2)
    with pytest.raises(Crash):
        folded(store, DisturbedStore(store, [crash]))
    assert (level_of(store), len(left_in(store))) == (level, left)
    folded(store)
    assert (level_of(store), left_in(store)) == ((195, 195), [])


def test_two_simultaneous_folds_take_different_units() -> None:
    store = a_shelf(3, 2)
    assert folded(store, DisturbedStore(store, [someone_first(lambda: folded(store))])).orders == 0
    assert (level_of(store), left_in(store)) == ((195, 195), [])


def another_order_is_paid(store: MemoryStore) -> Callable[[], None]:
    return lambda: store.put("takings/another", {"units": {"shirt": 1}})


def test_what_is_paid_meanwhile_is_taken_with_the_next_page() -> None:
    store = a_shelf(3)
    done = folded(store, DisturbedStore(store, [someone_first(another_order_is_paid(store))]))
    assert (done.orders, level_of(store), left_in(store)) == (2, (196, 196), [])


def test_a_database_that_does_not_take_part_ends_the_run_and_undoes_nothing() -> None:
    store, clock = a_shelf(3), Clock()
    disturbed = DisturbedStore(store, reads_without_answer=1_000)
    done = folding_on(store, disturbed, clock=clock).fold()
    assert (done.lost, done.orders) == ("StoreUnavailable: unanswered", 0)
    assert clock.seconds - 1_000 <= RUN_SECONDS_MAX
    assert max(disturbed.timeouts) <= PATIENCE_SECONDS < RUN_SECONDS_MAX
    assert len(left_in(store)) == 1


def test_a_list_that_does_not_come_ends_it_too() -> None:
    def none(_after: str, _at_most: int) -> list[object]:
        raise StoreUnavailable("no answer")

    folding = folding_on(a_shelf(3))
    object.__setattr__(folding, "takings_after", none)
    assert folding.fold().lost == "StoreUnavailable: no answer"


def test_orders_that_are_paid_faster_than_they_are_folded_do_not_keep_it_from_ending() -> None:
    store, clock = a_shelf(3), Clock(per_look=1.0)
    again = someone_after(another_order_is_paid(store))
    folding_on(store, DisturbedStore(store, [again] * 1_000), clock=clock).fold()
    assert left_in(store) == ["takings/another"]
