"""`orders/{orderId}` ↔ an order, as the service writes and reads it."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from database.documents.orders import changed_fields, order_from
from orders.declines import Decline
from orders.money import Money
from orders.order import Order, OrderLine, OrderStatus
from orders.payments import Payments
from orders.refunds import Refunds, RestockRule
from tests.support.anything import adjustments, amounts, currencies, payments, refunds, units
from tests.support.builders import LATER, NOW, a_reserved_order, an_order, as_large_as_may_be
from tests.support.orders import PAID, UNPRICED, a_pending_order, a_sold_order, paid_as
from tests.support.payments import a_failure
from tests.support.refunds import a_refund
from tests.support.written_orders import ADJUSTED, VOUCHER, WRITTEN

WRITTEN_BY_ITS_CUSTOMER: dict[str, st.SearchStrategy[object]] = {
    "order_id": st.just("order-1"),
    "user_id": st.just("alice"),
    "lines": st.just((OrderLine("shirt", 3),)),
    "defect": st.none(),
    "price_defect": st.none(),
    "created_at": st.just(NOW),
    "is_oversized": st.just(value=False),
}
times = st.none() | st.datetimes()
WRITTEN_BY_THE_SERVICE: dict[str, st.SearchStrategy[object]] = {
    # An unknown status is never written.
    "status": st.sampled_from([status for status in OrderStatus if status is not OrderStatus.UNKNOWN]),
    "adjustments": adjustments,
    "added": adjustments,
    "reserved_at": times,
    "reservation_expires_at": times,
    "extended_until": times,
    "checkout_attempts": st.integers(0, 3),
    "checkout_until": times,
    "priced_by_checkout": st.booleans(),
    "held_from": st.none() | st.sampled_from(OrderStatus),
    "hold_kept": st.booleans(),
    "unlimited": st.frozensets(st.text()),
    "taken_later": st.frozensets(st.text()),
    "payments": payments,
    "settled_by": st.none() | st.text(),
    "unfulfilled_as": st.sampled_from([None, OrderStatus.REVIEW, OrderStatus.REFUND_DUE]),
    "finalized_at": times,
    "refunds": refunds,
    "returned": units,
    "failure_reason": st.none() | st.text(),
    "decline": st.none() | st.builds(Decline),
    "open_disputes": st.none() | st.integers(0, 3),
    "cancel_requested_at": times,
}


def priced(order: Order, currency: str, total: int | None, items_total: int | None) -> Order:
    """All amounts of an order are in one currency."""
    total_money, items = (None if amount is None else Money(amount, currency) for amount in (total, items_total))
    return replace(order, total=total_money, items_total=items)


PRICES = ("total", "items_total")
without_price = st.builds(Order, total=st.none(), **WRITTEN_BY_ITS_CUSTOMER, **WRITTEN_BY_THE_SERVICE)
orders = st.builds(priced, without_price, currencies, st.none() | amounts, st.none() | amounts)


def test_these_tests_leave_out_nothing_of_an_order() -> None:
    assert WRITTEN_BY_ITS_CUSTOMER.keys() | WRITTEN_BY_THE_SERVICE.keys() | set(PRICES) == {
        field.name for field in fields(Order)
    }


@given(orders, orders)
def test_an_order_is_read_as_it_was_written_whatever_was_there_before_and_only_what_has_changed_is_written(
    before: Order, after: Order
) -> None:
    placed = an_order()
    written = {**placed, **changed_fields(order_from("order-1", placed), before)}
    assert order_from("order-1", written) == before
    changed = changed_fields(before, after)
    assert order_from("order-1", {**written, **changed}) == after
    assert changed.keys() <= WRITTEN.keys()
    assert changed_fields(after, after) == {}


@given(orders)
def test_what_the_service_writes_does_not_make_an_order_too_large_that_was_not(order: Order) -> None:
    placed = as_large_as_may_be()
    written = {**placed, **changed_fields(order_from("order-1", placed), order), "updatedAt": NOW}
    assert order_from("order-1", written) == order


def test_an_order_is_written_under_these_names_with_what_is_refunded_for_those_who_do_not_add_it_up() -> None:
    order = a_sold_order(
        "refund_due",
        checkout_attempts=2,
        extended_until=LATER,
        checkout_until=LATER,
        priced_by_checkout=True,
        held_from="expired",
        hold_kept=True,
        unlimited=frozenset({"shirt", "ebook"}),
        taken_later=frozenset({"mug"}),
        unfulfilled_as="review",
        adjustments=ADJUSTED,
        added=ADJUSTED[1:],
        payments=Payments.of(replace(PAID, amount_refunded=3_600), VOUCHER),
        refunds=Refunds.of(
            a_refund("re_1", 1_200, restock={"shirt": 1}),
            a_refund("re_2", 2_400, "failed", RestockRule.NONE),
            a_refund("re_3", 100, "pending"),
        ),
        returned={"shirt": 2},
        failure_reason="sold_again",
        decline=a_failure().decline,
        open_disputes=2,
        cancel_requested_at=LATER,
    )
    assert changed_fields(a_pending_order(), order) == WRITTEN
    assert order_from("order-1", an_order(**WRITTEN)) == order


def test_what_an_order_is_no_longer_is_written_as_nothing() -> None:
    order = order_from("order-1", an_order(**WRITTEN))
    settled = replace(order, held_from=None, unfulfilled_as=None, failure_reason=None, decline=None)
    names = ("heldFrom", "unfulfilledAs", "failureReason", "lastPaymentError")
    assert changed_fields(order, settled) == dict.fromkeys(names)


def test_the_currency_of_an_order_without_a_price_is_the_one_it_was_paid_in() -> None:
    paid_in_dollars = a_sold_order(payments=paid_as(money=Money(1, "usd")), **UNPRICED)
    assert changed_fields(a_pending_order(), paid_in_dollars)["currency"] == "usd"


def test_an_unpaid_order_does_not_say_that_nothing_was_refunded() -> None:
    order = order_from("order-1", an_order())
    assert "amountRefunded" not in changed_fields(order, replace(order, status=OrderStatus.RESERVED))


def test_an_order_whose_disputes_are_all_decided_says_that_it_is_disputed_no_longer() -> None:
    none_open = {"disputed": False, "openDisputes": 0}
    for before in (an_order(disputed=True, openDisputes=1), an_order()):
        order = order_from("order-1", before)
        assert changed_fields(order, replace(order, open_disputes=0)) == none_open


def test_an_order_is_held_from_nothing_unless_it_says_so() -> None:
    assert order_from("order-1", an_order()).held_from is None
    assert order_from("order-1", an_order(heldFrom="expired")).held_from is OrderStatus.EXPIRED
    assert order_from("order-1", an_order(heldFrom="heaven")).held_from is OrderStatus.UNKNOWN


@pytest.mark.parametrize("kept", [None, "true", 1])
def test_only_what_is_plainly_kept_is_a_hold_that_was_kept(kept: object) -> None:
    assert not order_from("order-1", an_order(holdKept=kept)).hold_kept


def as_doubles(value: object) -> object:
    """The same, from a writer that has only doubles."""
    match value:
        case bool():
            return value
        case int():
            return float(value)
        case dict():
            return {name: as_doubles(inner) for name, inner in value.items()}
        case list():
            return [as_doubles(inner) for inner in value]
        case _:
            return value


def test_every_number_in_an_order_may_be_stored_as_a_double() -> None:
    fields = a_reserved_order(**WRITTEN)
    doubles = as_doubles(fields)
    assert isinstance(doubles, dict)
    assert repr(order_from("order-1", doubles)) == repr(order_from("order-1", fields))
