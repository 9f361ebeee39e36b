"""From starting a process to its first 200: ours, which settles a payment, against imports under the same framework."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Final

from bench.payments import signed, stripe_event
from bench.server import serving
from bench.shop import a_database, a_reserved_order, amount_of, stock_up, write_all

ROUNDS: Final = 15
_PRODUCTS: Final = ("shirt",)


@dataclass(frozen=True, slots=True)
class ColdStart:
    """The medians of several fresh processes each, in turns."""

    ours_seconds: float
    imports_seconds: float


def cold_start() -> ColdStart:
    client = a_database()
    stock_up(client, _PRODUCTS, reserved=ROUNDS)
    write_all(client, {f"orders/order-{number}": a_reserved_order(_PRODUCTS) for number in range(ROUNDS)})
    ours, imports = [], []
    for number in range(ROUNDS):
        event = stripe_event("payment_intent.succeeded", f"order-{number}", amount_of(_PRODUCTS))
        imports.append(_seconds_to_first_answer(event, client.project, "bench/empty_function.py", "empty"))
        ours.append(_seconds_to_first_answer(event, client.project, "main.py", "stripe_webhook"))
    return ColdStart(median(ours), median(imports))


def _seconds_to_first_answer(event: Mapping[str, object], project: str, source: str, target: str) -> float:
    body, headers = signed(event)
    started = time.perf_counter()
    with serving(project, source=source, target=target) as server:
        server.wait_until_listening()
        server.post(body, headers)
        return time.perf_counter() - started
