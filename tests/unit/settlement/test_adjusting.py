"""Operators' stock adjustments: by a difference, never below what is held unless forced, and recounts."""

import pytest

from inventory.stock import StockMove
from settlement.decisions import Adjustment as StockAdjustment
from tests.support.deciding import Given, given
from tests.support.decisions import shirts
from tests.support.operators import asked_by_operator
from tests.support.snapshots import a_product


def adjusted(shop: Given, request_id: str = "stock-1", **asked: object) -> StockAdjustment:
    decided = shop.when(asked_by_operator(request_id, **asked))
    assert isinstance(decided, StockAdjustment)
    return decided


@pytest.mark.parametrize(
    ("asked", "shelf", "expected"),
    [
        # stock: units, units held, backorder limit
        (("set", 12), (10, 3), ("stock_adjusted", 2, True)),
        (("set", 10), (10, 3), ("stock_adjusted", None, True)),
        (("set", 3), (10, 3), ("stock_adjusted", -7, True)),
        (("set", 2), (10, 3), ("not_adjusted", None, False)),
        (("set", 2), (10, 3, 1), ("stock_adjusted", -8, True)),
        (("set", 2, True), (10, 3), ("stock_adjusted", -8, True)),
        (("set", 2), (1, 3), ("stock_adjusted", 1, True)),
        (("set", 1), (1, 3), ("stock_adjusted", None, True)),
        (("add", 5), (10, 3), ("stock_adjusted", 5, False)),
        (("add", 0), (10, 3), ("stock_adjusted", None, False)),
        (("add", -7), (10, 3), ("stock_adjusted", -7, True)),
        (("add", -8), (10, 3), ("not_adjusted", None, False)),
        (("add", -8, True), (10, 3), ("stock_adjusted", -8, False)),
        (("add", 0), (-3, 0), ("stock_adjusted", None, False)),
        (("add", 5), None, ("stock_adjusted", 5, False)),
        (("set", 0), None, ("stock_adjusted", 0, False)),
        (("add", -1), None, ("not_adjusted", None, False)),
        (("set", 5), (None, 0), ("not_adjusted", None, False)),
    ],
)
def test_stock_moves_by_a_difference_and_never_below_what_is_held_unless_it_is_forced(
    asked: tuple[str, int, bool], shelf: tuple[int, ...] | None, expected: tuple[str, int | None, bool]
) -> None:
    mode, quantity, *force = asked
    decided = adjusted(given(shirts=shelf), mode=mode, quantity=quantity, force=bool(force))
    moved = decided.move and decided.move.stock
    assert (decided.result, moved, decided.is_exact) == expected
    assert decided.move is None or decided.move.reserved == 0


@pytest.mark.parametrize(
    ("change", "shelf", "note"),
    [
        (-3, (10, 3), "'shirt' had 10 on hand, and has 7"),
        (5, None, "'shirt' is counted from now on: 5"),
        (-9, (10, 3, 1), "held: orders hold 3, so at least 2 must be there; with force, some are oversold"),
        (-1, None, "not_counted: the inventory has no such product to take units from"),
        (-1, (None, 0), "never_short: its stock is null; write a number there if it should be counted"),
    ],
)
def test_what_becomes_of_the_stock_is_said_in_words(change: int, shelf: tuple[int, ...] | None, note: str) -> None:
    assert adjusted(given(shirts=shelf), quantity=change).note == note


@pytest.mark.parametrize(
    ("shelf", "held", "to_take", "moved", "note"),
    [
        ((10, 5), 3, 0, -2, "5 of 'shirt' were reserved, and orders hold 3"),
        ((10, 0), 3, 0, 3, "0 of 'shirt' were reserved, and orders hold 3"),
        ((10, 5), 3, 2, 0, "5 of 'shirt' were reserved, and orders hold 3 and 2 are to be taken"),
        ((10, 3), 3, 2, 2, "3 of 'shirt' were reserved, and orders hold 3 and 2 are to be taken"),
        # Never short: its units were counted before it became so, or none are reserved.
        ((None, 3), 0, 0, -3, "3 of 'shirt' were reserved, and orders hold 0"),
    ],
)
def test_what_is_reserved_becomes_what_orders_hold_and_what_is_still_to_be_taken(
    shelf: tuple[int | None, int], held: int, to_take: int, moved: int, note: str
) -> None:
    decided = adjusted(given(shirts=shelf, held=held, to_take=to_take), "recount-1")
    assert (decided.move, decided.note) == (StockMove("shirt", 0, moved), note)
    assert (decided.result, decided.is_exact) == ("stock_adjusted", True)


def test_what_has_no_figures_to_compare_is_not_counted_again() -> None:
    for shelf, why in ((None, "not_counted"), (a_product(level=None), "unreadable")):
        decided = adjusted(given(shirts=shelf), "recount-1")
        assert (decided.result, (decided.note or "").partition(":")[0]) == ("not_adjusted", why)


def test_held_units_of_a_recounted_product_stay_reserved() -> None:
    decided = adjusted(given(shirts=None, held=3))
    assert decided.move == StockMove("shirt", 5, 3)
    assert decided.note == "'shirt' is counted from now on: 5, of which orders hold 3"


def test_a_product_that_nobody_knows_is_counted_only_if_it_is_said_to_be_new_and_then_once() -> None:
    unknown = a_product(in_inventory=False, level=None, in_catalogue=False)
    mistyped = adjusted(given(shirts=unknown))
    assert (mistyped.result, (mistyped.note or "").partition(":")[0]) == ("not_adjusted", "unknown_product")
    counted = adjusted(given(shirts=unknown), new=True, backorder=2)
    assert (counted.result, counted.move, counted.backorder) == ("stock_adjusted", shirts(5)[0], 2)
    twice = adjusted(given(shirts=(5, 0)), new=True, backorder=2)
    assert (twice.move, twice.note) == (None, "counted_already: the inventory has it, so it is not new")
