"""A shop on Firestore that calls the stand-in for Stripe and receives its events."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Flask, request
from google.cloud import firestore

from database.connection import connect
from service.entry_points import Service
from service.secrets import STRIPE_API_KEY, STRIPE_API_URL, STRIPE_WEBHOOK_SECRET
from service.settings import settings_from
from service.wiring import service_on
from stripe_api.keys import EMULATORS_KEY
from tests.support.builders import a_catalogue_entry, a_request, a_reserved_order
from tests.support.emulated_shop import delivered_to, order_in, write_all
from tests.support.id_tokens import claims_of, unsigned_token
from tests.support.recording import silent
from tests.support.signing import SECRET
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
        """The answers to all of Stripe's events, or to those of these types in this order."""
        events = self.stripe.events()
        chosen = [event for wanted in event_types for event in events if event["type"] == wanted]
        endpoint = self.service.webhook_endpoint()
        return [
            json.loads(delivered_to(endpoint, event, at=datetime.now(UTC)).data)["result"] for event in chosen or events
        ]

    def effects(self) -> list[Mapping[str, Any]]:
        return [effect.to_dict() or {} for effect in self.client.collection("effects").stream()]

    def let_effects_be_due(self) -> None:
        """End their pauses."""
        for effect in self.client.collection("effects").stream():
            effect.reference.update({"nextAttemptAt": datetime.now(UTC)})

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


@contextmanager
def a_shop_that_asks_stripe(client: firestore.Client, **settings: str) -> Iterator[Shop]:
    """With an order of alice's that is held and can be paid."""
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
            **settings,
        }
        now = datetime.now(UTC)
        write_all(
            client,
            {
                "orders/order-1": a_reserved_order(createdAt=now, reservedAt=now, reservationExpiresAt=now),
                "cancelRequests/order-1": a_request(createdAt=now),
                "inventory/shirt": {"stock": 10, "reserved": 3},
                "products/shirt": a_catalogue_entry(),
            },
        )
        service = service_on(connect(client.project), settings_from(environment), silent)
        yield Shop(client, stripe, service)
