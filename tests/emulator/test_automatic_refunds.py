"""The service refunds payments that an order does not need, and Stripe's own events confirm it."""

from collections.abc import Iterator

import pytest
from google.cloud import firestore

from stripe_api.client import StripeClient
from stripe_api.keys import EMULATORS_KEY, stripe_key_from
from tests.emulator.asking_shop import Shop, a_shop_that_asks_stripe
from tests.support.emulated_shop import inventory_of
from tools.stripe_stand_in.faults import Kind

LINE = {"price_data": {"currency": "eur", "unit_amount": 3_600, "product_data": {"name": "Shirts"}}, "quantity": 1}
ASKED = {
    "mode": "payment",
    "line_items": [LINE],
    "metadata": {"orderId": "order-1"},
    "payment_intent_data": {"metadata": {"orderId": "order-1"}},
    "success_url": "https://shop.example/thanks",
}


@pytest.fixture
def shop(firestore_client: firestore.Client) -> Iterator[Shop]:
    with a_shop_that_asks_stripe(firestore_client, AUTO_REFUND="all") as shop:
        yield shop


def pay(shop: Shop, name: str) -> None:
    """In a session of the backend's own."""
    session = StripeClient(stripe_key_from(EMULATORS_KEY), shop.stripe.origin).create_session(ASKED, key=name)
    shop.stripe.complete(session.session_id)


def test_one_of_two_payments_is_refunded_once_and_the_order_stays_paid(shop: Shop) -> None:
    pay(shop, "first")
    pay(shop, "second")
    shop.deliver()
    # Stripe refunds it, but its answer is lost.
    shop.stripe.fail_next(Kind.LOST, about="/v1/refunds")
    shop.perform_effects()
    assert [effect["state"] for effect in shop.effects()] == ["RETRY"]
    shop.let_effects_be_due()
    shop.perform_effects()
    shop.deliver()
    (effect,) = shop.effects()
    assert (effect["state"], effect["kind"], effect["attempts"]) == ("SUCCESS", "stripe_refund", 2)
    refunds = [event for event in shop.stripe.events() if event["type"] == "charge.refunded"]
    assert [event["data"]["object"]["amount_refunded"] for event in refunds] == [3_600]
    assert (shop.order["status"], inventory_of(shop.client)) == ("finalized", (7, 0))
