"""From starting a process to its first 200: ours, which settles a payment, against functions that do nothing."""

import time
from contextlib import closing
from dataclasses import dataclass
from statistics import median
from typing import Final

from bench.client import Client, serving
from bench.payments import signed
from bench.shop import a_reserved_order, amount_of, stock_up
from tests.support.builders import Fields
from tests.support.emulated_shop import a_database, write_all
from tests.support.stripe_objects import a_payment_event

ROUNDS: Final = 15
_PRODUCTS: Final = ("shirt",)
_SOURCE_OF: Final = {
    "stripe_webhook": "main.py",
    "empty": "bench/empty_function.py",
    "idle": "bench/idle_function.py",
}
"""Of each target, in the order of `ColdStart`."""


@dataclass(frozen=True, slots=True)
class ColdStart:
    """The medians of several fresh processes each, in turns."""

    ours_seconds: float
    imports_seconds: float
    """Of a function that imports the libraries of Firestore and Stripe."""
    framework_seconds: float
    """Of one that imports nothing besides the framework."""


def cold_start() -> ColdStart:
    client = a_database()
    stock_up(client, _PRODUCTS, reserved=ROUNDS)
    write_all(client, {f"orders/order-{number}": a_reserved_order(_PRODUCTS) for number in range(ROUNDS)})
    seconds: dict[str, list[float]] = {target: [] for target in _SOURCE_OF}
    for number in range(ROUNDS):
        event = a_payment_event(f"order-{number}", amount=amount_of(_PRODUCTS))
        for target, source in _SOURCE_OF.items():
            seconds[target].append(_seconds_to_first_answer(event, client.project, source, target))
    return ColdStart(*(median(seconds[target]) for target in _SOURCE_OF))


def _seconds_to_first_answer(event: Fields, project: str, source: str, target: str) -> float:
    body, headers = signed(event)
    started = time.perf_counter()
    with serving(project, source=source, target=target) as server, closing(Client(server)) as client:
        client.post(body, headers)
        return time.perf_counter() - started
