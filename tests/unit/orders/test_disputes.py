"""The latest state of a dispute is the one known, in whatever order Stripe reports them."""

from dataclasses import replace
from datetime import timedelta
from functools import reduce
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.disputes import Dispute, later_dispute
from tests.support.builders import LATER, NOW, a_dispute

OPEN = ("warning_needs_response", "warning_under_review", "needs_response", "under_review")
DECIDED = ("warning_closed", "won", "lost", "prevented", "charge_refunded")
OPENED = {"dp_1": NOW, "dp_2": LATER}


def a_state(status: str = "needs_response", dispute_id: str = "dp_1", **fields: object) -> Dispute:
    state = a_dispute(status=status, dispute_id=dispute_id, opened_at=OPENED[dispute_id]).dispute
    return replace(state, **fields)  # type: ignore[arg-type]


def latest(states: tuple[Dispute, ...]) -> Dispute | None:
    return reduce(later_dispute, states, None)


states = st.builds(
    a_state,
    st.sampled_from([*OPEN, *DECIDED, "a_status_to_come"]),
    st.sampled_from(list(OPENED)),
    told_at=st.sampled_from([LATER + timedelta(seconds=seconds) for seconds in range(3)]),
)


@given(st.lists(states, min_size=2, max_size=4))
def test_the_same_states_in_any_order_end_the_same(reports: list[Dispute]) -> None:
    assert len({latest(order) for order in permutations(reports)}) == 1


@given(states, states)
def test_another_report_of_a_state_changes_nothing(one: Dispute, other: Dispute) -> None:
    known = later_dispute(one, other)
    assert later_dispute(known, one) == later_dispute(known, other) == known


@pytest.mark.parametrize(
    "changed",
    [{"amount": 1_200}, {"currency": "usd"}, {"reason": "duplicate"}, {"due_by": LATER}, {"due_by": None}],
    ids=str,
)
def test_two_events_of_one_second_and_one_status_end_the_same_in_any_order(changed: dict[str, object]) -> None:
    one, other = a_state(), a_state(**changed)  # type: ignore[arg-type]
    assert later_dispute(one, other) == later_dispute(other, one)


def test_the_first_state_is_the_one_known() -> None:
    assert later_dispute(None, a_state()) == a_state()


def test_the_later_of_two_states_is_known() -> None:
    assert later_dispute(a_state(), a_state("under_review", told_at=LATER)).status == "under_review"


@pytest.mark.parametrize("decided", DECIDED)
@pytest.mark.parametrize("late", OPEN)
def test_a_late_report_never_reopens_a_dispute_that_was_decided(decided: str, late: str) -> None:
    known = a_state(decided, told_at=NOW)
    assert later_dispute(known, a_state(late, told_at=LATER)) == known


def test_a_newer_dispute_replaces_an_older_one_that_was_decided() -> None:
    newer = a_state("needs_response", "dp_2")
    assert later_dispute(a_state("lost", told_at=LATER + timedelta(days=1)), newer) == newer


def test_when_a_dispute_was_opened_says_which_is_newer_and_not_its_id() -> None:
    older, newer = a_state(dispute_id="dp_2", opened_at=NOW), a_state(dispute_id="dp_1", opened_at=LATER)
    assert later_dispute(older, newer) == later_dispute(newer, older) == newer


def test_a_late_report_of_an_older_dispute_does_not_replace_the_newer_one() -> None:
    newer = a_state("needs_response", "dp_2")
    assert later_dispute(newer, a_state("won", told_at=LATER + timedelta(days=1))) == newer


def test_two_disputes_opened_in_one_second_are_not_confused() -> None:
    one, other = a_state("won", "dp_1"), a_state("needs_response", "dp_2", opened_at=NOW)
    assert later_dispute(one, other) == later_dispute(other, one) == other


@pytest.mark.parametrize(("before", "after"), list(pairwise(OPEN)))
def test_two_events_of_one_second_are_told_apart_by_progress(before: str, after: str) -> None:
    one, other = a_state(before), a_state(after)
    assert later_dispute(one, other) == later_dispute(other, one) == other


@pytest.mark.parametrize("status", OPEN)
def test_a_status_that_nobody_knows_yet_is_taken_for_a_decision(status: str) -> None:
    one, other = a_state(status, told_at=LATER), a_state("a_status_to_come")
    assert later_dispute(one, other) == later_dispute(other, one) == other


def test_a_bank_may_ask_for_evidence_once_more() -> None:
    asked_again = a_state("needs_response", told_at=LATER)
    assert later_dispute(a_state("under_review"), asked_again) == asked_again


@pytest.mark.parametrize(("one", "other"), [("won", "lost"), ("warning_closed", "lost"), ("lost", "charge_refunded")])
def test_an_appeal_may_turn_what_was_decided(one: str, other: str) -> None:
    before, after = a_state(one), a_state(other, told_at=LATER)
    assert later_dispute(before, after) == later_dispute(after, before) == after
