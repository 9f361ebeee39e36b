"""One history, played: the real service on a store in memory, one RPC after the other, judged at every commit."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import repeat
from typing import Any, Final

from database.store import Create, Delete, Update, Write
from effects.outside import Failed
from effects.schedule import ATTEMPTS_MAX
from orders.outcome import StoreContended, StoreUnavailable, Transient
from tests.proofs.simulation.deliveries import Deliveries
from tests.proofs.simulation.history import CALM, Arrival, Fault, History, Kind, Places, Turn
from tests.proofs.simulation.marks_oracle import wrongs_of_commit
from tests.proofs.simulation.oracle import SET_ASIDE, Ending, Oracle, missteps, wrongs
from tests.proofs.simulation.outside_oracle import effects_in, wrongs_of_refunds, wrongs_of_sessions, wrongs_outside
from tests.proofs.simulation.rules import findings_in
from tests.proofs.simulation.scenarios import Scenario
from tests.proofs.simulation.shop import A_MOMENT, Shop
from tests.proofs.simulation.tally import Tally
from tests.proofs.simulation.workers import OUTSIDE, Rpc, Thread, Worker
from tests.support.auditor import complaints, imbalances, leftovers, unperformed
from tests.support.builders import Fields
from tests.support.stock_auditor import Recount
from triggers.sweep import STRANDED_AFTER

_DELIVERED_AGAIN_AFTER: Final = timedelta(minutes=20)
_UNTIL_STRANDED: Final = STRANDED_AFTER + timedelta(minutes=1)
# Past every reservation, however extended.
_MUCH_LATER: Final = timedelta(days=30)
# Longer than any pause between two attempts.
_BETWEEN_ATTEMPTS: Final = timedelta(hours=4)
_SWEEPS_TO_PERFORM_ALL: Final = 4 * ATTEMPTS_MAX
"""As many as one effect can take, and then the notice of its failure, each with an attempt that a clock two days ahead
has put off."""
_SWEEPS_FOR_SESSIONS: Final = 2
_DELIVERIES_MAX: Final = 400
"""More than any history needs until everything is acknowledged: one that needs more would never end."""


def complaints_about(history: History, tally: Tally | None = None, trace: list[str] | None = None) -> list[str]:
    """Play the history to its end. Returns what is wrong; an empty list if the shop kept its promises."""
    return _Simulation(history, tally or Tally(), trace).complaints()


class _Wrong(Exception):
    """Something is wrong already: there is no need to go on."""


@dataclass(eq=False, slots=True)
class _Attempt:
    """A worker, at work on one arrival."""

    worker: Worker
    arrival: Arrival
    began_at: datetime
    had_order: bool
    """Whether its order was there when it began: few events wait for one."""

    def __str__(self) -> str:
        return f"{self.worker.number:3}"


class _Simulation:
    def __init__(self, history: History, tally: Tally, trace: list[str] | None) -> None:
        self.history = history
        self.stock = dict(history.stock)
        self.recounts: dict[str, Recount] = {}
        self.tally = tally
        self.trace = trace
        self.shop = Shop(history, tally, self.log)
        orders = [f"orders/{order_id}" for order_id in self.shop.scenarios]
        asked = {arrival.request_id for arrival in history.arrivals if arrival.request_id}
        entries = [f"auditLog/operator_{request_id}" for request_id in asked]
        self.is_operated = bool(asked)
        takings = [f"takings/{order_id}" for order_id in self.shop.scenarios]
        inventory = [f"inventory/{product_id}" for product_id in self.stock]
        self.levels = dict.fromkeys([*orders, *inventory, *takings, *entries])
        """The documents that show whether orders and stock agree."""
        self.arrivals = deque(history.arrivals)
        self.running: list[_Attempt] = []
        self.in_flight: deque[tuple[_Attempt, Rpc]] = deque()
        self.acknowledged: set[Arrival] = set()
        self.ignored: set[str] = set()
        """Events of orders that were not there, and that nobody has to know of."""
        self.parked: set[str] = set()
        """Events that had to wait, if only for a moment."""
        self.taken: Counter[str] = Counter()
        """How many takings were ever written under each path."""
        self.deliveries = Deliveries()
        self.started = self.effects = self.reports = 0
        self.faults_of_ours: list[str] = []

    def complaints(self) -> list[str]:
        self.tally.histories += 1
        try:
            self.play(self.history.turns)
            self.shop.is_calm = True
            self.play(repeat(CALM))
            self.arrivals.extend(self.never_acknowledged())
            self.play(repeat(CALM))
            self.sweep_after(_UNTIL_STRANDED)
            if self.shop.is_put_off:
                self.sweep_after(_UNTIL_STRANDED)
            self.perform_what_is_left(sweeps_max=2)
            self.fold()
            found = leftovers(self.shop.store.dump())
            self.sweep_after(_MUCH_LATER)
            self.perform_what_is_left(sweeps_max=_SWEEPS_TO_PERFORM_ALL)
            self.end_sessions()
            self.fold()
        except _Wrong as wrong:
            return [str(wrong)]
        return found + self.judged()

    def never_acknowledged(self) -> Iterator[Arrival]:
        """Everything that really happens is delivered in the end."""
        for scenario in self.shop.scenarios.values():
            arrivals = [Arrival(Kind.EVENT, scenario.order_id, event_id) for event_id in scenario.events]
            if scenario.appears:
                arrivals.append(Arrival(Kind.ORDER, scenario.order_id))
                arrivals += [Arrival(Kind.CANCEL, scenario.order_id)] * scenario.asks_to_cancel
                arrivals += [Arrival(Kind.TRIGGER, scenario.order_id)] * (not scenario.is_trigger_lost)
            yield from (arrival for arrival in arrivals if arrival not in self.acknowledged)

    def sweep_after(self, time: timedelta) -> None:
        self.shop.clock += time
        self.arrivals.append(Arrival(Kind.SWEEP))
        self.play(repeat(CALM))

    def fold(self) -> None:
        """A minute later."""
        if any(path.startswith("takings/") for path, _ in self.shop.store.documents()):
            self.arrivals.append(Arrival(Kind.FOLD))
            self.play(repeat(CALM))

    def perform_what_is_left(self, *, sweeps_max: int) -> None:
        for _ in range(sweeps_max if self.effects else 0):
            self.arrivals.extend(each for each in self.never_acknowledged() if each.kind is Kind.EVENT)
            if not (self.arrivals or unperformed(self.shop.store.documents())):
                return
            self.sweep_after(_BETWEEN_ATTEMPTS)

    def end_sessions(self) -> None:
        """By now all of them have ended, and the last reports arrive, and orders that were held for one lapse."""
        for _ in range(_SWEEPS_FOR_SESSIONS if self.shop.world.sessions.by_id else 0):
            self.arrivals.extend(each for each in self.never_acknowledged() if each.kind is Kind.EVENT)
            self.sweep_after(_BETWEEN_ATTEMPTS)
            self.perform_what_is_left(sweeps_max=_SWEEPS_TO_PERFORM_ALL)

    # --- Turns -------------------------------------------------------------------------------------------------------

    def play(self, turns: Iterable[Turn]) -> None:
        """One RPC or one arrival a turn, until there are no more turns or nothing is left to do."""
        for turn in turns:
            waiting = [(attempt, thread) for attempt in self.running for thread in attempt.worker.waiting]
            can_start = bool(self.arrivals) and len(self.running) < self.history.workers
            options = len(waiting) + can_start + bool(self.in_flight)
            in_lanes = [(attempt, thread) for attempt in self.running for thread in attempt.worker.in_lanes]
            if not options and in_lanes:
                raise _Wrong(f"{in_lanes[0][0].arrival}: waits in its lane, and nobody is under way")
            if not options:
                return
            chosen = turn.who % (options + len(in_lanes) * bool(turn.fault))
            if chosen < len(waiting):
                self.advance(*waiting[chosen], turn.fault)
            elif can_start and chosen == len(waiting):
                self.start(self.arrivals.popleft())
            elif chosen >= options:
                self.give_up(*in_lanes[chosen - options], turn.fault)
            else:
                self.land()
            self.go_on_in_lanes()

    def give_up(self, attempt: _Attempt, thread: Thread, fault: Fault | None) -> None:
        """Who waits in a lane has no time left, or dies."""
        self.note("{}{} in its lane -> {}", attempt, thread, fault)
        if fault in (Fault.DEATH_BEFORE, Fault.DEATH_AFTER):
            attempt.worker.die()
        else:
            attempt.worker.go_on(thread)
        self.after(attempt)

    def go_on_in_lanes(self) -> None:
        """Whoever was called by those that have just gone on."""
        while called := next(self.called(), None):
            attempt, thread = called
            attempt.worker.go_on(thread)
            self.after(attempt)

    def called(self) -> Iterator[tuple[_Attempt, Thread]]:
        for attempt in self.running:
            yield from (
                (attempt, thread)
                for thread in attempt.worker.in_lanes
                if thread.called is not None and thread.called.is_set()
            )

    def start(self, arrival: Arrival) -> None:
        self.shop.clock += A_MOMENT
        self.send_news()
        work = self.shop.work_of(arrival)
        if work is None:
            self.note("    {}", arrival)
            self.happen(arrival)
            return
        self.started += 1
        if self.started > _DELIVERIES_MAX:
            raise _Wrong(f"{arrival}: never acknowledged")
        worker = Worker(self.started, work, self.shop.store, self.history.rpc_seconds)
        attempt = _Attempt(worker, arrival, self.shop.clock, self.shop.has_order(arrival.order_id))
        self.note("{} {}, at {:%b %d %H:%M:%S}", attempt, arrival, self.shop.clock)
        self.running.append(attempt)
        self.deliveries.made[arrival.event_id] += 1
        worker.start()
        self.after(attempt)

    def happen(self, arrival: Arrival) -> None:
        """What happens without a worker."""
        match arrival.kind:
            case Kind.MINUTES:
                self.shop.clock += timedelta(minutes=arrival.minutes)
            case Kind.REAPING:
                at_work = (*self.running, *(attempt for attempt, _ in self.in_flight))
                self.shop.reap(min((attempt.began_at for attempt in at_work), default=self.shop.clock))
            case Kind.ORDER if arrival.order_id in self.shop.scenarios and not self.shop.has_order(arrival.order_id):
                self.shop.write_order(arrival.order_id)
                self.acknowledged.add(arrival)
            case Kind.RECOUNT:
                self.recount(arrival.product_id)
            case Kind.MARK | Kind.GONE:
                self.shop.change_inventory(arrival)
            case Kind.PAYS:
                self.shop.pay(arrival.order_id)
                self.send_news()
            case Kind.ADJUSTMENT if arrival.order_id in self.shop.scenarios:
                self.shop.adjust(arrival.order_id)
            case Kind.AGAIN if arrival.order_id in self.shop.scenarios and self.shop.write_again(arrival.order_id):
                # Its trigger fires, too.
                self.acknowledged.discard(Arrival(Kind.TRIGGER, arrival.order_id))

    def recount(self, product_id: str) -> None:
        was_never_counted = self.stock[product_id] is None and product_id not in self.recounts
        is_quiet = was_never_counted or not (self.running or self.in_flight)
        if recount := self.shop.recount(product_id, is_quiet=is_quiet):
            self.recounts[product_id] = recount

    def advance(self, attempt: _Attempt, thread: Thread, fault: Fault | None) -> None:
        rpc = thread.rpc
        if rpc is None:
            raise AssertionError("a thread that waits has asked something")
        if fault in _OF_CHANGES and rpc.name not in _CHANGES:
            fault = None
        if fault:
            self.tally.faults[fault] += 1
            self.deliveries.in_doubt[attempt.arrival.event_id] += rpc.name == "commit" and fault in _IN_DOUBT
        self.tally.side_by_side += len(attempt.worker.waiting) > 1
        self.note("{}{} {}{}", attempt, thread, rpc, f" -> {fault}" if fault else "")
        self.answer(attempt, thread, rpc, fault)
        self.after(attempt)

    def answer(self, attempt: _Attempt, thread: Thread, rpc: Rpc, fault: Fault | None) -> None:
        worker = attempt.worker
        match fault:
            case None:
                answer = self.done(rpc)
                if isinstance(answer, StoreContended | Failed):
                    worker.fail(thread, answer)
                else:
                    worker.answer(thread, answer)
            case Fault.NOT_SENT:
                worker.fail(thread, _unanswered(rpc, fault))
            case Fault.LATE:
                self.in_flight.append((attempt, rpc))
                worker.fail(thread, _unanswered(rpc, fault))
            case Fault.REFUSED:
                worker.fail(thread, _refused(rpc, fault))
            case Fault.DEATH_BEFORE:
                worker.die()
            case Fault.DEATH_AFTER:
                self.done(rpc)
                worker.die()
            case Fault.ANSWER_LOST:
                self.done(rpc)
                worker.fail(thread, _unanswered(rpc, fault))

    def done(self, rpc: Rpc) -> object:
        """What the database answers, or the world outside."""
        self.tally.rpcs[rpc.name] += 1
        is_judged = rpc.name == "commit" and not self.levels.keys().isdisjoint(map(_path_of, rpc.about))
        before = self.orders_and_levels() if is_judged else {}
        written = self.documents_at(rpc.about) if rpc.name == "commit" and self.is_operated else {}
        try:
            answer = rpc.do()
        except StoreContended as lost:
            self.tally.races_lost += 1
            self.note("      refused: {}", lost)
            return lost
        except Failed as failed:
            return failed
        except Exception as error:
            raise _Wrong(f"{rpc}: the database fails: {type(error).__name__}: {error}") from error
        if is_judged:
            self.judge_levels(before)
            self.judge_takings(before, rpc.about)
        after = {path: fields for path, fields in self.documents_at(written).items() if fields}
        if found := next(wrongs_of_commit(written, after), None):
            raise _Wrong(found)
        if rpc.name == "commit":
            self.tally.grouped += sum(_path_of(one).startswith("orders/") for one in rpc.about) > 1
            self.parked |= set(_parked_by(rpc.about))
            for effect_id in _effects_in(rpc.about):
                self.effects += 1
                self.arrive(Arrival(Kind.EFFECT, effect_id=effect_id), self.effects, self.history.outside.triggers)
        self.send_news()
        return answer

    def send_news(self) -> None:
        """What Stripe reports because of what has happened only now."""
        if self.shop.world.sessions.by_id:
            self.shop.see_what_expired()
        while self.shop.news:
            self.reports += 1
            self.arrive(self.shop.news.pop(0), self.reports, self.history.outside.reports)

    def arrive(self, arrival: Arrival, number: int, places: Sequence[Places]) -> None:
        """What the history cannot know before: it takes its places among what it does know."""
        for place in places[number % len(places)]:
            self.arrivals.insert(place, arrival)

    def land(self) -> None:
        """A commit that its sender gave up long ago is done after all, if it still can be."""
        attempt, rpc = self.in_flight.popleft()
        self.note("{}   late: {}", attempt, rpc)
        self.done(rpc)

    def after(self, attempt: _Attempt) -> None:
        """Once a worker has ended, what it worked on is acknowledged or arrives again."""
        worker, arrival = attempt.worker, attempt.arrival
        if self.faults_of_ours:
            raise _Wrong(f"{arrival}: a fault of ours: {self.faults_of_ours[0]}")
        if worker.waiting or worker.in_lanes:
            return
        self.running.remove(attempt)
        if worker.is_done:
            self.note("{}   acknowledged", attempt)
            self.acknowledge(attempt)
            return
        error = worker.error
        if error and not isinstance(error, Transient):
            raise _Wrong(f"{arrival}: a fault of ours: {type(error).__name__}: {error}") from error
        if error:
            self.tally.not_settled[type(error).__name__] += 1
            self.note("{}   not settled: {}: {}", attempt, type(error).__name__, error)
        if self.shop.is_calm:
            self.shop.clock += _DELIVERED_AGAIN_AFTER
        if arrival.kind not in _SCHEDULED:
            # An order may have to wait until what is left of an earlier one of its id is folded.
            self.arrivals += [Arrival(Kind.FOLD), arrival] if self.shop.is_calm else [arrival]

    def acknowledge(self, attempt: _Attempt) -> None:
        """Never for work not done."""
        arrival = attempt.arrival
        self.acknowledged.add(arrival)
        is_on_record = True
        if arrival.kind is Kind.OPERATOR and not self.is_answered(arrival.request_id):
            raise _Wrong(f"{arrival}: acknowledged, and not answered")
        if arrival.kind is Kind.EVENT and not (self.is_settled(arrival.event_id) or self.is_handled(arrival.event_id)):
            claim = self.shop.store.get(f"webhookEvents/{arrival.event_id}")
            is_set_aside = claim is not None and claim["result"] in SET_ASIDE
            if is_set_aside and self.is_foreign(arrival):
                pass
            elif (claim is None or is_set_aside) and not attempt.had_order and self.may_be_ignored(arrival):
                self.ignored.add(arrival.event_id)
                is_on_record = False
            elif claim is None or claim["processed"]:
                raise _Wrong(f"{arrival}: acknowledged, and neither done nor parked")
        self.deliveries.acknowledged[arrival.event_id] += is_on_record

    def is_settled(self, event_id: str) -> bool:
        entry = self.shop.store.get(f"auditLog/{event_id}")
        return entry is not None and entry["webhookProcessed"] is True

    def is_handled(self, event_id: str) -> bool:
        """Whether a person has seen to it, and nobody has had it settled since."""
        return (self.shop.store.get(f"auditLog/{event_id}") or {}).get("result") == "handled"

    def is_answered(self, request_id: str) -> bool:
        return bool((self.shop.store.get(f"operatorRequests/{request_id}") or {}).get("settledAt"))

    def is_foreign(self, arrival: Arrival) -> bool:
        payment = self.shop.scenarios[arrival.order_id].events[arrival.event_id].payment
        return payment is not None and payment.is_foreign

    def may_be_ignored(self, arrival: Arrival) -> bool:
        event = self.shop.scenarios[arrival.order_id].events[arrival.event_id]
        return event.names_order and not event.reports_money

    # --- Judging -----------------------------------------------------------------------------------------------------

    def judge_levels(self, before: Mapping[str, Fields]) -> None:
        """And every change of an order, at once: in the end nobody could tell that it came too early.

        Args:
            before: the documents of orders and stock before the last commit.
        """
        documents = self.orders_and_levels()
        found = imbalances(documents, self.stock, self.shop.deleted, self.recounts)
        for order_id, scenario in self.shop.scenarios.items():
            path = f"orders/{order_id}"
            if path in before and before[path]["status"] != documents[path]["status"]:
                if order_id not in self.history.operated:
                    found += missteps(scenario, before[path], documents[path], self.shop.clock)
                found += self.left_open(order_id, documents[path])
        if found:
            raise _Wrong(found[0])

    def judge_takings(self, before: Mapping[str, Fields], writes: Sequence[object]) -> None:
        """Of each order one is written, and folding it changes nothing of what can still be sold."""
        for write in writes:
            if isinstance(write, Create) and write.path.startswith("takings/"):
                self.taken[write.path] += 1
                order_id = write.path.removeprefix("takings/")
                if self.taken[write.path] > 1 + (order_id in self.shop.deleted):
                    raise _Wrong(f"{order_id}: taken {self.taken[write.path]} times")
        if not any(isinstance(write, Delete) and write.path.startswith("takings/") for write in writes):
            return
        for path, after in self.orders_and_levels().items():
            if path.startswith("inventory/") and _sellable(before[path]) != _sellable(after):
                raise _Wrong(f"{path}: {_sellable(before[path])} could be sold before it was folded, now {after}")

    def left_open(self, order_id: str, order: Fields) -> Iterator[str]:
        """Sessions whose address is known, and in which somebody could still pay for an order that is over, or paid.

        Where it is paid, Stripe may have yet to be asked to expire it, but somebody must be about to ask. Nobody need
        be where it was paid in the session itself, which is complete then.
        """
        status, known = order["status"], (self.shop.store.get(f"checkouts/{order_id}") or {}).get("sessionId")
        if status in ("reserving", "reserved") or not self.shop.world.sessions.is_open(known, self.shop.clock):
            return
        effects = (fields for path, fields in self.shop.store.documents() if path.startswith("effects/"))
        is_to_expire = any(effect["recipient"] == known for effect in effects)
        if status in _OVER_UNPAID or not is_to_expire:
            yield f"{order_id}: {status}, and {known} is open"

    def documents_at(self, written: Iterable[str | Write]) -> dict[str, Mapping[str, Any] | None]:
        """Each of them as it is; None if it is not there."""
        paths = (_path_of(each) for each in written)
        return {path: self.shop.store.get(path) for path in paths}

    def orders_and_levels(self) -> dict[str, Fields]:
        return {path: dict(fields) for path in self.levels if (fields := self.shop.store.get(path))}

    def judged(self) -> list[str]:
        """What the auditor finds in the documents, and what is not as the scenarios say."""
        documents = self.shop.store.dump()
        kept_since, deleted = self.shop.claims_kept_since, self.shop.deleted
        found = complaints(documents, self.stock, claims_kept_since=kept_since, deleted=deleted, recounts=self.recounts)
        found += leftovers(documents)
        found += self.deliveries.miscounted(self.shop.store)
        found += wrongs_outside(documents, self.shop.world, self.history.outside)
        found += self.shop.world.sessions.wrongs
        counts = {product_id: Recount(stock) for product_id, stock in self.stock.items()} | self.recounts
        at_stripe = [
            (scenario, self.handled_of(scenario))
            for order_id, scenario in self.shop.scenarios.items()
            if self.shop.has_order(order_id) and order_id not in deleted
        ]
        found += findings_in(self.shop.store, self.shop.clock, counts, at_stripe, self.tally.compared)
        for scenario in self.shop.scenarios.values():
            found += wrongs(scenario, self.ending_of(scenario, documents))
            if scenario.appears:
                oracle = Oracle(scenario, self.ending_of(scenario, documents))
                found += wrongs_of_refunds(oracle, self.history.outside)
                found += wrongs_of_sessions(oracle, self.shop.world)
            status = documents[f"orders/{scenario.order_id}"]["status"] if scenario.appears else "never written"
            self.tally.statuses[str(status)] += 1
        effects = effects_in(documents).values()
        self.tally.effects.update(f"{effect['kind']} {effect['state']}" for effect in effects)
        self.tally.sessions.update(each.status for each in self.shop.world.sessions.by_id.values())
        claims = (fields for path, fields in documents.items() if path.startswith("webhookEvents/"))
        self.tally.parked.update(str(claim["result"]) for claim in claims if not claim["processed"])
        return found

    def ending_of(self, scenario: Scenario, documents: Mapping[str, Fields]) -> Ending:
        order_id = scenario.order_id
        return Ending(
            documents,
            is_ample=self.history.is_ample,
            restocks=self.history.restocks,
            is_adjusted=order_id in self.shop.adjusted,
            is_second=order_id in self.shop.was_placed,
            earlier_payments=self.shop.earlier_payments,
            ignored=self.ignored,
            parked=self.parked,
            is_operated=order_id in self.history.operated,
            handled=self.handled_of(scenario),
        )

    def handled_of(self, scenario: Scenario) -> frozenset[str]:
        return frozenset(filter(self.is_handled, scenario.events))

    # --- What is recorded --------------------------------------------------------------------------------------------

    def log(self, severity: str, message: str, **fields: object) -> None:
        """The service's log."""
        self.note("      logged: {} {}", severity, message)
        if fields.get("result") == "fault":
            self.faults_of_ours.append(message)

    def note(self, line: str, *values: object) -> None:
        if self.trace is not None:
            self.trace.append(line.format(*values))


def _parked_by(writes: Iterable[object]) -> Iterator[str]:
    for write in writes:
        if isinstance(write, Create | Update) and write.fields.get("processed") is False:
            yield write.path.rpartition("/")[2]


def _effects_in(writes: Iterable[object]) -> Iterator[str]:
    for write in writes:
        if isinstance(write, Create) and write.path.startswith("effects/"):
            yield write.path.removeprefix("effects/")


def _sellable(level: Mapping[str, Any]) -> int | None:
    return None if level["stock"] is None else level["stock"] - level["reserved"]


def _path_of(one: str | Write) -> str:
    return one if isinstance(one, str) else one.path


def _unanswered(rpc: Rpc, fault: Fault) -> Exception:
    return Failed(fault, retryable=True) if rpc.name == OUTSIDE else StoreUnavailable(fault)


def _refused(rpc: Rpc, fault: Fault) -> Exception:
    return Failed(fault, retryable=True, retry_after=_ASKED_PAUSE) if rpc.name == OUTSIDE else StoreContended(fault)


_SCHEDULED: Final = frozenset({Kind.SWEEP, Kind.FOLD})
"""What comes again by itself."""
_OVER_UNPAID: Final = frozenset({"expired", "cancelled", "failed"})
_ASKED_PAUSE: Final = timedelta(minutes=5)
_IN_DOUBT: Final = frozenset({Fault.ANSWER_LOST, Fault.LATE})
_CHANGES: Final = frozenset({"commit", OUTSIDE})
_OF_CHANGES: Final = frozenset({Fault.LATE, Fault.REFUSED})
