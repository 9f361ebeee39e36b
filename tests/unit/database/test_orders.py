"""`orders/{orderId}` ↔ an order. Reading is total: no document, however broken, makes it raise."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from database.documents.orders import changed_fields, order_from
from orders.adjustments import Adjustment, AdjustmentKind
from orders.declines import Decline
from orders.money import Money
from orders.order import Order, OrderLine, OrderStatus
from orders.payments import Payment, Payments, PaymentState
from orders.refunds import Refunds, RestockRule, units_named
from tests.support.anything import adjustments, amounts, currencies, documents, payments, refunds, tampered, units
from tests.support.builders import (
    LATER,
    NOW,
    Fields,
    a_failure,
    a_refund,
    a_reserved_order,
    an_order,
    as_large_as_may_be,
)
from tests.support.deciding import EUR_36, PAID, UNPRICED, a_pending_order, a_sold_order, paid_as

# --- Orders -----------------------------------------------------------------------------------------------------------


def test_an_order_is_read_as_its_customer_wrote_it() -> None:
    order = order_from("order-1", an_order())
    assert (order.order_id, order.status, order.user_id) == ("order-1", OrderStatus.PENDING, "alice")
    assert order.lines == (OrderLine("shirt", 3),)
    assert (order.defect, order.total, order.payments, order.created_at) == (None, None, Payments(), NOW)


def test_a_held_order_carries_its_price() -> None:
    order = order_from("order-1", a_reserved_order())
    assert (order.total, order.items_total, order.adjustments, order.price_defect) == (EUR_36, EUR_36, (), None)


def test_the_same_product_on_two_lines_becomes_one_line_with_both_quantities() -> None:
    items = [{"productId": "shirt", "quantity": 1}, {"productId": "shirt", "quantity": 2}]
    assert order_from("order-1", an_order(items=items)).lines == (OrderLine("shirt", 3),)


@pytest.mark.parametrize("status", list(OrderStatus))
def test_every_status_is_read_as_written(status: OrderStatus) -> None:
    assert order_from("order-1", an_order(status=str(status))).status is status


@pytest.mark.parametrize("status", [None, "", "PENDING", "paid", 1, True, ["pending"], {"pending": 1}])
def test_a_status_that_this_service_never_writes_is_a_defect(status: object) -> None:
    order = order_from("order-1", an_order(status=status))
    assert (order.status, order.defect) == (OrderStatus.UNKNOWN, "status must be 'pending'")


def test_an_order_that_is_too_large_has_a_defect_and_no_lines() -> None:
    largest = as_large_as_may_be()
    assert order_from("order-1", largest).defect is None
    order = order_from("order-1", {**largest, "n": 1})
    assert (order.is_oversized, order.lines, order.defect) == (True, (), "the order is larger than 524288 bytes")


@pytest.mark.parametrize("name", ["failureReason", "refunds", "updatedAt"])
def test_nor_may_what_looks_like_the_services_own_fill_the_document(name: str) -> None:
    assert not order_from("order-1", an_order(**{name: "x" * 890 * 1024})).is_oversized
    order = order_from("order-1", an_order(**{name: "x" * 896 * 1024}))
    assert (order.is_oversized, order.defect) == (True, "the order is larger than 917504 bytes")


def test_of_several_defects_the_status_is_the_one_that_is_named() -> None:
    assert order_from("order-1", an_order(status="paid", items=[])).defect == "status must be 'pending'"


@pytest.mark.parametrize("user_id", [None, "", 7, "a/b", ["alice"]])
def test_the_lines_of_an_order_are_read_whether_or_not_it_names_a_customer(user_id: object) -> None:
    order = order_from("order-1", an_order(userId=user_id))
    assert (order.user_id, order.lines, order.defect) == (None, (OrderLine("shirt", 3),), None)


BAD_ID = "the id of an order has 1 to 128 letters (A to Z, a to z), digits, hyphens and underscores"


@pytest.mark.parametrize("order_id", ["a b", "a.b", "bestellung-ü", "o" * 129])
def test_an_order_under_an_id_that_no_order_can_have_has_a_defect_and_its_lines(order_id: str) -> None:
    order = order_from(order_id, an_order())
    assert (order.lines, order.defect) == ((OrderLine("shirt", 3),), BAD_ID)


def test_an_order_with_broken_items_has_a_defect_and_no_lines() -> None:
    order = order_from("order-1", an_order(items=[{"productId": "shirt", "quantity": 0}]))
    assert order.lines == ()
    assert order.defect is not None
    assert "quantity" in order.defect


@pytest.mark.parametrize(
    "fields",
    [
        {"amountTotal": 3.5},
        {"amountTotal": 2.0**60},
        {"amountTotal": "3600"},
        {"amountTotal": -1},
        {"currency": "EUR"},
        {"currency": None},
    ],
)
def test_an_amount_without_sense_is_no_price(fields: dict[str, object]) -> None:
    assert order_from("order-1", {**a_reserved_order(), **fields}).total is None


def as_doubles(value: object) -> object:
    """The same, as somebody writes it who knows one kind of number."""
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


READ_WITHOUT_THE_SERVICE = ("userId", "items", "status", "amountTotal", "currency", "paymentIntentId", "chargeId")


@given(documents(*READ_WITHOUT_THE_SERVICE))
def test_any_document_is_an_order_with_lines_or_with_a_defect(fields: dict[str, object]) -> None:
    order = order_from("order-1", fields)
    assert bool(order.lines) == (order.defect is None)


# --- What the service writes, read again ------------------------------------------------------------------------------

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
    # Nobody writes a status that is not known.
    "status": st.sampled_from([status for status in OrderStatus if status is not OrderStatus.UNKNOWN]),
    "adjustments": adjustments,
    "reserved_at": times,
    "reservation_expires_at": times,
    "held_from": st.none() | st.sampled_from(OrderStatus),
    "hold_kept": st.booleans(),
    "unlimited": st.frozensets(st.text()),
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
    """All that is asked for one order is in one currency."""
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
def test_an_order_is_read_as_it_was_written_whatever_was_there_before(before: Order, after: Order) -> None:
    placed = an_order()
    written = {**placed, **changed_fields(order_from("order-1", placed), before)}
    assert order_from("order-1", written) == before
    assert order_from("order-1", {**written, **changed_fields(before, after)}) == after


@given(orders)
def test_what_the_service_writes_does_not_make_an_order_too_large_that_was_not(order: Order) -> None:
    placed = as_large_as_may_be()
    written = {**placed, **changed_fields(order_from("order-1", placed), order), "updatedAt": NOW}
    assert order_from("order-1", written) == order


@given(orders)
def test_an_order_in_which_nothing_has_changed_writes_nothing(order: Order) -> None:
    assert changed_fields(order, order) == {}


@given(orders, orders)
def test_only_the_services_own_fields_are_written(before: Order, after: Order) -> None:
    assert changed_fields(before, after).keys() <= WRITTEN.keys()


A_REFUND: Fields = {
    "amount": 1_200,
    "status": "succeeded",
    "restock": [{"productId": "shirt", "quantity": 1}],
    "paymentId": "pi_1",
}
NOT_MADE: Fields = {"amount": 2_400, "status": "failed", "restock": "none", "paymentId": "pi_1"}
A_PAYMENT: Fields = {
    "state": "succeeded",
    "at": NOW,
    "amount": 3_600,
    "currency": "eur",
    "chargeId": "ch_1",
    "until": None,
    "untilEstimated": False,
    "amountRefunded": 3_600,
    "doubtful": False,
}
A_VOUCHER: Fields = {
    "state": "processing",
    "at": NOW,
    "amount": None,
    "currency": None,
    "chargeId": None,
    "until": LATER,
    "untilEstimated": False,
    "amountRefunded": 0,
    "doubtful": True,
}
VOUCHER = Payment("pi_2", PaymentState.PROCESSING, NOW, until=LATER, is_doubtful=True)
SHIPPING: Fields = {"kind": "shipping", "amount": 490, "label": "Parcel"}
DISCOUNT: Fields = {"kind": "discount", "amount": -490, "label": None}
ADJUSTED = (Adjustment(AdjustmentKind.SHIPPING, 490, "Parcel"), Adjustment(AdjustmentKind.DISCOUNT, -490))
A_DECLINE: Fields = {
    "code": "card_declined",
    "declineCode": "insufficient_funds",
    "at": NOW,
    "paymentIntentId": "pi_1",
    "chargeId": "ch_0",
}
WRITTEN: Fields = {
    "status": "refund_due",
    "adjustments": [SHIPPING, DISCOUNT],
    "itemsTotal": 3_600,
    "amountTotal": 3_600,
    "currency": "eur",
    "pricedBy": "catalogue",
    "reservedAt": NOW,
    "reservationExpiresAt": NOW + timedelta(minutes=30),
    "heldFrom": "expired",
    "holdKept": True,
    "unlimited": ["ebook", "shirt"],
    "unfulfilledAs": "review",
    "finalizedAt": NOW,
    "webhookEventId": "evt_0",
    "paymentIntentId": "pi_1",
    "chargeId": "ch_1",
    "amountReceived": 3_600,
    "currencyReceived": "eur",
    "amountRefunded": 1_200,
    "chargeAmountRefunded": 3_600,
    "payments": {"pi_1": A_PAYMENT, "pi_2": A_VOUCHER},
    "refunds": {"re_1": A_REFUND, "re_2": NOT_MADE},
    "returned": [{"productId": "shirt", "quantity": 2}],
    "failureReason": "sold_again",
    "lastPaymentError": A_DECLINE,
    "disputed": True,
    "openDisputes": 2,
    "cancelRequestedAt": LATER,
}
"""All that the service writes to an order."""


def test_an_order_is_written_under_these_names_with_what_is_refunded_for_those_who_do_not_add_it_up() -> None:
    order = a_sold_order(
        "refund_due",
        held_from="expired",
        hold_kept=True,
        unlimited=frozenset({"shirt", "ebook"}),
        unfulfilled_as="review",
        adjustments=ADJUSTED,
        payments=Payments.of(replace(PAID, amount_refunded=3_600), VOUCHER),
        refunds=Refunds.of(
            a_refund("re_1", 1_200, restock={"shirt": 1}), a_refund("re_2", 2_400, "failed", RestockRule.NONE)
        ),
        returned={"shirt": 2},
        failure_reason="sold_again",
        decline=a_failure().decline,
        open_disputes=2,
        cancel_requested_at=LATER,
    )
    assert changed_fields(a_pending_order(), order) == WRITTEN
    assert order_from("order-1", an_order(**WRITTEN)) == order


def test_the_currency_of_an_order_without_a_price_is_the_one_it_was_paid_in() -> None:
    paid_in_dollars = a_sold_order(payments=paid_as(money=Money(1, "usd")), **UNPRICED)
    assert changed_fields(a_pending_order(), paid_in_dollars)["currency"] == "usd"


def test_of_an_order_that_nobody_has_paid_it_is_not_said_that_nothing_was_refunded() -> None:
    order = order_from("order-1", an_order())
    assert "amountRefunded" not in changed_fields(order, replace(order, status=OrderStatus.RESERVED))


def test_an_order_whose_disputes_are_all_decided_says_that_it_is_disputed_no_longer() -> None:
    none_open = {"disputed": False, "openDisputes": 0}
    for before in (an_order(disputed=True, openDisputes=1), an_order()):
        order = order_from("order-1", before)
        assert changed_fields(order, replace(order, open_disputes=0)) == none_open


def test_units_of_which_none_are_left_are_not_written() -> None:
    order = order_from("order-1", a_reserved_order(returned=[{"productId": "shirt", "quantity": 2}]))
    assert order.returned == {"shirt": 2}
    assert changed_fields(order, replace(order, returned={"shirt": 0})) == {"returned": []}


def test_what_an_order_is_no_longer_is_written_as_nothing() -> None:
    order = order_from("order-1", an_order(heldFrom="expired", unfulfilledAs="review"))
    no_longer = replace(order, held_from=None, unfulfilled_as=None)
    assert changed_fields(order, no_longer) == {"heldFrom": None, "unfulfilledAs": None}


def test_an_order_is_held_from_nothing_unless_it_says_so() -> None:
    assert order_from("order-1", an_order()).held_from is None
    assert order_from("order-1", an_order(heldFrom="expired")).held_from is OrderStatus.EXPIRED
    assert order_from("order-1", an_order(heldFrom="heaven")).held_from is OrderStatus.UNKNOWN


@pytest.mark.parametrize("kept", [None, "true", 1])
def test_only_what_is_plainly_kept_is_a_hold_that_was_kept(kept: object) -> None:
    assert not order_from("order-1", an_order(holdKept=kept)).hold_kept


# --- What anybody may have written into the service's fields ----------------------------------------------------------


@given(tampered(a_reserved_order(**WRITTEN)))
def test_whatever_is_in_the_services_fields_it_is_read_as_an_order(fields: dict[str, object]) -> None:
    order = order_from("order-1", fields)
    assert order.amount_refunded >= 0
    named = units_named(order.refunds.by_id.values())
    assert all(quantity > 0 for quantity in (*order.returned.values(), *named.values()))
    assert order.price_defect is None or order.finalized_at or not order.paying
    assert changed_fields(order, order) == {}


NO_AMOUNTS: list[object] = [None, -1, 1.5, True, "1200", []]
NO_STATUSES: list[object] = [None, "done", 7, [], {}, ["succeeded"]]


@pytest.mark.parametrize(
    ("written", "read"),
    [("all", RestockRule.ALL), ("none", RestockRule.NONE), ("some", None), ([], None), ({}, None), (7, None)],
)
def test_what_a_refund_says_of_units_is_read_if_it_is_a_rule_or_names_some(written: object, read: object) -> None:
    order = order_from("order-1", an_order(refunds={"re_1": {**A_REFUND, "restock": written}}))
    assert order.refunds.by_id["re_1"].restock == read


def test_a_refund_of_which_an_older_release_has_not_kept_the_payment_names_none() -> None:
    older = {name: value for name, value in A_REFUND.items() if name != "paymentId"}
    assert order_from("order-1", an_order(refunds={"re_1": older})).refunds.by_id["re_1"].payment_id is None


BROKEN_REFUNDS = [
    *({**A_REFUND, "amount": amount} for amount in NO_AMOUNTS),
    *({**A_REFUND, "status": status} for status in NO_STATUSES),
    "succeeded",
    None,
]


@pytest.mark.parametrize("refund", BROKEN_REFUNDS, ids=str)
def test_a_refund_that_cannot_be_read_is_none_and_the_others_are_as_they_are(refund: object) -> None:
    order = order_from("order-1", an_order(refunds={"re_1": refund, "re_2": A_REFUND}))
    assert order.refunds == Refunds.of(a_refund("re_2", 1_200, restock={"shirt": 1}))


@pytest.mark.parametrize("number", [-1, True, 1.5, "1", None, ["dp_1"]], ids=str)
def test_disputes_that_cannot_be_counted_are_none(number: object) -> None:
    assert order_from("order-1", an_order(openDisputes=number, disputed=True)).open_disputes is None


def test_a_decline_without_a_time_is_none() -> None:
    assert order_from("order-1", an_order(lastPaymentError=A_DECLINE)).decline is not None
    assert order_from("order-1", an_order(lastPaymentError={**A_DECLINE, "at": None})).decline is None


@pytest.mark.parametrize("quantity", [0, -1, True, 1.5, "1", None])
def test_units_that_cannot_be_counted_have_not_come_back(quantity: object) -> None:
    items = [{"productId": "shirt", "quantity": quantity}, {"productId": "mug", "quantity": 1}]
    assert order_from("order-1", an_order(returned=items)).returned == {"mug": 1}
