"""Amounts and currencies, and what an order says of its payment and its units."""

from dataclasses import replace
from datetime import datetime

import pytest

from orders.order import AMOUNT_MINOR_MAX, Money, Order, OrderLine, OrderStatus, Payment, is_amount, is_currency
from tests.support.builders import NOW


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


# --- Payments ---------------------------------------------------------------------------------------------------------


def a_payment_known_as(payment_intent_id: str | None, charge_id: str | None) -> Payment:
    return Payment(Money(3_600, "eur"), payment_intent_id, charge_id, "evt_1")


@pytest.mark.parametrize(
    ("known", "reported"),
    [
        (("pi_1", "ch_1"), ("pi_2", "ch_1")),
        (("pi_1", None), ("pi_2", None)),
        ((None, "ch_1"), (None, "ch_2")),
        ((None, "ch_1"), ("pi_1", "ch_2")),
        (("pi_1", "ch_1"), (None, "ch_2")),
    ],
)
def test_other_ids_are_another_payment(
    known: tuple[str | None, str | None], reported: tuple[str | None, str | None]
) -> None:
    assert a_payment_known_as(*known).is_another(*reported)
    assert a_payment_known_as(*reported).is_another(*known)


@pytest.mark.parametrize(
    ("known", "reported"),
    [
        (("pi_1", "ch_1"), ("pi_1", "ch_1")),
        # A declined charge and the one that succeeded after it belong to one PaymentIntent.
        (("pi_1", "ch_1"), ("pi_1", "ch_2")),
        (("pi_1", None), ("pi_1", "ch_1")),
        (("pi_1", "ch_1"), (None, "ch_1")),
        (("pi_1", None), (None, "ch_1")),
        ((None, "ch_1"), ("pi_1", None)),
        (("pi_1", "ch_1"), (None, None)),
        ((None, None), (None, None)),
        (("pi_1", ""), ("", "ch_1")),
    ],
)
def test_what_may_be_the_same_payment_is_not_another(
    known: tuple[str | None, str | None], reported: tuple[str | None, str | None]
) -> None:
    assert not a_payment_known_as(*known).is_another(*reported)
    assert not a_payment_known_as(*reported).is_another(*known)


NOTHING = Payment(Money(0, "eur"), None, None, "evt_1")


@pytest.mark.parametrize("reported", [("pi_1", "ch_1"), ("pi_1", None), (None, "ch_1")])
def test_whatever_has_a_name_is_another_payment_than_nothing(reported: tuple[str | None, str | None]) -> None:
    assert NOTHING.is_another(*reported)


def test_a_payment_that_has_a_name_is_not_free_whatever_its_amount() -> None:
    assert not Payment(Money(0, "eur"), "pi_1", None, "evt_1").is_another(None, "ch_1")
    assert not Payment(Money(0, "eur"), None, "ch_1", "evt_1").is_another("pi_1", None)


def test_an_order_that_costs_nothing_may_be_reported_again() -> None:
    assert not NOTHING.is_another(None, None)


def test_a_payment_without_a_name_is_not_free_for_that() -> None:
    assert NOTHING.is_free
    assert not a_payment_known_as(None, None).is_free


@pytest.mark.parametrize(
    ("known", "name"),
    [
        (("pi_1", "ch_1"), "pi_1"),
        ((None, "ch_1"), "ch_1"),
        ((None, None), "the session of evt_1"),
    ],
)
def test_a_payment_is_called_what_a_person_finds_in_stripe(known: tuple[str | None, str | None], name: str) -> None:
    assert a_payment_known_as(*known).name == name


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
