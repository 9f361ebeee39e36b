"""How the time of a first delivery grows: with the order's lines, and with all that was settled before."""

import time
from typing import Final

from google.cloud import firestore

from bench.figures import Aim, Figure, Measured, in_milliseconds
from bench.history import write_history
from bench.payments import payment
from bench.shop import a_reserved_order, amount_of, stock_up
from bench.turns import WARM_UP_ROUNDS, Contestant, medians_in_turns
from tests.support.emulated_shop import a_database, now, service_in, write_all

LINES: Final = 50
LINES_ROUNDS: Final = 150
HISTORY: Final = 100_000
HISTORY_ROUNDS: Final = 300


def lines_growth() -> Measured:
    client = a_database()
    medians = medians_in_turns(
        {
            "one_line": _settling_orders_of(1, client, LINES_ROUNDS),
            "many_lines": _settling_orders_of(LINES, client, LINES_ROUNDS),
        },
        LINES_ROUNDS,
    )
    ratio, meaning = medians["many_lines"] / medians["one_line"], f"p50 of settling an order of {LINES} lines ÷ of one"
    return (Figure("lines_growth", ratio, meaning, Aim("≤", 3)),), {"p50 in ms": in_milliseconds(medians)}


def history_growth() -> Measured:
    """Two databases in one emulator: one has settled this many orders before, the other none."""
    empty, full = a_database(), a_database()
    started = time.perf_counter()
    write_history(full, HISTORY)
    seeding = {"seconds": time.perf_counter() - started}
    medians = medians_in_turns(
        {
            "empty": _settling_orders_of(1, empty, HISTORY_ROUNDS),
            "full": _settling_orders_of(1, full, HISTORY_ROUNDS),
        },
        HISTORY_ROUNDS,
    )
    ratio = medians["full"] / medians["empty"]
    meaning = f"p50 with {HISTORY:,} old orders, events and audit entries each ÷ with none"
    parts = {"p50 in ms": in_milliseconds(medians), "seeding": seeding}
    return (Figure("history_growth", ratio, meaning, Aim("≤", 1.2)),), parts


def _settling_orders_of(lines: int, client: firestore.Client, rounds: int) -> Contestant:
    """Settles the payment of a new order each time."""
    settle, product_ids = service_in(client).settle, [f"product-{number}" for number in range(lines)]
    order_ids = [f"{lines}-lines-{number}" for number in range(WARM_UP_ROUNDS + rounds)]
    stock_up(client, product_ids, reserved=2 * len(order_ids))
    write_all(client, {f"orders/{order_id}": a_reserved_order(product_ids) for order_id in order_ids})
    unpaid = iter(order_ids)

    def settle_next() -> float:
        event = payment(next(unpaid), amount_of(product_ids))
        started = time.perf_counter()
        outcome = settle(event, now())
        seconds = time.perf_counter() - started
        if outcome.result != "first_time_finalized":
            raise RuntimeError(f"{event.event_id} ended as {outcome}")
        return seconds

    return settle_next
