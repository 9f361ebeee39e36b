"""First deliveries, one at a time: settled in process and over HTTP, beside the least they can cost."""

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from itertools import count
from typing import Final

from bench.bare import Bare, planned
from bench.client import Client, serving
from bench.figures import Aim, Figure, Measured, in_milliseconds
from bench.payments import payment, signed
from bench.shop import a_reserved_order, amount_of, orders_not_finalized, stock_up
from bench.turns import WARM_UP_ROUNDS, medians_in_turns
from database.connection import connect
from database.firestore_store import FirestoreStore
from tests.support.emulated_shop import a_database, now, service_over, write_all
from tests.support.stripe_objects import a_payment_event

ROUNDS: Final = 300
_PRODUCTS: Final = ("shirt",)


def latency() -> Measured:
    """The p50 of settling in process and over HTTP, beside a server that does nothing, both RPCs, and the Commit."""
    client = a_database()
    connection, bare = connect(client.project), Bare(client.project)
    store, settle = FirestoreStore(connection), service_over(connection).settle
    orders = 4 * (WARM_UP_ROUNDS + ROUNDS)
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
        medians = medians_in_turns(contestants, ROUNDS)
        megabytes = server.resident_megabytes()
    if lost := orders_not_finalized(client):
        raise RuntimeError(f"{lost} orders were not finalized")
    return _figures_of(medians, megabytes)


def _figures_of(medians: Mapping[str, float], megabytes: float) -> Measured:
    in_process, http = (medians[name] / medians["bare"] for name in ("in_process", "http"))
    return (
        Figure("latency_vs_bare", in_process, "settling ÷ its two RPCs alone, p50", Aim("≤", 1.3)),
        Figure("http_vs_bare", http, "the HTTP delivery ÷ the two RPCs alone, p50", Aim("≤", 2)),
        Figure("rss_mb", megabytes, "memory of the warm server process", Aim("≤", 120)),
    ), {"p50 in ms": in_milliseconds(medians)}


def _seconds_of(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
