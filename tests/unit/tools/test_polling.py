"""Waiting for an answer by asking again."""

import pytest

from tools.polling import polled


def test_the_first_answer_that_is_so_ends_the_wait() -> None:
    answers = iter(["pending", "reserved", "finalized"])
    assert polled(lambda: next(answers), lambda status: status != "pending", seconds=60) == "reserved"


def test_the_last_answer_is_shown_when_none_is_so_in_time() -> None:
    with pytest.raises(TimeoutError, match=r"^after 0 seconds it is still pending$"):
        polled(lambda: "pending", lambda _: False, seconds=0)
