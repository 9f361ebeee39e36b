"""An order paid otherwise than in its session has the session ended, once, and no longer shown to anybody."""

from dataclasses import replace

import pytest

from effects.effect import EffectKind, a_stripe_call
from orders.checkout import Checkout, CheckoutState
from orders.events import OrderEvent, PaymentSucceeded
from orders.money import Money
from orders.order import OrderStatus
from tests.support.builders import LATER
from tests.support.checkouts import a_checkout, a_session_end, an_open_checkout
from tests.support.in_checkout import CHARGE, EUR_43, INTENT, OPEN, after, completed, in_checkout, in_session
from tests.support.payments import a_failure, a_payment, a_processing

OTHER = a_payment("evt_other", payment_intent_id="pi_2", charge_id="ch_2")
OTHER_AMOUNT = a_payment("evt_other", money=Money(1, "eur"), payment_intent_id="pi_2", charge_id="ch_2")
BESIDE = pytest.mark.parametrize(
    ("other", "status"), [(OTHER, "finalized"), (OTHER_AMOUNT, "review")], ids=["paid", "review"]
)


@BESIDE
@pytest.mark.parametrize("attempt", [None, 2], ids=["unnamed", "of another attempt"])
def test_an_order_that_other_money_has_reached_has_its_session_ended_and_shown_to_nobody(
    other: PaymentSucceeded, status: str, attempt: int | None
) -> None:
    change = in_checkout().changed_by(in_session(other, attempt))
    assert change.order.status == status
    assert change.checkout == replace(OPEN, url=None, ends_as=OrderStatus(status))
    effect = a_stripe_call(EffectKind.STRIPE_EXPIRE_SESSION, "cs_1", "order-1", "evt_other", "alice")
    assert change.effects == (effect,)


def test_it_is_ended_once_however_often_that_money_is_reported() -> None:
    again = replace(OTHER, delivery=replace(OTHER.delivery, event_id="evt_again"))
    change = after(OTHER, again)
    assert (change.effects, change.checkout) == ((), replace(OPEN, url=None, ends_as=OrderStatus.FINALIZED))


@BESIDE
def test_it_is_ended_too_after_a_declined_attempt_to_pay_in_it(other: PaymentSucceeded, status: str) -> None:
    change = after(replace(a_failure(), attempt=1), other)
    assert (change.order.status, len(change.effects)) == (status, 1)


@pytest.mark.parametrize("own", [CHARGE, INTENT, completed(), replace(a_processing(until=LATER), attempt=1)])
def test_a_session_is_never_ended_because_of_its_own_money_nor_once_that_is_on_its_way(own: OrderEvent) -> None:
    for events in ([own], [own, OTHER], [own, OTHER_AMOUNT]):
        change = after(*events)
        assert (change.effects, change.checkout and change.checkout.ends_as) == ((), None)


def test_a_session_from_before_payments_named_their_attempt_is_left_to_run_out() -> None:
    before = an_open_checkout(is_marked=False)
    change = in_checkout(before).changed_by(OTHER)
    assert (change.order.status, change.checkout, change.effects) == ("finalized", None, ())
    assert in_checkout(before).changed_by(in_session(CHARGE, None)).result == "awaiting_checkout"


def test_an_attempt_that_has_no_session_yet_is_closed_so_that_nobody_is_shown_one() -> None:
    change = in_checkout(a_checkout()).changed_by(OTHER)
    assert change.checkout
    assert (change.checkout.state, change.checkout.request, change.effects) == ("expired", None, ())
    assert change.order.checkout_until is None


@pytest.mark.parametrize("checkout", [None, an_open_checkout(state=CheckoutState.EXPIRED)])
def test_nobody_looks_for_a_session_again_that_is_known_to_be_over(checkout: Checkout | None) -> None:
    change = in_checkout(checkout).changed_by(OTHER)
    assert (change.order.checkout_until, change.checkout, change.effects) == (None, None, ())


def test_a_session_that_was_to_end_already_is_not_ended_twice() -> None:
    ending = an_open_checkout(ends_as=OrderStatus.CANCELLED)
    change = in_checkout(ending).changed_by(OTHER)
    assert (change.order.status, change.effects, change.checkout) == ("finalized", (), None)
    found_complete = in_checkout(ending, change.order).changed_by(a_session_end(is_complete=True))
    assert found_complete.checkout == replace(ending, url=None)


@BESIDE
def test_once_it_is_ended_that_is_on_record_and_the_order_is_as_it_was(other: PaymentSucceeded, status: str) -> None:
    change = after(other, a_session_end())
    assert (change.result, change.order.status, change.moves, change.notices) == ("checkout_ended", status, (), ())
    assert change.checkout
    assert (change.checkout.state, change.checkout.ends_as, change.order.checkout_until) == ("expired", None, None)


def test_a_customer_who_was_faster_than_its_end_has_their_money_counted_with_what_the_session_says() -> None:
    found_complete = after(OTHER_AMOUNT, a_session_end(is_complete=True))
    assert (found_complete.result, found_complete.order.status) == ("checkout_complete", "review")
    assert (found_complete.checkout and found_complete.checkout.state, found_complete.effects) == ("open", ())
    change = after(OTHER_AMOUNT, a_session_end(is_complete=True), CHARGE, completed())
    assert (change.order.status, change.order.asked, change.checkout and change.checkout.state) == (
        *("finalized", EUR_43),
        "complete",
    )
