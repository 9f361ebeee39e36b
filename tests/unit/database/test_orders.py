"""Documents ↔ the domain. Reading is total: no document, however broken, makes it raise."""

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from database.documents.orders import (
    changed_fields,
    order_from,
)
from database.documents.payments import known_payment_from
from database.documents.products import product_from
from database.documents.webhook_events import claim_from
from database.store import Document
from inventory.reservation import Refused, price_to_hold
from inventory.stock import Level
from orders.declines import Decline
from orders.disputes import Dispute
from orders.order import AMOUNT_MINOR_MAX, Money, Order, OrderLine, OrderStatus, Payment
from orders.refunds import Refund, Refunds
from tests.support.builders import NOW, a_catalogue_entry, a_refund, a_reserved_order, an_order, as_large_as_may_be

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.datetimes(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=3,
)


def documents(*names: str) -> st.SearchStrategy[dict[str, object]]:
    """Documents in which some fields are missing, and the others hold anything."""
    return st.dictionaries(st.sampled_from(names), anything)


# --- Orders -----------------------------------------------------------------------------------------------------------


def test_an_order_is_read_as_its_customer_wrote_it() -> None:
    order = order_from("order-1", an_order())
    assert (order.order_id, order.status, order.user_id) == ("order-1", OrderStatus.PENDING, "alice")
    assert order.lines == (OrderLine("shirt", 3),)
    assert (order.defect, order.total, order.payment) == (None, None, None)


def test_a_held_order_carries_its_price() -> None:
    assert order_from("order-1", a_reserved_order()).total == Money(3_600, "eur")


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


def test_of_several_defects_the_status_is_told() -> None:
    assert order_from("order-1", an_order(status="paid", items=[])).defect == "status must be 'pending'"


@pytest.mark.parametrize("user_id", [None, "", 7, "a/b", ["alice"]])
def test_an_order_that_names_no_customer_has_a_defect(user_id: object) -> None:
    order = order_from("order-1", an_order(userId=user_id))
    assert (order.user_id, order.lines, order.defect) == (None, (), "userId must name the customer")


def test_an_order_with_broken_items_has_a_defect_and_no_lines() -> None:
    order = order_from("order-1", an_order(items=[{"productId": "shirt", "quantity": 0}]))
    assert order.lines == ()
    assert order.defect is not None
    assert "quantity" in order.defect


@pytest.mark.parametrize(
    "fields",
    [{"amountTotal": 3.5}, {"amountTotal": "3600"}, {"amountTotal": -1}, {"currency": "EUR"}, {"currency": None}],
)
def test_an_amount_without_sense_is_no_price(fields: dict[str, object]) -> None:
    assert order_from("order-1", {**a_reserved_order(), **fields}).total is None


def test_an_order_remembers_what_paid_for_it() -> None:
    paid = {"paymentIntentId": "pi_1", "chargeId": "ch_1", "amountReceived": 3_000, "currencyReceived": "usd"}
    order = order_from("o", a_reserved_order(**paid, webhookEventId="evt_1"))
    assert order.payment == Payment(Money(3_000, "usd"), "pi_1", "ch_1", "evt_1")


def test_an_order_that_names_a_payment_and_no_amount_was_paid_what_was_asked() -> None:
    order = order_from("o", a_reserved_order(paymentIntentId="pi_1"))
    assert order.payment is not None
    assert order.payment.money == Money(3_600, "eur")
    assert order_from("o", a_reserved_order(paymentIntentId=7)).payment is None


READ_WITHOUT_THE_SERVICE = ("userId", "items", "status", "amountTotal", "currency", "paymentIntentId", "chargeId")


@given(documents(*READ_WITHOUT_THE_SERVICE))
def test_any_document_is_an_order_with_lines_or_with_a_defect(fields: dict[str, object]) -> None:
    order = order_from("order-1", fields)
    assert bool(order.lines) == (order.defect is None)
    assert order.user_id is not None or order.defect is not None


# --- What the service writes, read again ------------------------------------------------------------------------------

amounts = st.integers(0, AMOUNT_MINOR_MAX)
currencies = st.text(ascii_lowercase, min_size=3, max_size=3)
money = st.builds(Money, amounts, currencies)
units = st.dictionaries(st.text(), st.integers(1, 1_000_000), max_size=2)
refunds = st.builds(
    lambda told, charge_total: Refunds({refund.refund_id: refund for refund in told}, charge_total),
    st.lists(st.builds(Refund, amount=amounts, restock=units), max_size=2),
    amounts,
)
WRITTEN_BY_ITS_CUSTOMER: dict[str, st.SearchStrategy[object]] = {
    "order_id": st.just("order-1"),
    "user_id": st.just("alice"),
    "lines": st.just((OrderLine("shirt", 3),)),
    "defect": st.none(),
    "is_oversized": st.just(value=False),
}
times = st.none() | st.datetimes()
WRITTEN_BY_THE_SERVICE: dict[str, st.SearchStrategy[object]] = {
    # Nobody writes a status that is not known.
    "status": st.sampled_from([status for status in OrderStatus if status is not OrderStatus.UNKNOWN]),
    "total": st.none() | money,
    "reserved_at": times,
    "reservation_expires_at": times,
    "held_from": st.none() | st.sampled_from(OrderStatus),
    "hold_kept": st.booleans(),
    "payment": st.none() | st.builds(Payment, money),
    "unfulfilled_as": st.sampled_from([None, OrderStatus.REVIEW, OrderStatus.REFUND_DUE]),
    "finalized_at": times,
    "refunds": refunds,
    "returned": units,
    "failure_reason": st.none() | st.text(),
    "decline": st.none() | st.builds(Decline),
    "dispute": st.none() | st.builds(Dispute, amount=amounts, currency=currencies),
    "cancel_requested_at": times,
}
SERVICE_FIELDS = (
    "status",
    "amountTotal",
    "currency",
    "reservedAt",
    "reservationExpiresAt",
    "heldFrom",
    "holdKept",
    "unfulfilledAs",
    "finalizedAt",
    "webhookEventId",
    "paymentIntentId",
    "chargeId",
    "amountReceived",
    "currencyReceived",
    "chargeAmountRefunded",
    "refunds",
    "returned",
    "failureReason",
    "lastPaymentError",
    "dispute",
    "cancelRequestedAt",
)
"""What the service reads of what it has written to an order."""

orders = st.builds(Order, **WRITTEN_BY_ITS_CUSTOMER, **WRITTEN_BY_THE_SERVICE)


def test_these_tests_leave_out_nothing_of_an_order() -> None:
    assert WRITTEN_BY_ITS_CUSTOMER.keys() | WRITTEN_BY_THE_SERVICE.keys() == {field.name for field in fields(Order)}


@given(orders, orders)
def test_an_order_is_read_as_it_was_written_whatever_stood_there_before(before: Order, after: Order) -> None:
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
    assert changed_fields(before, after).keys() <= {"amountRefunded", *SERVICE_FIELDS}


def test_what_is_refunded_is_written_for_those_who_do_not_add_it_up() -> None:
    order = order_from("order-1", a_reserved_order(paymentIntentId="pi_1", amountReceived=3_600))
    failed, made = a_refund("re_1", 1_200, "failed"), a_refund("re_2", 2_400, restock={"shirt": 2})
    refunded = replace(order, refunds=Refunds({"re_1": failed, "re_2": made}, 3_600))
    assert changed_fields(order, refunded) == {
        "amountRefunded": 2_400,
        "chargeAmountRefunded": 3_600,
        "refunds": {
            "re_1": {"amount": 1_200, "status": "failed", "restock": []},
            "re_2": {"amount": 2_400, "status": "succeeded", "restock": [{"productId": "shirt", "quantity": 2}]},
        },
    }


def test_of_an_order_that_nobody_has_paid_it_is_not_said_that_nothing_was_refunded() -> None:
    order = order_from("order-1", an_order())
    assert "amountRefunded" not in changed_fields(order, replace(order, status=OrderStatus.RESERVED))


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

A_REFUND: Mapping[str, object] = {"amount": 1_200, "status": "succeeded", "restock": []}
A_DECLINE: Mapping[str, object] = {"at": NOW, "code": "card_declined", "declineCode": None, "chargeId": "ch_1"}
A_DISPUTE: Mapping[str, object] = {
    "id": "dp_1",
    "status": "lost",
    "reason": "fraudulent",
    "amount": 3_600,
    "currency": "eur",
    "dueBy": None,
    "openedAt": NOW,
    "toldAt": NOW,
}


def broken(fields: Mapping[str, object]) -> st.SearchStrategy[object]:
    """Anything, or these fields, any of which may be missing or hold anything."""
    maybe = st.fixed_dictionaries({}, optional={name: st.just(field) | anything for name, field in fields.items()})
    return anything | maybe


service_fields = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("userId", "items", *SERVICE_FIELDS), anything),
        "refunds": anything | st.dictionaries(st.text(), broken(A_REFUND)),
        "returned": anything | st.lists(broken({"productId": "shirt", "quantity": 1})),
        "lastPaymentError": broken(A_DECLINE),
        "dispute": broken(A_DISPUTE),
    },
)


@given(service_fields)
def test_whatever_stands_in_the_services_fields_it_is_read_as_an_order(fields: dict[str, object]) -> None:
    order = order_from("order-1", {**an_order(), **fields})
    assert order.refunds.amount >= 0
    assert all(quantity > 0 for quantity in (*order.returned.values(), *order.refunds.restock.values()))
    assert changed_fields(order, order) == {}


NO_AMOUNTS: list[object] = [None, -1, 1.5, True, "1200", []]
NO_STATUSES: list[object] = [None, "done", 7, [], {}, ["succeeded"]]
BROKEN_REFUNDS = [
    *({**A_REFUND, "amount": amount} for amount in NO_AMOUNTS),
    *({**A_REFUND, "status": status} for status in NO_STATUSES),
    "succeeded",
    None,
]


@pytest.mark.parametrize("refund", BROKEN_REFUNDS, ids=str)
def test_a_refund_that_cannot_be_read_is_none_and_the_others_stand(refund: object) -> None:
    order = order_from("order-1", an_order(refunds={"re_1": refund, "re_2": A_REFUND}))
    assert order.refunds == Refunds({"re_2": a_refund("re_2", 1_200)})


@pytest.mark.parametrize("field", ["id", "status", "amount", "currency", "openedAt", "toldAt"])
def test_a_dispute_of_which_a_fact_is_missing_is_none(field: str) -> None:
    assert order_from("order-1", an_order(dispute=A_DISPUTE)).dispute is not None
    assert order_from("order-1", an_order(dispute={**A_DISPUTE, field: None})).dispute is None


def test_a_decline_without_a_time_is_none() -> None:
    assert order_from("order-1", an_order(lastPaymentError=A_DECLINE)).decline is not None
    assert order_from("order-1", an_order(lastPaymentError={**A_DECLINE, "at": None})).decline is None


@pytest.mark.parametrize("quantity", [0, -1, True, 1.5, "1", None])
def test_units_that_cannot_be_counted_have_not_come_back(quantity: object) -> None:
    items = [{"productId": "shirt", "quantity": quantity}, {"productId": "mug", "quantity": 1}]
    assert order_from("order-1", an_order(returned=items)).returned == {"mug": 1}


# --- Products ---------------------------------------------------------------------------------------------------------


def test_a_product_is_its_inventory_and_its_catalogue_entry() -> None:
    product = product_from("shirt", {"stock": 10, "reserved": 4}, a_catalogue_entry())
    assert (product.level, product.on_sale, product.unit_price) == (Level(10, 4), True, Money(1_200, "eur"))
    assert product.price_defect is None


def test_a_product_nobody_has_reserved_yet_needs_no_figure_for_it() -> None:
    assert product_from("shirt", {"stock": 10}, None).level == Level(10, 0)


def test_a_product_outside_the_catalogue_is_on_sale_and_unpriced() -> None:
    product = product_from("shirt", {"stock": 10}, None)
    assert (product.on_sale, product.unit_price, product.price_defect) == (True, None, None)


@pytest.mark.parametrize(
    "inventory", [None, {}, {"stock": "10"}, {"stock": 1.0}, {"stock": True}, {"stock": 1, "reserved": None}]
)
def test_an_inventory_without_whole_numbers_counts_nothing(inventory: dict[str, object] | None) -> None:
    assert product_from("shirt", inventory, a_catalogue_entry()).level is None


@pytest.mark.parametrize("active", [False, None, 0, 1, "true"])
def test_only_what_is_plainly_active_is_on_sale(active: object) -> None:
    assert not product_from("shirt", None, a_catalogue_entry(active=active)).on_sale


@pytest.mark.parametrize(
    "price",
    [
        {"unitAmount": 12.5},
        {"unitAmount": "1200"},
        {"unitAmount": -1},
        {"unitAmount": True},
        {"unitAmount": None},
        {"currency": "EUR"},
        {"currency": None},
    ],
    ids=str,
)
def test_a_price_that_cannot_be_used_is_a_defect_and_never_free(price: dict[str, object]) -> None:
    product = product_from("shirt", {"stock": 10}, {**a_catalogue_entry(), **price})
    assert product.unit_price is None
    assert product.price_defect == "needs a whole unitAmount in minor units and a currency such as 'eur'"


def test_a_catalogue_entry_without_a_price_is_no_defect() -> None:
    assert product_from("shirt", {"stock": 10}, {"name": "Shirt"}).price_defect is None


@given(
    documents(*READ_WITHOUT_THE_SERVICE),
    st.none() | documents("stock", "reserved"),
    st.none() | documents("active", "unitAmount", "currency"),
)
def test_any_documents_end_in_a_price_or_in_a_refusal(
    order: dict[str, object], inventory: dict[str, object] | None, catalogue: dict[str, object] | None
) -> None:
    placed = order_from("order-1", order)
    products = {line.product_id: product_from(line.product_id, inventory, catalogue) for line in placed.lines}
    refusal = "none: it has a price"
    try:
        price_to_hold(placed, products)
    except Refused as refused:
        refusal = str(refused)
    assert re.match(r"[a-z_]+: .", refusal)


# --- Claims -----------------------------------------------------------------------------------------------------------


@given(documents("processed", "result", "deliveries", "lastDeliveryAt"))
def test_any_document_is_a_claim(fields: dict[str, object]) -> None:
    claim = claim_from(Document(fields, "v"))
    assert type(claim.deliveries) is int
    assert claim.processed is (fields.get("processed") is True)


# --- Payments ---------------------------------------------------------------------------------------------------------


def test_a_payment_names_its_order_and_what_waits_for_it() -> None:
    document = Document({"orderId": "order-1", "waiting": ["evt_7", "evt_8"]}, "v")
    known = known_payment_from(document)
    assert (known.order_id, known.waiting) == ("order-1", ("evt_7", "evt_8"))


@pytest.mark.parametrize("order_id", [None, "", "a/b", 7, ["order-1"]])
def test_a_payment_that_names_no_possible_order_names_none(order_id: object) -> None:
    assert known_payment_from(Document({"orderId": order_id}, "v")).order_id is None


@pytest.mark.parametrize("waiting", [None, "evt_7", {"evt_7": True}, [None, 7, "a/b", ["evt_7"]]], ids=str)
def test_what_is_no_event_waits_for_no_payment(waiting: object) -> None:
    assert known_payment_from(Document({"waiting": waiting}, "v")).waiting == ()
