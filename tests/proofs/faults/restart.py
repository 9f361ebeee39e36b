"""The emulator is killed and started again on what it had exported, several times, while deliveries go on."""

import contextlib
import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from google.api_core import exceptions

from database.connection import Connection
from database.firestore_store import FirestoreStore
from database.queries import FirestoreQueries
from orders.events import NotUnderstood, OrderEvent, OrderPlaced
from orders.outcome import Outcome, StoreUnavailable, Transient
from settlement.settle import Patience, settle
from tests.proofs.faults.gate import Gate
from tests.proofs.faults.interceptor import FaultyChannel
from tests.proofs.faults.post import Delivery, Post
from tests.proofs.faults.standalone import StandaloneEmulator, standalone_emulator
from tests.proofs.simulation.oracle import wrongs
from tests.proofs.simulation.scenarios import PRICES, VOICES, Fact, Repayment, Tale
from tests.support.auditor import complaints, leftovers
from tests.support.builders import NOW, TERMS, an_order
from tests.support.counted_rpcs import intercepted
from tests.support.emulated_shop import documents_in
from triggers.order_created import OrderCreatedTrigger

HANDS: Final = 6
"""How many deliver at the same time."""
_PROJECT: Final = "demo-restarted"
# An outage is to be felt, not sat out.
_PATIENCE_SECONDS: Final = 1.0
_AGAIN_SECONDS_MAX: Final = 0.6
_WAVE_SECONDS: Final = 1.0
_PROGRESS_SECONDS_MAX: Final = 10.0
_LAST_SECONDS_MAX: Final = 20.0

Documents = Mapping[str, Mapping[str, Any]]


@dataclass
class Account:
    """What happened, so that a reader sees that it is about something, and all that is wrong."""

    orders: int = 0
    refunded: int = 0
    """Orders that money was given back for, in part or in full."""
    deliveries: int = 0
    acknowledged: int = 0
    not_settled: Counter[str] = field(default_factory=Counter)
    """Deliveries that were answered "try again", by why."""
    commits_unheard: int = 0
    """Commits that were done, and whose answer was lost."""
    seconds_away: list[float] = field(default_factory=list)
    """How long each time nothing was served."""
    complaints: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        away = ", ".join(f"{seconds:.1f}" for seconds in self.seconds_away)
        why = ", ".join(f"{times} {name}" for name, times in self.not_settled.most_common())
        yield f"restarts       {len(self.seconds_away)}, each after SIGKILL: {away} s until it listened again"
        yield f"orders         {self.orders}, all paid, {self.refunded} with refunds"
        yield f"deliveries     {self.deliveries}, {self.acknowledged} acknowledged"
        yield f"not settled    {self.not_settled.total()}, and delivered again: {why}"
        yield f"answers lost   {self.commits_unheard} commits that were done, and nobody heard"
        yield f"complaints     {len(self.complaints) or 'none'}"
        yield from (f"  {complaint}" for complaint in self.complaints)


def restarted_while_delivering(seed: int, *, restarts: int = 3, orders_a_wave: int = 12) -> Account:
    """Orders come in waves. Half-way through each wave but the last one, the emulator is killed."""
    dice, account = random.Random(seed), Account()  # noqa: S311 - no secret
    tales = [_a_tale(f"order-{number}", dice) for number in range((restarts + 1) * orders_a_wave)]
    if not all(tale.is_consistent for tale in tales):
        raise AssertionError("these tales cannot be true, so nothing can be judged by them")
    waves = [tales[first : first + orders_a_wave] for first in range(0, len(tales), orders_a_wave)]
    account.orders, account.refunded = len(tales), sum(bool(tale.refunds) for tale in tales)
    with standalone_emulator() as emulator:
        run = _Run(emulator, tales, account, dice)
        with run.hands_at_work():
            for wave in waves[:-1]:
                run.send(wave)
                run.restart()
            run.send(waves[-1])
            run.finish()
    return account


def _a_tale(order_id: str, dice: random.Random) -> Tale:
    """One order, paid in three voices; now and then after a decline, now and then given back, now and then free."""
    lines = tuple((product_id, dice.randint(1, 3)) for product_id in dice.sample(list(PRICES), dice.randint(1, 2)))
    order = Tale(order_id, lines)
    if not order.price:
        return replace(order, paid=0, voices=VOICES[2:])
    some = Repayment(1, order.price // 2, restock=((lines[0][0], 1),), is_slow=True)
    full, failed = Repayment(1, order.price), Repayment(1, order.price, fails=True)
    refunds = dice.choice([(), (), (some,), (full,), (failed,)])
    declines = dice.choice([(), ("payment_intent.payment_failed",)])
    return replace(order, declines=declines, paid=order.price, voices=VOICES, refunds=refunds)


class _Shop:
    """The service, on an emulator that comes and goes behind a gate."""

    def __init__(self, host: str, gate: Gate) -> None:
        connection = _connected(host, gate)
        self._client, self._store = connection.client, FirestoreStore(connection)
        self._queries = FirestoreQueries(connection.client)
        self._milliseconds = itertools.count()
        self._patience = Patience(time.monotonic, time.sleep, random.random, total_seconds=_PATIENCE_SECONDS)

    def now(self) -> datetime:
        """No two deliveries reach us at the same moment."""
        return NOW + timedelta(minutes=1, milliseconds=next(self._milliseconds))

    def settle(self, event: OrderEvent | NotUnderstood, now: datetime) -> Outcome:
        return settle(event, now, store=self._store, terms=TERMS, patience=self._patience)

    def place(self, tale: Tale) -> None:
        """What the trigger does."""
        trigger = OrderCreatedTrigger(self.settle, self._queries.parked_events, _ignore, self.now)
        trigger.place(OrderPlaced(tale.order_id, tuple(tale.units)))

    def write_order(self, tale: Tale) -> None:
        """What the customer's app does."""
        items = [{"productId": product_id, "quantity": quantity} for product_id, quantity in tale.lines]
        order = self._client.document(f"orders/{tale.order_id}")
        try:
            order.create(an_order(items=items), retry=None, timeout=_PATIENCE_SECONDS)
        except exceptions.AlreadyExists:
            return  # The answer to an earlier try was lost.
        except exceptions.GoogleAPICallError as error:
            raise StoreUnavailable(type(error).__name__) from error

    def stock_up(self, stock: Mapping[str, int]) -> None:
        for product_id, units in stock.items():
            self._client.document(f"inventory/{product_id}").set({"stock": units, "reserved": 0})
            price = {"name": product_id, "active": True, "unitAmount": PRICES[product_id], "currency": "eur"}
            self._client.document(f"products/{product_id}").set(price)


class _Run:
    def __init__(
        self, emulator: StandaloneEmulator, tales: Sequence[Tale], account: Account, dice: random.Random
    ) -> None:
        self._emulator, self._tales, self._account, self._dice = emulator, tales, account, dice
        self._gate, self._post = Gate(), Post()
        self._shop = _Shop(emulator.host, self._gate)
        self._told: list[Tale] = []
        self._documents_seen: dict[str, Mapping[str, Any]] = {}
        # Just enough for all, so that a unit sold twice is missed by somebody.
        self._stock = sum((Counter(tale.units) for tale in tales), Counter[str]())
        self._shop.stock_up(self._stock)

    @contextlib.contextmanager
    def hands_at_work(self) -> Iterator[None]:
        """Within, deliveries are made; after, nobody makes any."""
        hands = [threading.Thread(target=self._work, daemon=True) for _ in range(HANDS)]
        for hand in hands:
            hand.start()
        try:
            yield
        finally:
            self._post.close()
            for hand in hands:
                hand.join(_LAST_SECONDS_MAX)

    def send(self, wave: Sequence[Tale]) -> None:
        """All around these orders, in any order; much of it twice, and something of orders that came long before."""
        once = [delivery for tale in wave for delivery in self._deliveries_of(tale)]
        before = [delivery for tale in self._told for delivery in self._events_of(tale)]
        again = self._dice.sample(once, len(once) // 3) + self._dice.sample(before, min(len(before), len(once) // 4))
        for delivery in (*once, *again):
            self._post.send(delivery, in_seconds=self._dice.random() * _WAVE_SECONDS)
        self._told += wave
        self._post.wait_for_acknowledged(len(once) // 2, seconds_max=_PROGRESS_SECONDS_MAX)

    def restart(self) -> None:
        """Kill the emulator and start it on its export, of which nothing that was acknowledged is missing."""
        unheard, unsettled = self._gate.commits_unheard, self._account.not_settled["StoreUnavailable"]
        self._gate.lose_answers(commits=HANDS, seconds_max=_PATIENCE_SECONDS)
        self._gate.close()
        self._judge_before_the_kill()
        export, began = self._emulator.export(_PROJECT), time.monotonic()
        self._emulator.kill()
        # What is sent from now on finds nobody there.
        self._gate.open()
        self._emulator.start(export)
        self._account.seconds_away.append(time.monotonic() - began)
        which = len(self._account.seconds_away)
        if self._gate.commits_unheard == unheard:
            self._complain(f"restart {which} made no commit ambiguous")
        if self._account.not_settled["StoreUnavailable"] == unsettled:
            self._complain(f"restart {which} was felt by nobody")

    def finish(self) -> None:
        """Deliver until all is acknowledged; then judge."""
        for name in self._post.left_after(_LAST_SECONDS_MAX):
            self._complain(f"{name}: not acknowledged, however often it came")
        self._account.acknowledged = self._post.acknowledged
        self._account.commits_unheard = self._gate.commits_unheard
        documents = self._documents()
        for path, fields in self._documents_seen.items():
            if documents.get(path) != fields:
                self._complain(f"{path}: written down before a kill, and not the same any more")
        self._complain(*complaints(documents, self._stock), *leftovers(documents))
        for tale in self._tales:
            self._complain(*wrongs(tale, documents, is_ample=True, restocks=True))

    # --- What is delivered -------------------------------------------------------------------------------------------

    def _deliveries_of(self, tale: Tale) -> Iterator[Delivery]:
        yield Delivery(f"{tale.order_id} is written", partial(self._write_order, tale))
        yield from self._events_of(tale)

    def _events_of(self, tale: Tale) -> Iterator[Delivery]:
        for fact in tale.facts.values():
            yield Delivery(fact.event_id, partial(self._settle, fact))

    def _settle(self, fact: Fact, now: datetime) -> None:
        self._shop.settle(fact.delivered(now), now)

    def _write_order(self, tale: Tale, now: datetime) -> None:
        self._shop.write_order(tale)
        self._post.send(Delivery(f"the trigger of {tale.order_id}", lambda now: self._shop.place(tale)))

    def _work(self) -> None:
        while delivery := self._post.take():
            self._deliver(delivery)

    def _deliver(self, delivery: Delivery) -> None:
        """Once; whatever does not end with an acknowledgement comes again."""
        self._account.deliveries += 1
        try:
            delivery.deliver(self._shop.now())
        except Transient as error:
            self._account.not_settled[type(error).__name__] += 1
            self._post.put_back(delivery, in_seconds=random.random() * _AGAIN_SECONDS_MAX)  # noqa: S311 - no secret
        except Exception as error:  # noqa: BLE001 - a fault of ours is what is looked for
            self._complain(f"{delivery.name}: a fault of ours: {type(error).__name__}: {error}")
            self._post.acknowledge(delivery)
        else:
            self._post.acknowledge(delivery)

    # --- Judging -----------------------------------------------------------------------------------------------------

    def _judge_before_the_kill(self) -> None:
        """Even now, with nobody knowing what became of their commits, nothing may be half done."""
        documents = self._documents()
        which = len(self._account.seconds_away) + 1
        self._complain(*(f"before kill {which}: {wrong}" for wrong in complaints(documents, self._stock)))
        self._documents_seen |= {path: fields for path, fields in documents.items() if path.startswith("auditLog/")}

    def _documents(self) -> Documents:
        return documents_in(_connected(self._emulator.host, FaultyChannel()).client)

    def _complain(self, *wrong: str) -> None:
        self._account.complaints += wrong


def _connected(host: str, interceptor: Gate | FaultyChannel) -> Connection:
    return intercepted(_PROJECT, host, interceptor)


def _ignore(*_line: object, **_fields: object) -> None:
    """Nobody reads the log here."""
