"""Ten thousand unpaid carts, released by the real sweep."""

import time
from datetime import timedelta
from typing import Final

from bench.figures import Figure, Measured
from bench.shop import a_reserved_order, stock_up
from tests.support.emulated_shop import a_database, now, service_in, write_all
from triggers.sweep import Ending

ORDERS: Final = 10_000
PRODUCTS: Final = 100


def expiry() -> Measured:
    """Release all in one run. Raises AssertionError if any is left."""
    client = a_database()
    products = [f"product-{number}" for number in range(PRODUCTS)]
    stock_up(client, products, reserved=ORDERS // PRODUCTS)
    long_ago = now() - timedelta(hours=1)
    orders = {
        f"orders/order-{number}": a_reserved_order(
            [products[number % PRODUCTS]], reservationExpiresAt=long_ago + timedelta(milliseconds=number)
        )
        for number in range(ORDERS)
    }
    write_all(client, orders)
    sweep = service_in(client).reservation_sweep()
    started = time.perf_counter()
    swept = sweep.sweep()
    seconds = time.perf_counter() - started
    still_held = sum(inventory.get("reserved") for inventory in client.collection("inventory").stream())
    released = swept.endings[Ending.EXPIRED]
    if released != ORDERS or still_held:
        raise AssertionError(f"{released} of {ORDERS} reservations released, {still_held} units still held")
    meaning = "expired reservations released by one run of the sweep"
    figure = Figure("expiry_orders_per_second", released / seconds, meaning)
    return (figure,), {"sweep": {"released": released, "seconds": seconds}}
