"""What is held past its time, and what a lost trigger left behind, on the real emulator and with others at work."""

import random
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import NoReturn

import pytest
from google.cloud import firestore

from database.connection import connect
from database.firestore_store import FirestoreStore
from database.queries import BATCH_DOCUMENTS_MAX
from database.store import Write
from orders.events import OrderEvent
from orders.order import Money, OrderStatus
from orders.outcome import Outcome
from settlement.settle import Patience, settle
from tests.contract.database import InFirestore
from tests.support.auditor import complaints
from tests.support.builders import NOW, TERMS, a_payment, a_placement, a_processing, an_order, an_updated_refund
from tests.support.emulated_shop import (
    all_at_once,
    inventory_of,
    now,
    order_in,
    service_in,
    settle_in,
    statuses,
    stock_up,
    told,
    write_orders,
)
from triggers.sweep import STRANDED_AFTER, ReservationSweep

ONE_EURO = Money(100, "eur")
LONG_AGO = timedelta(hours=2)
A_MOMENT = timedelta(seconds=1)


def ids(count: int, name: str = "order") -> list[str]:
    return [f"{name}-{number:03}" for number in range(count)]


# --- What the queries find -------------------------------------------------------------------------------------------

OTHER_STATUSES = set(OrderStatus) - {OrderStatus.RESERVED, OrderStatus.PENDING, OrderStatus.RESERVING}


def lapsed_in(client: firestore.Client) -> Iterator[Sequence[str]]:
    return service_in(client).queries.lapsed_orders(NOW)


def stranded_in(client: firestore.Client) -> Iterator[Sequence[str]]:
    return service_in(client).queries.stranded_orders(NOW)


def test_reserved_orders_past_their_time_have_lapsed_the_longest_overdue_first(
    firestore_client: firestore.Client,
) -> None:
    write_orders(firestore_client, ["younger"], status="reserved", reservationExpiresAt=NOW - A_MOMENT)
    write_orders(firestore_client, ["oldest"], status="reserved", reservationExpiresAt=NOW - 2 * A_MOMENT)
    write_orders(firestore_client, ["just now"], status="reserved", reservationExpiresAt=NOW)
    write_orders(firestore_client, ["not yet"], status="reserved", reservationExpiresAt=NOW + A_MOMENT)
    write_orders(firestore_client, ["never"], status="reserved", reservationExpiresAt=None)
    write_orders(firestore_client, ["nobody knows"], status="reserved")
    assert list(lapsed_in(firestore_client)) == [["oldest", "younger", "just now"]]


def test_orders_that_nobody_has_placed_to_the_end_are_stranded_the_oldest_first(
    firestore_client: firestore.Client,
) -> None:
    write_orders(firestore_client, ["younger"], createdAt=NOW - A_MOMENT)
    write_orders(firestore_client, ["oldest"], status="reserving", createdAt=NOW - 2 * A_MOMENT)
    write_orders(firestore_client, ["just now"], createdAt=NOW)
    write_orders(firestore_client, ["too young"], createdAt=NOW + A_MOMENT)
    write_orders(firestore_client, ["also too young"], status="reserving", createdAt=NOW + A_MOMENT)
    assert list(stranded_in(firestore_client)) == [["oldest", "younger", "just now"]]


def test_orders_of_other_statuses_are_neither_lapsed_nor_stranded(firestore_client: firestore.Client) -> None:
    past = NOW - LONG_AGO
    for status in (*OTHER_STATUSES, "a status of tomorrow"):
        write_orders(firestore_client, [status], status=status, createdAt=past, reservationExpiresAt=past)
    assert [*lapsed_in(firestore_client), *stranded_in(firestore_client)] == []


def test_each_is_found_once_although_settling_changes_what_is_found(firestore_client: firestore.Client) -> None:
    size = BATCH_DOCUMENTS_MAX
    order_ids = ids(2 * size + 10)
    # Whole batches whose time was out at the very same moment.
    write_orders(firestore_client, order_ids, status="reserved", reservationExpiresAt=NOW)
    found = []
    for batch in lapsed_in(firestore_client):
        found.append(batch)
        # Every other one cannot be settled now, and must not be found for ever.
        write_orders(firestore_client, batch[::2], status="expired", reservationExpiresAt=NOW)
    assert found == [order_ids[:size], order_ids[size : 2 * size], order_ids[2 * size :]]


def test_an_order_that_the_client_librarys_queries_could_not_decode_keeps_none_from_its_turn(
    firestore_client: firestore.Client,
) -> None:
    stock_up(firestore_client, 10)
    elsewhere = firestore.Client(project="demo-elsewhere").document("products/shirt")
    broken = an_order(items=[elsewhere], createdAt=NOW - 2 * A_MOMENT)
    firestore_client.document("orders/broken").set(broken)
    write_orders(firestore_client, ["order-1"], createdAt=NOW - A_MOMENT)
    assert swept(firestore_client) == {"finished": 2}
    assert statuses(firestore_client) == {"failed": 1, "reserved": 1}


# --- What the sweep does ----------------------------------------------------------------------------------------------


def sweep_in(client: firestore.Client) -> ReservationSweep:
    """The sweep as the deployed function does it."""
    return service_in(client).reservation_sweep()


def ignore(*_line: object, **_fields: object) -> None:
    """Nobody reads the log here."""


def swept(client: firestore.Client) -> dict[str, int]:
    """How many orders one run counted under each ending."""
    done = sweep_in(client).sweep()
    assert done.is_as_usual
    return {str(ending): count for ending, count in done.endings.items()}


def place_long_ago(client: firestore.Client, order_ids: Sequence[str], quantity: int = 1) -> None:
    """Orders that were held so long ago that their time is out."""
    created_at = now() - LONG_AGO
    write_orders(client, order_ids, quantity, createdAt=created_at)
    settle_event = settle_in(client)
    with ThreadPoolExecutor(8) as hands:
        list(hands.map(lambda order_id: settle_event(a_placement(order_id), created_at), order_ids))


def pay(client: firestore.Client, order_id: str) -> Outcome:
    moment = now()
    payment = a_payment(
        f"evt_{order_id}",
        order_id=order_id,
        money=ONE_EURO,
        payment_intent_id=f"pi_{order_id}",
        charge_id=None,
        created_at=moment,
        delivered_at=moment,
    )
    return settle_in(client)(payment, moment)


def wrongs_in(client: firestore.Client, *, stock: int) -> list[str]:
    return complaints(InFirestore(client).dump(), {"shirt": stock})


def test_what_is_held_past_its_time_is_released_once(firestore_client: firestore.Client) -> None:
    stock_up(firestore_client, 50)
    place_long_ago(firestore_client, ids(10), quantity=3)
    assert inventory_of(firestore_client) == (50, 30)
    assert swept(firestore_client) == {"expired": 10}
    assert swept(firestore_client) == {}
    assert statuses(firestore_client) == {"expired": 10}
    assert inventory_of(firestore_client) == (50, 0)
    assert told(firestore_client) == {"reserved": 10, "expired": 10}
    entry = firestore_client.document("auditLog/lapsed_order-000").get().to_dict() or {}
    assert (entry["statusBefore"], entry["statusAfter"]) == ("reserved", "expired")
    assert entry["stock"] == [{"productId": "shirt", "stock": 0, "reserved": -3}]
    assert wrongs_in(firestore_client, stock=50) == []


def test_an_order_whose_money_is_on_its_way_is_left_alone(firestore_client: firestore.Client) -> None:
    stock_up(firestore_client, 10)
    place_long_ago(firestore_client, ["order-1"])
    settle_in(firestore_client)(a_processing(created_at=now()), now())
    assert swept(firestore_client) == {}
    assert inventory_of(firestore_client) == (10, 1)


def test_an_order_that_is_extended_after_it_was_found_is_left_alone(firestore_client: firestore.Client) -> None:
    stock_up(firestore_client, 10)
    place_long_ago(firestore_client, ["order-1"])
    sweep = sweep_in(firestore_client)

    def lapsed_orders(moment: datetime) -> Iterator[Sequence[str]]:
        for batch in service_in(firestore_client).queries.lapsed_orders(moment):
            sweep.settle(a_processing(created_at=now()), now())
            yield batch

    done = ReservationSweep(
        sweep.settle,
        sweep.place,
        lapsed_orders,
        sweep.stranded_orders,
        sweep.parked_events,
        ignore,
        now,
        time.monotonic,
    ).sweep()
    assert done.endings == {"unchanged": 1}
    assert order_in(firestore_client, "order-1")["status"] == "reserved"
    assert inventory_of(firestore_client) == (10, 1)


def test_two_runs_at_once_release_each_hold_once(firestore_client: firestore.Client) -> None:
    stock_up(firestore_client, 50)
    place_long_ago(firestore_client, ids(20))
    start = threading.Barrier(2, timeout=10)

    def run(_number: int) -> int:
        start.wait()
        return swept(firestore_client).get("expired", 0)

    with ThreadPoolExecutor(2) as schedulers:
        assert sum(schedulers.map(run, range(2))) == 20
    assert inventory_of(firestore_client) == (50, 0)
    assert told(firestore_client)["expired"] == 20
    assert wrongs_in(firestore_client, stock=50) == []


def test_no_order_is_both_paid_and_released(firestore_client: firestore.Client) -> None:
    """A run, the payments for the orders that it finds, and buyers of the units that it releases, all at once."""
    held, buyers = ids(20), ids(10, "buyer")
    stock_up(firestore_client, 20)
    place_long_ago(firestore_client, held)
    write_orders(firestore_client, buyers, createdAt=now())
    payments = [partial(pay, firestore_client, order_id) for order_id in held]
    purchases = [partial(settle_in(firestore_client), a_placement(order_id), now()) for order_id in buyers]
    jobs = [*payments, *purchases]
    random.Random(1).shuffle(jobs)  # noqa: S311 - no secret
    with ThreadPoolExecutor(1) as scheduler:
        run = scheduler.submit(swept, firestore_client)
        results = all_at_once(jobs, hands=8)
    assert results["first_time_finalized"] + results["refund_due"] == 20
    # Who paid too late and got nothing lost their unit to a buyer, and the buyer had it from the run.
    assert results["refund_due"] <= results["reserved"] <= run.result().get("expired", 0)
    assert told(firestore_client)["expired"] == run.result().get("expired", 0)
    assert wrongs_in(firestore_client, stock=20) == []


# --- What others left behind -----------------------------------------------------------------------------------------


class ProcessDied(Exception):
    """As when an instance is killed."""


class DyingStore(FirestoreStore):
    """Its process dies as soon as one commit is done."""

    def commit(self, writes: Sequence[Write], *, timeout_seconds: float) -> NoReturn:
        super().commit(writes, timeout_seconds=timeout_seconds)
        raise ProcessDied


def die_after_one_commit(client: firestore.Client, event: OrderEvent) -> None:
    """The units are counted, or the event is settled, and then nobody goes on."""
    patience = Patience(time.monotonic, time.sleep, random.random)
    with pytest.raises(ProcessDied):
        settle(event, now(), store=DyingStore(connect(client.project)), terms=TERMS, patience=patience)


def test_a_hold_that_a_dead_process_began_is_finished(firestore_client: firestore.Client) -> None:
    stock_up(firestore_client, 10)
    write_orders(firestore_client, ["order-1"], 3, createdAt=now() - LONG_AGO)
    die_after_one_commit(firestore_client, a_placement())
    assert order_in(firestore_client, "order-1")["status"] == "reserving"
    assert inventory_of(firestore_client) == (10, 3)
    assert swept(firestore_client) == {"finished": 1}
    order = firestore_client.document("orders/order-1").get()
    assert (order.get("status"), order.get("heldFrom")) == ("reserved", None)
    assert order.get("reservationExpiresAt") > now()
    assert inventory_of(firestore_client) == (10, 3)
    assert told(firestore_client) == {"reserved": 1}
    assert wrongs_in(firestore_client, stock=10) == []


def test_a_hold_that_a_dead_process_began_and_that_is_not_covered_is_given_back(
    firestore_client: firestore.Client,
) -> None:
    stock_up(firestore_client, 10)
    write_orders(firestore_client, ["order-1"], 3, createdAt=now() - LONG_AGO)
    die_after_one_commit(firestore_client, a_placement())
    firestore_client.document("inventory/shirt").update({"stock": firestore.Increment(-8)})
    assert swept(firestore_client) == {"finished": 1}
    assert statuses(firestore_client) == {"failed": 1}
    assert inventory_of(firestore_client) == (2, 0)


def test_an_order_whose_trigger_was_lost_is_placed(firestore_client: firestore.Client) -> None:
    stock_up(firestore_client, 10)
    write_orders(firestore_client, ["order-1"], 3, createdAt=now() - STRANDED_AFTER)
    write_orders(firestore_client, ["its trigger may still come"], 3, createdAt=now() - STRANDED_AFTER + 60 * A_MOMENT)
    assert swept(firestore_client) == {"finished": 1}
    assert statuses(firestore_client) == {"reserved": 1, "pending": 1}
    assert inventory_of(firestore_client) == (10, 3)


def test_what_was_parked_for_such_an_order_is_settled(firestore_client: firestore.Client) -> None:
    stock_up(firestore_client, 10)
    early = a_payment(created_at=now() - LONG_AGO, delivered_at=now())
    assert settle_in(firestore_client)(early, now()).result == "order_not_found"
    write_orders(firestore_client, ["order-1"], 3, createdAt=now() - LONG_AGO)
    assert swept(firestore_client) == {"finished": 1}
    assert statuses(firestore_client) == {"finalized": 1}
    assert inventory_of(firestore_client) == (7, 0)
    assert firestore_client.document("webhookEvents/evt_1").get().get("processed") is True
    assert wrongs_in(firestore_client, stock=10) == []


def test_a_refund_is_settled_though_all_were_answered_and_the_process_died_that_had_settled_its_payment(
    firestore_client: firestore.Client,
) -> None:
    stock_up(firestore_client, 10)
    service = service_in(firestore_client)
    settle_event, parked_events = service.settle, service.queries.parked_events
    long_ago = now() - LONG_AGO
    paid = a_payment("evt_paid", created_at=long_ago, delivered_at=long_ago)
    assert settle_event(an_updated_refund("evt_refund"), now()).result == "payment_not_found"
    assert settle_event(paid, now()).result == "order_not_found"
    write_orders(firestore_client, ["order-1"], 3)
    settle_event(a_placement(), now())
    (parked,) = parked_events("order-1")
    die_after_one_commit(firestore_client, parked)
    assert statuses(firestore_client) == {"finalized": 1}
    assert parked_events("order-1") == ()
    assert swept(firestore_client) == {"finished": 1}
    assert statuses(firestore_client) == {"refunded": 1}
    assert inventory_of(firestore_client) == (10, 0)
    assert wrongs_in(firestore_client, stock=10) == []


def test_what_is_parked_for_good_is_left_as_it_is(firestore_client: firestore.Client) -> None:
    settle_event = settle_in(firestore_client)
    settle_event(an_updated_refund("evt_of_others"), now())
    settle_event(a_payment("evt_paid", created_at=now() - LONG_AGO), now())
    before = InFirestore(firestore_client).dump()
    assert swept(firestore_client) == {"unchanged": 2}
    assert InFirestore(firestore_client).dump() == before


def test_what_a_late_payment_began_to_hold_is_given_back_and_the_payment_comes_again(
    firestore_client: firestore.Client,
) -> None:
    stock_up(firestore_client, 10)
    place_long_ago(firestore_client, ["order-1"], 3)
    assert swept(firestore_client) == {"expired": 1}
    payment = a_payment(created_at=now(), delivered_at=now())
    die_after_one_commit(firestore_client, payment)
    order = order_in(firestore_client, "order-1")
    assert (order["status"], order["heldFrom"]) == ("reserving", "expired")
    assert inventory_of(firestore_client) == (10, 3)
    assert swept(firestore_client) == {"unchanged": 1}
    order = order_in(firestore_client, "order-1")
    assert (order["status"], order["heldFrom"]) == ("expired", None)
    assert inventory_of(firestore_client) == (10, 0)
    assert wrongs_in(firestore_client, stock=10) == []
    assert settle_in(firestore_client)(payment, now()).result == "first_time_finalized"
    assert inventory_of(firestore_client) == (7, 0)
    assert wrongs_in(firestore_client, stock=10) == []
