"""Orders reserved and paid by sixteen clients at once: all for one product, or spread over a hundred."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from google.cloud import firestore

from bench.payments import payment
from bench.race import Settling, settled
from bench.shop import (
    a_database,
    a_pending_order,
    amount_of,
    orders_not_finalized,
    service_in,
    stock_up,
    units_sold,
    write_all,
)
from bench.textbook import textbook_settling
from orders.events import OrderPlaced

CLIENTS: Final = 16
ORDERS_OURS: Final = 480
# One a client: the textbook's transactions wait so long for each other that more would take minutes.
ORDERS_TEXTBOOK: Final = 16
PRODUCTS_SPREAD: Final = 100


@dataclass(frozen=True, slots=True)
class Rush:
    orders: int
    bought_per_second: float
    """Orders that were reserved and paid in the end."""
    failed: int
    """Orders whose placing or payment ended in an error, and would have to come again."""
    orders_not_finalized: int
    units_miscounted: int
    """By how much stock differs from one unit sold a finalized order."""


def rush_ours(products: int) -> Rush:
    client = a_database()
    return _rush(client, service_in(client).settle, ORDERS_OURS, products)


def rush_textbook() -> Rush:
    client = a_database()
    return _rush(client, textbook_settling(client), ORDERS_TEXTBOOK, 1)


def _rush(client: firestore.Client, settle: Settling, orders: int, products: int) -> Rush:
    baskets = {f"order-{number}": [f"product-{number % products}"] for number in range(orders)}
    stock_up(client, (f"product-{number}" for number in range(products)))
    write_all(client, {f"orders/{order_id}": a_pending_order(named) for order_id, named in baskets.items()})

    def buy(order_id: str) -> bool:
        named = baskets[order_id]
        placed = settled(settle, OrderPlaced(order_id, tuple(named)))
        return settled(settle, payment(order_id, amount_of(named))) and placed

    started = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        done = list(pool.map(buy, baskets))
    seconds = time.perf_counter() - started
    lost = orders_not_finalized(client)
    bought = orders - lost
    # Where nobody came through, one counts, so that there is a ratio.
    return Rush(orders, max(bought, 1) / seconds, done.count(False), lost, abs(units_sold(client) - bought))
