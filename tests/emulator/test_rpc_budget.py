"""How often Firestore is asked, counted at the gRPC channel: every round trip is latency, money and a place to fail."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count

import pytest
from flask import Flask
from google.cloud import firestore

from orders.events import OrderPlaced
from tests.builders import (
    NOW,
    SECRET,
    a_charge,
    a_reserved_order,
    a_stripe_event,
    an_order,
    body_of,
    signature_of,
)
from tests.emulator.counted_rpcs import counting_client
from tests.emulator.shop import settle_in, stock_up
from webhooks.endpoint import WebhookEndpoint

READ, COMMIT = "BatchGetDocuments", "Commit"

Deliver = Callable[[dict[str, object]], tuple[str, list[str]]]


@pytest.fixture
def deliver(firestore_client: firestore.Client, firestore_host: str) -> Deliver:
    """One signed delivery through the real endpoint: what it answers, and which RPCs it took."""
    client, rpcs = counting_client(firestore_client.project, firestore_host)
    seconds = count()
    endpoint = WebhookEndpoint(
        settle_in(client), [SECRET], lambda *_, **__: None, lambda: NOW + timedelta(seconds=next(seconds)), lambda: 0.0
    )

    def deliver_one(event: dict[str, object]) -> tuple[str, list[str]]:
        rpcs.names.clear()
        body = body_of(event)
        environ = {"headers": {"Stripe-Signature": signature_of(body)}, "data": body, "method": "POST"}
        with Flask(__name__).test_request_context(**environ) as context:
            answer = endpoint.respond(context.request)
        return answer.get_json()["result"], list(rpcs.names)

    return deliver_one


@pytest.fixture
def reserved_order(firestore_client: firestore.Client) -> None:
    stock_up(firestore_client, 10)
    firestore_client.document("orders/order-1").set(a_reserved_order())


@pytest.mark.usefixtures("reserved_order")
def test_a_first_delivery_takes_two_rpcs(deliver: Deliver) -> None:
    assert deliver(a_stripe_event()) == ("first_time_finalized", [READ, COMMIT])


@pytest.mark.usefixtures("reserved_order")
def test_another_event_for_a_settled_order_takes_two_rpcs(deliver: Deliver) -> None:
    deliver(a_stripe_event())
    other = a_stripe_event(a_charge(), "charge.succeeded", "evt_2")
    assert deliver(other) == ("already_finalized", [READ, COMMIT])


@pytest.mark.usefixtures("reserved_order")
def test_a_duplicate_takes_two_rpcs(deliver: Deliver) -> None:
    deliver(a_stripe_event())
    assert deliver(a_stripe_event()) == ("duplicate_detected", [READ, COMMIT])


def test_what_is_not_ours_takes_none(deliver: Deliver) -> None:
    assert deliver(a_stripe_event(event_type="invoice.paid")) == ("ignored", [])
    assert deliver(a_stripe_event(a_charge(metadata={}), "charge.succeeded")) == ("ignored", [])


def test_holding_takes_three_rpcs(firestore_client: firestore.Client, firestore_host: str) -> None:
    stock_up(firestore_client, 10)
    firestore_client.document("orders/order-1").set(an_order())
    client, rpcs = counting_client(firestore_client.project, firestore_host)
    assert settle_in(client)(OrderPlaced("order-1", ("shirt",)), NOW).result == "reserved"
    assert rpcs.names == [READ, COMMIT, COMMIT]
