"""Ten thousand carts that nobody paid for, released by the real sweep.

Alone: make emulators RUN='venv/bin/python -m bench.expiry'
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from google.cloud import firestore

from bench.shop import a_database, a_reserved_order, ledger_in, settling_on, stock_up, write_all
from inventory.expiry import RUN_SECONDS_MAX, Ending, ReservationSweep
from inventory.trigger import OrderCreatedTrigger

ORDERS: Final = 10_000
PRODUCTS: Final = 100


@dataclass(frozen=True, slots=True)
class Release:
    released: int
    seconds: float
    units_still_held: int

    @property
    def orders_per_second(self) -> float:
        return self.released / self.seconds

    @property
    def fits_in_one_run(self) -> bool:
        """Whether the scheduled function releases them all before its time is out."""
        return self.released == ORDERS and not self.units_still_held and self.seconds < RUN_SECONDS_MAX


def release_expired() -> Release:
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
    return Release(swept.orders[Ending.EXPIRED], seconds, still_held)


def print_release() -> None:
    done = release_expired()
    print(
        f"Expiry: {done.released} of {ORDERS} reservations released in {done.seconds:.1f} s, "
        f"{done.orders_per_second:.0f} orders/s; {done.units_still_held} units still held; "
        f"{'within' if done.fits_in_one_run else 'NOT within'} the {RUN_SECONDS_MAX:.0f} s of one run",
        flush=True,
    )


def _sweep_in(client: firestore.Client) -> ReservationSweep:
    """The sweep as the deployed function does it."""
    ledger = ledger_in(client)
    settle = settling_on(ledger)
    place = OrderCreatedTrigger(settle, ledger.parked_events, _ignore, _now).place
    return ReservationSweep(
        settle,
        place,
        ledger.lapsed_orders,
        ledger.stranded_orders,
        ledger.parked_since,
        _ignore,
        _now,
        time.monotonic,
    )


def _ignore(*_line: object, **_fields: object) -> None:
    """Nobody reads the log here."""


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    print_release()
