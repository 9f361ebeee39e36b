"""A decision asks only for the reads it needs, and names everything that follows from a change."""

from datetime import timedelta

import pytest

from orders.events import Cause
from orders.money import Money
from orders.payments import Payment, Payments, PaymentState
from orders.refunds import Refunds
from settlement.decisions import Look
from tests.support.builders import NOW, a_cancel_request, a_placement
from tests.support.deciding import Given, given
from tests.support.decisions import shirts
from tests.support.on_record import AGAIN, CLAIMED, CLAIMED_AS_SET_ASIDE, SETTLED, UNREADABLE, WAS_SET_ASIDE
from tests.support.orders import EUR_36, a_counted_order, a_held_order, a_pending_order, a_sold_order, known, lines_of
from tests.support.payments import a_failure, a_payment
from tests.support.refunds import a_dispute, a_refund, a_refunded_charge, an_updated_refund
from tests.support.snapshots import SET_ASIDE_ON_PI_DAY

SHIRT, BOTH, ENTRY, DELIVERIES = Look(("shirt",)), Look(("shirt", "mug")), Look(audit_entry=True), Look(deliveries=True)
OPEN_ORDERS, UNEXPLAINED = Look(open_orders=True), known(is_loss_unexplained=True)
TWO, BROKEN = known(lines=lines_of(shirt=2, mug=1)), known(lines=(), defect="the order has no items")
REFUNDED = a_sold_order("refunded", refunds=Refunds.of(a_refund()), returned={"shirt": 2, "mug": 1}, **TWO)
FAILED = an_updated_refund(refund=a_refund(status="failed"), order_id="order-1")
NEVER_SHORT = given(a_sold_order(unlimited=frozenset({"shirt"})))
ONE_SHIRT = a_refund(amount=1, restock={"shirt": 1})
LOOKS: dict[str, tuple[Given, Cause, list[Look]]] = {
    "a hold to count": (given(a_pending_order()), a_payment(), [SHIRT]),
    "a hold to confirm": (given(a_counted_order(), shirts=(10, 3)), a_payment(), [SHIRT]),
    "a hold to count, for a refunded charge": (given(a_pending_order()), a_refunded_charge(), [SHIRT]),
    "a refund that puts one unit back": (
        given(a_sold_order()),
        an_updated_refund(refund=ONE_SHIRT, order_id="order-1"),
        [SHIRT],
    ),
    "a placed order": (given(a_pending_order()), a_placement(), [OPEN_ORDERS]),
    "and a misleading hint": (given(a_pending_order()), a_placement(product_ids=("mug",)), [SHIRT, OPEN_ORDERS]),
    "and not enough of a hint": (given(a_pending_order(**TWO), mugs=(1, 0)), a_placement(), [BOTH, OPEN_ORDERS]),
    "a refund of two products that failed": (given(REFUNDED), FAILED, [BOTH]),
    "a loss that nothing explains": (given(a_held_order(), **UNEXPLAINED), a_payment(), [SHIRT]),
    "set aside before": (given(a_held_order(), **CLAIMED_AS_SET_ASIDE), AGAIN, [ENTRY]),
    "an order that does not come": (given(), a_payment(created_at=NOW - timedelta(hours=1)), [ENTRY]),
    "a payment that nobody knows": (given(), a_dispute(), [ENTRY]),
    "a claim to put back": (given(**SETTLED, after_loss=True), AGAIN, [DELIVERIES]),
    "a claim to put back, unreadable": (given(**SETTLED), UNREADABLE, [DELIVERIES]),
    "nothing for a held order": (given(a_held_order()), a_payment(), []),
    "nothing for a hold that was counted": (given(a_counted_order(), shirts=(10, 3)), a_placement(), []),
    "nothing for an order that is refused anyway": (given(a_pending_order(), shirts=(2, 0)), a_placement(), []),
    "nothing for a duplicate": (given(**CLAIMED, **SETTLED), AGAIN, []),
    "nothing for a refund that failed at once": (given(a_sold_order()), FAILED, []),
    "nothing for a refund that puts no units back": (given(a_sold_order()), a_refunded_charge(total=1), []),
    "nothing for a refund of what was never short": (NEVER_SHORT, a_refunded_charge(), []),
    "nothing for a payment that is refunded already": (given(a_held_order()), a_refunded_charge(), []),
    "nothing without items": (given(a_held_order(**BROKEN), **UNEXPLAINED), a_payment(), []),
}


@pytest.mark.parametrize(("situation", "event", "looks"), LOOKS.values(), ids=LOOKS)
def test_what_must_be_known_first_is_looked_at_and_nothing_else(
    situation: Given, event: Cause, looks: list[Look]
) -> None:
    assert situation.looks_for(event) == looks


def test_a_change_is_about_the_money_of_its_event_or_else_about_what_the_order_asks() -> None:
    assert given(a_sold_order()).changed_by(a_refunded_charge(total=1_200)).money == Money(1_200, "eur")
    assert given(a_held_order()).changed_by(a_cancel_request()).money == EUR_36
    assert given(a_pending_order(total=EUR_36)).changed_by(a_cancel_request()).money is None


def test_a_change_begins_before_the_hold_that_it_brings_to_an_end() -> None:
    counted = given(a_counted_order(), shirts=(10, 3))
    assert counted.changed_by(a_payment()).status_before == "pending"
    assert counted.changed_by(a_failure()).status_before == "reserving"


def test_units_whose_inventory_is_gone_are_named_and_hold_up_nobody() -> None:
    change = given(a_held_order(**TWO), **UNEXPLAINED).changed_by(a_payment())
    assert (change.result, change.uncounted) == ("first_time_finalized", lines_of(mug=1))
    assert change.moves == change.moved == shirts(-2, -2)
    assert change.note == "inventory_gone: 1 of 'mug' could not be counted"


def test_all_that_a_person_should_know_is_in_one_note() -> None:
    cent = Payment("pi_0", PaymentState.SUCCEEDED, NOW, Money(1, "eur"))
    order = a_held_order(**TWO, cancel_requested_at=NOW, payments=Payments.of(cent))
    after = given(order, shirts=None, after_loss=True, **UNEXPLAINED, **WAS_SET_ASIDE)
    assert after.changed_by(a_payment()).outcome.note == (
        "inventory_gone: 2 of 'shirt', 1 of 'mug' could not be counted; "
        "second_payment: pi_0 (1 eur) is not needed: pi_1 has paid for the order; "
        f"cancel_requested: the order was to be cancelled before it was paid; {SET_ASIDE_ON_PI_DAY}"
    )
