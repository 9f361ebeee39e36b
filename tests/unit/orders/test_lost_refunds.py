"""What is still owed of refunds that failed, whichever parts of a payment they were, and however they were reported."""

from dataclasses import replace
from datetime import timedelta
from functools import reduce
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.lost_refunds import lost_refunds_of
from orders.money import Money
from orders.payments import Payment, PaymentState
from orders.refunds import Refund, Refunds, RefundStatus
from tests.support.builders import LATER, NOW
from tests.support.refunds import a_refund

DAY = timedelta(days=1)


def a_payment(total: int = 0) -> Payment:
    """Of 36 euros, whose charge has named so much as refunded."""
    return Payment("pi_1", PaymentState.SUCCEEDED, NOW, Money(3_600, "eur"), "ch_1", amount_refunded=total)


def owed(*refunds: Refund, total: int = 0) -> dict[str, int]:
    return {lost.refund.refund_id: lost.owed for lost in lost_refunds_of(a_payment(total), Refunds.of(*refunds))}


def made(refund_id: str, amount: int, day: int, *, failed: int | None = None, **changes: object) -> Refund:
    """On one day, and failed on another."""
    refund = a_refund(refund_id, amount, "succeeded" if failed is None else "failed", at=NOW + day * DAY)
    return replace(refund, failed_at=None if failed is None else NOW + failed * DAY, **changes)  # type: ignore[arg-type]


# --- Several that fail ------------------------------------------------------------------------------------------------

A, B = made("re_1", 600, 0, failed=5), made("re_2", 600, 1, failed=6)
SEVERAL: dict[str, tuple[list[Refund], dict[str, int]]] = {
    "two parts, each of them": ([A, B], {"re_1": 600, "re_2": 600}),
    "two parts of different size": ([A, replace(B, amount=1_200)], {"re_1": 600, "re_2": 1_200}),
    "one part, and its repetition": ([A, made("re_2", 600, 6, failed=9)], {"re_2": 600}),
    "that, and its repetition, which came": ([A, made("re_2", 600, 6, failed=9), made("re_3", 600, 9)], {}),
    "two parts, of which one was made anew": ([A, B, made("re_3", 600, 7)], {"re_2": 600}),
    "two parts, which were made anew together": ([A, B, made("re_3", 1_200, 7)], {}),
    "another part came before it failed": ([A, made("re_2", 600, 1)], {"re_1": 600}),
    "made anew at once": ([A, made("re_2", 600, 5)], {}),
    "a mistake makes up for nothing": ([A, made("re_2", 600, 6, failed=9, is_mistake=True)], {"re_1": 600}),
    "a mistake is owed to nobody": ([replace(A, is_mistake=True)], {}),
    "elsewhere since": ([A, made("re_2", 600, 6, is_elsewhere=True)], {}),
    "when, nobody has said: the later one was to make up": (
        [replace(A, failed_at=None), replace(B, failed_at=None)],
        {"re_2": 600},
    ),
    "nor when they were made": (
        [replace(A, at=None, failed_at=None), replace(B, at=None, failed_at=None)],
        {"re_1": 600, "re_2": 600},
    ),
}


@pytest.mark.parametrize(("refunds", "left"), SEVERAL.values(), ids=SEVERAL)
def test_what_several_refunds_of_a_payment_leave_owed(refunds: list[Refund], left: dict[str, int]) -> None:
    for reported in permutations(refunds):
        assert owed(*reported) == left


some_refunds = st.builds(
    Refund,
    st.sampled_from(["re_1", "re_2", "re_3"]),
    st.integers(0, 2_000),
    st.sampled_from(RefundStatus),
    at=st.sampled_from([None, NOW, LATER]),
    failed_at=st.sampled_from([None, NOW, LATER, LATER + DAY]),
    is_mistake=st.booleans(),
)


@given(st.lists(some_refunds, min_size=1, max_size=4), st.integers(0, 3_600))
def test_it_depends_on_what_was_reported_and_never_on_the_order_and_is_no_more_than_is_left(
    reported: list[Refund], total: int
) -> None:
    known = [reduce(Refunds.merged_with, map(Refunds.of, order)) for order in permutations(reported)]
    payment = a_payment(total)
    assert len({lost_refunds_of(payment, each) for each in known}) == 1
    left = sum(lost.owed for lost in lost_refunds_of(payment, known[0]))
    assert 0 <= left <= max(3_600 - known[0].promised_of(payment), 0)


# --- One that fails ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "total", "left"),
    [
        (a_refund("re_1", 500, at=NOW), 0, 500),
        (a_refund("re_1", 500, "pending", at=NOW), 0, 500),
        (a_refund("re_1", 500, "failed", at=NOW), 0, 500),
        (a_refund("re_1", 500, at=NOW, payment_id="pi_2"), 0, 500),
        (a_refund("re_1", 500, at=LATER + timedelta(seconds=1)), 0, 0),
        (a_refund("re_1", 500, at=LATER), 0, 0),
        (a_refund("re_1", 400, at=LATER), 0, 100),
        (a_refund("re_1", 900, at=LATER), 0, 0),
        (a_refund("re_1", 500), 0, 0),
        (a_refund("re_1", 500, at=NOW), 1_200, 300),
    ],
)
def test_a_failed_refund_is_owed_as_far_as_it_was_not_made_since(other: Refund, total: int, left: int) -> None:
    assert owed(other, a_refund("re_2", 500, "failed", at=LATER), total=total).get("re_2", 0) == left


@pytest.mark.parametrize(("elsewhere", "left"), [(3_600, 0), (3_400, 200), (3_000, 500)])
def test_no_more_is_owed_than_is_left_of_what_went_back_elsewhere(elsewhere: int, left: int) -> None:
    gone = replace(a_refund("elsewhere_1", elsewhere, at=NOW), is_elsewhere=True)
    assert owed(a_refund("re_2", 500, "failed", at=LATER), gone).get("re_2", 0) == left
