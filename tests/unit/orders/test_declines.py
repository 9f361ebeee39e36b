"""Several events report one decline; of several declines the last one is known."""

from dataclasses import replace
from functools import reduce
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.declines import Decline, later_decline
from tests.support.builders import LATER, NOW

OF_INTENT = Decline("card_declined", "insufficient_funds", NOW, "pi_1", "ch_1")
OF_CHARGE = Decline("card_declined", None, NOW, "pi_1", "ch_1")
OF_SESSION = Decline(None, None, NOW, "pi_1", None)
NEXT = Decline("expired_card", None, LATER, "pi_1", "ch_2")


def latest(declines: tuple[Decline, ...]) -> Decline | None:
    return reduce(later_decline, declines, None)


def reports_of(decline: Decline, *, hiding: tuple[str, ...]) -> st.SearchStrategy[Decline]:
    """Reports of one decline, each of which leaves some of it out."""
    return st.sets(st.sampled_from(hiding)).map(
        lambda hidden: replace(decline, **dict.fromkeys(hidden))  # type: ignore[arg-type]
    )


some_report = reports_of(OF_INTENT, hiding=("code", "decline_code", "charge_id"))
charge_reports = reports_of(OF_INTENT, hiding=("code", "decline_code")) | reports_of(NEXT, hiding=("code",))


@given(st.lists(some_report, min_size=2, max_size=4))
def test_several_reports_of_one_decline_are_one_decline_in_any_order(reports: list[Decline]) -> None:
    assert len({latest(order) for order in permutations(reports)}) == 1


@given(st.lists(charge_reports, min_size=2, max_size=4))
def test_reports_of_several_declines_end_the_same_in_any_order(reports: list[Decline]) -> None:
    assert len({latest(order) for order in permutations(reports)}) == 1


@given(some_report | charge_reports, some_report)
def test_another_report_of_a_decline_changes_nothing(one: Decline, other: Decline) -> None:
    known = later_decline(one, other)
    assert later_decline(known, other) == known


def test_the_first_decline_is_the_one_known() -> None:
    assert later_decline(None, OF_INTENT) == OF_INTENT


def test_two_reports_of_a_decline_add_up_to_all_that_either_says() -> None:
    assert later_decline(OF_SESSION, OF_INTENT) == later_decline(OF_INTENT, OF_SESSION) == OF_INTENT
    assert later_decline(OF_CHARGE, OF_INTENT) == OF_INTENT


def test_a_charge_that_did_not_name_its_intent_learns_it_from_a_report_that_does() -> None:
    unnamed = replace(OF_CHARGE, payment_intent_id=None)
    assert later_decline(unnamed, OF_INTENT) == later_decline(OF_INTENT, unnamed) == OF_INTENT


def test_a_decline_reported_twice_happened_when_it_was_reported_last() -> None:
    reported_again = replace(OF_INTENT, declined_at=LATER)
    assert later_decline(OF_INTENT, reported_again) == later_decline(reported_again, OF_INTENT) == reported_again


def test_the_later_of_two_declines_is_known_in_any_order() -> None:
    assert later_decline(OF_INTENT, NEXT) == later_decline(NEXT, OF_INTENT) == NEXT


def test_two_declines_of_one_second_are_told_apart_by_their_charges() -> None:
    next_at_once = replace(NEXT, declined_at=NOW)
    assert later_decline(OF_INTENT, next_at_once) == later_decline(next_at_once, OF_INTENT) == next_at_once


ONE_DECLINE = [(OF_INTENT, OF_CHARGE), (OF_INTENT, OF_SESSION), (OF_SESSION, OF_SESSION)]


@pytest.mark.parametrize(("one", "other"), ONE_DECLINE)
def test_reports_of_one_charge_or_of_one_intent_are_about_one_decline(one: Decline, other: Decline) -> None:
    assert one.is_same_attempt(other) and other.is_same_attempt(one)


ALONE = Decline(None, None, NOW, None, None)
TWO_DECLINES = [
    (OF_INTENT, NEXT),
    (OF_SESSION, replace(OF_SESSION, payment_intent_id="pi_2")),
    (OF_SESSION, ALONE),
    (ALONE, ALONE),
    (replace(OF_CHARGE, payment_intent_id=None), OF_SESSION),
]


@pytest.mark.parametrize(("one", "other"), TWO_DECLINES)
def test_two_charges_of_one_intent_and_what_names_nothing_in_common_are_two_declines(
    one: Decline, other: Decline
) -> None:
    assert not one.is_same_attempt(other) and not other.is_same_attempt(one)
