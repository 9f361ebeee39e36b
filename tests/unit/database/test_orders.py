"""`orders/{orderId}` ↔ an order, as the service writes it, and as somebody else may have written there."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from database.documents.orders import ALL_BUT_ITEMS, changed_fields, order_from, without_items
from orders.adjustments import Adjustment, AdjustmentKind
from orders.declines import Decline
from orders.money import Money
from orders.order import Order, OrderLine, OrderStatus
from orders.payments import Payment, Payments, PaymentState
from orders.refunds import Refunds, RestockRule, units_named
from tests.support.anything import adjustments, amounts, currencies, payments, refunds, tampered, units
from tests.support.builders import LATER, NOW, Fields, a_reserved_order, an_order, as_large_as_may_be
from tests.support.orders import PAID, UNPRICED, a_pending_order, a_sold_order, paid_as
from tests.support.payments import a_failure
from tests.support.refunds import a_refund
from tests.support.written import payment_fields

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


A_REFUND: Fields = {
    "amount": 1_200,
    "status": "succeeded",
    "restock": [{"productId": "shirt", "quantity": 1}],
    "paymentId": "pi_1",
}
NOT_MADE: Fields = {"amount": 2_400, "status": "failed", "restock": "none", "paymentId": "pi_1"}
LEFT_TO_THE_TERMS: Fields = {"amount": 100, "status": "pending", "restock": None, "paymentId": "pi_1"}
A_PAYMENT = payment_fields(amountRefunded=3_600)
NO_MONEY_YET = dict.fromkeys(("amount", "currency", "chargeId"))
A_VOUCHER = payment_fields(state="processing", until=LATER, doubtful=True, **NO_MONEY_YET)
VOUCHER = Payment("pi_2", PaymentState.PROCESSING, NOW, until=LATER, is_doubtful=True)
SHIPPING: Fields = {"kind": "shipping", "amount": 490, "label": "Parcel"}
DISCOUNT: Fields = {"kind": "discount", "amount": -490, "label": None}
ADJUSTED = (
    Adjustment(AdjustmentKind.SHIPPING, 490, "Parcel"),
    Adjustment(AdjustmentKind.DISCOUNT, -490),
)
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
    "pricedBy": "checkout",
    "addedInCheckout": [DISCOUNT],
    "reservedAt": NOW,
    "reservationExpiresAt": NOW + timedelta(minutes=30),
    "extendedUntil": LATER,
    "checkoutAttempts": 2,
    "checkoutUntil": LATER,
    "heldFrom": "expired",
    "holdKept": True,
    "unlimited": ["ebook", "shirt"],
    "takenLater": ["mug"],
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
    "refunds": {"re_1": A_REFUND, "re_2": NOT_MADE, "re_3": LEFT_TO_THE_TERMS},
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


def test_of_an_order_that_nobody_has_paid_it_is_not_said_that_nothing_was_refunded() -> None:
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
def test_units_that_cannot_be_counted_have_not_come_back_and_those_of_which_none_are_left_are_not_written(
    quantity: object,
) -> None:
    items = [{"productId": "shirt", "quantity": quantity}, {"productId": "mug", "quantity": 1}]
    order = order_from("order-1", an_order(returned=items))
    assert order.returned == {"mug": 1}
    assert changed_fields(order, replace(order, returned={"mug": 0})) == {"returned": []}


def test_of_an_order_whose_items_are_too_large_to_be_read_all_else_is_and_it_is_oversized() -> None:
    asked = set[str]()

    class Noting(dict[str, object]):
        """Fields that note which of them are asked for."""

        def get(self, name: str, default: object = None) -> object:
            asked.add(name)
            return super().get(name, default)

        def __contains__(self, name: object) -> bool:
            asked.add(str(name))
            return super().__contains__(name)

    order_from("order-1", Noting())
    assert asked <= {"items", *ALL_BUT_ITEMS}
    read = without_items({"status": "pending", "userId": "alice"})
    order = order_from("order-1", read)
    assert (order.is_oversized, order.user_id, order.lines) == (True, "alice", ())
    assert read.keys() == {"status", "userId", "items"}
