"""Operators' requests about orders: they accept money, and release, extend and cancel holds."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from orders.adjustments import Adjustment, AdjustmentKind
from orders.money import Money
from orders.operator_events import OperatorOrderEvent
from orders.order import Order, OrderStatus
from orders.outcome import Outcome, Result
from orders.payments import Payment, Payments, PaymentState
from orders.refunds import Refunds
from settlement.decisions import Adjustment as StockAdjustment
from settlement.decisions import Change
from settlement.snapshot import OperatorRequest
from tests.support.builders import NOW, TERMS, a_cancel_request
from tests.support.checkouts import a_session_end, an_open_checkout
from tests.support.deciding import given
from tests.support.decisions import RELEASED, TAKEN, shirts, unchanged
from tests.support.operators import asked_of_order
from tests.support.orders import (
    EUR_36,
    PAID,
    UNPRICED,
    a_held_order,
    a_pending_order,
    a_sold_order,
    an_order_in_checkout,
    known,
    paid_as,
)
from tests.support.refunds import a_refund
from tests.support.snapshots import a_known_checkout, a_known_payment

IN_REVIEW = known(unfulfilled_as="review", settled_by="evt_0", failure_reason="amount_mismatch: too little")
DUE = known(unfulfilled_as="refund_due", settled_by="evt_0", failure_reason="insufficient_stock: gone")
PAID_LESS = paid_as(money=Money(100, "eur"))
ACCEPT = asked_of_order("accept-1")


def accepted(order: Order, **more: Any) -> Change:
    change = given(order, **more).changed_by(ACCEPT)
    assert (change.result, change.order.status) == ("accepted", "finalized"), change.note
    return change


def refused(order: Order, event: OperatorOrderEvent = ACCEPT, **more: Any) -> str | None:
    """The reason; the order stays as it is, and nothing else happens."""
    change = given(order, **more).changed_by(event)
    assert (change.order, change.moves, change.notices, change.effects) == (order, (), (), ())
    assert change.result.startswith("not_"), change.result
    return change.note


# --- Accept -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "moves"),
    [
        (a_held_order(), TAKEN),
        (a_held_order("review", hold_kept=True, payments=PAID_LESS, **IN_REVIEW), TAKEN),
        (a_held_order("review", payments=PAID_LESS, **IN_REVIEW), shirts(-3)),
        (a_held_order("refund_due", payments=paid_as(), **DUE), shirts(-3)),
        (a_held_order("expired"), shirts(-3)),
        (a_held_order("cancelled"), shirts(-3)),
    ],
)
def test_an_accepted_order_takes_its_units_from_its_hold_or_else_from_the_shelf(order: Order, moves: object) -> None:
    change = accepted(order, shirts=(10, 3))
    assert (change.moves, change.order.hold_kept, change.order.failure_reason) == (moves, False, None)
    assert (change.order.finalized_at, change.order.settled_by) == (NOW, "operator_accept-1")
    assert [notice.type for notice in change.notices] == ["paid"]


def test_what_was_paid_is_what_is_asked_from_then_on_and_without_a_payment_the_price_stays() -> None:
    in_review = a_held_order("review", payments=PAID_LESS, **IN_REVIEW)
    assert accepted(in_review).order.total == Money(100, "eur")
    assert accepted(in_review).order.received == Money(100, "eur")
    assert accepted(a_held_order(payments=PAID_LESS), shirts=(10, 3)).order.total == Money(100, "eur")
    shipped = (Adjustment(AdjustmentKind.SHIPPING, 500),)
    adjusted = replace(in_review, items_total=EUR_36, adjustments=shipped)
    assert accepted(adjusted).order.asked == Money(100, "eur")
    assert accepted(a_held_order("expired", items_total=EUR_36, adjustments=shipped)).order.asked == Money(4_100, "eur")
    unpaid = accepted(a_held_order("expired")).order
    assert (unpaid.total, unpaid.received) == (EUR_36, None)


def test_an_order_that_nobody_ever_held_costs_what_the_catalogue_says_and_not_what_its_customer_wrote() -> None:
    written = known(adjustments=(Adjustment(AdjustmentKind.DISCOUNT, -1),), price_defect="what?")
    failed = a_pending_order("failed", total=Money(1, "eur"), failure_reason="insufficient_stock: gone", **written)
    order = accepted(failed).order
    assert (order.total, order.items_total, order.adjustments, order.price_defect) == (EUR_36, EUR_36, (), None)


def test_what_the_units_of_an_order_are_not_there_for_is_refused() -> None:
    assert refused(a_held_order("expired"), shirts=(5, 3)) == "insufficient_stock: 3 of 'shirt' are not available"
    failed = a_pending_order("failed", **UNPRICED)
    assert refused(failed, shirts=(2, 0)) == "insufficient_stock: 3 of 'shirt' ordered, 2 available"
    broken = a_held_order("review", defect="items must be a list", **IN_REVIEW)
    assert refused(broken) == "invalid_order: items must be a list"


SOLD_AGAIN = known(
    payments=paid_as(),
    refunds=Refunds.of(a_refund(status="failed")),
    returned={"shirt": 3},
    failure_reason="sold_again: gone",
)


def test_units_returned_for_a_failed_refund_are_taken_again_once_in_stock() -> None:
    due = a_sold_order("refund_due", **SOLD_AGAIN)
    change = accepted(due, shirts=(3, 0))
    assert (change.moves, change.order.returned, change.order.failure_reason) == (shirts(-3), {}, None)
    assert refused(due, shirts=(2, 0)) == "sold_again: fewer units go back, and 3 of 'shirt' are no longer available"


def test_an_order_that_is_accepted_has_its_open_session_ended_and_shown_to_nobody() -> None:
    open_one = an_open_checkout()
    change = accepted(an_order_in_checkout(open_one), shirts=(10, 3), checkout=a_known_checkout(open_one))
    assert [effect.kind for effect in change.effects] == ["stripe_expire_session"]
    assert change.checkout == replace(open_one, url=None, ends_as=OrderStatus.FINALIZED)


def test_an_order_for_which_money_is_on_its_way_is_accepted_with_a_word_of_that() -> None:
    under_way = Payments.of(Payment("pi_1", PaymentState.PROCESSING, NOW))
    note = accepted(a_held_order(payments=under_way), shirts=(10, 3)).note
    assert note == "payment_under_way: should pi_1 succeed, that money is not needed"


def test_a_payment_that_named_no_order_is_counted_as_what_is_asked_and_found_from_then_on() -> None:
    named = asked_of_order("accept-1", payment="pi_7")
    change = given(a_held_order(), shirts=(10, 3), payments={"pi_7": a_known_payment("re_parked", order_id=None)})
    done = change.changed_by(named)
    paid = done.order.payments.find("pi_7")
    assert paid and (paid.money, done.order.received, done.released) == (EUR_36, EUR_36, ("re_parked",))
    charge = accepted_by("ch_7", a_held_order()).find("ch_7")
    assert charge and (paid.charge_id, charge.charge_id) == (None, "ch_7")
    assert refused(a_held_order(**UNPRICED), named) == (
        "no_price: the order has no price, so it is unknown what pi_7 brought"
    )
    others = known(payments={"pi_7": a_known_payment(order_id="order-7")})
    assert refused(a_held_order(), named, **others) == "shared_payment: pi_7 has paid order order-7"
    own = given(a_held_order(), shirts=(10, 3), payments={"pi_7": a_known_payment()}).changed_by(named)
    assert own.result == "accepted"
    less = a_held_order("review", payments=PAID_LESS, **IN_REVIEW)
    assert (
        refused(less, named)
        == "other_payment: other payments have arrived for it; accept it with those, or refund them first"
    )


def accepted_by(payment_id: str, order: Order) -> Payments:
    """The known payments of an order accepted for this payment."""
    change = given(order, shirts=(10, 3)).changed_by(asked_of_order("accept-1", payment=payment_id))
    assert change.result == "accepted", change.note
    return change.order.payments


def test_what_may_be_money_of_other_orders_counts_only_if_one_of_it_is_named() -> None:
    doubtful = [replace(PAID, payment_id=each, charge_id=None, is_doubtful=True) for each in ("pi_1", "pi_2")]
    order = a_held_order("review", payments=Payments.of(*doubtful), **IN_REVIEW)
    assert refused(order) == "doubtful_payment: pi_1 and pi_2 may be for another order: if not, name the payment"


def test_naming_a_known_payment_is_no_news() -> None:
    two = Payments.of(*(replace(PAID, payment_id=f"pi_{n}", charge_id=None, money=Money(n, "eur")) for n in (1, 2)))
    assert accepted_by("pi_1", a_held_order(payments=two)) == two


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (PaymentState.PROCESSING, "pi_1 is processing: wait until it succeeds"),
        (PaymentState.AUTHORISED, "pi_1 is authorised: wait until it succeeds"),
        (PaymentState.FAILED, "pi_1 is failed: it brought no money"),
    ],
)
def test_an_order_is_not_accepted_for_a_payment_that_has_brought_nothing(state: PaymentState, why: str) -> None:
    order = a_held_order(payments=Payments.of(Payment("pi_1", state, NOW)))
    said = refused(order, asked_of_order("accept-1", payment="pi_1"))
    assert said == f"not_paid: {why}, or name no payment if it was paid elsewhere"
    assert accepted(order, shirts=(10, 3)).order.received is None


# --- Release, extend, cancel ------------------------------------------------------------------------------------------


def test_a_released_order_expires_before_its_time_and_says_what_may_still_come() -> None:
    under_way = [Payment(payment_id, PaymentState.PROCESSING, NOW) for payment_id in ("pi_2", "pi_3")]
    release = asked_of_order("release-1")
    why = "payment_under_way: should pi_2 and pi_3 succeed, the order is held again"
    change = given(a_held_order(payments=Payments.of(*under_way)), shirts=(10, 3)).changed_by(release)
    assert (change.result, change.order.status, change.moves) == ("expired", "expired", RELEASED)
    assert change.note == why
    # While a session is open, only it could say what other money is for.
    less = replace(PAID, money=Money(100, "eur"))
    waiting = an_order_in_checkout(an_open_checkout(), payments=Payments.of(less, *under_way))
    note = given(waiting, shirts=(10, 3)).changed_by(release).note
    assert note == f"amount_mismatch: 100 eur was paid, 3600 eur was asked; {why}"


@pytest.mark.parametrize("request_id", ["release-1", "cancel-1"])
def test_while_a_session_is_open_stripe_is_asked_to_end_it_first(request_id: str) -> None:
    order = an_order_in_checkout(an_open_checkout())
    change = given(order, checkout=a_known_checkout(an_open_checkout())).changed_by(asked_of_order(request_id))
    assert (change.result, change.order.status, change.moves) == ("checkout_ending", "reserved", ())
    assert [effect.kind for effect in change.effects] == ["stripe_expire_session"]


@pytest.mark.parametrize(("until", "ending"), [(NOW + timedelta(seconds=1), "checkout_ending"), (NOW, "expired")])
def test_a_release_while_stripe_ends_the_session_waits_for_that_too(until: datetime, ending: str) -> None:
    being_ended = an_open_checkout(ends_as=OrderStatus.EXPIRED)
    order = an_order_in_checkout(being_ended, checkout_until=until)
    change = given(order, checkout=a_known_checkout(being_ended), shirts=(10, 3)).changed_by(
        asked_of_order("release-1")
    )
    assert (change.result, change.effects) == (ending, ())


LATEST = NOW + TERMS.hold_max
TOO_LATE = "held_too_long: it can be held until 2026-04-13 15:09 UTC, HOLD_DAYS_MAX"


@pytest.mark.parametrize(
    ("until", "why_not"),
    [
        (LATEST, None),
        (LATEST + timedelta(seconds=1), TOO_LATE),
        (NOW, "over_already: 2026-03-14 15:09 UTC has passed"),
        (NOW + timedelta(minutes=30), "held_longer: it is held until 2026-03-14 15:39 UTC"),
    ],
)
def test_a_hold_is_extended_to_a_later_time_and_not_for_longer_than_any(until: datetime, why_not: str | None) -> None:
    event = asked_of_order("extend-1", until=until)
    if why_not:
        assert refused(a_held_order(), event) == why_not
    else:
        change = given(a_held_order()).changed_by(event)
        ends = (change.order.reservation_expires_at, change.order.extended_until)
        assert (change.result, *ends) == ("hold_extended", until, until)


def test_a_hold_that_was_extended_is_released_all_the_same() -> None:
    extended = given(a_held_order()).changed_by(asked_of_order("extend-1")).order
    released = given(extended, shirts=(10, 3)).changed_by(asked_of_order("release-1"))
    assert (released.order.status, released.order.extended_until, released.moves) == ("expired", None, RELEASED)
    in_session = an_order_in_checkout(an_open_checkout(), extended_until=LATEST, reservation_expires_at=LATEST)
    ending = given(in_session, checkout=a_known_checkout(an_open_checkout())).changed_by(asked_of_order("release-1"))
    assert (ending.result, ending.order.extended_until) == ("checkout_ending", None)
    assert ending.order.reservation_expires_at == in_session.checkout_until
    # Extended while Stripe was expiring the session.
    being_ended = an_open_checkout(ends_as=OrderStatus.EXPIRED)
    again = given(in_session, checkout=a_known_checkout(being_ended)).changed_by(asked_of_order("release-1"))
    over = given(again.order, checkout=a_known_checkout(being_ended), shirts=(10, 3)).changed_by(a_session_end())
    assert (again.result, over.order.status, over.moves) == ("checkout_ending", "expired", RELEASED)
    assert again.order.reservation_expires_at == in_session.checkout_until


def test_an_order_that_was_extended_and_is_cancelled_is_extended_no_longer() -> None:
    order = a_held_order(extended_until=LATEST, reservation_expires_at=LATEST)
    cancelled = given(order, shirts=(10, 3)).changed_by(a_cancel_request())
    assert (cancelled.order.status, cancelled.order.extended_until) == ("cancelled", None)


def test_a_hold_that_somebody_else_has_written_is_not_extended() -> None:
    extend = asked_of_order("extend-1", until=NOW + timedelta(hours=1))
    why_not = refused(a_held_order(reserved_at=None), extend)
    assert why_not and why_not.endswith("held_too_long: it was never held")


# --- Whether at all ---------------------------------------------------------------------------------------------------


def test_what_makes_no_sense_is_turned_down_in_words() -> None:
    assert refused(a_sold_order()) == "finalized: it is paid, and its units are taken"
    assert refused(a_sold_order(), asked_of_order("cancel-1")) == "finalized: it is paid, and its units are taken"
    not_held = "pending: nothing is held for it yet; that takes seconds, or minutes if its trigger was lost"
    assert refused(a_pending_order(), asked_of_order("extend-1")) == not_held


def test_a_request_is_done_once_and_as_it_is_written_by_now() -> None:
    done = Outcome(Result.ACCEPTED, "order-1")
    as_read = OperatorRequest(ACCEPT, None, None, "request as read")
    again = given(a_held_order(), operator_request=as_read._replace(settled=done), audited=True)
    assert again.when(ACCEPT) == unchanged("accepted")
    changed = given(a_held_order(), operator_request=as_read._replace(event=asked_of_order("cancel-1")))
    assert changed.when(ACCEPT) == unchanged("ignored", "no_request: nobody asks for this, or no longer")
    used = given(a_held_order(), audited=True)
    assert used.when(ACCEPT) == unchanged("already_recorded", "id_used_before: give it another id")


def test_only_the_answer_is_written_for_a_missing_order() -> None:
    assert given().when(ACCEPT) == StockAdjustment(Result.NOT_ACCEPTED, "order-1", "no_order: order-1 does not exist")
