"""What refunds do to a paid order: its status, the record, and the notices."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from database.documents.orders import changed_fields
from orders.money import Money
from orders.order import Order
from orders.payments import Payments
from orders.refunds import Refunds, RefundStatus
from tests.support.builders import LATER, NOW
from tests.support.deciding import changes_by, given
from tests.support.decisions import HELD, RELEASED, Moves, a_change, shirts, to_customer, to_operators
from tests.support.orders import PAID, a_held_order, a_sold_order, known, paid_as, refunded_as
from tests.support.payments import a_payment
from tests.support.refunded import CHARGE, FAILED, NO_RESTOCK, PARTLY, Refunding, a_refunded_order, paid, refunded
from tests.support.refunds import a_refund, a_refunded_charge, an_updated_refund

# --- In full or in part ----------------------------------------------------------------------------------------------


def test_a_full_refund_puts_all_units_back() -> None:
    after = a_refunded_order(**refunded_as(a_refund(), charge_total=3_600))
    decision = given(a_sold_order()).when(a_refunded_charge("evt_1", a_refund()))
    assert decision == a_change("refunded", after, "finalized", to_customer("refunded"), moves=shirts(3))


HALF = a_sold_order(PARTLY, refunds=Refunds.of(a_refund("re_1", 1_800)))
HOW_MUCH = {
    "all, by a charge without single refunds": (a_sold_order(), CHARGE, "refunded", "refunded"),
    "more than all, in two": (HALF, refunded(2_000, "re_2"), "refunded", "refunded"),
    "all but a cent": (a_sold_order(), refunded(3_599), PARTLY, PARTLY),
    "not all that was paid": (a_sold_order(**paid(5_000)), refunded(), PARTLY, PARTLY),
    "the smallest payment": (a_sold_order(**paid(1)), refunded(1), "refunded", "refunded"),
    "nothing of nothing": (a_sold_order(**paid(0)), refunded(0), "refund_recorded", "finalized"),
}


@pytest.mark.parametrize(("order", "event", "result", "status"), HOW_MUCH.values(), ids=HOW_MUCH)
def test_an_order_is_refunded_once_all_that_was_paid_is(
    order: Order, event: Refunding, result: str, status: str
) -> None:
    change = given(order).changed_by(event)
    assert (change.result, change.order.status) == (result, status)
    assert change.moves == (shirts(3) if status == "refunded" else ())


def test_what_goes_back_in_two_currencies_is_never_added_up() -> None:
    in_yen = replace(PAID, payment_id="pi_2", charge_id="ch_2", money=Money(1_000, "jpy"))
    both = Payments.of(replace(PAID, money=Money(1_000, "eur")), in_yen)
    review = a_held_order("review", payments=both, unfulfilled_as="review", failure_reason="amount_mismatch")
    first = an_updated_refund("evt_1", a_refund("re_1", 1_000), order_id="order-1")
    second = an_updated_refund(
        "evt_2", a_refund("re_2", 1_000, payment_id="pi_2"), payment_intent_id="pi_2", charge_id=None, currency="jpy"
    )
    changes = changes_by(review, first, replace(second, order_id="order-1"), shirts=(10, 3))
    assert [(change.result, change.order.status) for change in changes] == [
        ("partially_refunded", "review"),
        ("refunded", "refunded"),
    ]
    said = [{notice.money for notice in change.notices} for change in changes]
    assert said == [{Money(1_000, "eur")}, {Money(1_000, "jpy")}]
    written = changed_fields(review, changes[-1].order)
    assert written["amountRefunded"] == 1_000


def test_a_payment_that_nobody_knew_is_learnt_from_its_charge_and_what_was_refunded_of_it_counts_then() -> None:
    # Finalized by an older release, or by hand.
    older, by_hand = given(a_held_order("finalized")), given(a_sold_order(payments=Payments()))
    assert older.changed_by(a_refunded_charge(total=0)).order.payments == paid_as()
    change = by_hand.changed_by(CHARGE)
    assert (change.result, change.order.status, change.moves) == ("refunded", "refunded", shirts(3))


def test_a_refund_counts_for_a_payment_known_only_by_its_charge() -> None:
    by_charge = a_sold_order(payments=paid_as(payment_id="ch_1", charge_id="ch_1"))
    for event in an_updated_refund("evt_1", order_id="order-1"), a_refunded_charge("evt_1"):
        change = given(by_charge).changed_by(event)
        assert (change.result, change.order.status, change.moves) == ("refunded", "refunded", shirts(3))
        assert {refund.payment_id for refund in change.order.refunds.by_id.values()} <= {"ch_1"}
        # Its PaymentIntent later shows the payment it is of.
        later = given(change.order).changed_by(a_payment("evt_2"))
        assert (later.order.status, later.order.amount_refunded, later.moves) == ("refunded", 3_600, ())


def test_a_refund_that_is_not_made_is_recorded_and_changes_neither_status_nor_stock() -> None:
    notice = to_operators("refund_failed", money=Money(0, "eur"))
    for status, result, notices in ("pending", "refund_recorded", ()), ("failed", "refund_failed", (notice,)):
        recorded = a_sold_order(refunds=Refunds.of(a_refund(status=status, restock={"shirt": 3})))
        change = a_change(result, recorded, notices=notices)
        assert given(a_sold_order()).when(refunded(status=status, shirt=3)) == change


def test_operators_are_notified_once_of_a_failed_refund_unless_its_amount_was_refunded_since() -> None:
    reports = [refunded(status=status) for status in ("pending", "succeeded", "failed")]
    for in_this_order in permutations(reports):
        changes = changes_by(a_sold_order(), *in_this_order)
        told = [notice.type for change in changes for notice in change.notices if notice.audience == "operator"]
        assert told == ["refund_failed"], [change.result for change in changes]
    again = changes_by(a_sold_order(), refunded(3_600, "re_2"), refunded(status="failed"))
    assert [change.result for change in again] == ["refunded", "refund_recorded"]
    # One of two refunds, known only by their sum.
    two = a_sold_order("partially_refunded", **refunded_as(charge_total=2_400))
    assert given(two).changed_by(refunded(1_200, status="failed")).result == "refund_failed"


def test_operators_are_notified_once_of_a_part_that_failed_after_another_one_was_made() -> None:
    made = a_refund(amount=500, at=NOW)
    failed = replace(made, status=RefundStatus.FAILED, failed_at=LATER + timedelta(days=1))
    other = a_refund("re_2", 500, at=LATER)
    reports = [an_updated_refund(refund=each, order_id="order-1") for each in (made, failed, failed, other)]
    for in_this_order in permutations(reports):
        changes = changes_by(a_sold_order(), *in_this_order)
        told = [notice.type for change in changes for notice in change.notices if notice.audience == "operator"]
        assert told == ["refund_failed"], [change.result for change in changes]


def test_the_first_report_of_a_payment_is_that_it_paid_also_if_it_lists_a_refund_that_failed() -> None:
    change = given(a_held_order(), shirts=(10, 3)).changed_by(
        a_refunded_charge("evt_1", a_refund("re_1", 1_200, "failed"), total=0)
    )
    assert (change.result, change.notices) == ("first_time_finalized", (to_customer("paid"),))


def test_another_report_of_a_full_refund_is_recorded_and_a_stale_one_changes_nothing() -> None:
    recorded = a_refunded_order(**refunded_as(a_refund(), charge_total=3_600))
    assert given(a_refunded_order()).when(CHARGE) == a_change("refund_recorded", recorded)
    stale = given(a_refunded_order()).when(refunded(status="pending"))
    assert stale == a_change("already_recorded", a_refunded_order())


# --- Never fulfilled, or of a status that somebody else has written --------------------------------------------------


def in_review(status: str = "review", **changes: Any) -> Order:
    return a_sold_order(status, finalized_at=None, unfulfilled_as="review", failure_reason="amount_mismatch", **changes)


def due(status: str = "refund_due", **changes: Any) -> Order:
    return a_sold_order(status, finalized_at=None, failure_reason="insufficient_stock", **changes)


ONCE, UNSOLD, SHIPPED = (
    known(refunds=Refunds.of(a_refund())),
    known(unfulfilled_as="refund_due"),
    a_sold_order("unknown"),
)
IN_DOLLARS, IN_USD = in_review("refunded", **paid(3_600, "usd"), **ONCE), known(order_id="order-1", currency="usd")
FAILED_IN_USD = an_updated_refund(refund=a_refund(status="failed"), **IN_USD)
OTHERWISE = {
    # order, refund: result, status, moves
    "in review, held": (in_review(hold_kept=True, **paid(3_500)), refunded(3_500), "refunded", "refunded", RELEASED),
    "still held": (in_review(hold_kept=True), refunded(1, shirt=1), PARTLY, "review", ()),
    "in review": (in_review(), refunded(), "refunded", "refunded", ()),
    "in review again": (in_review("refunded", **paid(3_500), **ONCE), FAILED, "refund_failed", "review", HELD),
    "in review again, paid in dollars": (IN_DOLLARS, FAILED_IN_USD, "refund_failed", "review", HELD),
    "due": (due(), CHARGE, "refunded", "refunded", ()),
    "due in part, paid too little": (due(**paid(3_500)), refunded(1), PARTLY, "refund_due", ()),
    "due again": (due("refunded", **ONCE), FAILED, "refund_failed", "refund_due", ()),
    "shipped": (SHIPPED, CHARGE, "refunded", "refunded", shirts(3)),
    "shipped, in part": (SHIPPED, a_refunded_charge(total=1_200), PARTLY, PARTLY, ()),
    "never sold": (due("unknown", **UNSOLD), CHARGE, "refunded", "refunded", ()),
}


@pytest.mark.parametrize(("order", "event", "result", "status", "moves"), OTHERWISE.values(), ids=OTHERWISE)
def test_what_a_refund_makes_of_an_order_follows_from_what_was_done_for_it(
    order: Order, event: Refunding, result: str, status: str, moves: Moves
) -> None:
    change = given(order).changed_by(event)
    assert (change.result, change.status_before, change.order.status) == (result, order.status, status)
    assert (change.moves, change.order.failure_reason) == (moves, order.failure_reason)
    assert change.order.returned == ({"shirt": 3} if moves == shirts(3) else {})
    assert change.order.hold_kept == (moves == HELD or (order.hold_kept and not moves))


def test_a_kept_hold_is_released_without_restocking_too_and_only_operators_hear_of_a_refund_that_failed() -> None:
    reviewed = given(in_review(hold_kept=True, **paid(3_500)), terms=NO_RESTOCK)
    assert reviewed.changed_by(refunded(3_500)).moves == RELEASED
    assert given(due()).changed_by(CHARGE).notices == (to_customer("refunded"),)
    failed = given(due("refunded", **ONCE)).changed_by(FAILED)
    assert failed.notices == (to_operators("refund_failed", money=Money(0, "eur")),)
