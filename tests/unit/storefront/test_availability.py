"""A product's availability: what is written, by how many RPCs, and that the last write is right."""

from collections.abc import Iterator, Mapping, Sequence

import pytest

from database.store import Committed
from orders.outcome import StoreContended, StoreUnavailable
from storefront.availability import PRODUCTS_PER_RUN, Storefront
from tests.proofs.simulation.workers import Worker
from tests.support.builders import a_catalogue_entry
from tests.support.interference import (
    Commit,
    DisturbedStore,
    Interference,
    answer_lost,
    refused,
    someone_first,
    unanswered,
    undisturbed,
)
from tests.support.memory_store import MemoryStore
from tests.support.settling import Clock, patience_of

FEW_LEFT = 5
Fields = Mapping[str, object]


def a_shop(**listed: Fields) -> MemoryStore:
    """Ten shirts, three of them held, and products of the catalogue."""
    products = {f"products/{product_id}": fields for product_id, fields in listed.items()}
    return MemoryStore({"inventory/shirt": {"stock": 10, "reserved": 3}, **products})


def storefront_of(store: MemoryStore, *commits: Interference) -> tuple[Storefront, DisturbedStore]:
    disturbed = DisturbedStore(store, commits)
    return Storefront(disturbed, store.products_after, FEW_LEFT, patience_of(Clock())), disturbed


def shown(store: MemoryStore, product_id: str = "shirt") -> object:
    return (store.get(f"products/{product_id}") or {}).get("available")


# --- What is written --------------------------------------------------------------------------------------------------

LEVELS: Mapping[str, tuple[Fields | None, str]] = {
    "more than a few": ({"stock": 10, "reserved": 4}, "in"),
    "a few": ({"stock": 10, "reserved": 5}, "few"),
    "a few, as doubles": ({"stock": 10.0, "reserved": 9.0}, "few"),
    "none": ({"stock": 10, "reserved": 10}, "out"),
    "fewer than are held": ({"stock": 10, "reserved": 11}, "out"),
    "no inventory": (None, "out"),
    "no whole number": ({"stock": "10"}, "out"),
    "never short": ({"stock": None}, "in"),
    "never short, but counted before and still held": ({"stock": None, "reserved": 1}, "out"),
    "not there yet, and may be sold": ({"stock": -1, "backorder": 6}, "few"),
}


@pytest.mark.parametrize(("level", "word"), LEVELS.values(), ids=LEVELS)
def test_a_product_says_how_much_an_order_could_have_of_it_and_keeps_all_else(level: Fields | None, word: str) -> None:
    store = a_shop(shirt=a_catalogue_entry())
    store.delete("inventory/shirt") if level is None else store.put("inventory/shirt", level)
    storefront, rpcs = storefront_of(store)
    assert storefront.show(["shirt"]) == {"shirt": word}
    assert store.get("products/shirt") == {**a_catalogue_entry(), "available": word}
    assert rpcs.calls == ["read", "commit", "read"]


def test_what_is_said_already_is_not_written_again() -> None:
    storefront, rpcs = storefront_of(a_shop(shirt=a_catalogue_entry(available="in")))
    assert storefront.show(["shirt"]) == {}
    assert rpcs.calls == ["read"]


def test_a_word_that_somebody_else_has_written_is_put_right() -> None:
    store = a_shop(shirt={"available": 7})
    storefront_of(store)[0].show(["shirt"])
    assert shown(store) == "in"


def test_a_product_that_the_shop_does_not_list_is_never_made() -> None:
    store = a_shop()
    assert storefront_of(store)[0].show(["shirt"]) == {}
    assert store.get("products/shirt") is None


def test_a_product_that_is_deleted_meanwhile_stays_deleted() -> None:
    store = a_shop(shirt={})
    assert storefront_of(store, someone_first(lambda: store.delete("products/shirt")))[0].show(["shirt"]) == {}
    assert store.get("products/shirt") is None


def test_only_the_products_that_said_something_else_are_written_and_looked_at_again() -> None:
    store = a_shop(shirt={"available": "in"}, mug={})
    before = store.read(["products/shirt"], timeout_seconds=1)
    storefront, rpcs = storefront_of(store)
    assert storefront.show(["shirt", "mug"]) == {"mug": "out"}
    assert store.read(["products/shirt"], timeout_seconds=1) == before
    assert rpcs.paths[-1] == ["inventory/mug", "products/mug"]


def test_all_that_was_written_is_told_however_often_it_was_looked_at() -> None:
    store = a_shop(shirt={}, mug={})

    def sells_out(commit: Commit) -> Committed:
        committed = commit()
        store.put("inventory/shirt", {"stock": 0})
        return committed

    assert storefront_of(store, sells_out)[0].show(["shirt", "mug"]) == {"shirt": "out", "mug": "out"}


# --- When things go wrong ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("interference", [refused, unanswered, answer_lost])
def test_a_write_without_a_good_answer_is_looked_at_again(interference: Interference) -> None:
    store = a_shop(shirt={})
    storefront_of(store, interference)[0].show(["shirt"])
    assert shown(store) == "in"


@pytest.mark.parametrize(
    ("interference", "error"), [(refused, StoreContended), (unanswered, StoreUnavailable)], ids=["refused", "silent"]
)
def test_what_cannot_be_done_in_time_is_left_to_the_next_call(
    interference: Interference, error: type[Exception]
) -> None:
    with pytest.raises(error):
        storefront_of(a_shop(shirt={}), *[interference] * 100)[0].show(["shirt"])


def test_a_product_that_never_comes_to_rest_ends_as_contended() -> None:
    store = a_shop(shirt={})
    levels = iter([{"stock": stock} for stock in (0, 10)] * 50)

    def change(commit: Commit) -> Committed:
        committed = commit()
        store.put("inventory/shirt", next(levels))
        return committed

    with pytest.raises(StoreContended, match="each time it was read"):
        storefront_of(store, *[change] * 100)[0].show(["shirt"])


# --- In any order -----------------------------------------------------------------------------------------------------


def endings(stocks: Sequence[int], *, looks: int) -> Iterator[object]:
    """The product's final availability, for every order of events.

    Each change of the stock causes events, which may be late and repeated. Each event makes a worker look, and anything
    may happen before each of the worker's RPCs.
    """
    paths: list[list[int]] = [[]]
    while paths:
        path = paths.pop()
        store = a_shop(shirt={"available": "in"})
        left, due, workers = list(stocks), 0, list[Worker]()
        choices = 0
        for step in range(1_000):
            ready = [worker for worker in workers if worker.waiting]
            choices = (left != []) + (due > 0) + len(ready)
            if step == len(path) or not choices:
                break
            choice = path[step]
            if left and choice == 0:
                store.put("inventory/shirt", {"stock": left.pop(0)})
                due += looks
            elif due and choice == (left != []):
                due -= 1
                workers.append(Worker(len(workers), _show, store, 0.0))
                workers[-1].start()
            else:
                _advance(ready[choice - (left != []) - (due > 0)])
        if choices:
            paths += [[*path, choice] for choice in range(choices)]
        else:
            assert [worker.error for worker in workers if not worker.is_done] == []
            yield shown(store)


def _show(worker: Worker) -> None:
    Storefront(worker, lambda _after, _at_most: [], FEW_LEFT, worker.patience).show(["shirt"])


def _advance(worker: Worker) -> None:
    (thread,) = worker.waiting
    assert thread.rpc
    try:
        answer = thread.rpc.do()
    except StoreContended as contended:
        worker.fail(thread, contended)
    else:
        worker.answer(thread, answer)


@pytest.mark.parametrize(("stocks", "looks", "word"), [([3, 10], 1, "in"), ([10, 3], 1, "few"), ([3], 2, "few")])
def test_the_last_word_is_right_in_whatever_order_changes_events_and_looks_overtake_each_other(
    stocks: Sequence[int], looks: int, word: str
) -> None:
    found = list(endings(stocks, looks=looks))
    assert len(found) > 10
    assert set(found) == {word}


# --- Round the catalogue ----------------------------------------------------------------------------------------------


def test_a_few_products_are_looked_at_each_time_until_all_have_been_and_then_the_first_again() -> None:
    product_ids = [f"product-{number:03}" for number in range(2 * PRODUCTS_PER_RUN + 1)]
    store = a_shop(**{product_id: {} for product_id in product_ids})
    storefront, rpcs = storefront_of(store)
    rounds = [list(storefront.show_next()) for _ in range(3)]
    assert rounds == [product_ids[:PRODUCTS_PER_RUN], product_ids[PRODUCTS_PER_RUN:-1], product_ids[-1:]]
    store.put(f"products/{product_ids[0]}", {})
    rpcs.calls.clear()
    assert storefront.show_next() == {product_ids[0]: "out"}
    assert rpcs.calls == ["read", "commit", "read", "commit", "read"]


def test_a_catalogue_that_is_looked_at_at_once_needs_no_note_and_one_that_is_right_no_write() -> None:
    store = a_shop(shirt={"available": "in"})
    storefront, rpcs = storefront_of(store)
    assert (storefront.show_next(), storefront.show_next()) == ({}, {})
    assert rpcs.calls == ["read", "read"] * 2
    assert store.get("sweeps/products") is None


def test_without_a_catalogue_there_is_nothing_to_look_at() -> None:
    storefront, rpcs = storefront_of(a_shop())
    assert storefront.show_next() == {}
    assert rpcs.calls == ["read"]


def test_a_round_goes_on_behind_a_product_that_could_not_be_written() -> None:
    product_ids = [f"product-{number:03}" for number in range(PRODUCTS_PER_RUN + 1)]
    store = a_shop(**{product_id: {} for product_id in product_ids})
    storefront, _ = storefront_of(store, undisturbed, *[unanswered] * 100)
    with pytest.raises(StoreUnavailable):
        storefront.show_next()
    assert list(storefront_of(store)[0].show_next()) == product_ids[-1:]


def test_one_of_two_overlapping_runs_continues() -> None:
    store = a_shop(**{f"product-{number:03}": {} for number in range(PRODUCTS_PER_RUN)})
    other, _ = storefront_of(store)
    storefront, _ = storefront_of(store, someone_first(other.show_next))
    with pytest.raises(StoreContended):
        storefront.show_next()
    assert len(other.show_next()) == 0


@pytest.mark.parametrize("after", [7, None, ["a"]])
def test_a_note_that_cannot_be_read_begins_a_new_round(after: object) -> None:
    store = a_shop(shirt={})
    store.put("sweeps/products", {"after": after})
    assert storefront_of(store)[0].show_next() == {"shirt": "in"}
