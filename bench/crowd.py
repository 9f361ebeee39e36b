"""Many clients at once, and what becomes of their orders."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from google.api_core.exceptions import GoogleAPICallError
from google.cloud import firestore

from bench.shop import units_sold
from bench.transactions import GivenUp
from orders.events import StripeEvent
from orders.outcome import Transient
from orders.shop_events import OrderPlaced
from tests.support.emulated_shop import now, statuses

Settling = Callable[[OrderPlaced | StripeEvent, datetime], object]


@dataclass(frozen=True, slots=True)
class Run:
    jobs: int
    seconds: float
    failed: int
    """Jobs that ended in an error and would have to be retried."""
    orders_finalized: int
    orders_not_finalized: int
    units_miscounted: int
    """By how many units the stock differs from one unit sold per finalized order."""

    @property
    def settled_per_second(self) -> float:
        return (self.jobs - self.failed) / self.seconds

    @property
    def bought_per_second(self) -> float:
        """At least one order is counted, so that ratios are defined."""
        return max(self.orders_finalized, 1) / self.seconds


def run(client: firestore.Client, jobs: Sequence[Callable[[], bool]], *, clients: int) -> Run:
    """Do all jobs, this many at a time. Each returns whether it succeeded."""
    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        succeeded = list(pool.map(lambda job: job(), jobs))
    seconds = time.perf_counter() - started
    orders = statuses(client)
    finalized = orders["finalized"]
    return Run(
        jobs=len(jobs),
        seconds=seconds,
        failed=succeeded.count(False),
        orders_finalized=finalized,
        orders_not_finalized=orders.total() - finalized,
        units_miscounted=abs(units_sold(client) - finalized),
    )


def is_settled(settle: Settling, event: OrderPlaced | StripeEvent) -> bool:
    """Settle the event; False on one of the errors that call for a retry."""
    try:
        settle(event, now())
    except (Transient, GoogleAPICallError, GivenUp):
        return False
    return True
