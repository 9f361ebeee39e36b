"""Expired reservations, and what a lost trigger left behind, on the real emulator beside other work."""

import random
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from google.cloud import firestore

from database.connection import connect
from database.firestore_store import FirestoreStore
from orders.events import OrderEvent
from orders.outcome import Outcome
from service.entry_points import Service
from tests.support.auditor import complaints
from tests.support.builders import NOW, a_placement, an_order
from tests.support.emulated_shop import (
    a_payment_now,
    all_at_once,
    documents_in,
    inventory_of,
    notices_to_customers,
    now,
    service_in,
    settle_in,
    statuses,
    stock_up,
    write_orders,
)
from tests.support.interference import Crash, DisturbedStore, crash_after
from tests.support.payments import a_payment
from tests.support.refunds import an_updated_refund
from tests.support.settling import settled

LONG_AGO = timedelta(hours=2)
A_MOMENT = timedelta(seconds=1)


def ids(count: int, name: str = "order") -> list[str]:
    return [f"{name}-{number:03}" for number in range(count)]


# --- Expired reservations --------------------------------------------------------------------------------------------


def swept(client: firestore.Client) -> dict[str, int]:
    """How many orders one run counted under each ending."""
    return swept_by(service_in(client))


def swept_by(service: Service) -> dict[str, int]:
    done = service.reservation_sweep().sweep()
    assert done.is_as_usual
    return {str(ending): count for ending, count in done.endings.items()}


def place_long_ago(client: firestore.Client, order_ids: Sequence[str], quantity: int = 1) -> None:
    """Orders whose reservations have expired."""
    created_at = now() - LONG_AGO
    write_orders(client, order_ids, quantity, createdAt=created_at)
    settle = settle_in(client)
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(lambda order_id: settle(a_placement(order_id), created_at), order_ids))
    assert {outcome.result for outcome in outcomes} == {"reserved"}


def wrongs_in(client: firestore.Client, *, stock: int) -> list[str]:
    return complaints(documents_in(client), {"shirt": stock})


def test_two_runs_at_once_release_each_hold_once_and_a_third_has_nothing_to_do(
    firestore_client: firestore.Client,
) -> None:
    stock_up(firestore_client, 60)
    place_long_ago(firestore_client, ids(20), quantity=3)
    start = threading.Barrier(2, timeout=10)

    def run(_number: int) -> int:
        start.wait()
        return swept(firestore_client).get("expired", 0)

    with ThreadPoolExecutor(2) as schedulers:
        assert sum(schedulers.map(run, range(2))) == 20
    assert swept(firestore_client) == {}
    assert (statuses(firestore_client), inventory_of(firestore_client)) == ({"expired": 20}, (60, 0))
    assert notices_to_customers(firestore_client) == {"reserved": 20, "expired": 20}
    entry = firestore_client.document("auditLog/lapsed_order-000").get().to_dict() or {}
    assert (entry["statusBefore"], entry["statusAfter"]) == ("reserved", "expired")
    assert entry["stock"] == [{"productId": "shirt", "stock": 0, "reserved": -3}]
    assert wrongs_in(firestore_client, stock=60) == []


def test_no_order_is_both_paid_and_released(firestore_client: firestore.Client) -> None:
    """A run, payments for the orders it finds, and buyers of the units it releases, all at once."""
    held, buyers = ids(20), ids(10, "buyer")
    stock_up(firestore_client, 20)
    place_long_ago(firestore_client, held)
    write_orders(firestore_client, buyers, createdAt=now())
    settle = settle_in(firestore_client)

    def pay(order_id: str) -> Outcome:
        return settle(a_payment_now(order_id), now())

    payments = [partial(pay, order_id) for order_id in held]
    purchases = [partial(settle, a_placement(order_id), now()) for order_id in buyers]
    jobs = [*payments, *purchases]
    random.Random(1).shuffle(jobs)  # noqa: S311 - no secret
    with ThreadPoolExecutor(1) as scheduler:
        run = scheduler.submit(swept, firestore_client)
        results = all_at_once(jobs, threads=8)
    assert results["first_time_finalized"] + results["refund_due"] == 20
    assert results["reserved"] + results["reservation_failed"] == 10
    # An order that was paid too late lost its unit to a buyer; buyers only get units that the run released.
    assert results["refund_due"] <= results["reserved"] <= run.result().get("expired", 0)
    assert notices_to_customers(firestore_client)["expired"] == run.result().get("expired", 0)
    assert wrongs_in(firestore_client, stock=20) == []


def test_an_order_that_the_client_librarys_queries_cannot_decode_does_not_stop_the_others(
    firestore_client: firestore.Client,
) -> None:
    stock_up(firestore_client, 10)
    elsewhere = firestore.Client(project="demo-elsewhere").document("products/shirt")
    broken = an_order(items=[elsewhere], createdAt=NOW - 2 * A_MOMENT)
    firestore_client.document("orders/broken").set(broken)
    write_orders(firestore_client, ["order-1"], createdAt=NOW - A_MOMENT)
    assert swept(firestore_client) == {"finished": 2}
    assert statuses(firestore_client) == {"failed": 1, "reserved": 1}


# --- What others left unfinished -------------------------------------------------------------------------------------


def crash_after_one_commit(client: firestore.Client, event: OrderEvent) -> None:
    """The units are counted, or the event is settled, and then the process dies."""
    store = DisturbedStore(FirestoreStore(connect(client.project)), [crash_after])
    with pytest.raises(Crash):
        settled(event, store, now=now())


def test_a_parked_refund_is_settled_although_the_process_died_right_after_settling_its_payment(
    firestore_client: firestore.Client,
) -> None:
    stock_up(firestore_client, 10)
    service = service_in(firestore_client)
    settle_event, parked_events = service.settle, service.queries().parked_events
    long_ago = now() - LONG_AGO
    paid = a_payment("evt_paid", created_at=long_ago, delivered_at=long_ago)
    assert settle_event(an_updated_refund("evt_refund"), now()).result == "payment_not_found"
    assert settle_event(paid, now()).result == "order_not_found"
    write_orders(firestore_client, ["order-1"], 3)
    assert settle_event(a_placement(), now()).result == "reserved"
    (parked,) = parked_events("order-1")
    crash_after_one_commit(firestore_client, parked)
    assert statuses(firestore_client) == {"finalized": 1}
    assert parked_events("order-1") == ()
    assert swept(firestore_client) == {"finished": 1}
    assert statuses(firestore_client) == {"refunded": 1}
    assert inventory_of(firestore_client) == (10, 0)
    assert wrongs_in(firestore_client, stock=10) == []
