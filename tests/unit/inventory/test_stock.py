"""Stock arithmetic: whatever is held comes back whole, or leaves exactly once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.stock import Level, Shortage, StockMove, hold, put_back, release, shortages, take, together
from orders.order import QUANTITY_MAX, OrderLine

SHIRTS = (OrderLine("shirt", 3),)

some_lines = st.lists(
    st.builds(OrderLine, st.sampled_from(["shirt", "mug", "cap"]), st.integers(1, QUANTITY_MAX)),
    unique_by=lambda line: line.product_id,
)


def test_holding_promises_units_and_leaves_them_on_the_shelf() -> None:
    assert hold(SHIRTS) == (StockMove("shirt", stock=0, reserved=3),)


def test_taking_removes_units_from_the_shelf_and_from_the_promise() -> None:
    assert take(SHIRTS) == (StockMove("shirt", stock=-3, reserved=-3),)


def test_releasing_leaves_the_shelf_alone() -> None:
    assert release(SHIRTS) == (StockMove("shirt", stock=0, reserved=-3),)


def test_putting_back_fills_the_shelf_and_promises_nothing() -> None:
    assert put_back({"shirt": 3}) == (StockMove("shirt", stock=3, reserved=0),)


@given(some_lines)
def test_to_hold_and_then_release_is_nothing(lines: list[OrderLine]) -> None:
    assert together(hold(lines), release(lines)) == ()


@given(some_lines)
def test_what_was_ordered_leaves_the_shelf_to_the_unit(lines: list[OrderLine]) -> None:
    taken = tuple(StockMove(line.product_id, stock=-line.quantity, reserved=0) for line in lines)
    assert together(hold(lines), take(lines)) == taken


@given(some_lines)
def test_to_sell_and_then_put_back_is_nothing(lines: list[OrderLine]) -> None:
    sold = {line.product_id: line.quantity for line in lines}
    assert together(hold(lines), take(lines), put_back(sold)) == ()


def test_only_what_leaves_less_for_others_may_fail() -> None:
    (held,), (taken,), (released,) = hold(SHIRTS), take(SHIRTS), release(SHIRTS)
    (returned,), (taken_again,) = put_back({"shirt": 3}), put_back({"shirt": -3})
    assert held.takes_available
    assert taken_again.takes_available
    assert not (taken.takes_available or released.takes_available or returned.takes_available)


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


def test_the_last_units_are_no_shortage() -> None:
    assert shortages(SHIRTS, {"shirt": Level(stock=5, reserved=2)}) == ()


def test_one_unit_too_few_is_a_shortage() -> None:
    assert shortages(SHIRTS, {"shirt": Level(stock=5, reserved=3)}) == (Shortage("shirt", ordered=3, available=2),)


def test_every_short_product_is_named() -> None:
    lines = (OrderLine("shirt", 3), OrderLine("mug", 1), OrderLine("cap", 2))
    levels = {"shirt": Level(0, 0), "mug": Level(1, 0), "cap": Level(1, 0)}
    assert [shortage.product_id for shortage in shortages(lines, levels)] == ["shirt", "cap"]
