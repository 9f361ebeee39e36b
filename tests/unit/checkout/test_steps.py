"""What prevents claiming an order's next session."""

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
from tests.support.builders import LATER, NOW, TERMS
from tests.support.checkouts import an_open_checkout
from tests.support.orders import PAID, a_held_order, an_order_in_checkout

ALICE = Caller("alice")


def refusal_of(order: Order, latest: Checkout | None = None, now: datetime = NOW) -> tuple[str, object]:
    """The message and the reason."""
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


def test_a_free_session_that_paid_for_nothing_blocks_nothing() -> None:
    free = _paid_by(replace(PAID, money=Money(0, "eur")))
    assert isinstance(next_step(free, None, ALICE, NOW, TERMS.hold_max), Claim)


NOT_CLAIMED: dict[str, tuple[Checkout, timedelta, str]] = {
    "ending": (an_open_checkout(ends_as=OrderStatus.CANCELLED), timedelta(), "the order is about to end"),
    "too_many_attempts": (
        an_open_checkout(ATTEMPTS_MAX, state=CheckoutState.EXPIRED),
        timedelta(),
        "the order cannot be paid: too many of its sessions came to nothing",
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


SHIPPING, TAX = Adjustment(AdjustmentKind.SHIPPING, 500), Adjustment(AdjustmentKind.TAX, 400)
BY_BACKEND = Adjustment(AdjustmentKind.SHIPPING, -600)
ASKED_AGAIN: dict[str, tuple[tuple[Adjustment, ...], tuple[Adjustment, ...]]] = {
    # adjustments after a session added shipping and tax: those that the next session still charges
    "what it added": ((SHIPPING, TAX), ()),
    "beside what the backend had written": ((BY_BACKEND, SHIPPING, TAX), (BY_BACKEND,)),
    "beside what the backend has written since": ((SHIPPING, BY_BACKEND, TAX), (BY_BACKEND,)),
    "beside as much of the backend's": ((SHIPPING, SHIPPING, TAX), (SHIPPING,)),
    "the backend has written others since": ((BY_BACKEND,), (BY_BACKEND,)),
    "the backend has taken all away since": ((), ()),
}


@pytest.mark.parametrize(("adjustments", "left"), ASKED_AGAIN.values(), ids=ASKED_AGAIN)
def test_the_next_session_asks_for_nothing_that_one_added_in_which_the_payment_failed(
    adjustments: tuple[Adjustment, ...], left: tuple[Adjustment, ...]
) -> None:
    order = a_held_order(adjustments=adjustments, added=(SHIPPING, TAX), priced_by_checkout=True)
    claim = claimed_after_a_session(order)
    asked = Money(3_600 + sum(each.amount for each in left), "eur")
    assert (claim.order.adjustments, claim.order.total, claim.asked) == (left, order.total, asked)
    assert claim.order.added == ()


def test_where_only_the_total_is_a_price_the_next_session_asks_for_that_without_what_was_added() -> None:
    total = Money(4_500, "eur")
    order = a_held_order(items_total=None, total=total, adjustments=(SHIPPING, TAX), added=(SHIPPING, TAX))
    assert claimed_after_a_session(order).asked == Money(3_600, "eur")


def claimed_after_a_session(order: Order) -> Claim:
    complete = an_open_checkout(state=CheckoutState.COMPLETE, url=None)
    claim = next_step(order, complete, ALICE, NOW, TERMS.hold_max)
    assert isinstance(claim, Claim)
    return claim


def test_a_session_is_over_in_the_very_second_in_which_it_ends() -> None:
    checkout = an_open_checkout(expires_at=NOW)
    order = an_order_in_checkout(checkout, reserved_at=NOW - timedelta(minutes=30))
    assert next_step(order, checkout, ALICE, NOW, TERMS.hold_max) == End(checkout)


def test_a_session_that_was_found_complete_is_shown_to_nobody() -> None:
    complete = an_open_checkout(url=None)
    assert next_step(an_order_in_checkout(complete), complete, ALICE, NOW, TERMS.hold_max) == End(complete)


def _paid_by(payment: Payment) -> Order:
    return a_held_order(payments=Payments.of(payment))
