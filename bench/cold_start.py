"""From a process's start to its first 200: ours, which settles a payment, against functions that do nothing."""

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from statistics import median
from typing import Final

from bench.client import Client, serving
from bench.payments import signed
from bench.postgres.firestores import Firestore, emulator, stand_in
from bench.postgres.judging import product_of
from bench.shop import amount_of
from tests.support.stripe_objects import a_payment_event

ROUNDS: Final = 25
_SOURCE_OF: Final = {
    "stripe_webhook": "main.py",
    "empty": "bench/empty_function.py",
    "idle": "bench/idle_function.py",
}
"""By target."""


@dataclass(frozen=True, slots=True)
class ColdStart:
    """Seconds of fresh processes, one of each per round."""

    ours: Sequence[float]
    """On the stand-in for Firestore, which answers at once."""
    emulated: Sequence[float]
    """Ours on the emulator, whose first answer to a process takes some 50 ms."""
    imports: Sequence[float]
    """A function that imports the libraries of Firestore and Stripe."""
    framework: Sequence[float]
    """A function that imports only the framework."""


def over(ours: Sequence[float], others: Sequence[float]) -> float:
    """The median of the rounds' ratios, which a slow round does not change."""
    return median(one / other for one, other in zip(ours, others, strict=True))


def cold_start() -> ColdStart:
    order_ids = [f"order-{number}" for number in range(ROUNDS)]
    with stand_in() as at_once:
        for firestore in (at_once, emulated := emulator()):
            firestore.stock_up()
            firestore.open_orders(order_ids)
        starts = (at_once, "stripe_webhook"), (emulated, "stripe_webhook"), (at_once, "empty"), (at_once, "idle")
        rounds = [[_seconds_to_first_answer(order_id, *start) for start in starts] for order_id in order_ids]
    return ColdStart(*zip(*rounds, strict=True))


def _seconds_to_first_answer(order_id: str, firestore: Firestore, target: str) -> float:
    body, headers = signed(a_payment_event(order_id, amount=amount_of([product_of(order_id)])))
    project, host = firestore.connection.project, firestore.address
    started = time.perf_counter()
    with (
        serving(project, source=_SOURCE_OF[target], target=target, firestore_host=host) as server,
        closing(Client(server)) as client,
    ):
        client.post(body, headers)
        return time.perf_counter() - started
