"""Amounts and currencies, and what an order says of its payments and its units."""

from dataclasses import replace
from datetime import datetime

import pytest

from orders.adjustments import Adjustment, AdjustmentKind, is_adjusting
from orders.money import AMOUNT_MINOR_MAX, Money, is_amount, is_currency
from orders.order import Order, OrderLine, OrderStatus
from orders.payments import Payment, Payments, PaymentState
from orders.refunds import Refunds
from tests.support.builders import LATER, NOW, a_refund
from tests.support.deciding import EUR_36, a_held_order, a_sold_order


@pytest.mark.parametrize("value", [0, 1, AMOUNT_MINOR_MAX])
def test_this_is_an_amount(value: int) -> None:
    assert is_amount(value)


@pytest.mark.parametrize("value", [-1, AMOUNT_MINOR_MAX + 1, 2**64, 1.0, "1", True, False, None, [1]])
def test_this_is_no_amount(value: object) -> None:
    assert not is_amount(value)


@pytest.mark.parametrize("value", ["eur", "usd", "jpy"])
def test_this_is_a_currency(value: str) -> None:
    assert is_currency(value)


@pytest.mark.parametrize("value", ["", "EUR", "eu", "euro", "eur\n", " eur", "éur", "€", "e1r", None, 978, ["eur"]])
def test_this_is_no_currency(value: object) -> None:
    assert not is_currency(value)


@pytest.mark.parametrize("value", [0, 1, -1, AMOUNT_MINOR_MAX, -AMOUNT_MINOR_MAX])
def test_this_can_be_added_to_a_price_or_taken_off_it(value: int) -> None:
    assert is_adjusting(value)


@pytest.mark.parametrize("value", [AMOUNT_MINOR_MAX + 1, -AMOUNT_MINOR_MAX - 1, 1.0, "1", True, None, [1]])
def test_this_cannot(value: object) -> None:
    assert not is_adjusting(value)


# --- What is asked, and with what it is paid --------------------------------------------------------------------------

SHIPPING, DISCOUNT = Adjustment(AdjustmentKind.SHIPPING, 499), Adjustment(AdjustmentKind.DISCOUNT, -600, "Spring")


@pytest.mark.parametrize(
    ("items_total", "total", "adjustments", "asked"),
    [
        (EUR_36, EUR_36, (), 3_600),
        # Without adjustments it is what the shop's backend may have written over the catalogue's price.
        (EUR_36, Money(4_099, "eur"), (), 4_099),
        (EUR_36, EUR_36, (SHIPPING, DISCOUNT), 3_499),
        (EUR_36, Money(4_099, "eur"), (SHIPPING,), 4_099),
        # The adjustments of now count, whatever was asked before.
        (EUR_36, Money(9_999, "eur"), (SHIPPING,), 4_099),
        (EUR_36, EUR_36, (Adjustment(AdjustmentKind.GIFT_CARD, -3_600),), 0),
        # Nothing can be added to no price.
        (None, None, (SHIPPING,), None),
        (None, EUR_36, (SHIPPING,), 3_600),
    ],
)
def test_what_is_asked(
    items_total: Money | None, total: Money | None, adjustments: tuple[Adjustment, ...], asked: int | None
) -> None:
    order = a_held_order(items_total=items_total, total=total, adjustments=adjustments)
    assert order.asked == (None if asked is None else Money(asked, "eur"))


def received(payment_id: str, amount: int, *, is_doubtful: bool = False) -> Payment:
    return Payment(payment_id, PaymentState.SUCCEEDED, NOW, Money(amount, "eur"), is_doubtful=is_doubtful)


WHOLE, HALF, OTHER_HALF, WRONG = (
    *(received("pi_1", 3_600), received("pi_2", 1_800)),
    *(received("pi_3", 1_800), received("pi_4", 700)),
)
FREE, DOUBTFUL = received("cs_1", 0), received("pi_5", 3_600, is_doubtful=True)
ON_ITS_WAY = Payment("pi_6", PaymentState.PROCESSING, LATER)


@pytest.mark.parametrize(
    ("payments", "paid_with", "extra", "amount"),
    [
        ([WHOLE], [WHOLE], [], 3_600),
        ([WHOLE, WRONG], [WHOLE], [WRONG], 3_600),
        ([WRONG, HALF, OTHER_HALF], [HALF, OTHER_HALF], [WRONG], 3_600),
        ([WHOLE, FREE, DOUBTFUL, ON_ITS_WAY], [WHOLE], [], 3_600),
        # Nothing comes to the price, so a person has to decide about all of them.
        ([HALF, WRONG, FREE, ON_ITS_WAY], [HALF, WRONG], [], 2_500),
        ([DOUBTFUL], [DOUBTFUL], [], 3_600),
        ([FREE], [], [], None),
        ([ON_ITS_WAY], [], [], None),
        ([], [], [], None),
    ],
)
def test_what_a_paid_order_is_paid_with_and_what_is_too_much(
    payments: list[Payment], paid_with: list[Payment], extra: list[Payment], amount: int | None
) -> None:
    order = a_sold_order(payments=Payments.of(*payments))
    assert (order.paid_with, order.extra_payments) == (tuple(paid_with), tuple(extra))
    assert order.received == (None if amount is None else Money(amount, "eur"))


@pytest.mark.parametrize("status", OrderStatus)
def test_an_order_is_paid_with_nothing_before_it_is_paid(status: OrderStatus) -> None:
    order = a_held_order(status, payments=Payments.of(WHOLE, WRONG))
    assert bool(order.paid_with) == bool(order.extra_payments) == (status in PAID)


def test_only_refunds_of_what_it_is_paid_with_are_its_own() -> None:
    refunds = Refunds.of(a_refund("re_1", 1_200), a_refund("re_2", 700, payment_id="pi_4"))
    assert a_sold_order(payments=Payments.of(WHOLE, WRONG), refunds=refunds).amount_refunded == 1_200
    assert a_sold_order(payments=Payments.of(HALF, WRONG), refunds=refunds).amount_refunded == 700


@pytest.mark.parametrize(
    ("unfulfilled_as", "failure_reason", "defect", "awaits"),
    [
        ("review", "amount_mismatch: 700 eur was paid, 3600 eur was asked", None, True),
        ("review", None, None, True),
        ("review", "invalid_order: items must be a list of products", None, False),
        ("review", None, "items must be a list of products", False),
        ("refund_due", "insufficient_stock: 3 of 'shirt' ordered, 2 available", None, False),
        (None, None, None, False),
    ],
)
def test_a_payment_that_makes_up_the_price_is_awaited_only_in_review(
    unfulfilled_as: str | None, failure_reason: str | None, defect: str | None, *, awaits: bool
) -> None:
    for status in "review", "refunded":
        order = a_held_order(status, unfulfilled_as=unfulfilled_as, failure_reason=failure_reason, defect=defect)
        assert order.awaits_payment is awaits


@pytest.mark.parametrize(
    ("failure_reason", "is_reused"), [("id_used_before: an earlier order had it", True), ("not_on_sale: shirt", False)]
)
def test_an_order_whose_id_was_used_before_says_so(failure_reason: str, *, is_reused: bool) -> None:
    assert a_held_order("failed", failure_reason=failure_reason).is_id_reused is is_reused
    assert not a_held_order("failed").is_id_reused


# --- What an order is, and what it holds and has sold -----------------------------------------------------------------


def an_order_in(status: OrderStatus, *, hold_kept: bool = False, finalized_at: datetime | None = None) -> Order:
    return Order(
        order_id="order-1",
        status=status,
        user_id="alice",
        lines=(OrderLine("shirt", 3), OrderLine("mug", 1)),
        defect=None,
        total=None,
        hold_kept=hold_kept,
        finalized_at=finalized_at,
    )


PAID = {
    OrderStatus.FINALIZED,
    OrderStatus.PARTIALLY_REFUNDED,
    OrderStatus.REFUNDED,
    OrderStatus.REFUND_DUE,
    OrderStatus.REVIEW,
}


@pytest.mark.parametrize("status", OrderStatus)
def test_an_order_that_was_never_paid_is_what_its_status_says(status: OrderStatus) -> None:
    assert an_order_in(status).settled_status is status


@pytest.mark.parametrize("status", sorted(PAID))
def test_a_paid_order_is_what_its_status_says_if_that_is_one_of_a_paid_order(status: OrderStatus) -> None:
    paid = an_order_in(status, finalized_at=NOW)
    assert paid.settled_status is status
    assert replace(paid, finalized_at=None, unfulfilled_as=OrderStatus.REFUND_DUE).settled_status is status


@pytest.mark.parametrize("status", sorted(set(OrderStatus) - PAID))
def test_a_status_that_somebody_else_wrote_hides_nothing_of_a_paid_order(status: OrderStatus) -> None:
    overwritten = an_order_in(status, finalized_at=NOW)
    assert overwritten.settled_status is OrderStatus.FINALIZED
    # Its units were taken, and were sold again before a refund of it failed.
    assert replace(overwritten, unfulfilled_as=OrderStatus.REFUND_DUE).settled_status is OrderStatus.FINALIZED
    never_sold = replace(overwritten, finalized_at=None, unfulfilled_as=OrderStatus.REVIEW)
    assert never_sold.settled_status is OrderStatus.REVIEW


def test_units_are_held_while_an_order_is_reserved_and_while_its_hold_is_counted() -> None:
    holding = {status for status in OrderStatus if an_order_in(status).holds_units}
    assert holding == {OrderStatus.RESERVING, OrderStatus.RESERVED}


def test_only_in_review_a_hold_may_be_kept_beyond_that() -> None:
    holding = {status for status in OrderStatus if an_order_in(status, hold_kept=True).holds_units}
    assert holding == {OrderStatus.RESERVING, OrderStatus.RESERVED, OrderStatus.REVIEW}


@pytest.mark.parametrize("status", OrderStatus)
def test_an_order_whose_units_were_taken_has_sold_them_whatever_became_of_it(status: OrderStatus) -> None:
    assert an_order_in(status, finalized_at=NOW).sold == {"shirt": 3, "mug": 1}


def test_an_order_that_says_so_has_sold_its_units_even_if_nobody_wrote_down_when() -> None:
    selling = {status for status in OrderStatus if an_order_in(status).sold}
    assert selling == {OrderStatus.FINALIZED, OrderStatus.PARTIALLY_REFUNDED}
