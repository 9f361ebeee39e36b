"""The word for how much of a product is left."""

import pytest

from inventory.availability import availability
from inventory.stock import Level

WORDS = {-1: "out", 0: "out", 1: "few", 5: "few", 6: "in", 1_000: "in"}


@pytest.mark.parametrize(("units", "word"), WORDS.items())
def test_a_product_is_out_without_units_few_up_to_a_number_and_else_in(units: int, word: str) -> None:
    assert availability(Level(stock=units + 3, reserved=3), few_left=5) == word


def test_units_that_may_be_backordered_count() -> None:
    assert availability(Level(stock=3, reserved=3, backorder=5), few_left=5) == "few"


def test_a_product_that_is_never_short_is_in() -> None:
    assert availability(Level(stock=None, reserved=3), few_left=5) == "in"


def test_a_product_without_figures_is_out() -> None:
    assert availability(None, few_left=5) == "out"


def test_where_nothing_is_few_one_unit_is_in() -> None:
    assert availability(Level(stock=1, reserved=0), few_left=0) == "in"
