"""Three events and a duplicate for each paid order, eight at once: ours against the textbook's transaction."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from google.api_core.exceptions import GoogleAPICallError
from google.cloud import firestore

from bench.payments import VOICES, payment
from bench.shop import (
    a_database,
    a_reserved_order,
    amount_of,
    orders_not_finalized,
    service_in,
    stock_up,
    units_sold,
    write_all,
)
from bench.textbook import GivenUp, textbook_settling
from orders.events import OrderPlaced, StripeEvent
from orders.outcome import Transient

CLIENTS: Final = 8
ORDERS_OURS: Final = 150
# The textbook's orders wait seconds for each other's locks, some of them, and by chance: one race would tell little.
ORDERS_TEXTBOOK: Final = 32
RACES_TEXTBOOK: Final = 5

Settling = Callable[[OrderPlaced | StripeEvent, datetime], object]


@dataclass(frozen=True, slots=True)
class Race:
    orders: int
    settled_per_second: float
    failed: int
    """Deliveries that ended in an error, and would have to come again."""
    orders_not_finalized: int
    units_miscounted: int
    """By how much stock differs from one unit sold a finalized order."""


def race_ours() -> Race:
    client = a_database()
    return _race(client, service_in(client).settle, ORDERS_OURS)


def race_textbook() -> Race:
    """The middle one of several races, by how many events a second were settled."""
    races = sorted((_race_textbook() for _ in range(RACES_TEXTBOOK)), key=lambda race: race.settled_per_second)
    return races[RACES_TEXTBOOK // 2]


def _race_textbook() -> Race:
    client = a_database()
    return _race(client, textbook_settling(client), ORDERS_TEXTBOOK)


def settled(settle: Settling, event: OrderPlaced | StripeEvent) -> bool:
    """Whether the event was settled, or ended in one of the errors after which it has to come again."""
    try:
        settle(event, datetime.now(UTC))
    except (Transient, GoogleAPICallError, GivenUp):
        return False
    return True


def _race(client: firestore.Client, settle: Settling, orders: int) -> Race:
    products = {f"order-{number}": [f"product-{number}"] for number in range(orders)}
    stock_up(client, (name for (name,) in products.values()), reserved=1)
    write_all(client, {f"orders/{order_id}": a_reserved_order(named) for order_id, named in products.items()})

    def deliver(order_id: str, voice: str) -> bool:
        return settled(settle, payment(order_id, amount_of(products[order_id]), voice))

    jobs = [(order_id, voice) for order_id in products for voice in (*VOICES, VOICES[0])]
    started = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        done = list(pool.map(lambda job: deliver(*job), jobs))
    seconds = time.perf_counter() - started
    lost = orders_not_finalized(client)
    return Race(orders, done.count(True) / seconds, done.count(False), lost, abs(units_sold(client) - (orders - lost)))
