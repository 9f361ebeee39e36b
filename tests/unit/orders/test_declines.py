"""Several events report one decline; of several declines, the last is known."""

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
    """Reports of one decline, each without some of its fields."""
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


UNNAMED, AGAIN, NEXT_AT_ONCE = (
    replace(OF_CHARGE, payment_intent_id=None),
    *(replace(OF_INTENT, declined_at=LATER), replace(NEXT, declined_at=NOW)),
)
KNOWN = {
    # two reports: the decline known after both
    "two reports add up to all that either says": (OF_SESSION, OF_INTENT, OF_INTENT),
    "one says more of a charge": (OF_CHARGE, OF_INTENT, OF_INTENT),
    "a charge learns its intent from a report that names it": (UNNAMED, OF_INTENT, OF_INTENT),
    "reported twice, it happened when it was reported last": (OF_INTENT, AGAIN, AGAIN),
    "the later one": (OF_INTENT, NEXT, NEXT),
    "two of one second are told apart by their charges": (OF_INTENT, NEXT_AT_ONCE, NEXT_AT_ONCE),
}


@pytest.mark.parametrize(("one", "other", "known"), KNOWN.values(), ids=KNOWN)
def test_the_later_of_two_declines_is_known_in_any_order(one: Decline, other: Decline, known: Decline) -> None:
    assert later_decline(one, other) == later_decline(other, one) == known


ALONE = Decline(None, None, NOW, None, None)
OF_ANOTHER_SESSION = replace(OF_SESSION, payment_intent_id="pi_2")
ONE_DECLINE = [(OF_INTENT, OF_CHARGE), (OF_INTENT, OF_SESSION), (OF_SESSION, OF_SESSION)]
TWO_DECLINES = [
    *((OF_INTENT, NEXT), (OF_SESSION, OF_ANOTHER_SESSION)),
    *((OF_SESSION, ALONE), (ALONE, ALONE), (UNNAMED, OF_SESSION)),
]


def test_reports_of_one_charge_or_of_one_intent_are_about_one_decline_and_any_others_about_two() -> None:
    for one, other in ONE_DECLINE:
        assert one.is_same_attempt(other) and other.is_same_attempt(one)
    for one, other in TWO_DECLINES:
        assert not one.is_same_attempt(other) and not other.is_same_attempt(one)
