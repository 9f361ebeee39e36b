"""One history, played: real settling on the store in memory, one RPC after the other, judged at every commit."""

import contextlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import repeat
from typing import Final

from orders.events import CancelRequested, NotUnderstood, OrderEvent, OrderPlaced, ReservationLapsed, StripeEvent
from orders.outcome import Outcome, StoreContended, StoreUnavailable, Transient
from settlement.decisions import Terms
from settlement.settle import settle
from tests.proofs.simulation.history import CALM, Arrival, Fault, History, Kind, Turn
from tests.proofs.simulation.oracle import wrongs
from tests.proofs.simulation.scenarios import PRICES, Tale
from tests.proofs.simulation.workers import Rpc, Worker
from tests.support.auditor import complaints, imbalances, leftovers
from tests.support.builders import NOW, TERMS, an_order
from tests.support.memory_store import MemoryStore
from triggers.order_created import OrderCreatedTrigger
from triggers.sweep import STRANDED_AFTER, TAKEN_UP_WITHIN

_A_MOMENT: Final = timedelta(seconds=1)
# Shorter than a shop's week, so that no history lasts longer than parked events are taken up: three days.
_A_LONG_TIME: Final = timedelta(days=1)
_DELIVERED_AGAIN_AFTER: Final = timedelta(minutes=20)
_UNTIL_STRANDED: Final = STRANDED_AFTER + timedelta(minutes=1)
# Past every reservation, however extended.
_MUCH_LATER: Final = timedelta(days=30)
_DELIVERIES_MAX: Final = 200
"""More than any history needs until all is acknowledged; whoever needs more will never end."""


@dataclass
class Tally:
    """What happened in all histories together, so that a reader sees that they are about something."""

    histories: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    rpcs: Counter[str] = field(default_factory=Counter)
    races_lost: int = 0
    not_settled: Counter[str] = field(default_factory=Counter)
    """Deliveries that were answered "try again", by why."""
    results: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How events ended, by what they were."""
    statuses: Counter[str] = field(default_factory=Counter)
    """Of orders, when all is done."""
    parked: Counter[str] = field(default_factory=Counter)
    """Events that rightly wait when all is done, by why."""

    def add(self, other: "Tally") -> None:
        self.histories += other.histories
        self.races_lost += other.races_lost
        for name in ("faults", "rpcs", "not_settled", "results", "statuses", "parked"):
            getattr(self, name).update(getattr(other, name))


def complaints_about(history: History, tally: Tally | None = None, trace: list[str] | None = None) -> list[str]:
    """Play the history to its end, and hear what is wrong; an empty list if the shop kept its promises."""
    return _Simulation(history, tally or Tally(), trace).complaints()


class _Wrong(Exception):
    """Something is wrong already; there is no need to go on."""


class _Simulation:
    def __init__(self, history: History, tally: Tally, trace: list[str] | None) -> None:
        self.history = history
        self.tales = {tale.order_id: tale for tale in history.tales}
        self.stock = dict(history.stock)
        self.tally = tally
        self.trace = trace
        self.clock = NOW + timedelta(hours=2) * history.opens_late
        self.terms = replace(
            TERMS, async_reservation=_A_LONG_TIME, claim_lifetime=_A_LONG_TIME, restock_on_refund=history.restocks
        )
        self.store = MemoryStore()
        for product_id, stock in history.stock:
            self.store.put(f"inventory/{product_id}", {"stock": stock, "reserved": 0})
            self.store.put(f"products/{product_id}", {"unitAmount": PRICES[product_id], "currency": "eur"})
        self.levelled = [f"orders/{order_id}" for order_id in self.tales] + [f"inventory/{name}" for name in self.stock]
        """The documents that tell whether orders and stock agree."""
        self.arrivals = deque(history.arrivals)
        self.running: list[tuple[Worker, Arrival]] = []
        self.in_flight: deque[tuple[Worker, Rpc]] = deque()
        self.acknowledged: set[Arrival] = set()
        self.deliveries: Counter[str] = Counter()
        self.deliveries_acknowledged: Counter[str] = Counter()
        self.answers_lost: Counter[str] = Counter()
        self.started = 0
        self.began: dict[int, datetime] = {}
        """When each worker did, by its number."""
        self.reaped_at: datetime | None = None
        self.is_calm = False

    def complaints(self) -> list[str]:
        self.tally.histories += 1
        try:
            self.play(self.history.turns)
            self.is_calm = True
            self.play(repeat(CALM))
            self.arrivals.extend(self.never_acknowledged())
            self.play(repeat(CALM))
            self.sweep_after(_UNTIL_STRANDED)
            found = leftovers(self.store.dump())
            self.sweep_after(_MUCH_LATER)
        except _Wrong as wrong:
            return [str(wrong)]
        return found + self.judged()

    def never_acknowledged(self) -> Iterator[Arrival]:
        """Whatever is true is told at last."""
        for tale in self.history.tales:
            arrivals = [Arrival(Kind.EVENT, tale.order_id, event_id) for event_id in tale.facts]
            if tale.appears:
                arrivals.append(Arrival(Kind.ORDER, tale.order_id))
                arrivals += [Arrival(Kind.CANCEL, tale.order_id)] * tale.asks_to_cancel
                arrivals += [Arrival(Kind.TRIGGER, tale.order_id)] * (not tale.is_trigger_lost)
            yield from (arrival for arrival in arrivals if arrival not in self.acknowledged)

    def sweep_after(self, time: timedelta) -> None:
        self.clock += time
        self.arrivals.append(Arrival(Kind.SWEEP))
        self.play(repeat(CALM))

    # --- Turns -------------------------------------------------------------------------------------------------------

    def play(self, turns: Iterable[Turn]) -> None:
        """Let them work, one RPC a turn, until there are no more turns or nothing is left to do."""
        for turn in turns:
            can_start = bool(self.arrivals) and len(self.running) < self.history.hands
            options = len(self.running) + can_start + bool(self.in_flight)
            if not options:
                return
            chosen = turn.who % options
            if chosen < len(self.running):
                self.advance(chosen, turn.fault)
            elif can_start and chosen == len(self.running):
                self.start(self.arrivals.popleft())
            else:
                self.land()

    def start(self, arrival: Arrival) -> None:
        self.clock += _A_MOMENT
        work = self.work_of(arrival)
        if work is None:
            self.tell("    {}", arrival)
            return
        self.started += 1
        if self.started > _DELIVERIES_MAX:
            raise _Wrong(f"{arrival}: never acknowledged")
        worker = Worker(self.started, self.store, self.history.rpc_seconds)
        self.tell("{:3} {}, at {:%b %d %H:%M:%S}", worker.number, arrival, self.clock)
        worker.start(work)
        self.began[worker.number] = self.clock
        self.running.append((worker, arrival))
        self.deliveries[arrival.event_id] += 1
        self.after(worker, arrival)

    def advance(self, number: int, fault: Fault | None) -> None:
        worker, arrival = self.running[number]
        rpc = worker.rpc
        if rpc is None:
            raise AssertionError("who has ended does not run")
        if fault in _OF_COMMITS and rpc.name != "commit":
            fault = None
        if fault:
            self.tally.faults[fault] += 1
            self.answers_lost[arrival.event_id] += rpc.name == "commit" and fault in _COUNTED_UNKNOWN_TO_THE_SENDER
        self.tell("{:3}   {}{}", worker.number, rpc, f" -> {fault}" if fault else "")
        self.answer(worker, rpc, fault)
        self.after(worker, arrival)

    def answer(self, worker: Worker, rpc: Rpc, fault: Fault | None) -> None:
        match fault:
            case Fault.NOT_SENT:
                worker.fail(StoreUnavailable(fault))
            case Fault.LATE:
                self.in_flight.append((worker, rpc))
                worker.fail(StoreUnavailable(fault))
            case Fault.REFUSED:
                worker.fail(StoreContended(fault))
            case Fault.DEATH_BEFORE:
                worker.die()
            case Fault.DEATH_AFTER:
                self.done(rpc)
                worker.die()
            case Fault.ANSWER_LOST:
                self.done(rpc)
                worker.fail(StoreUnavailable(fault))
            case None:
                answer = self.done(rpc)
                if isinstance(answer, StoreContended):
                    worker.fail(answer)
                else:
                    worker.answer(answer)

    def done(self, rpc: Rpc) -> object:
        """What the database answers."""
        self.tally.rpcs[rpc.name] += 1
        try:
            answer = rpc.do()
        except StoreContended as lost:
            self.tally.races_lost += 1
            self.tell("      refused: {}", lost)
            return lost
        if rpc.name == "commit":
            self.judge_levels()
        return answer

    def land(self) -> None:
        """A commit that was long given up is done after all, if it still can be."""
        worker, rpc = self.in_flight.popleft()
        self.tell("{:3}   late: {}", worker.number, rpc)
        self.done(rpc)

    def after(self, worker: Worker, arrival: Arrival) -> None:
        """What follows when a worker has ended: what it did is acknowledged, or comes again."""
        if worker.rpc is not None:
            return
        self.running.remove((worker, arrival))
        if worker.is_done:
            self.tell("{:3}   acknowledged", worker.number)
            self.acknowledge(arrival)
            return
        error = worker.error
        if error and not isinstance(error, Transient):
            raise _Wrong(f"{arrival}: a fault of ours: {type(error).__name__}: {error}") from error
        if error:
            self.tally.not_settled[type(error).__name__] += 1
            self.tell("{:3}   not settled: {}: {}", worker.number, type(error).__name__, error)
        if self.is_calm:
            self.clock += _DELIVERED_AGAIN_AFTER
        if arrival.kind is not Kind.SWEEP:
            self.arrivals.append(arrival)

    def acknowledge(self, arrival: Arrival) -> None:
        """Never for work not done."""
        self.acknowledged.add(arrival)
        self.deliveries_acknowledged[arrival.event_id] += 1
        if arrival.kind is Kind.EVENT and self.store.get(f"auditLog/{arrival.event_id}") is None:
            claim = self.store.get(f"webhookEvents/{arrival.event_id}")
            if claim is None or claim["processed"]:
                raise _Wrong(f"{arrival}: acknowledged, and neither done nor parked")

    # --- What the doors do -------------------------------------------------------------------------------------------

    def work_of(self, arrival: Arrival) -> Callable[[Worker], object] | None:
        """What a worker has to do; None if it takes none, or cannot have come yet."""
        order_id, tale = arrival.order_id, self.tales.get(arrival.order_id)
        is_there = self.store.get(f"orders/{order_id}") is not None
        match arrival.kind:
            case Kind.MINUTES:
                self.clock += timedelta(minutes=arrival.minutes)
            case Kind.REAPING:
                self.reap()
            case Kind.ORDER if tale and not is_there:
                self.write_order(tale)
                self.acknowledged.add(arrival)
            case Kind.TRIGGER if tale and is_there:
                placed = OrderPlaced(order_id, tuple(tale.units))
                return lambda worker: self.place(worker, placed)
            case Kind.CANCEL if tale and tale.asks_to_cancel and is_there:
                return lambda worker: self.settle(worker, CancelRequested(order_id, "alice"), self.clock)
            case Kind.EVENT if tale and (fact := tale.facts.get(arrival.event_id)):
                return partial(self.deliver, fact.delivered(self.clock), self.terms)
            case Kind.MISLED if tale and (fact := tale.facts.get(arrival.event_id)):
                return partial(self.deliver, fact.delivered(self.clock), replace(self.terms, expected_livemode=True))
            case Kind.SWEEP:
                return self.sweep
        return None

    def deliver(self, event: StripeEvent, terms: Terms, worker: Worker) -> None:
        """What the webhook does."""
        self.settle(worker, event, event.delivery.delivered_at, terms)

    def settle(
        self, worker: Worker, event: OrderEvent | NotUnderstood, now: datetime, terms: Terms | None = None
    ) -> Outcome:
        outcome = settle(event, now, store=worker, terms=terms or self.terms, patience=worker.patience)
        self.tally.results[type(event).__name__, str(outcome.result)] += 1
        return outcome

    def place(self, worker: Worker, placed: OrderPlaced) -> None:
        """What the trigger does, and the sweep in its stead."""
        door = OrderCreatedTrigger(
            lambda event, now: self.settle(worker, event, now), worker.parked_events, _ignore, lambda: self.clock
        )
        door.place(placed)

    def sweep(self, worker: Worker) -> None:
        """What the sweep does, one by one; whatever cannot be done is left to the next."""
        for order_id in worker.lapsed_orders(self.clock):
            with contextlib.suppress(Transient):
                self.settle(worker, ReservationLapsed(order_id), self.clock)
        for order_id in worker.stranded_orders(self.clock - STRANDED_AFTER):
            with contextlib.suppress(Transient):
                self.place(worker, OrderPlaced(order_id))
        for event in worker.parked_since(self.clock - TAKEN_UP_WITHIN):
            with contextlib.suppress(Transient):
                self.settle(worker, event, self.clock)

    def write_order(self, tale: Tale) -> None:
        items = [{"productId": product_id, "quantity": quantity} for product_id, quantity in tale.lines]
        self.store.put(f"orders/{tale.order_id}", an_order(items=items, createdAt=self.clock))

    def reap(self) -> None:
        """Firestore deletes what has lived out its time; but nobody works for so long, and no commit is so late."""
        self.reaped_at = self.clock
        at_work = [worker for worker, _ in (*self.running, *self.in_flight)]
        began = min((self.began[worker.number] for worker in at_work), default=self.clock)
        until = min(self.clock, began - _A_MOMENT + self.terms.claim_lifetime)
        for path, fields in self.store.dump().items():
            expire_at = fields.get("expireAt")
            if isinstance(expire_at, datetime) and expire_at <= until:
                self.store.delete(path)

    # --- Judging -----------------------------------------------------------------------------------------------------

    def judge_levels(self) -> None:
        documents = {path: fields for path in self.levelled if (fields := self.store.get(path))}
        if found := imbalances(documents, self.stock):
            raise _Wrong(found[0])

    def miscounted(self) -> Iterator[str]:
        """Every delivery that was acknowledged is on its event's count, and none that never came.

        One whose answer was lost may count twice, if it was overtaken by another before it could look again.
        """
        for event_id, came in self.deliveries.items():
            claim = self.store.get(f"webhookEvents/{event_id}")
            counted = claim["deliveries"] if claim else None
            acknowledged, at_most = self.deliveries_acknowledged[event_id], came + self.answers_lost[event_id]
            if isinstance(counted, int) and not acknowledged <= counted <= at_most:
                yield f"{event_id}: {came} deliveries, {acknowledged} of them acknowledged, and {counted} counted"

    def judged(self) -> list[str]:
        """What the auditor finds in the documents, and what is not as the tales have it."""
        documents = self.store.dump()
        kept_since = self.reaped_at - self.terms.claim_lifetime + _A_MOMENT if self.reaped_at else None
        found = complaints(documents, self.stock, claims_kept_since=kept_since) + leftovers(documents)
        found += self.miscounted()
        for tale in self.history.tales:
            found += wrongs(tale, documents, is_ample=self.history.is_ample, restocks=self.history.restocks)
            status = documents[f"orders/{tale.order_id}"]["status"] if tale.appears else "never written"
            self.tally.statuses[str(status)] += 1
        claims = (fields for path, fields in documents.items() if path.startswith("webhookEvents/"))
        self.tally.parked.update(str(claim["result"]) for claim in claims if not claim["processed"])
        return found

    def tell(self, line: str, *things: object) -> None:
        if self.trace is not None:
            self.trace.append(line.format(*things))


_COUNTED_UNKNOWN_TO_THE_SENDER: Final = frozenset({Fault.ANSWER_LOST, Fault.LATE})
_OF_COMMITS: Final = frozenset({Fault.LATE, Fault.REFUSED})


def _ignore(*_line: object, **_fields: object) -> None:
    """Nobody reads the log here."""
