"""The code in docs/integration.md, run as it is: the order is held, and paid with the price."""

from collections.abc import Iterable
from typing import Final, NamedTuple

import pytest
from google.cloud import firestore

from tests.emulator.ordering_shop import Shop
from tests.support.builders import TERMS, Fields, a_catalogue_entry, an_order
from tests.support.documented import Call, calls_in, ran
from tests.support.emulated_shop import inventory_of, service_in
from tests.support.firestore_events import a_created_event, created
from tests.support.stripe_objects import an_event_for

PAGE: Final = "integration.md"
WRITES: Final = {"set", "update"}


class Example(NamedTuple):
    heading: str
    """The heading on the page."""
    product_id: str
    quantity: int
    asked: tuple[int, str]
    left: int
    """The units left once the order is paid."""


EXAMPLES = {
    "a variant": Example('<a id="variants">', "shirt-blue-m", 2, (4_800, "eur"), 10),
    "goods by weight": Example('<a id="weights">', "coffee-beans", 15, (3_585, "eur"), 105),
    "another currency": Example('<a id="currencies">', "shirt", 1, (2_650, "usd"), 9),
    "shipping and a discount": Example("## Shipping, tax and discounts", "shirt", 2, (4_699, "eur"), 8),
    "a gift card for a part": Example("## Gift cards", "shirt", 1, (400, "eur"), 9),
    "a gift card for all": Example("## Gift cards", "mug", 1, (0, "eur"), 9),
}


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_what_the_page_has_a_shop_write_is_held_and_paid_as_it_says(
    firestore_client: firestore.Client, example: Example
) -> None:
    shop = Shop(firestore_client, TERMS)
    for product_id, unit_amount in {"shirt": 2_400, "mug": 2_000}.items():
        shop.write(f"inventory/{product_id}", {"stock": 10, "reserved": 0})
        shop.write(f"products/{product_id}", a_catalogue_entry(unitAmount=unit_amount))
    carry_out(shop, calls_in(PAGE, example.heading, of={"set"}))
    place(shop, example)
    carry_out(shop, calls_in(PAGE, example.heading, of={"update"}))
    assert shop.deliver(a_payment_of(*example.asked)) == "first_time_finalized"
    assert (shop.order["amountTotal"], shop.order["currency"]) == example.asked
    assert inventory_of(shop.client, example.product_id) == (example.left, 0)


@pytest.mark.usefixtures("firestore_host")
def test_all_that_the_page_has_a_shop_write_is_tried() -> None:
    tried = [call for example in EXAMPLES.values() for call in calls_in(PAGE, example.heading, of=WRITES)]
    assert [call for call in calls_in(PAGE, of=WRITES) if call not in tried] == []


@pytest.mark.usefixtures("firestore_host")
def test_the_page_has_a_backend_ask_for_what_the_order_asks_and_name_it() -> None:
    asked = {call.target: call.fields for call in calls_in(PAGE, of={"create"})}
    naming = {"metadata": {"orderId": "order-1"}}
    assert asked["payment_intents"] == {"amount": 4_800, "currency": "eur", **naming}
    session = asked["checkout/sessions"]
    assert (session["metadata"], session["payment_intent_data"]) == (naming["metadata"], naming)
    assert [result.amount for result in ran(PAGE, "## Shipping, tax and discounts")] == [4_699]


@pytest.mark.usefixtures("firestore_host")
def test_the_page_has_an_app_ask_where_to_pay_and_go_there() -> None:
    calls = calls_in(PAGE, "## The app asks where to pay", of={"call createCheckout", "assign"})
    assert [(call.name, call.fields or call.target) for call in calls] == [
        ("call createCheckout", {"orderId": "order-1"}),
        ("assign", "https://shop.example/pay"),
    ]


def carry_out(shop: Shop, writes: Iterable[Call]) -> None:
    for write in writes:
        document = shop.client.document(write.target)
        (document.set if write.name == "set" else document.update)(write.fields)


def place(shop: Shop, example: Example) -> None:
    items = [{"productId": example.product_id, "quantity": example.quantity}]
    shop.write("orders/order-1", an_order(items=items))
    service_in(shop.client).order_created_trigger().receive(a_created_event(None, created("orders/order-1")))
    assert shop.order["status"] == "reserved"


def a_payment_of(amount: int, currency: str) -> Fields:
    if amount == 0:
        free = {"payment_status": "no_payment_required", "amount_total": 0, "payment_intent": None}
        return an_event_for("order-1", "checkout.session.completed", **free)
    return an_event_for("order-1", "payment_intent.succeeded", amount_received=amount, currency=currency)
