"""First deliveries, one at a time: settled in process and over HTTP, beside the least they can cost."""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from typing import Final

from bench.bare import Bare, planned
from bench.client import Client, serving
from bench.payments import payment, signed
from bench.shop import a_reserved_order, amount_of, orders_not_finalized, stock_up
from bench.turns import WARM_UP_ROUNDS, medians_in_turns
from database.connection import connect
from database.firestore_store import FirestoreStore
from tests.support.emulated_shop import a_database, now, service_over, write_all
from tests.support.stripe_objects import a_payment_event

ROUNDS: Final = 300
_PRODUCTS: Final = ("shirt",)


@dataclass(frozen=True, slots=True)
class Latency:
    """Medians, in seconds."""

    in_process: float
    http: float
    framework: float
    """Only the HTTP delivery: the same server, with a function that does nothing."""
    bare: float
    commit: float
    """Only the Commit."""
    server_megabytes: float
    """The server's memory after all deliveries."""


def latency(rounds: int = ROUNDS) -> Latency:
    client = a_database()
    connection, bare = connect(client.project), Bare(client.project)
    store, settle = FirestoreStore(connection), service_over(connection).settle
    orders = 4 * (WARM_UP_ROUNDS + rounds)
    stock_up(client, _PRODUCTS, reserved=orders)
    write_all(client, {f"orders/order-{number}": a_reserved_order(_PRODUCTS) for number in range(orders)})
    order_ids = (f"order-{number}" for number in count())

    def in_process() -> float:
        event = payment(next(order_ids), amount_of(_PRODUCTS))
        return _seconds_of(lambda: settle(event, now()))

    def bare_delivery() -> float:
        delivery = planned(payment(next(order_ids), amount_of(_PRODUCTS)), store)
        return _seconds_of(lambda: bare.deliver(delivery))

    def bare_commit() -> float:
        delivery = planned(payment(next(order_ids), amount_of(_PRODUCTS)), store)
        seen = bare.read(delivery.paths)
        return _seconds_of(lambda: bare.commit(delivery.writes, seen))

    def over_http(client: Client, order_id: str) -> float:
        body, headers = signed(a_payment_event(order_id, amount=amount_of(_PRODUCTS)))
        return _seconds_of(lambda: client.post(body, headers))

    with (
        serving(client.project) as server,
        serving(client.project, source="bench/empty_function.py", target="empty") as idle_server,
        closing(Client(server)) as ours,
        closing(Client(idle_server)) as idle,
    ):
        contestants = {
            "in_process": in_process,
            "http": lambda: over_http(ours, next(order_ids)),
            "framework": lambda: over_http(idle, "any"),
            "bare": bare_delivery,
            "commit": bare_commit,
        }
        medians = medians_in_turns(contestants, rounds)
        megabytes = server.resident_megabytes()
    if lost := orders_not_finalized(client):
        raise RuntimeError(f"{lost} orders were not finalized")
    return Latency(**medians, server_megabytes=megabytes)


def _seconds_of(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
