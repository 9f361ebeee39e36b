"""Many at once on the real emulator: neither customers nor Stripe's deliveries wait for each other."""

from collections.abc import Mapping
from functools import partial

import pytest
from google.cloud import firestore

from database.connection import Transport
from database.http_answers import Answer
from orders.outcome import Outcome
from orders.shop_events import OrderPlaced
from tests.support.counted_rpcs import connected_through
from tests.support.emulated_shop import (
    a_payment_now,
    all_at_once,
    inventory_of,
    notices_to_customers,
    now,
    order_in,
    service_over,
    settle_in,
    statuses,
    stock_up,
    write_orders,
)


def test_one_event_delivered_twenty_times_at_once_is_settled_once(firestore_client: firestore.Client) -> None:
    stock_up(firestore_client, 10)
    write_orders(firestore_client, ["order-1"])
    settle = settle_in(firestore_client)
    settle(OrderPlaced("order-1"), now())

    def deliver() -> Outcome:
        return settle(a_payment_now("order-1"), now())

    assert all_at_once([deliver] * 20, threads=20) == {"first_time_finalized": 1, "duplicate_detected": 19}
    assert inventory_of(firestore_client) == (9, 0)
    assert order_in(firestore_client, "order-1")["status"] == "finalized"
    claim = firestore_client.document("webhookEvents/evt_paid_order-1").get()
    assert claim.get("deliveries") == 20
    deliveries = [entry.id for entry in firestore_client.collection("auditLog/evt_paid_order-1/deliveries").stream()]
    assert sorted(map(int, deliveries)) == list(range(2, 21))
    assert notices_to_customers(firestore_client) == {"reserved": 1, "paid": 1}


SALES = {
    # units, buyers, units per buyer, buyers served
    "one unit each": (30, 45, 1, 30),
    "several each": (25, 20, 3, 8),
    **{f"the last unit, round {number}": (1, 2, 1, 1) for number in range(3)},
}


@pytest.mark.parametrize(("stock", "buyers", "quantity", "served"), SALES.values(), ids=SALES)
def test_as_many_buyers_as_there_are_units_for_are_served_and_no_more(
    firestore_client: firestore.Client, stock: int, buyers: int, quantity: int, served: int
) -> None:
    order_ids = [f"order-{number}" for number in range(buyers)]
    stock_up(firestore_client, stock)
    write_orders(firestore_client, order_ids, quantity)
    settle = settle_in(firestore_client)
    jobs = [partial(settle, OrderPlaced(order_id, ("shirt",)), now()) for order_id in order_ids]
    assert all_at_once(jobs, threads=min(16, buyers)) == {"reserved": served, "reservation_failed": buyers - served}
    assert statuses(firestore_client) == {"reserved": served, "failed": buyers - served}
    assert inventory_of(firestore_client) == (stock, served * quantity)


class CountingHolds:
    """A transport that counts commits to the inventory."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.commits = 0

    def post(self, path: str, body: bytes, headers: Mapping[str, str], *, seconds: float) -> Answer:
        self.commits += ":commit" in path and b"/inventory/" in body
        return self._transport.post(path, body, headers, seconds=seconds)


def test_orders_of_one_product_that_are_placed_at_once_are_held_in_fewer_commits_than_there_are_holds(
    firestore_client: firestore.Client,
) -> None:
    stock, buyers = 40, 60
    order_ids = [f"order-{number}" for number in range(buyers)]
    stock_up(firestore_client, stock)
    write_orders(firestore_client, order_ids)
    connection, counted = connected_through(CountingHolds, firestore_client.project)
    place = service_over(connection).placing
    jobs = [partial(place, OrderPlaced(order_id, ("shirt",)), now()) for order_id in order_ids]
    assert all_at_once(jobs, threads=32) == {"reserved": stock, "reservation_failed": buyers - stock}
    assert statuses(firestore_client) == {"reserved": stock, "failed": buyers - stock}
    assert inventory_of(firestore_client) == (stock, stock)
    assert counted.commits < stock
