"""`orders/{orderId}` as its customer writes it. Reading is total: no document makes it raise."""

import pytest
from hypothesis import given

from database.documents.orders import order_from
from orders.order import OrderLine, OrderStatus
from orders.payments import Payments
from tests.support.anything import documents
from tests.support.builders import NOW, a_reserved_order, an_order, as_large_as_may_be


def test_an_order_is_read_as_its_customer_wrote_it() -> None:
    order = order_from("order-1", an_order())
    assert (order.order_id, order.status, order.user_id) == ("order-1", OrderStatus.PENDING, "alice")
    assert order.lines == (OrderLine("shirt", 3),)
    assert (order.defect, order.total, order.payments, order.created_at) == (None, None, Payments(), NOW)


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


def test_the_status_is_named_among_several_defects() -> None:
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
    assert (order.lines, "quantity" in str(order.defect)) == ((), True)


@pytest.mark.parametrize(
    "fields", [*({"amountTotal": odd} for odd in (3.5, 2.0**60, "3600", -1)), {"currency": "EUR"}, {"currency": None}]
)
def test_an_amount_without_sense_is_no_price(fields: dict[str, object]) -> None:
    assert order_from("order-1", {**a_reserved_order(), **fields}).total is None


READ_WITHOUT_THE_SERVICE = ("userId", "items", "status", "amountTotal", "currency", "paymentIntentId", "chargeId")


@given(documents(*READ_WITHOUT_THE_SERVICE))
def test_any_document_is_an_order_with_lines_or_with_a_defect(fields: dict[str, object]) -> None:
    order = order_from("order-1", fields)
    assert bool(order.lines) == (order.defect is None)
