"""`createCheckout` on Firestore, called as Firebase's libraries call it; what stands in for Stripe answers."""

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask, request
from google.cloud import firestore

from database.connection import connect
from orders.events import CancelRequested
from service.secrets import STRIPE_API_KEY, STRIPE_API_URL, STRIPE_WEBHOOK_SECRET
from service.settings import settings_from
from service.wiring import Service, service_on
from stripe_api.keys import EMULATORS_KEY
from tests.support.builders import SECRET, a_catalogue_entry, a_request, a_reserved_order
from tests.support.emulated_shop import delivered_to, documents_in, inventory_of, order_in, write_all
from tests.support.id_tokens import claims_of, unsigned_token
from tests.support.recording import silent
from tests.support.stripe_stand_in import a_stand_in
from tools.stripe_stand_in.control import StandIn

app = Flask("shop")


@dataclass(frozen=True)
class Shop:
    client: firestore.Client
    stripe: StandIn
    service: Service

    def call(self, user_id: str = "alice", order_id: str = "order-1") -> tuple[int, Any]:
        now = datetime.now(UTC)
        token = unsigned_token(claims_of(user_id, at=now, aud=self.client.project, iss=self._issuer))
        sent: dict[str, Any] = {
            "method": "POST",
            "data": json.dumps({"data": {"orderId": order_id}}),
            "headers": {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        }
        with app.test_request_context("/", **sent):
            answer = self.service.create_checkout().respond(request)
        return answer.status_code, json.loads(answer.data)

    def deliver(self, *event_types: str) -> list[str]:
        """What is answered to all that Stripe reports, or to events of these types in this order."""
        events = self.stripe.events()
        chosen = [event for wanted in event_types for event in events if event["type"] == wanted]
        endpoint = self.service.webhook_endpoint()
        return [
            json.loads(delivered_to(endpoint, event, at=datetime.now(UTC)).data)["result"] for event in chosen or events
        ]

    def perform_effects(self) -> None:
        for effect in self.client.collection("effects").stream():
            self.service.effects().perform(effect.id)

    @property
    def order(self) -> Mapping[str, Any]:
        return order_in(self.client, "order-1")

    @property
    def checkout(self) -> Mapping[str, Any]:
        return self.client.document("checkouts/order-1").get().to_dict() or {}

    def made(self) -> Sequence[Any]:
        return [each for each in self.stripe.requests() if each["path"] == "/v1/checkout/sessions"]

    @property
    def _issuer(self) -> str:
        return f"https://securetoken.google.com/{self.client.project}"


@pytest.fixture
def shop(firestore_client: firestore.Client) -> Iterator[Shop]:
    with a_stand_in() as stripe:
        stripe.add_shipping_rate("shr_1", 490)
        environment = {
            STRIPE_WEBHOOK_SECRET: SECRET,
            STRIPE_API_KEY: EMULATORS_KEY,
            STRIPE_API_URL: stripe.origin,
            "FUNCTIONS_EMULATOR": "true",
            "FIREBASE_AUTH_EMULATOR_HOST": "here",
            "CHECKOUT_SUCCESS_URL": "http://shop.example/orders/{orderId}",
            "CHECKOUT_SHIPPING_RATES": "shr_1",
        }
        now = datetime.now(UTC)
        write_all(
            firestore_client,
            {
                "orders/order-1": a_reserved_order(createdAt=now, reservedAt=now, reservationExpiresAt=now),
                "cancelRequests/order-1": a_request(createdAt=now),
                "inventory/shirt": {"stock": 10, "reserved": 3},
                "products/shirt": a_catalogue_entry(),
            },
        )
        service = service_on(connect(firestore_client.project), settings_from(environment), silent)
        yield Shop(firestore_client, stripe, service)


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


def test_nobody_else_learns_whether_there_is_such_an_order(shop: Shop) -> None:
    assert shop.call("mallory") == shop.call("alice", "order-2")
    assert shop.call("mallory")[0] == 404
    assert shop.made() == []
