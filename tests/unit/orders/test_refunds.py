"""What is known of refunds only grows, and adds up alike in any order of reports."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import reduce
from itertools import pairwise, permutations
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.money import Money
from orders.payments import Payment, PaymentState
from orders.refunds import Refund, Refunds, RefundStatus, Restock, RestockRule, units_named
from tests.support.builders import LATER, NOW
from tests.support.refunds import a_refund

ALL, NONE = RestockRule.ALL, RestockRule.NONE
UNDER_WAY, UNDONE = ["pending", "requires_action"], ["canceled", "failed"]

restocks = (
    st.none() | st.sampled_from(RestockRule) | st.dictionaries(st.sampled_from(["shirt", "mug"]), st.integers(1, 5))
)
some_refunds = st.builds(
    Refund,
    st.sampled_from(["re_1", "re_2", "re_3"]),
    st.integers(0, 5_000),
    st.sampled_from(RefundStatus),
    restocks,
    st.sampled_from([None, "pi_1", "ch_1", "pi_2"]),
    at=st.sampled_from([None, NOW, LATER]),
    is_mistake=st.booleans(),
)
knowledge = st.lists(some_refunds, max_size=4).map(lambda refunds: Refunds.of(*refunds))


def a_payment(total: int = 0, **changes: Any) -> Payment:
    """Its charge names this much as refunded."""
    known = {"payment_id": "pi_1", "charge_id": "ch_1", **changes}
    return Payment(state=PaymentState.SUCCEEDED, at=NOW, money=Money(3_600, "eur"), amount_refunded=total, **known)


# --- Laws -------------------------------------------------------------------------------------------------------------


@given(knowledge, knowledge)
def test_what_is_known_is_never_forgotten(one: Refunds, other: Refunds) -> None:
    both = one.merged_with(other)
    assert both.by_id.keys() == one.by_id.keys() | other.by_id.keys()
    assert all(both.by_id[key].amount >= refund.amount for key, refund in one.by_id.items())


@given(st.lists(some_refunds, min_size=1, max_size=4), st.integers(0, 9_000))
def test_what_is_known_and_its_sums_depend_on_what_was_reported_and_never_on_the_order(
    reported: list[Refund], total: int
) -> None:
    known = [reduce(Refunds.merged_with, map(Refunds.of, order)) for order in permutations(reported)]
    assert all(refunds == known[0] for refunds in known)
    assert reduce(Refunds.merged_with, map(Refunds.of, [*reported, *reported])) == known[0]
    assert len({refunds.amount_of(a_payment(total)) for refunds in known}) == 1
    assert len({frozenset(units_named(refunds.by_id.values()).items()) for refunds in known}) == 1


@given(knowledge, st.integers(0, 9_000))
def test_what_is_refunded_is_never_less_than_nothing_nor_more_than_was_ever_reported(
    refunds: Refunds, total: int
) -> None:
    reported = max(total, sum(refund.amount for refund in refunds.by_id.values()))
    assert 0 <= refunds.amount_of(a_payment(total)) <= reported


# --- One refund -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "after"), list(pairwise(RefundStatus)))
def test_the_further_state_of_a_refund_is_known_whichever_was_reported_last(before: str, after: str) -> None:
    one, other = a_refund(status=before), a_refund(status=after)
    assert one.merged_with(other) == other.merged_with(one) == other


def test_only_a_refund_that_has_succeeded_is_done_and_only_one_that_came_to_nothing_is_undone() -> None:
    assert list(RefundStatus) == [*UNDER_WAY, "succeeded", *UNDONE]
    refunds = [a_refund(status=status) for status in RefundStatus]
    assert [str(refund.status) for refund in refunds if refund.is_done] == ["succeeded"]
    assert [str(refund.status) for refund in refunds if refund.is_undone] == UNDONE


SAID: list[tuple[Restock, Restock, Restock]] = [
    *(({"shirt": 2}, None, {"shirt": 2}), ({"shirt": 1}, {"shirt": 2, "mug": 1}, {"shirt": 2, "mug": 1})),
    *(({"shirt": 1}, ALL, ALL), (ALL, None, ALL)),
    # No units return against anybody's word.
    *(({"shirt": 1}, NONE, NONE), (ALL, NONE, NONE), (NONE, None, NONE)),
]


@pytest.mark.parametrize(("one", "other", "merged"), SAID)
def test_what_was_said_of_units_once_stays_said(one: Restock, other: Restock, merged: Restock) -> None:
    refunds = a_refund(restock=one), a_refund(restock=other)
    assert refunds[0].merged_with(refunds[1]).restock == refunds[1].merged_with(refunds[0]).restock == merged


def test_two_reports_of_one_refund_keep_the_larger_amount_the_earlier_times_and_the_named_payment() -> None:
    one = a_refund(amount=1_200, payment_id=None, at=NOW, failed_at=LATER)
    other = a_refund(amount=1_000, at=LATER, failed_at=LATER + timedelta(days=1))
    for merged in one.merged_with(other), other.merged_with(one):
        assert (merged.amount, merged.payment_id, merged.at, merged.failed_at) == (1_200, "pi_1", NOW, LATER)


# --- What it adds up to -----------------------------------------------------------------------------------------------

RE_12, RE_24, RE_24_FAILED = a_refund("re_1", 1_200), a_refund("re_2", 2_400), a_refund("re_2", 2_400, "failed")
SECOND = timedelta(seconds=1)
A_HALF_FAILED = a_refund("re_1", 1_800, "failed", at=NOW, failed_at=NOW + SECOND)


def made_again_at(at: datetime | None) -> Refund:
    return a_refund("re_2", 1_800, at=at)


REFUNDED: dict[str, list[tuple[list[Refund], int, int]]] = {
    # single refunds, the charge's refunded amount: what is refunded
    "all single refunds": [([], 0, 0), ([RE_12, RE_24], 0, 3_600), ([RE_12, a_refund("re_2", 1_200)], 0, 2_400)],
    "a total and its single refunds are the same money": [([RE_12, RE_24], 3_600, 3_600)],
    "the total counts refunds that nobody has reported yet": [([RE_12], 3_600, 3_600)],
    "and lags behind those that somebody has": [([RE_12, RE_24], 1_200, 3_600)],
    "what is refunded is, whatever became of the rest": [
        *(([RE_12, RE_24_FAILED], 3_600, 1_200), ([RE_12, RE_24_FAILED], 1_200, 1_200)),
        ([a_refund("re_1", 3_600, "failed"), a_refund("re_2", 3_600)], 3_600, 3_600),
    ],
    "only an unnamed part of the total is taken for done": [([a_refund("re_1", 1_200, "pending")], 3_600, 2_400)],
    "a refund that is made again after it has failed takes its place in the total": [
        *(([replace(A_HALF_FAILED, at=at), made_again_at(LATER)], 3_600, 3_600) for at in (None, NOW)),
        ([A_HALF_FAILED, replace(made_again_at(LATER), status=RefundStatus.PENDING)], 3_600, 1_800),
        ([A_HALF_FAILED, replace(made_again_at(LATER), amount=600)], 3_600, 2_400),
    ],
    "but both may be in the total if they can have met": [
        *(([A_HALF_FAILED, made_again_at(at)], 3_600, 1_800) for at in (None, NOW, NOW + SECOND)),
        *(([replace(A_HALF_FAILED, at=at), made_again_at(None)], 3_600, 1_800) for at in (None, NOW)),
        ([replace(A_HALF_FAILED, failed_at=None), made_again_at(LATER)], 3_600, 1_800),
    ],
    "under way or undone, even if the charge counts it": [
        ([a_refund(status=status)], total, 0) for status in (*UNDER_WAY, *UNDONE) for total in (0, 3_600)
    ],
    "of whatever payment, if only one can be meant": [([a_refund(amount=1_200, payment_id=None)], 0, 1_200)],
}


@pytest.mark.parametrize("cases", REFUNDED.values(), ids=REFUNDED)
def test_this_is_refunded(cases: list[tuple[list[Refund], int, int]]) -> None:
    for refunds, total, refunded in cases:
        assert Refunds.of(*refunds).amount_of(a_payment(total)) == refunded


class Made(NamedTuple):
    """One refund of a charge, each made two seconds after the one before."""

    amount: int
    is_reported: bool
    fails_after: int | None
    """How many more are made before it fails, which is always reported; None if it is done."""


made_refunds = st.builds(Made, st.integers(1, 9), st.booleans(), st.none() | st.integers(0, 2)).map(
    lambda made: made._replace(is_reported=made.is_reported or made.fails_after is not None)
)


def refunds_and_totals_of(charge: list[Made]) -> tuple[Refunds, list[int]]:
    """What is reported of single refunds, and what the charge's total is after each."""
    reported, totals = Refunds(), [0] * len(charge)
    for place, (amount, is_reported, fails_after) in enumerate(charge):
        end = len(charge) if fails_after is None else place + fails_after + 1
        totals = [total + amount * (place <= after < end) for after, total in enumerate(totals)]
        refund = a_refund(f"re_{place}", amount, at=NOW + 2 * place * SECOND)
        if fails_after is not None:
            failed_at = NOW + (2 * end - 1) * SECOND
            refund = replace(refund, status=RefundStatus.FAILED, failed_at=failed_at)
        reported = reported.merged_with(Refunds.of(*[refund] * is_reported))
    return reported, totals


def done_of(charge: list[Made]) -> int:
    return sum(made.amount for made in charge if made.fails_after is None)


@given(st.lists(made_refunds, min_size=1, max_size=6), st.data())
def test_no_more_is_refunded_than_was_whichever_totals_of_the_charge_are_reported(
    charge: list[Made], data: st.DataObject
) -> None:
    reported, totals = refunds_and_totals_of(charge)
    assert reported.amount_at_stripe(a_payment(data.draw(st.sampled_from(totals)))) <= done_of(charge)


@given(st.lists(made_refunds, min_size=1, max_size=6))
def test_refunds_that_only_the_total_reports_are_counted_if_they_were_the_first(charge: list[Made]) -> None:
    charge.sort(key=lambda made: made.is_reported)
    reported, totals = refunds_and_totals_of(charge)
    assert reported.amount_at_stripe(a_payment(max(totals))) == done_of(charge)


def test_a_refund_is_of_the_payment_that_it_names() -> None:
    refunds = Refunds.of(
        a_refund("re_1", 100), a_refund("re_2", 20, payment_id="ch_1"), a_refund("re_3", 3, payment_id="pi_2")
    )
    other = a_payment(payment_id="pi_2", charge_id="ch_2")
    assert (refunds.amount_of(a_payment()), refunds.amount_of(other)) == (120, 3)


def test_named_units_add_up_over_refunds() -> None:
    refunds = [a_refund(restock=restock) for restock in ({"shirt": 1}, {"shirt": 2, "mug": 1}, ALL, NONE, None)]
    assert units_named(refunds) == {"shirt": 3, "mug": 1}
