"""Measures how much a contestant sustains, what it does in a drop, and whether the model itself is right."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

from bench.model.contestants import TODAY, Contestant
from bench.model.firestore import Client, Database
from bench.model.parameters import STOCK_WITHOUT_END, Parameters
from bench.model.trial import SLOW_SECONDS, Run, Trial
from bench.model.world import VirtualWorld, World
from database.store import Create, Increase
from tests.support.builders import NOW, a_catalogue_entry, a_placement, an_order
from tests.support.memory_store import MemoryStore

ERRORS_MAX: Final = 0.001
GROWTH_MAX: Final = 0.1
"""By how many seconds orders may become slower with each second. More means a growing queue."""
STEP: Final = 1.5
SEED: Final = 1
_RUN_SECONDS: Final = 6.0
_ORDERS_MIN: Final = 150
_ORDERS_MAX: Final = 1_500
_GUESS_MAX: Final = 500.0
"""The highest rate at which the search begins: beyond it, processors set the limit, not locks."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One rate that was tried."""

    orders_per_second: float
    hold_p99_seconds: float
    webhook_p99_seconds: float
    is_sustained: bool


@dataclass(frozen=True, slots=True)
class Capacity:
    orders_per_second: float
    """Placed, held and paid; within a tenth."""
    probes: Sequence[Probe]


class Wrong(Exception):
    """The auditor found something, so no figure of this shop counts."""


def capacity(contestant: Contestant, parameters: Parameters) -> Capacity:
    """The most orders of one product per second that are held and paid in time."""
    probes: list[Probe] = []

    def is_sustained(rate: float) -> bool:
        probes.append(probe(contestant, parameters, rate))
        return probes[-1].is_sustained

    low = high = min(contestant.guess / parameters.commit_seconds, _GUESS_MAX)
    if is_sustained(low):
        while is_sustained(high := low * STEP):
            low = high
    else:
        while not is_sustained(low := high / STEP):
            high = low
    for _ in range(2):
        between = math.sqrt(low * high)
        low, high = (between, high) if is_sustained(between) else (low, between)
    return Capacity(low, sorted(probes, key=lambda probe: probe.orders_per_second))


def probe(contestant: Contestant, parameters: Parameters, rate: float, orders_max: int = _ORDERS_MAX) -> Probe:
    orders = min(max(round(rate * _RUN_SECONDS), _ORDERS_MIN), orders_max)
    # Each order makes one hold and three deliveries: if more than 1 % are slow, so is the p99 of holds or deliveries.
    slow_max = 0.01 * 4 * orders
    run = _judged(Trial(contestant, parameters, STOCK_WITHOUT_END, SEED).run(orders, rate, slow_max=slow_max))
    holds, webhooks = p99([seconds for _, seconds in run.holds]), p99(run.webhooks)
    is_sustained = (
        max(holds, webhooks) <= SLOW_SECONDS
        and run.errors <= ERRORS_MAX * run.requests
        and _growth(run.paid) <= GROWTH_MAX
    )
    return Probe(rate, holds, webhooks, is_sustained)


@dataclass(frozen=True, slots=True)
class Drop:
    """Far more buyers than units, all at once."""

    buyers: int = 3_000
    units: int = 1_000
    within_seconds: float = 10.0
    pays_after_seconds: tuple[float, float] = (1.0, 10.0)


def drop(contestant: Contestant, parameters: Parameters, sale: Drop) -> Run:
    parameters = replace(parameters, pays_after_seconds=sale.pays_after_seconds)
    trial = Trial(contestant, parameters, sale.units, SEED)
    return _judged(trial.run(sale.buyers, sale.buyers / sale.within_seconds))


def p99(seconds: Sequence[float]) -> float:
    return sorted(seconds)[math.ceil(0.99 * len(seconds)) - 1] if seconds else math.inf


def _judged(run: Run) -> Run:
    if run.complaints:
        raise Wrong(run.complaints[0])
    return run


def _growth(paid: Sequence[tuple[float, float]]) -> float:
    """By how many seconds payment takes longer with each second in which orders are placed."""
    ordered = sorted(paid)
    if not ordered:
        return math.inf
    fifth = max(len(ordered) // 5, 1)
    early, late = ordered[fifth : 2 * fifth], ordered[-fifth:]
    seconds = median(at for at, _ in late) - median(at for at, _ in early)
    return (median(took for _, took in late) - median(took for _, took in early)) / max(seconds, 0.001)


# --- Whether the model is right --------------------------------------------------------------------------------------


def bare_commits_per_second(parameters: Parameters, clients: int = 16, commits: int = 400) -> float:
    """To one document, by clients that do nothing else: one at a time, so 1 ÷ the time of a commit."""
    world = VirtualWorld()
    database = Database(world, parameters, MemoryStore({"inventory/shirt": {}}))
    numbers = iter(range(commits))

    def work() -> None:
        client = Client(database)
        for number in numbers:
            writes = Create(f"holds/{number}", {}), Increase("inventory/shirt", {"reserved": 1})
            client.commit(writes, timeout_seconds=math.inf)

    return commits / _seconds_of(world, [work] * clients)


def holds_per_second(world: World, parameters: Parameters) -> float:
    """By today's service in one instance: the same program in virtual time or with threads."""
    clients, orders = 16, 80
    documents = MemoryStore(
        {"inventory/shirt": {"stock": orders, "reserved": 0}, "products/shirt": a_catalogue_entry()}
    )
    for number in range(orders):
        documents.put(f"orders/{number}", an_order(userId=str(number), items=[{"productId": "shirt", "quantity": 1}]))
    settle, numbers = TODAY.instance(world, Database(world, parameters, documents)), iter(range(orders))

    def work() -> None:
        for number in numbers:
            settle(a_placement(str(number)), NOW)

    return orders / _seconds_of(world, [work] * clients)


def _seconds_of(world: World, works: Sequence[Callable[[], None]]) -> float:
    began = world.now()
    for work in works:
        world.start(work)
    world.run()
    return world.now() - began
