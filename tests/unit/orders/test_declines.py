"""One decline is told by several voices; of several declines the last one stands."""

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


def voices_of(decline: Decline, *, hiding: tuple[str, ...]) -> st.SearchStrategy[Decline]:
    """Reports of one decline, each of which leaves some of it out."""
    return st.sets(st.sampled_from(hiding)).map(
        lambda hidden: replace(decline, **dict.fromkeys(hidden))  # type: ignore[arg-type]
    )


some_voice = voices_of(OF_INTENT, hiding=("code", "decline_code", "charge_id"))
charge_voices = voices_of(OF_INTENT, hiding=("code", "decline_code")) | voices_of(NEXT, hiding=("code",))


@given(st.lists(some_voice, min_size=2, max_size=4))
def test_one_decline_told_by_several_voices_is_one_decline_in_any_order(voices: list[Decline]) -> None:
    assert len({latest(order) for order in permutations(voices)}) == 1


@given(st.lists(charge_voices, min_size=2, max_size=4))
def test_several_declines_told_by_several_voices_end_the_same_in_any_order(voices: list[Decline]) -> None:
    assert len({latest(order) for order in permutations(voices)}) == 1


@given(some_voice | charge_voices, some_voice)
def test_telling_a_decline_again_changes_nothing(one: Decline, other: Decline) -> None:
    known = later_decline(one, other)
    assert later_decline(known, other) == known


def test_the_first_decline_told_is_the_one_known() -> None:
    assert later_decline(None, OF_INTENT) == OF_INTENT


def test_of_a_decline_told_twice_all_is_known_that_either_tells() -> None:
    assert later_decline(OF_SESSION, OF_INTENT) == later_decline(OF_INTENT, OF_SESSION) == OF_INTENT
    assert later_decline(OF_CHARGE, OF_INTENT) == OF_INTENT


def test_a_charge_that_did_not_name_its_intent_learns_it_from_a_voice_that_does() -> None:
    unnamed = replace(OF_CHARGE, payment_intent_id=None)
    assert later_decline(unnamed, OF_INTENT) == later_decline(OF_INTENT, unnamed) == OF_INTENT


def test_a_decline_told_twice_happened_when_it_was_told_last() -> None:
    told_again = replace(OF_INTENT, declined_at=LATER)
    assert later_decline(OF_INTENT, told_again) == later_decline(told_again, OF_INTENT) == told_again


def test_the_later_of_two_declines_stands_in_any_order() -> None:
    assert later_decline(OF_INTENT, NEXT) == later_decline(NEXT, OF_INTENT) == NEXT


def test_two_declines_of_one_second_are_told_apart_by_their_charges() -> None:
    next_at_once = replace(NEXT, declined_at=NOW)
    assert later_decline(OF_INTENT, next_at_once) == later_decline(next_at_once, OF_INTENT) == next_at_once


ONE_DECLINE = [(OF_INTENT, OF_CHARGE), (OF_INTENT, OF_SESSION), (OF_SESSION, OF_SESSION)]


@pytest.mark.parametrize(("one", "other"), ONE_DECLINE)
def test_voices_of_one_charge_or_of_one_intent_tell_of_one_decline(one: Decline, other: Decline) -> None:
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
