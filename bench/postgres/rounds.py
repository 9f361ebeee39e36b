"""Rounds of deliveries, by one client or several: three events and a duplicate per order, and the time they took."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from statistics import median, quantiles

from bench.client import Client
from bench.payments import signed
from bench.postgres.contestants import Contestant
from bench.processors import processor_seconds
from bench.shop import UNIT_AMOUNT
from tests.support.stripe_objects import three_events_of_one_payment

Delivery = tuple[bytes, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Round:
    """How a contestant did with one batch of orders."""

    events: int
    seconds: float
    service_seconds: float
    """Processor time of the serving process."""
    database_seconds: float
    latencies: Sequence[float]
    """Of each delivery, in seconds."""

    @property
    def service_ms_per_event(self) -> float:
        return self.service_seconds / self.events * 1000

    @property
    def database_ms_per_event(self) -> float:
        return self.database_seconds / self.events * 1000

    @property
    def events_per_second(self) -> float:
        return self.events / self.seconds


def play(contestant: Contestant, order_ids: Sequence[str], clients: int) -> Round:
    """Pay these new orders. Raises RuntimeError if any answer is not 200."""
    contestant.open_orders(order_ids)
    deliveries = list(_deliveries_of(order_ids, contestant.secret))
    served, database = [contestant.server.worker()], contestant.database
    with ExitStack() as held:
        connected = [held.enter_context(closing(Client(contestant.server))) for _ in range(clients)]
        pool = held.enter_context(ThreadPoolExecutor(clients))
        waiting = iter(deliveries)
        service_before, database_before = processor_seconds(served), processor_seconds(database())
        started = time.perf_counter()
        work = [pool.submit(_deliver, client, waiting) for client in connected]
        latencies = [latency for each in work for latency in each.result()]
        seconds = time.perf_counter() - started
        return Round(
            len(deliveries),
            seconds,
            processor_seconds(served) - service_before,
            # Includes processes that it has started since.
            processor_seconds(database()) - database_before,
            latencies,
        )


def summary_of(rounds: Sequence[Round]) -> Mapping[str, float]:
    """Medians of the rounds, and percentiles of all their deliveries."""
    latencies = [latency * 1000 for each in rounds for latency in each.latencies]
    return {
        "ms of a processor an event": median(each.service_ms_per_event for each in rounds),
        "in the database": median(each.database_ms_per_event for each in rounds),
        "events/s": median(each.events_per_second for each in rounds),
        "ms p50": median(latencies),
        "ms p99": quantiles(latencies, n=100)[-1],
    }


def _deliveries_of(order_ids: Iterable[str], secret: str) -> Iterator[Delivery]:
    """Order by order, so that several clients deliver an order's events at once, as Stripe does."""
    for order_id in order_ids:
        events = three_events_of_one_payment(order_id, UNIT_AMOUNT)
        yield from (signed(event, secret) for event in (*events, events[0]))


def _deliver(client: Client, waiting: Iterator[Delivery]) -> list[float]:
    latencies = []
    # All clients share one iterator, which is safe: a list's `next` is one step of the interpreter.
    for body, headers in waiting:
        started = time.perf_counter()
        client.post(body, headers)
        latencies.append(time.perf_counter() - started)
    return latencies
