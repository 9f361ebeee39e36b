"""A failure with one thing is retried by itself, and reported as it is."""

from collections.abc import Sequence

import pytest

from orders.outcome import StoreContended
from reconciliation.guarding import Guard
from stripe_api.api import StripeRefused
from tests.support.recording import RecordingLog


def nothing() -> None:
    """Everything takes part."""


def test_what_can_be_done_at_once_is_done_once_and_nothing_is_done_with_nothing() -> None:
    done = list[Sequence[str]]()
    guard = Guard(nothing, RecordingLog())
    assert list(guard.each(["a", "b"], done.append)) == []
    assert list(guard.each([], done.append)) == []
    assert done == [["a", "b"]]


@pytest.mark.parametrize("problem", [StoreContended("evt_1"), StripeRefused("No such charge.", "resource_missing")])
def test_what_takes_no_part_is_a_warning_in_its_own_words(problem: Exception) -> None:
    guard = Guard(nothing, log := RecordingLog())
    said = f"{type(problem).__name__}: {problem}"
    assert guard.note(problem, "not_compared", orderId="order-1") == said
    assert log.lines == [{"severity": "WARNING", "message": said, "orderId": "order-1", "result": "not_compared"}]
    assert guard.faults == 0


def test_a_bug_is_an_error_with_its_trace_and_counted_and_nobody_but_the_log_has_its_message() -> None:
    guard = Guard(nothing, log := RecordingLog())
    bug = guard.tried(lambda: dict[str, str]()["secret"])
    assert isinstance(bug, KeyError)
    assert [guard.note(bug, "not_compared", orderId="order-1") for _ in range(2)] == ["KeyError"] * 2
    assert guard.faults == 2
    trace = log.lines[0].pop("stack_trace")
    assert trace.startswith("Traceback (most recent call last):\n  File ")
    fault = {"severity": "ERROR", "message": "KeyError: 'secret'", "orderId": "order-1", "result": "fault"}
    assert log.lines[0] == fault
