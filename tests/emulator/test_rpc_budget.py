"""The number of RPCs to Firestore, counted at the HTTP transport: each costs time and money, and can fail.

Every call of the store is one RPC, and nothing else calls Firestore. `tests/unit/settlement/test_store_calls.py` counts
each event's calls, and `tests/unit/storefront/test_availability.py` those of each look at a product.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from google.cloud import firestore

from orders.shop_events import OrderPlaced
from tests.support.builders import NOW, Fields, a_reserved_order, an_order
from tests.support.counted_rpcs import counted
from tests.support.emulated_shop import delivered_to, service_over, stock_up
from tests.support.stripe_objects import the_event

READ, COUNT, COMMIT = "batchGet", "runAggregationQuery", "commit"
PAID = "payment_intent.succeeded"

Deliver = Callable[[Fields], tuple[str, list[str]]]


@pytest.fixture
def deliver(firestore_client: firestore.Client) -> Deliver:
    """One signed delivery through the real endpoint: its answer and its RPCs."""
    connection, rpcs = counted(firestore_client.project)
    seconds = count()
    service = replace(service_over(connection), now=lambda: NOW + timedelta(seconds=next(seconds)))
    endpoint = service.webhook_endpoint()

    def deliver_one(event: Fields) -> tuple[str, list[str]]:
        rpcs.names.clear()
        answer = delivered_to(endpoint, event)
        return answer.get_json()["result"], list(rpcs.names)

    return deliver_one


@pytest.fixture
def placed_order(firestore_client: firestore.Client) -> None:
    stock_up(firestore_client, 10)
    firestore_client.document("orders/order-1").set(an_order())


@pytest.fixture
def reserved_order(firestore_client: firestore.Client, placed_order: None) -> None:
    firestore_client.document("orders/order-1").set(a_reserved_order())


@pytest.mark.usefixtures("reserved_order")
def test_each_delivery_of_a_payment_takes_two_rpcs(deliver: Deliver) -> None:
    assert deliver(the_event(PAID)) == ("first_time_finalized", [READ, COMMIT])
    assert deliver(the_event("charge.succeeded", event_id="evt_2")) == ("already_finalized", [READ, COMMIT])
    assert deliver(the_event(PAID)) == ("duplicate_detected", [READ, COMMIT])


def test_an_event_about_nothing_of_ours_takes_no_call_and_a_payment_without_order_one(deliver: Deliver) -> None:
    assert deliver({**the_event(PAID), "type": "invoice.paid"}) == ("ignored", [])
    assert deliver({**the_event(PAID), "type": "canary"}) == ("ignored", [READ])
    by_link: Any = {"metadata": {}, "client_reference_id": "order-1", "payment_link": "plink_1"}
    assert deliver(the_event("checkout.session.completed", **by_link)) == ("ignored", [])
    assert deliver(the_event("charge.succeeded", metadata={})) == ("ignored", [READ])


@pytest.mark.usefixtures("placed_order")
def test_holding_takes_four_rpcs_because_the_open_orders_of_its_customer_are_counted(
    firestore_client: firestore.Client,
) -> None:
    connection, rpcs = counted(firestore_client.project)
    assert service_over(connection).settle(OrderPlaced("order-1", ("shirt",)), NOW).result == "reserved"
    assert rpcs.names == [READ, COUNT, COMMIT, COMMIT]
