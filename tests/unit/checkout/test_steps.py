"""What keeps the next session of an order from being claimed."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from checkout.claims import Caller
from checkout.refusals import CallRefused
from checkout.steps import ATTEMPTS_MAX, Claim, End, next_step
from orders.adjustments import Adjustment, AdjustmentKind
from orders.checkout import Checkout, CheckoutState
from orders.money import Money
from orders.order import Order, OrderStatus
from orders.payments import Payment, Payments, PaymentState
from tests.support.builders import LATER, NOW, TERMS, an_open_checkout
from tests.support.deciding import PAID, a_held_order, an_order_in_checkout

ALICE = Caller("alice")
EUR_30 = Money(3_000, "eur")
COMPLETE = an_open_checkout(state=CheckoutState.COMPLETE, url=None)


def refusal_of(order: Order, latest: Checkout | None = None, now: datetime = NOW) -> tuple[str, object]:
    """Its words and its reason."""
    with pytest.raises(CallRefused) as refused:
        next_step(order, latest, ALICE, now, TERMS.hold_max)
    details = dict(refused.value.details or {})
    assert details.pop("status") == order.status.value
    return str(refused.value), details.pop("reason")


@pytest.mark.parametrize(
    "payment", [PAID, Payment("pi_1", PaymentState.PROCESSING, NOW, until=LATER)], ids=["arrived", "on its way"]
)
def test_money_that_has_arrived_or_is_on_its_way_is_enough(payment: Payment) -> None:
    assert refusal_of(_paid_by(payment)) == ("a payment of the order is on its way", "payment_under_way")


def test_a_free_session_that_paid_for_nothing_is_in_nobodys_way() -> None:
    free = _paid_by(replace(PAID, money=Money(0, "eur")))
    assert isinstance(next_step(free, None, ALICE, NOW, TERMS.hold_max), Claim)


NOT_CLAIMED: dict[str, tuple[Checkout, timedelta, str]] = {
    "ending": (an_open_checkout(ends_as=OrderStatus.CANCELLED), timedelta(), "the order is about to end"),
    "too_many_attempts": (
        an_open_checkout(ATTEMPTS_MAX, state=CheckoutState.EXPIRED),
        timedelta(),
        "the order cannot be paid: its sessions came to nothing too often",
    ),
    "held_too_long": (
        an_open_checkout(state=CheckoutState.EXPIRED),
        timedelta(hours=23, minutes=30),
        "the order cannot be held for long enough to be paid",
    ),
}


@pytest.mark.parametrize(("reason", "given"), NOT_CLAIMED.items(), ids=NOT_CLAIMED)
def test_an_order_is_not_paid_for_when(reason: str, given: tuple[Checkout, timedelta, str]) -> None:
    latest, passed, words = given
    assert refusal_of(a_held_order(), latest, NOW + passed) == (words, reason)


BY_BACKEND, SHIPPING = Adjustment(AdjustmentKind.OTHER, -600), Adjustment(AdjustmentKind.SHIPPING, 500)
TAX, LABELLED = Adjustment(AdjustmentKind.TAX, 400), SHIPPING._replace(label="Express")
ASKED_AGAIN: dict[str, tuple[tuple[Adjustment, ...], int, Checkout, int]] = {
    # adjustments by now, the total on record, the latest session: how many adjustments are still asked in the next one
    "what it added": ((SHIPPING, TAX), 4_500, COMPLETE, 0),
    "beside what the backend had written": ((BY_BACKEND, SHIPPING), 3_500, replace(COMPLETE, asked=EUR_30), 1),
    "the backend has written others since": ((SHIPPING,), 4_500, COMPLETE, 1),
    "the backend's are of another kind": ((BY_BACKEND,), 3_000, COMPLETE, 1),
    "the backend's have a label": ((LABELLED,), 4_100, COMPLETE, 1),
    "it asked another price": ((SHIPPING,), 4_100, replace(COMPLETE, asked=EUR_30), 1),
    "nobody has completed it": ((SHIPPING,), 4_100, replace(COMPLETE, state=CheckoutState.EXPIRED), 1),
}


@pytest.mark.parametrize(("adjustments", "total", "latest", "left"), ASKED_AGAIN.values(), ids=ASKED_AGAIN)
def test_the_next_session_asks_for_nothing_that_one_added_in_which_the_payment_failed(
    adjustments: tuple[Adjustment, ...], total: int, latest: Checkout, left: int
) -> None:
    order = a_held_order(adjustments=adjustments, total=Money(total, "eur"), priced_by_checkout=True)
    claim = next_step(order, latest, ALICE, NOW, TERMS.hold_max)
    assert isinstance(claim, Claim)
    asked = 3_600 + sum(each.amount for each in adjustments[:left])
    assert (claim.order.adjustments, claim.asked) == (adjustments[:left], Money(asked, "eur"))


def test_what_no_session_has_priced_is_asked_in_the_next_one() -> None:
    order = a_held_order(adjustments=(SHIPPING,), total=Money(4_100, "eur"))
    claim = next_step(order, COMPLETE, ALICE, NOW, TERMS.hold_max)
    assert isinstance(claim, Claim)
    assert claim.order == order


def test_a_session_is_over_in_the_very_second_in_which_it_ends() -> None:
    checkout = an_open_checkout(expires_at=NOW)
    order = an_order_in_checkout(checkout, reserved_at=NOW - timedelta(minutes=30))
    assert next_step(order, checkout, ALICE, NOW, TERMS.hold_max) == End(checkout)


def test_a_session_that_was_found_complete_is_shown_to_nobody() -> None:
    complete = an_open_checkout(url=None)
    assert next_step(an_order_in_checkout(complete), complete, ALICE, NOW, TERMS.hold_max) == End(complete)


def _paid_by(payment: Payment) -> Order:
    return a_held_order(payments=Payments.of(payment))
