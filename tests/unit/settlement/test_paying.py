"""Paid orders: finalized, left to a person, or due for a refund."""

from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from orders.money import Money
from orders.order import CLOSED, Order, OrderStatus
from orders.payments import Payment, Payments, PaymentState
from settlement.decisions import Change, GiveBack
from settlement.matching import why_unpaid
from tests.support.builders import NOW, a_placement
from tests.support.deciding import given
from tests.support.decisions import HELD, PLACED, RELEASED, TAKEN, Moves, a_change, shirts, to_customer, to_operators
from tests.support.orders import (
    EUR_36,
    PAID,
    PAID_NOW,
    UNPRICED,
    a_counted_order,
    a_held_order,
    a_pending_order,
    a_sold_order,
    known,
    paid_as,
    refunded_as,
)
from tests.support.payments import a_free_session, a_payment
from tests.support.refunds import a_refund, a_refunded_charge
from tests.support.snapshots import Shelf

BROKEN, NO_ITEMS = known(lines=(), defect="the order has no items"), "invalid_order: the order has no items"
STRANGE, NOBODY_KNOWS = known(defect="status must be 'pending'"), "invalid_order: status must be 'pending'"
SHORT = "insufficient_stock: not enough is left of 'shirt'"
FIGURES = "insufficient_stock: 3 of 'shirt' ordered, 2 available"

# --- Finalized -------------------------------------------------------------------------------------------------------


def test_a_payment_finalizes_a_held_order_and_takes_its_units() -> None:
    finalized = a_sold_order(**PAID_NOW)
    assert given(a_held_order()).when(a_payment()) == a_change(
        "first_time_finalized", finalized, "reserved", to_customer("paid"), moves=TAKEN
    )


def test_a_payment_that_finds_its_order_counted_takes_the_units_and_is_recorded_with_the_net_move() -> None:
    finalized = a_counted_order("finalized", held_from=None, finalized_at=NOW, **PAID_NOW)
    assert given(a_counted_order(), shirts=(10, 3)).when(a_payment()) == a_change(
        "first_time_finalized", finalized, "pending", to_customer("paid"), moves=TAKEN, moved=shirts(-3)
    )


def test_an_unpriced_order_takes_what_was_paid() -> None:
    dollar = Money(1, "usd")
    change = given(a_held_order(**UNPRICED)).changed_by(a_payment(money=dollar))
    assert (change.result, change.order.payments) == ("first_time_finalized", paid_as(money=dollar))


# --- Kept for review -------------------------------------------------------------------------------------------------


def test_what_was_asked_is_said_also_where_it_is_nothing() -> None:
    free = a_held_order(total=Money(0, "eur"), items_total=Money(0, "eur"))
    change = given(free).changed_by(a_payment(money=Money(100, "eur")))
    assert change.note == "amount_mismatch: 100 eur was paid, 0 eur was asked"
    in_doubt, for_free = replace(PAID, is_doubtful=True), replace(PAID, payment_id="cs_1", money=Money(0, "eur"))
    unpriced = a_held_order(payments=Payments.of(in_doubt, for_free), **UNPRICED)
    assert why_unpaid(unpriced) == "amount_mismatch: 0 eur was paid, nothing was asked"


MISMATCHES = {
    "too much": (Money(3_601, "eur"), "3601 eur was paid, 3600 eur was asked"),
    "another currency": (Money(3_600, "usd"), "3600 usd was paid, 3600 eur was asked"),
}


@pytest.mark.parametrize(("money", "why"), MISMATCHES.values(), ids=MISMATCHES)
def test_a_payment_that_is_not_what_was_asked_is_kept_for_review_and_moves_nothing(money: Money, why: str) -> None:
    reason = f"amount_mismatch: {why}"
    kept = known(unfulfilled_as="review", hold_kept=True, settled_by="evt_1", payments=paid_as(money=money))
    in_review = a_held_order("review", failure_reason=reason, **kept)
    notices = to_customer("review", money=money), to_operators("review", reason, money=money)
    decision = given(a_held_order()).when(a_payment(money=money))
    assert decision == a_change("quarantined", in_review, "reserved", *notices, money=money, note=reason)


def test_a_mismatch_found_while_holding_keeps_the_units_held() -> None:
    change = given(a_counted_order(), shirts=(10, 3)).changed_by(a_payment(money=Money(1, "eur")))
    assert (change.result, change.moves, change.moved) == ("quarantined", (), HELD)
    assert (change.order.hold_kept, change.order.held_from) == (True, None)


DEFECTS = {
    # the order, its customer: why it cannot be held
    "a status that nobody knows": (a_pending_order("unknown", **STRANGE), "alice", NOBODY_KNOWS),
    "broken after it was held": (a_held_order(**BROKEN), "alice", NO_ITEMS),
    "and its customer erased": (a_held_order(**BROKEN), None, NO_ITEMS),
}


@pytest.mark.parametrize(("order", "user_id", "reason"), DEFECTS.values(), ids=DEFECTS)
def test_a_paid_order_that_cannot_be_held_is_kept_for_review_and_who_is_there_is_notified(
    order: Order, user_id: str | None, reason: str
) -> None:
    change = given(replace(order, user_id=user_id)).changed_by(a_payment())
    after = change.order
    assert (change.result, change.note, change.moved) == ("quarantined", reason, ())
    assert (after.status, after.unfulfilled_as, after.hold_kept) == ("review", "review", order.status == "reserved")
    assert (after.payments, after.settled_by) == (Payments.of(PAID), "evt_1")
    operators = to_operators("review", reason)._replace(user_id=user_id)
    assert change.notices == ((to_customer("review"), operators) if user_id else (operators,))


# --- Refused ---------------------------------------------------------------------------------------------------------

REFUSED = {
    "broken": (a_pending_order(**BROKEN), (10, 0), NO_ITEMS),
    "a status that nobody knows": (a_pending_order("unknown", **STRANGE), (10, 0), NOBODY_KNOWS),
    "unknown product": (a_pending_order(), None, "unknown_product: the inventory does not count 'shirt'"),
    "short": (a_pending_order(), (2, 0), SHORT),
}


@pytest.mark.parametrize(("order", "shelf", "reason"), REFUSED.values(), ids=REFUSED)
def test_an_order_that_cannot_be_held_fails_and_its_customer_learns_why(
    order: Order, shelf: Shelf, reason: str
) -> None:
    failed = replace(order, status=OrderStatus.FAILED, failure_reason=reason)
    notice = to_customer("failed", reason, money=None)
    decision = given(order, shirts=shelf).when(a_placement())
    note = FIGURES if reason == SHORT else reason
    assert decision == a_change("reservation_failed", failed, order.status, notice, money=None, note=note, **PLACED)


def test_a_broken_order_that_claims_to_be_counted_is_refused_and_moves_nothing() -> None:
    broken = given(a_counted_order(user_id=None, **BROKEN), shirts=(10, 3))
    failed, due = broken.changed_by(a_placement()), broken.changed_by(a_payment())
    assert (failed.result, failed.order.status, failed.notices) == ("reservation_failed", "failed", ())
    assert (due.result, due.order.status) == ("refund_due", "refund_due")
    for change in failed, due:
        assert (change.note, change.moved, change.order.held_from) == (NO_ITEMS, (), None)


def test_a_paid_order_that_cannot_be_held_is_due_a_refund_and_never_failed() -> None:
    due = a_pending_order("refund_due", unfulfilled_as="refund_due", failure_reason=SHORT, **PAID_NOW)
    notices = to_customer("refund_due"), to_operators("refund_due", FIGURES)
    decision = given(a_pending_order(), shirts=(2, 0)).when(a_payment())
    assert decision == a_change("refund_due", due, "pending", *notices, note=FIGURES)


# --- Free of charge --------------------------------------------------------------------------------------------------

NOTHING, NOT_FREE = Money(0, "eur"), "amount_mismatch: 0 eur was paid, 3600 eur was asked"
SINCE, IN_A_WEEK, IN_A_MONTH = NOW - timedelta(minutes=5), NOW + timedelta(days=7), NOW + timedelta(days=30)
FREE = known(payments=Payments.of(Payment("cs_1", PaymentState.SUCCEEDED, NOW, NOTHING, until=IN_A_WEEK)))


def left_unpaid(order: Order, status_before: str | None = None, **changes: Any) -> Change:
    """The change when a free session is completed for an order with a price."""
    notice = to_operators("not_paid", NOT_FREE)
    return replace(a_change("not_paid", order, status_before, notice, money=NOTHING, note=NOT_FREE), **changes)


def test_a_free_session_leaves_an_order_that_has_a_price_to_be_paid_and_held_for_longer() -> None:
    for end, end_after in (NOW, IN_A_WEEK), (None, IN_A_WEEK), (IN_A_MONTH, IN_A_MONTH):
        decision = given(a_held_order(reserved_at=SINCE, reservation_expires_at=end)).when(a_free_session())
        assert decision == left_unpaid(a_held_order(reserved_at=SINCE, reservation_expires_at=end_after, **FREE))


def test_a_free_session_that_finds_its_order_counted_reserves_it() -> None:
    decision = given(a_counted_order(), shirts=(10, 3)).when(a_free_session())
    assert decision == left_unpaid(a_held_order(reservation_expires_at=IN_A_WEEK, **FREE), "pending", moved=HELD)


NEVER_HELD = a_pending_order("failed", total=NOTHING)


def test_a_free_session_opens_no_order_again_that_has_a_price_or_would_have_one() -> None:
    for status, shelf in product(CLOSED, [(10, 0), (2, 0)]):
        closed = given(a_held_order(status), shirts=shelf)
        assert closed.when(a_free_session()) == left_unpaid(a_held_order(status, **FREE))
    unpriced = (to_operators("not_paid", NOT_FREE, money=None),)
    assert given(NEVER_HELD).when(a_free_session()) == left_unpaid(replace(NEVER_HELD, **FREE), notices=unpriced)
    # What a late payment had counted, but not taken, is given back.
    begun = given(a_held_order("reserving", held_from="expired"), shirts=(10, 3))
    assert begun.when(a_free_session()) == GiveBack(a_held_order("expired"), RELEASED)


@pytest.mark.parametrize("total", [Money(0, "usd"), None], ids=["free", "unpriced"])
def test_a_free_session_completes_an_order_that_is_free_or_has_no_price(total: Money | None) -> None:
    priced, notice = known(total=total, items_total=total), to_customer("paid", money=NOTHING)
    finalized = a_sold_order(settled_by="evt_1", **priced, **FREE)
    decision = given(a_held_order(**priced)).when(a_free_session())
    assert decision == a_change("first_time_finalized", finalized, "reserved", notice, moves=TAKEN, money=NOTHING)


def test_an_order_that_costs_nothing_and_cannot_be_held_is_due_nothing_and_if_it_was_over_stays_as_it_is() -> None:
    failed, notice = a_pending_order("failed", failure_reason=SHORT, **FREE), to_customer("failed", SHORT, money=None)
    decision = given(a_pending_order(), shirts=(2, 0)).when(a_free_session())
    assert decision == a_change("reservation_failed", failed, "pending", notice, money=NOTHING, note=FIGURES)
    stays = a_change("already_expired", a_pending_order("expired", **FREE), money=NOTHING, note=FIGURES)
    assert given(a_pending_order("expired"), shirts=(2, 0)).when(a_free_session()) == stays


# --- By a refunded charge, whose payment is not settled yet ----------------------------------------------------------


def test_a_refunded_charge_settles_the_payment_of_a_held_order_and_its_refunds_at_once() -> None:
    third, eur_12 = a_refund("re_1", 1_200, restock={"shirt": 1}), Money(1_200, "eur")
    refunds = refunded_as(third, charge_total=1_200)
    after = a_sold_order("partially_refunded", settled_by="evt_1", returned={"shirt": 1}, **refunds)
    notice = to_customer("partially_refunded", money=eur_12)
    decision = given(a_held_order()).when(a_refunded_charge("evt_1", third, total=1_200))
    assert decision == a_change("partially_refunded", after, "reserved", notice, moves=shirts(-2, -3), money=eur_12)


def test_a_charge_refunded_in_full_gives_a_held_order_its_hold_back_and_takes_nothing() -> None:
    after = a_sold_order("refunded", settled_by="evt_1", returned={"shirt": 3}, **refunded_as(charge_total=3_600))
    decision = given(a_held_order()).when(a_refunded_charge())
    assert decision == a_change("refunded", after, "reserved", to_customer("refunded"), moves=RELEASED)
    counted = given(a_counted_order(), shirts=(10, 3)).changed_by(a_refunded_charge())
    assert (counted.status_before, counted.order.status) == ("pending", "refunded")
    assert (counted.moves, counted.moved) == (RELEASED, ())


def test_a_charge_of_which_nothing_is_refunded_after_all_or_yet_finalizes_its_order() -> None:
    for refunds in (), (a_refund(status="pending"),):
        change = given(a_held_order()).changed_by(a_refunded_charge("evt_1", *refunds, total=0))
        assert (change.result, change.order.status) == ("first_time_finalized", "finalized")
        assert (change.moves, change.notices) == (TAKEN, (to_customer("paid"),))


LITTLE, TOO_LITTLE = Money(3_500, "eur"), "amount_mismatch: 3500 eur was paid, 3600 eur was asked"
UNFULFILLED = [
    # order, refunded, paid: result, status, moves, whether the hold is kept, reason
    (a_held_order(), 0, LITTLE, "quarantined", "review", (), True, TOO_LITTLE),
    (a_held_order(), 1_000, LITTLE, "quarantined", "review", (), True, TOO_LITTLE),
    (a_held_order(), 3_500, LITTLE, "refunded", "refunded", RELEASED, False, TOO_LITTLE),
    (a_held_order("unknown", **STRANGE), 3_600, EUR_36, "refunded", "refunded", (), False, NOBODY_KNOWS),
    (a_pending_order(), 1_200, EUR_36, "refund_due", "refund_due", (), False, FIGURES),
    (a_pending_order(), 3_600, EUR_36, "refunded", "refunded", (), False, FIGURES),
]


@pytest.mark.parametrize(("order", "refunded", "paid", "result", "status", "moves", "kept", "note"), UNFULFILLED)
def test_a_refunded_charge_of_an_order_that_is_not_fulfilled_leaves_a_person_what_is_still_to_do(
    order: Order, refunded: int, paid: Money, result: str, status: str, moves: Moves, kept: object, note: str
) -> None:
    change = given(order, shirts=(2, 0)).changed_by(a_refunded_charge(total=refunded, paid=paid))
    assert (change.result, change.order.status, change.note) == (result, status, note)
    assert (change.order.amount_refunded, change.moves, change.order.hold_kept) == (refunded, moves, kept)
    assert change.notices[0] == to_customer(status, money=paid)
    assert change.notices[1:] == (() if status == "refunded" else (to_operators(status, note, money=paid),))
