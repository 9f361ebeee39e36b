"""A dispute's latest state is known, in whatever order Stripe reports them."""

from dataclasses import replace
from datetime import timedelta
from functools import reduce
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.disputes import Dispute, later_dispute
from tests.support.builders import LATER
from tests.support.refunds import a_dispute

OPEN = (
    *("warning_needs_response", "warning_under_review", "needs_response", "under_review"),
    *("appeal_needs_response", "appeal_under_review", "still_to_come"),
)
DECIDED = ("warning_closed", "won", "lost", "prevented", "charge_refunded")


def a_state(status: str = "needs_response", **fields: object) -> Dispute:
    return replace(a_dispute(status=status).dispute, **fields)  # type: ignore[arg-type]


def latest(states: tuple[Dispute, ...]) -> Dispute | None:
    return reduce(later_dispute, states, None)


states = st.builds(
    a_state,
    st.sampled_from([*OPEN, *DECIDED]),
    told_at=st.sampled_from([LATER + timedelta(seconds=seconds) for seconds in range(3)]),
)


@given(st.lists(states, min_size=2, max_size=4))
def test_the_same_states_in_any_order_end_the_same(reports: list[Dispute]) -> None:
    assert len({latest(order) for order in permutations(reports)}) == 1


@given(states, states)
def test_another_report_of_a_state_changes_nothing(one: Dispute, other: Dispute) -> None:
    known = later_dispute(one, other)
    assert later_dispute(known, one) == later_dispute(known, other) == known


def test_two_events_of_one_second_and_one_status_end_the_same_in_any_order() -> None:
    for changed in {"amount": 1_200}, {"currency": "usd"}, {"reason": "duplicate"}, {"due_by": LATER}, {"due_by": None}:
        one, other = a_state(), a_state(**changed)
        assert later_dispute(one, other) == later_dispute(other, one), changed


MOVES = [
    *(("needs_response", "under_review"), ("under_review", "needs_response"), ("under_review", "won")),
    # An appeal, and an inquiry that became a dispute.
    *(
        ("won", "lost"),
        ("lost", "appeal_needs_response"),
        ("won", "needs_response"),
        ("warning_closed", "needs_response"),
    ),
]


@pytest.mark.parametrize(("before", "after"), MOVES)
def test_what_stripe_reported_later_is_known_and_a_late_event_does_not_take_it_back(before: str, after: str) -> None:
    one, other = a_state(before), a_state(after, told_at=LATER)
    assert later_dispute(one, other) == later_dispute(other, one) == other


@pytest.mark.parametrize(("before", "after"), [*pairwise(OPEN), ("still_to_come", "lost")])
def test_two_events_of_one_second_are_told_apart_by_progress(before: str, after: str) -> None:
    one, other = a_state(before), a_state(after)
    assert later_dispute(one, other) == later_dispute(other, one) == other


def test_until_when_it_can_be_answered_is_said_of_an_open_one_that_takes_evidence() -> None:
    assert a_state().in_words == "dispute: dp_1 is needs_response, evidence due by 2026-03-21 15:09 UTC"
    assert a_state(due_by=None).in_words == "dispute: dp_1 is needs_response"
    assert a_state("lost").in_words == "dispute: dp_1 is lost"


def test_a_dispute_is_open_until_it_is_known_to_be_decided() -> None:
    assert [status for status in (*OPEN, *DECIDED) if a_state(status).is_open] == [*OPEN]
