"""What a whole number is, whichever kind of number its writer knows."""

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.numbers import unix_time, whole_number


@pytest.mark.parametrize("value", [0, 3, -3, 2**53, 2**63 - 1, 0.0, -0.0, 3.0, -3.0, float(2**53 - 1), 1.0 - 2**53])
def test_this_is_a_whole_number_and_becomes_an_integer(value: float) -> None:
    number = whole_number(value)
    assert number == value and type(number) is int


@pytest.mark.parametrize(
    "value", [True, False, 1.5, -0.1, nan, inf, -inf, float(2**53), float(-(2**53)), 1e300, "3", "3.0", b"4", None, [3]]
)
def test_this_is_no_whole_number(value: object) -> None:
    assert whole_number(value) is None


@given(st.integers(-(2**53) + 1, 2**53 - 1))
def test_a_double_is_the_integer_that_it_equals(number: int) -> None:
    assert whole_number(float(number)) == number


def test_no_time_is_so_far_away_that_nothing_can_be_added_to_it() -> None:
    assert [unix_time(seconds) is None for seconds in (50_000_000_000, 50_000_000_001)] == [False, True]
