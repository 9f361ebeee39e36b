"""The emulator is killed and restarted from its export, several times, while deliveries go on."""

import contextlib
import itertools
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from unittest.mock import patch

from google.cloud import firestore

from database.firestore_store import FirestoreStore
from database.queries import FirestoreQueries
from database.store import Create
from orders.events import StripeEvent
from orders.outcome import StoreContended, Transient
from service.wiring import Service, patience, performing, settling
from storefront.availability import Storefront
from tests.proofs.faults.delivery_queue import Delivery, DeliveryQueue
from tests.proofs.faults.gate import Gate
from tests.proofs.faults.standalone import StandaloneEmulator, standalone_emulator
from tests.proofs.simulation.oracle import Ending, wrongs
from tests.proofs.simulation.payments import CHECKOUT_COMPLETED, SUCCESS_TYPES, Payment, Repayment
from tests.proofs.simulation.scenarios import PRICES, EventTemplate, Scenario, catalogue_entry_of
from tests.support.auditor import complaints, leftovers
from tests.support.builders import NOW, TERMS
from tests.support.counted_rpcs import connected_through
from tests.support.emulated_shop import documents_in, stock_up, write_all
from tests.support.recording import silent
from webhooks.ownership import Naming

THREADS: Final = 6
"""They deliver at the same time."""
_PROJECT: Final = "demo-restarted"
# An outage should be noticed, not waited out.
_PATIENCE_SECONDS: Final = 1.0
_AGAIN_SECONDS_MAX: Final = 0.6
_WAVE_SECONDS: Final = 1.0
_PROGRESS_SECONDS_MAX: Final = 10.0
_LAST_SECONDS_MAX: Final = 20.0

Documents = Mapping[str, Mapping[str, Any]]


@dataclass
class Report:
    """What happened, so that a reader sees that something did, and everything that is wrong."""

    orders: int = 0
    refunded: int = 0
    """Orders that were refunded, in part or in full."""
    deliveries: int = 0
    acknowledged: int = 0
    not_settled: Counter[str] = field(default_factory=Counter)
    """Deliveries that were answered "try again", by why."""
    commits_unanswered: int = 0
    """Commits that were done, but whose answer was lost."""
    seconds_away: list[float] = field(default_factory=list)
    """How long nothing was served, for each restart."""
    complaints: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        away = ", ".join(f"{seconds:.1f}" for seconds in self.seconds_away)
        why = ", ".join(f"{times} {name}" for name, times in self.not_settled.most_common())
        yield f"restarts       {len(self.seconds_away)}, each after SIGKILL: {away} s until it listened again"
        yield f"orders         {self.orders}, all paid, {self.refunded} with refunds"
        yield f"deliveries     {self.deliveries}, {self.acknowledged} acknowledged"
        yield f"not settled    {self.not_settled.total()}, and delivered again: {why}"
        yield f"answers lost   {self.commits_unanswered} commits that were done without an answer"
        yield f"complaints     {len(self.complaints) or 'none'}"
        yield from (f"  {complaint}" for complaint in self.complaints)


def restarted_while_delivering(seed: int, *, restarts: int = 3, orders_a_wave: int = 12) -> Report:
    """Orders arrive in waves. Halfway through each wave except the last, the emulator is killed."""
    chance, report = random.Random(seed), Report()  # noqa: S311 - no secret
    scenarios = [_a_scenario(f"order-{number}", chance) for number in range((restarts + 1) * orders_a_wave)]
    if not all(scenario.is_consistent for scenario in scenarios):
        raise AssertionError("these scenarios cannot happen, so nothing can be judged by them")
    waves = [scenarios[first : first + orders_a_wave] for first in range(0, len(scenarios), orders_a_wave)]
    report.orders, report.refunded = len(scenarios), sum(scenario.payments[0].refunds != () for scenario in scenarios)
    with standalone_emulator() as emulator, patch.dict(os.environ, FIRESTORE_EMULATOR_HOST=emulator.host):
        run = _Run(emulator, scenarios, report, chance)
        with run.threads_at_work():
            for wave in waves[:-1]:
                run.send(wave)
                run.restart()
            run.send(waves[-1])
            run.finish()
    return report


def _a_scenario(order_id: str, chance: random.Random) -> Scenario:
    """One order, whose payment three events report; sometimes declined before, sometimes refunded, sometimes free."""
    lines = tuple(
        (product_id, chance.randint(1, 3)) for product_id in chance.sample(list(PRICES), chance.randint(1, 2))
    )
    order = Scenario(order_id, lines)
    if not order.price:
        return replace(order, payments=(Payment(0, 0, success_types=(CHECKOUT_COMPLETED,)),))
    some = Repayment(1, order.price // 2, restock=((lines[0][0], 1),), is_slow=True)
    full, failed = Repayment(1, order.price), Repayment(1, order.price, fails=True)
    refunds = chance.choice([(), (), (some,), (full,), (failed,)])
    declines = chance.choice([(), ("payment_intent.payment_failed",)])
    paid = Payment(0, order.price, success_types=SUCCESS_TYPES, declines=declines, refunds=refunds)
    return replace(order, payments=(paid,))


class _Shop:
    """The service, on an emulator that comes and goes behind a gate."""

    def __init__(self) -> None:
        connection, self.gate = connected_through(Gate, _PROJECT)
        self._store = FirestoreStore(connection)
        queries = FirestoreQueries(firestore.Client(project=_PROJECT))
        self._milliseconds = itertools.count()
        short_patience = patience(total_seconds=_PATIENCE_SECONDS)
        self._service = Service(
            # One customer places all orders, and while the emulator is away they stay open.
            settle=settling(self._store, replace(TERMS, open_orders_max=1_000), silent, short_patience),
            queries=lambda: queries,
            storefront=Storefront(self._store, queries.products_after, 5, short_patience),
            effects=lambda: performing(self._store, TERMS, silent, short_patience, {}, self.now),
            webhook_secrets=(),
            naming=Naming(),
            log=silent,
            now=self.now,
            monotonic=time.monotonic,
            threads=1,
        )

    def now(self) -> datetime:
        """No two deliveries arrive at the same moment."""
        return NOW + timedelta(minutes=1, milliseconds=next(self._milliseconds))

    def settle(self, event: StripeEvent, now: datetime) -> None:
        """What the webhook does."""
        self._service.settle(event, now)

    def place(self, scenario: Scenario) -> None:
        """What the trigger does."""
        self._service.order_created_trigger().place(scenario.placed)

    def write_order(self, scenario: Scenario) -> None:
        """What the customer's app does."""
        order = Create(f"orders/{scenario.order_id}", scenario.order(NOW))
        # If the answer to an earlier try was lost, the order is there.
        with contextlib.suppress(StoreContended):
            self._store.commit([order], timeout_seconds=_PATIENCE_SECONDS)

    def stock_up(self, stock: Mapping[str, int]) -> None:
        client = firestore.Client(project=_PROJECT)
        write_all(client, {f"products/{product_id}": catalogue_entry_of(product_id) for product_id in stock})
        for product_id, units in stock.items():
            stock_up(client, units, [product_id])


class _Run:
    def __init__(
        self, emulator: StandaloneEmulator, scenarios: Sequence[Scenario], report: Report, chance: random.Random
    ) -> None:
        self._emulator, self._scenarios, self._report, self._chance = emulator, scenarios, report, chance
        self._shop, self._queue = _Shop(), DeliveryQueue()
        self._gate = self._shop.gate
        self._sent: list[Scenario] = []
        self._written: dict[str, Mapping[str, Any]] = {}
        # Just enough for all, so that a unit sold twice is missing from some order.
        self._stock = sum((Counter(scenario.units) for scenario in scenarios), Counter[str]())
        self._shop.stock_up(self._stock)

    @contextlib.contextmanager
    def threads_at_work(self) -> Iterator[None]:
        """Deliveries are made inside the block, and none after it."""
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._queue.close()
            for thread in threads:
                thread.join(_LAST_SECONDS_MAX)

    def send(self, wave: Sequence[Scenario]) -> None:
        """Everything around these orders, shuffled; much of it twice, with some events of earlier waves."""
        once = [delivery for scenario in wave for delivery in self._deliveries_of(scenario)]
        before = [delivery for scenario in self._sent for delivery in self._events_of(scenario)]
        again = self._chance.sample(once, len(once) // 3) + self._chance.sample(
            before, min(len(before), len(once) // 4)
        )
        for delivery in (*once, *again):
            self._queue.send(delivery, in_seconds=self._chance.random() * _WAVE_SECONDS)
        self._sent += wave
        self._queue.wait_for_acknowledged(len(once) // 2, seconds_max=_PROGRESS_SECONDS_MAX)

    def restart(self) -> None:
        """Kill the emulator and restart it from its export, which has everything that was acknowledged."""
        unanswered, unsettled = self._gate.commits_unanswered, self._report.not_settled["StoreUnavailable"]
        self._gate.lose_answers(commits=THREADS, seconds_max=_PATIENCE_SECONDS)
        self._gate.close()
        self._judge_before_the_kill()
        export, began = self._emulator.export(_PROJECT), time.monotonic()
        self._emulator.kill()
        # What is sent from now on reaches no server.
        self._gate.open()
        self._emulator.start(export)
        self._report.seconds_away.append(time.monotonic() - began)
        which = len(self._report.seconds_away)
        if self._gate.commits_unanswered == unanswered:
            self._complain(f"restart {which} made no commit ambiguous")
        if self._report.not_settled["StoreUnavailable"] == unsettled:
            self._complain(f"restart {which} went unnoticed")

    def finish(self) -> None:
        """Deliver until everything is acknowledged; then judge."""
        for name in self._queue.left_after(_LAST_SECONDS_MAX):
            self._complain(f"{name}: not acknowledged, however often it was delivered")
        self._report.acknowledged = self._queue.acknowledged
        self._report.commits_unanswered = self._gate.commits_unanswered
        documents = self._documents()
        for path, fields in self._written.items():
            if documents.get(path) != fields:
                self._complain(f"{path}: written before a kill, and changed since")
        self._complain(*complaints(documents, self._stock), *leftovers(documents))
        for scenario in self._scenarios:
            may_be_ignored = [event_id for event_id, event in scenario.events.items() if not event.reports_money]
            self._complain(*wrongs(scenario, Ending(documents, ignored=may_be_ignored)))

    # --- What is delivered -------------------------------------------------------------------------------------------

    def _deliveries_of(self, scenario: Scenario) -> Iterator[Delivery]:
        yield Delivery(f"{scenario.order_id} is written", partial(self._write_order, scenario))
        yield from self._events_of(scenario)

    def _events_of(self, scenario: Scenario) -> Iterator[Delivery]:
        for event in scenario.events.values():
            yield Delivery(event.event_id, partial(self._settle, event))

    def _settle(self, event: EventTemplate, now: datetime) -> None:
        self._shop.settle(event.delivered(now), now)

    def _write_order(self, scenario: Scenario, now: datetime) -> None:
        self._shop.write_order(scenario)
        self._queue.send(Delivery(f"the trigger of {scenario.order_id}", lambda now: self._shop.place(scenario)))

    def _work(self) -> None:
        while delivery := self._queue.take():
            self._deliver(delivery)

    def _deliver(self, delivery: Delivery) -> None:
        """Once; what is not acknowledged is delivered again."""
        self._report.deliveries += 1
        try:
            delivery.deliver(self._shop.now())
        except Transient as error:
            self._report.not_settled[type(error).__name__] += 1
            self._queue.put_back(delivery, in_seconds=random.random() * _AGAIN_SECONDS_MAX)  # noqa: S311 - no secret
        except Exception as error:  # noqa: BLE001 - a fault of ours is what is looked for
            self._complain(f"{delivery.name}: a fault of ours: {type(error).__name__}: {error}")
            self._queue.acknowledge(delivery)
        else:
            self._queue.acknowledge(delivery)

    # --- Judging -----------------------------------------------------------------------------------------------------

    def _judge_before_the_kill(self) -> None:
        """Even now, when nobody knows what became of their commits, nothing may be half done."""
        documents = self._documents()
        which = len(self._report.seconds_away) + 1
        self._complain(*(f"before kill {which}: {wrong}" for wrong in complaints(documents, self._stock)))
        self._written |= {path: fields for path, fields in documents.items() if path.startswith("auditLog/")}

    def _documents(self) -> Documents:
        return documents_in(firestore.Client(project=_PROJECT))

    def _complain(self, *wrong: str) -> None:
        self._report.complaints += wrong
