"""Many at once, on the real emulator: neither a shop's customers nor Stripe's deliveries wait for each other."""

from functools import partial

import pytest
from google.cloud import firestore

from orders.events import OrderPlaced
from orders.outcome import Outcome
from tests.support.emulated_shop import (
    a_payment_now,
    all_at_once,
    inventory_of,
    notices_to_customers,
    now,
    order_in,
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


def test_three_events_and_a_duplicate_at_once_never_fail_a_paid_order(firestore_client: firestore.Client) -> None:
    order_ids = [f"order-{number}" for number in range(20)]
    stock_up(firestore_client, 1_000)
    write_orders(firestore_client, order_ids)
    settle = settle_in(firestore_client)

    def deliver(order_id: str, name: str) -> Outcome:
        return settle(a_payment_now(order_id, name, charge_id=f"ch_{order_id}"), now())

    names = ("charge", "intent", "session", "charge")
    payments = [partial(deliver, order_id, name) for order_id in order_ids for name in names]
    placements = [partial(settle, OrderPlaced(order_id, ("shirt",)), now()) for order_id in order_ids]
    results = all_at_once([*placements, *payments], threads=8)
    assert results["first_time_finalized"] == 20
    assert results["already_finalized"] == 40
    assert results["duplicate_detected"] == 20
    assert results["reserved"] + results["already_placed"] == 20
    assert results.total() == 100
    assert statuses(firestore_client) == {"finalized": 20}
    assert inventory_of(firestore_client) == (980, 0)
    assert notices_to_customers(firestore_client)["paid"] == 20


def test_of_three_hundred_buyers_of_two_hundred_units_exactly_two_hundred_are_served(
    firestore_client: firestore.Client,
) -> None:
    order_ids = [f"order-{number}" for number in range(300)]
    stock_up(firestore_client, 200)
    write_orders(firestore_client, order_ids)
    settle = settle_in(firestore_client)
    jobs = [partial(settle, OrderPlaced(order_id, ("shirt",)), now()) for order_id in order_ids]
    assert all_at_once(jobs, threads=16) == {"reserved": 200, "reservation_failed": 100}
    assert statuses(firestore_client) == {"reserved": 200, "failed": 100}
    assert inventory_of(firestore_client) == (200, 200)


@pytest.mark.parametrize("round_number", range(5))
def test_the_last_unit_goes_to_exactly_one_of_two_buyers(firestore_client: firestore.Client, round_number: int) -> None:
    stock_up(firestore_client, 1)
    order_ids = [f"order-{round_number}-{buyer}" for buyer in ("alice", "bob")]
    write_orders(firestore_client, order_ids)
    settle = settle_in(firestore_client)
    jobs = [partial(settle, OrderPlaced(order_id, ("shirt",)), now()) for order_id in order_ids]
    assert all_at_once(jobs, threads=2) == {"reserved": 1, "reservation_failed": 1}
    assert statuses(firestore_client) == {"reserved": 1, "failed": 1}
    assert inventory_of(firestore_client) == (1, 1)


def test_buyers_who_all_take_several_never_get_more_than_there_is(firestore_client: firestore.Client) -> None:
    order_ids = [f"order-{number}" for number in range(40)]
    stock_up(firestore_client, 50)
    write_orders(firestore_client, order_ids, quantity=3)
    settle = settle_in(firestore_client)
    jobs = [partial(settle, OrderPlaced(order_id, ("shirt",)), now()) for order_id in order_ids]
    assert all_at_once(jobs, threads=16) == {"reserved": 16, "reservation_failed": 24}
    assert statuses(firestore_client) == {"reserved": 16, "failed": 24}
    assert inventory_of(firestore_client) == (50, 48)


def test_the_trigger_delivered_five_times_at_once_holds_once(firestore_client: firestore.Client) -> None:
    stock_up(firestore_client, 10)
    write_orders(firestore_client, ["order-1"], quantity=3)
    settle = settle_in(firestore_client)
    job = partial(settle, OrderPlaced("order-1", ("shirt",)), now())
    assert all_at_once([job] * 5, threads=5) == {"reserved": 1, "already_placed": 4}
    assert inventory_of(firestore_client) == (10, 3)
    assert notices_to_customers(firestore_client) == {"reserved": 1}
