"""From a process's start to its first 200: ours, which settles a payment, against functions that do nothing."""

import time
from contextlib import closing
from statistics import median
from typing import Final

from bench.client import Client, serving
from bench.figures import Aim, Figure, Measured
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


def cold_start() -> Measured:
    """Fresh processes, one of each per round: ours on what answers at once, and on the emulator, which takes 50 ms."""
    order_ids = [f"order-{number}" for number in range(ROUNDS)]
    with stand_in() as at_once:
        for firestore in (at_once, emulated := emulator()):
            firestore.stock_up()
            firestore.open_orders(order_ids)
        starts = {
            "ours": (at_once, "stripe_webhook"),
            "emulated": (emulated, "stripe_webhook"),
            "imports": (at_once, "empty"),
            "framework": (at_once, "idle"),
        }
        seconds: dict[str, list[float]] = {name: [] for name in starts}
        for order_id in order_ids:
            for name, start in starts.items():
                seconds[name].append(_seconds_to_first_answer(order_id, *start))
    vs_imports, vs_framework, vs_framework_emulated = (
        # The median of the rounds' ratios, which a slow round does not change.
        median(one / other for one, other in zip(seconds[ours], seconds[others], strict=True))
        for ours, others in (("ours", "imports"), ("ours", "framework"), ("emulated", "framework"))
    )
    meaning = "fresh process to its first settled payment ÷ to the first answer of a function that"
    return (
        Figure("cold_start_vs_imports", vs_imports, f"{meaning} imports both libraries", Aim("≤", 0.8)),
        Figure("cold_start_vs_framework", vs_framework, f"{meaning} does nothing", Aim("≤", 1.6)),
        Figure("cold_start_vs_framework_emulated", vs_framework_emulated, "the same on the emulator"),
    ), {"median in s": {name: median(taken) for name, taken in seconds.items()}}


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
