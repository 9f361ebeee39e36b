"""Ten thousand carts that nobody paid for, released by the real sweep."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from google.cloud import firestore

from bench.shop import a_database, a_reserved_order, settling_on, stock_up, store_in, write_all
from triggers.order_created import OrderCreatedTrigger
from triggers.sweep import Ending, ReservationSweep

ORDERS: Final = 10_000
PRODUCTS: Final = 100


@dataclass(frozen=True, slots=True)
class Release:
    released: int
    seconds: float

    @property
    def orders_per_second(self) -> float:
        return self.released / self.seconds


def release_expired() -> Release:
    """By one run. Raises AssertionError if it does not release them all."""
    client = a_database()
    products = [f"product-{number}" for number in range(PRODUCTS)]
    stock_up(client, products, reserved=ORDERS // PRODUCTS)
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    write_all(
        client,
        {
            f"orders/order-{number}": {
                **a_reserved_order([products[number % PRODUCTS]]),
                "reservationExpiresAt": long_ago + timedelta(milliseconds=number),
            }
            for number in range(ORDERS)
        },
    )
    sweep = _sweep_in(client)
    started = time.perf_counter()
    swept = sweep.sweep()
    seconds = time.perf_counter() - started
    still_held = sum(inventory.get("reserved") for inventory in client.collection("inventory").stream())
    released = swept.endings[Ending.EXPIRED]
    if released != ORDERS or still_held:
        raise AssertionError(f"{released} of {ORDERS} reservations released, {still_held} units still held")
    return Release(released, seconds)


def _sweep_in(client: firestore.Client) -> ReservationSweep:
    """The sweep as the deployed function does it."""
    store = store_in(client)
    settle = settling_on(store)
    place = OrderCreatedTrigger(settle, store.parked_events, _ignore, _now).place
    return ReservationSweep(
        settle,
        place,
        store.lapsed_orders,
        store.stranded_orders,
        store.parked_since,
        _ignore,
        _now,
        time.monotonic,
    )


def _ignore(*_line: object, **_fields: object) -> None:
    """Nobody reads the log here."""


def _now() -> datetime:
    return datetime.now(UTC)
