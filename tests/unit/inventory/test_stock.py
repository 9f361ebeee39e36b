"""Stock arithmetic: held units either come back whole or leave exactly once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.stock import Level, StockMove, hold, put_back, release, shortages, take, together
from orders.order import QUANTITY_MAX, OrderLine

SHIRTS = (OrderLine("shirt", 3),)

some_lines = st.lists(
    st.builds(OrderLine, st.sampled_from(["shirt", "mug", "cap"]), st.integers(1, QUANTITY_MAX)),
    unique_by=lambda line: line.product_id,
)


def test_units_are_promised_then_taken_from_shelf_and_promise_or_released_and_may_be_put_back() -> None:
    moves = hold(SHIRTS), take(SHIRTS), release(SHIRTS), put_back({"shirt": 3})
    assert [(move.stock, move.reserved) for (move,) in moves] == [(0, 3), (-3, -3), (0, -3), (3, 0)]


@given(some_lines)
def test_what_was_ordered_leaves_the_shelf_to_the_unit_or_is_released_whole(lines: list[OrderLine]) -> None:
    assert together(hold(lines), release(lines)) == ()
    taken = tuple(StockMove(line.product_id, stock=-line.quantity, reserved=0) for line in lines)
    assert together(hold(lines), take(lines)) == taken


def test_only_a_move_of_no_units_at_all_changes_nothing() -> None:
    moved = (0, 0), (1, 1), (-1, -1), (1, 0), (0, 1)
    assert [StockMove("shirt", *units).changes_nothing for units in moved] == [True, False, False, False, False]


def test_only_what_leaves_less_for_others_may_fail() -> None:
    moves = hold(SHIRTS), take(SHIRTS), release(SHIRTS), put_back({"shirt": 3}), put_back({"shirt": -3})
    assert [move.takes_available for (move,) in moves] == [True, False, False, False, True]


LEVELS = {
    "what is promised is not available": (Level(stock=10, reserved=4), 6),
    "the last unit is promised": (Level(stock=3, reserved=3), 0),
    "more is promised than is there": (Level(stock=3, reserved=4), -1),
    "units may be sold that are not there yet": (Level(stock=3, reserved=4, backorder=5), 4),
    "some of these are sold": (Level(stock=-2, reserved=0, backorder=5), 3),
    "all of these are promised or sold": (Level(stock=-2, reserved=3, backorder=5), 0),
    "too many of them are": (Level(stock=-2, reserved=4, backorder=5), -1),
}


@pytest.mark.parametrize(("level", "available"), LEVELS.values(), ids=LEVELS)
def test_what_can_still_be_sold_is_there_or_may_be_backordered_and_is_not_promised(
    level: Level, available: int
) -> None:
    assert level.available == available
    assert level.is_covered is (available >= 0)
    assert level.has(available)
    assert not level.has(available + 1)


def test_a_product_that_is_never_short_is_available_without_end() -> None:
    level = Level(stock=None, reserved=0)
    assert (level.available, level.is_covered, level.has(1_000_000)) == (None, True, True)
    assert shortages(SHIRTS, {"shirt": level}) == ()
