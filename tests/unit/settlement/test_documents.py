"""Documents into the domain. Total: no document, however broken, makes it raise."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.reservation import Refused, price_to_hold
from inventory.stock import Level
from orders.order import Money, OrderLine, OrderStatus, Payment
from settlement.claims import claim_from
from settlement.documents import order_from, product_from
from settlement.ledger import Document
from settlement.parked import parked_event_from
from tests.builders import a_catalogue_entry, a_reserved_order, an_order

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.datetimes(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
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


ORDER_FIELDS = ("userId", "items", "status", "amountTotal", "currency", "paymentIntentId", "chargeId")


@given(documents(*ORDER_FIELDS))
def test_any_document_is_an_order_with_lines_or_with_a_defect(fields: dict[str, object]) -> None:
    order = order_from("order-1", fields)
    assert bool(order.lines) == (order.defect is None)
    assert order.user_id is not None or order.defect is not None


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
    documents(*ORDER_FIELDS),
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


PARKED_FIELDS = ("orderId", "eventType", "livemode", "apiVersion", "lastDeliveryAt", "event")
FACTS = ("createdAt", "amount", "currency", "paymentIntentId", "chargeId")


@given(documents(*PARKED_FIELDS), documents(*FACTS))
def test_any_document_is_a_parked_event_or_none(fields: dict[str, object], facts: dict[str, object]) -> None:
    parked_event_from("evt_1", fields)
    parked_event_from("evt_1", {**fields, "orderId": "order-1", "event": facts})
    parked_event_from("evt_1", {**fields, "orderId": "o", "event": {**facts, "amount": 1, "currency": "eur"}})
