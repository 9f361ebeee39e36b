"""`createCheckout` on Firestore, called as Firebase's libraries do, with the stand-in for Stripe."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from google.cloud import firestore

from orders.shop_events import CancelRequested
from tests.emulator.asking_shop import Shop, a_shop_that_asks_stripe
from tests.support.emulated_shop import documents_in, inventory_of


@pytest.fixture
def shop(firestore_client: firestore.Client) -> Iterator[Shop]:
    with a_shop_that_asks_stripe(firestore_client) as shop:
        yield shop


def test_twenty_calls_at_once_are_shown_one_session(shop: Shop) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: shop.call(), range(20)))
    assert {json.dumps(answer) for answer in answers} == {json.dumps((200, {"result": {"url": shop.checkout["url"]}}))}
    assert {each["key"] for each in shop.made()} == {"checkout_order-1_1"}
    entries = [path for path in documents_in(shop.client) if path.startswith("auditLog/opened_")]
    assert entries == ["auditLog/opened_order-1_1"]


def test_an_order_is_paid_with_what_stripe_added_in_whatever_order_that_is_reported(shop: Shop) -> None:
    shop.call()
    shop.stripe.complete(shop.checkout["sessionId"])
    types = ("payment_intent.succeeded", "charge.succeeded", "checkout.session.completed")
    assert shop.deliver(*types) == ["awaiting_checkout", "awaiting_checkout", "first_time_finalized"]
    assert (shop.order["status"], shop.order["amountTotal"]) == ("finalized", 4_090)
    assert shop.order["adjustments"] == [{"kind": "shipping", "amount": 490, "label": None}]
    assert (inventory_of(shop.client), shop.checkout["state"]) == ((7, 0), "complete")


def test_an_order_is_cancelled_once_its_session_is_ended(shop: Shop) -> None:
    shop.call()
    shop.service.settle(CancelRequested("order-1"), datetime.now(UTC))
    assert (shop.order["status"], inventory_of(shop.client)) == ("reserved", (10, 3))
    shop.perform_effects()
    assert (shop.order["status"], inventory_of(shop.client)) == ("cancelled", (10, 0))
    assert shop.deliver() == ["already_cancelled"]
    assert shop.call() == (
        400,
        {
            "error": {
                "status": "FAILED_PRECONDITION",
                "message": "the order is cancelled",
                "details": {"status": "cancelled"},
            }
        },
    )
