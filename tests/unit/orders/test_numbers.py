"""What a whole number is, in any numeric type; and times and pauses written as one."""

from datetime import timedelta
from math import inf, nan

import pytest

from orders.numbers import pause_from, unix_time, whole_number


@pytest.mark.parametrize("value", [0, 3, -3, 2**53, 2**63 - 1, 0.0, -0.0, 3.0, -3.0, float(2**53 - 1), 1.0 - 2**53])
def test_this_is_a_whole_number_and_becomes_an_integer(value: float) -> None:
    number = whole_number(value)
    assert number == value and type(number) is int


@pytest.mark.parametrize(
    "value", [True, False, 1.5, -0.1, nan, inf, -inf, float(2**53), float(-(2**53)), 1e300, "3", "3.0", b"4", None, [3]]
)
def test_this_is_no_whole_number(value: object) -> None:
    assert whole_number(value) is None


def test_no_time_is_so_far_away_that_nothing_can_be_added_to_it() -> None:
    assert [unix_time(seconds) is None for seconds in (50_000_000_000, 50_000_000_001)] == [False, True]


@pytest.mark.parametrize(("text", "seconds"), [("3", 3), (" 60 ", 60), ("0", 0), ("86400", 86_400), ("99999", 99_999)])
def test_a_pause_is_a_number_of_seconds(text: str, seconds: int) -> None:
    assert pause_from(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", [None, "", "soon", "-1", "1.5", "1e9", "Wed, 21 Oct 2026 07:28:00 GMT", "\u0663", "100000", "9" * 30]
)
def test_any_other_pause_is_none(text: str | None) -> None:
    assert pause_from(text) is None
