"""What is known of refunds only grows, and adds up to the same in whatever order it was reported."""

from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.refunds import Refund, Refunds, RefundStatus
from tests.support.builders import a_refund

units = st.dictionaries(st.sampled_from(["shirt", "mug"]), st.integers(1, 5))
some_refunds = st.builds(
    Refund, st.sampled_from(["re_1", "re_2", "re_3"]), st.integers(0, 5_000), st.sampled_from(RefundStatus), units
)


def known(*refunds: Refund, charge_total: int = 0) -> Refunds:
    return Refunds({refund.refund_id: refund for refund in refunds}, charge_total)


knowledge = st.builds(
    lambda refunds, charge_total: known(*refunds, charge_total=charge_total),
    st.lists(some_refunds, max_size=4),
    st.integers(0, 10_000),
)

# --- Laws -------------------------------------------------------------------------------------------------------------


@given(knowledge, knowledge)
def test_it_does_not_matter_which_of_two_was_known_first(one: Refunds, other: Refunds) -> None:
    assert one.merged_with(other) == other.merged_with(one)


@given(knowledge, knowledge, knowledge)
def test_it_does_not_matter_what_was_merged_before(one: Refunds, other: Refunds, third: Refunds) -> None:
    assert one.merged_with(other).merged_with(third) == one.merged_with(other.merged_with(third))


@given(knowledge, knowledge)
def test_the_same_report_again_adds_nothing(one: Refunds, other: Refunds) -> None:
    both = one.merged_with(other)
    assert one.merged_with(one) == one
    assert both.merged_with(one) == both.merged_with(other) == both


@given(knowledge)
def test_an_empty_report_adds_nothing(one: Refunds) -> None:
    assert one.merged_with(Refunds()) == one


@given(knowledge, knowledge)
def test_what_is_known_is_never_forgotten(one: Refunds, other: Refunds) -> None:
    both = one.merged_with(other)
    assert both.by_id.keys() == one.by_id.keys() | other.by_id.keys()
    assert both.charge_total >= one.charge_total


@given(st.lists(some_refunds, min_size=2, max_size=4))
def test_the_sums_depend_on_what_was_reported_and_never_on_the_order(reported: list[Refund]) -> None:
    sums = set()
    for order in permutations(reported):
        refunds = Refunds()
        for refund in order:
            refunds = refunds.merged_with(known(refund))
        sums.add((refunds.amount, frozenset(refunds.restock.items())))
    assert len(sums) == 1


@given(knowledge)
def test_what_is_refunded_is_never_less_than_nothing_nor_more_than_was_ever_reported(refunds: Refunds) -> None:
    reported = max(refunds.charge_total, sum(refund.amount for refund in refunds.by_id.values()))
    assert 0 <= refunds.amount <= reported


# --- One refund -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "after"), list(pairwise(RefundStatus)))
def test_the_further_state_of_a_refund_is_known_whichever_was_reported_last(before: str, after: str) -> None:
    one, other = a_refund(status=before), a_refund(status=after)
    assert one.merged_with(other) == other.merged_with(one) == other


def test_the_states_of_a_refund_come_in_this_order() -> None:
    assert list(RefundStatus) == ["pending", "requires_action", "succeeded", "canceled", "failed"]


def test_a_stale_pending_after_succeeded_changes_nothing() -> None:
    refunds = known(a_refund(status="succeeded"))
    assert refunds.merged_with(known(a_refund(status="pending"))) == refunds


def test_a_refund_may_fail_after_it_succeeded() -> None:
    refunds = known(a_refund(status="succeeded")).merged_with(known(a_refund(status="failed")))
    assert refunds.amount == 0


def test_units_that_were_named_once_stay_named() -> None:
    named, unnamed = known(a_refund(restock={"shirt": 2})), known(a_refund())
    assert unnamed.merged_with(named).restock == named.merged_with(unnamed).restock == {"shirt": 2}


def test_of_two_reports_of_one_refund_the_larger_figures_count() -> None:
    one, other = a_refund(amount=1_200, restock={"shirt": 1}), a_refund(amount=1_000, restock={"shirt": 2, "mug": 1})
    merged = known(one).merged_with(known(other))
    assert (merged.amount, merged.restock) == (1_200, {"shirt": 2, "mug": 1})


# --- What it adds up to -----------------------------------------------------------------------------------------------


def test_as_long_as_nothing_is_known_nothing_is_refunded() -> None:
    assert (Refunds().amount, Refunds().restock) == (0, {})


def test_two_refunds_both_count() -> None:
    assert known(a_refund("re_1", 1_200), a_refund("re_2", 2_400)).amount == 3_600


def test_two_refunds_of_the_same_amount_both_count() -> None:
    assert known(a_refund("re_1", 1_200), a_refund("re_2", 1_200)).amount == 2_400


def test_a_charges_total_and_its_single_refunds_are_the_same_money() -> None:
    assert known(a_refund("re_1", 1_200), a_refund("re_2", 2_400), charge_total=3_600).amount == 3_600


def test_a_charges_total_counts_refunds_that_nobody_has_reported_yet() -> None:
    assert known(a_refund("re_1", 1_200), charge_total=3_600).amount == 3_600


def test_single_refunds_count_before_the_charge_has_reported_them() -> None:
    assert known(a_refund("re_1", 1_200), a_refund("re_2", 2_400), charge_total=1_200).amount == 3_600


def test_a_late_report_of_a_charges_total_does_not_take_back_a_later_one() -> None:
    assert known(charge_total=3_600).merged_with(known(charge_total=1_200)).amount == 3_600


@pytest.mark.parametrize("status", ["pending", "requires_action"])
def test_a_refund_that_is_under_way_has_moved_no_money(status: str) -> None:
    assert known(a_refund(status=status)).amount == 0


def test_a_refund_under_way_counts_where_its_charge_counts_it() -> None:
    assert known(a_refund(status="pending"), charge_total=3_600).amount == 3_600


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_a_refund_that_failed_takes_its_amount_back_out_of_the_charges_total(status: str) -> None:
    assert known(a_refund(status=status), charge_total=3_600).amount == 0


def test_a_refund_that_failed_leaves_the_others_as_they_are() -> None:
    assert known(a_refund("re_1", 1_200), a_refund("re_2", 2_400, "failed"), charge_total=3_600).amount == 1_200


def test_a_refund_that_failed_before_its_charge_reported_it_takes_nothing_from_the_others() -> None:
    assert known(a_refund("re_1", 1_200), a_refund("re_2", 2_400, "failed"), charge_total=1_200).amount == 1_200


def test_a_new_refund_after_one_that_failed_counts() -> None:
    refunds = known(a_refund("re_1", 3_600, "failed"), a_refund("re_2", 3_600), charge_total=3_600)
    assert refunds.amount == 3_600


def test_restock_units_add_up_over_refunds() -> None:
    refunds = known(
        a_refund("re_1", restock={"shirt": 1}), a_refund("re_2", restock={"shirt": 2, "mug": 1}), a_refund("re_3")
    )
    assert refunds.restock == {"shirt": 3, "mug": 1}


@pytest.mark.parametrize("status", ["pending", "requires_action", "canceled", "failed"])
def test_only_refunds_that_have_succeeded_put_units_back(status: str) -> None:
    refunds = known(a_refund("re_1", restock={"shirt": 1}), a_refund("re_2", status=status, restock={"shirt": 2}))
    assert refunds.restock == {"shirt": 1}
