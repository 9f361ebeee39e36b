"""What keeps the next session of an order from being claimed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from checkout.claims import Caller
from checkout.refusals import CallRefused
from checkout.steps import Claim, End, next_step
from orders.money import Money
from orders.order import Order
from orders.payments import Payment, Payments, PaymentState
from tests.support.builders import LATER, NOW, TERMS, an_open_checkout
from tests.support.deciding import PAID, a_held_order, an_order_in_checkout

ALICE = Caller("alice")


@pytest.mark.parametrize(
    "payment", [PAID, Payment("pi_1", PaymentState.PROCESSING, NOW, until=LATER)], ids=["arrived", "on its way"]
)
def test_money_that_has_arrived_or_is_on_its_way_is_enough(payment: Payment) -> None:
    with pytest.raises(CallRefused, match="a payment of the order is on its way"):
        next_step(_paid_by(payment), None, ALICE, NOW, TERMS.hold_max)


def test_a_free_session_that_paid_for_nothing_is_in_nobodys_way() -> None:
    free = _paid_by(replace(PAID, money=Money(0, "eur")))
    assert isinstance(next_step(free, None, ALICE, NOW, TERMS.hold_max), Claim)


def test_a_session_is_over_in_the_very_second_in_which_it_ends() -> None:
    checkout = an_open_checkout(expires_at=NOW)
    order = an_order_in_checkout(checkout, reserved_at=NOW - timedelta(minutes=30))
    assert next_step(order, checkout, ALICE, NOW, TERMS.hold_max) == End(checkout)


def _paid_by(payment: Payment) -> Order:
    return a_held_order(payments=Payments.of(payment))
