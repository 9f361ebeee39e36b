"""Plays one history: the real service on a store in memory, one RPC at a time, judged at every commit."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import repeat
from typing import Final

from database.store import Create
from effects.outside import Failed
from effects.schedule import ATTEMPTS_MAX
from orders.outcome import StoreContended, Transient
from tests.proofs.simulation.attempts import Attempt, called_in_lanes
from tests.proofs.simulation.faults import answer, leaves_in_doubt, possible
from tests.proofs.simulation.history import CALM, Arrival, Fault, History, Kind, Places, Turn
from tests.proofs.simulation.judge import Judge, Wrong
from tests.proofs.simulation.rpcs import Rpc
from tests.proofs.simulation.shop import Shop
from tests.proofs.simulation.surroundings import A_MOMENT
from tests.proofs.simulation.tally import Tally
from tests.proofs.simulation.workers import Thread, Worker
from tests.support.auditor import leftovers, unperformed
from triggers.sweep import STRANDED_AFTER

_DELIVERED_AGAIN_AFTER: Final = timedelta(minutes=20)
_UNTIL_STRANDED: Final = STRANDED_AFTER + timedelta(minutes=1)
# After every reservation, however extended.
_MUCH_LATER: Final = timedelta(days=30)
# Longer than any pause between two attempts.
_BETWEEN_ATTEMPTS: Final = timedelta(hours=4)
_SWEEPS_TO_PERFORM_ALL: Final = 9 * ATTEMPTS_MAX
"""As many as one effect can take, if quiet hours leave it one of six sweeps; and then the notice of its failure; each
with an attempt that a clock two days ahead has put off."""
_SWEEPS_FOR_SESSIONS: Final = 2
_DELIVERIES_MAX: Final = 400
"""More than any history needs until everything is acknowledged: one that needs more would never end."""


def complaints_about(history: History, tally: Tally | None = None, trace: list[str] | None = None) -> list[str]:
    """Play the history to its end. Returns what is wrong; an empty list if the shop kept its promises."""
    return _Simulation(history, tally or Tally(), trace).complaints()


class _Simulation:
    def __init__(self, history: History, tally: Tally, trace: list[str] | None) -> None:
        self.history = history
        self.tally = tally
        self.trace = trace
        self.shop = Shop(history, tally, self.log)
        self.judge = Judge(history, tally, self.shop)
        self.arrivals = deque(history.arrivals)
        self.running: list[Attempt] = []
        self.in_flight: deque[tuple[Attempt, Rpc]] = deque()
        self.acknowledged: set[Arrival] = set()
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
        except Wrong as wrong:
            return [str(wrong)]
        return found + self.judge.judged()

    def never_acknowledged(self) -> Iterator[Arrival]:
        """Everything that really happens is delivered in the end."""
        return (arrival for arrival in self.shop.all_that_arrives() if arrival not in self.acknowledged)

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
                raise Wrong(f"{in_lanes[0][0].arrival}: waits in its lane, and nobody is under way")
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

    def give_up(self, attempt: Attempt, thread: Thread, fault: Fault | None) -> None:
        """Who waits in a lane has no time left, or dies."""
        self.note("{}{} in its lane -> {}", attempt, thread, fault)
        if fault in (Fault.DEATH_BEFORE, Fault.DEATH_AFTER):
            attempt.worker.die()
        else:
            attempt.worker.go_on(thread)
        self.after(attempt)

    def go_on_in_lanes(self) -> None:
        """Continue the threads that were called by those that have just continued."""
        while called := next(called_in_lanes(self.running), None):
            attempt, thread = called
            attempt.worker.go_on(thread)
            self.after(attempt)

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
            raise Wrong(f"{arrival}: never acknowledged")
        worker = Worker(self.started, work, self.shop.store, self.history.rpc_seconds)
        attempt = Attempt(worker, arrival, self.shop.clock, self.shop.has_order(arrival.order_id))
        self.note("{} {}, at {:%b %d %H:%M:%S}", attempt, arrival, self.shop.clock)
        self.running.append(attempt)
        self.judge.deliveries.made[arrival.event_id] += 1
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
        was_never_counted = self.judge.stock[product_id] is None and product_id not in self.judge.recounts
        is_quiet = was_never_counted or not (self.running or self.in_flight)
        if recount := self.shop.recount(product_id, is_quiet=is_quiet):
            self.judge.recounts[product_id] = recount

    def advance(self, attempt: Attempt, thread: Thread, fault: Fault | None) -> None:
        rpc = thread.rpc
        if rpc is None:
            raise AssertionError("a thread that waits has asked something")
        if fault := possible(fault, rpc):
            self.tally.faults[fault] += 1
            self.judge.deliveries.in_doubt[attempt.arrival.event_id] += leaves_in_doubt(fault, rpc)
        self.tally.side_by_side += len(attempt.worker.waiting) > 1
        self.note("{}{} {}{}", attempt, thread, rpc, f" -> {fault}" if fault else "")
        if fault is Fault.LATE:
            self.in_flight.append((attempt, rpc))
        answer(attempt.worker, thread, rpc, fault, self.done)
        self.after(attempt)

    def done(self, rpc: Rpc) -> object:
        """What the database answers, or the world outside."""
        self.tally.rpcs[rpc.name] += 1
        before = self.judge.before(rpc)
        try:
            answer = rpc.do()
        except StoreContended as lost:
            self.tally.races_lost += 1
            self.note("      refused: {}", lost)
            return lost
        except Failed as failed:
            return failed
        except Exception as error:
            raise Wrong(f"{rpc}: the database fails: {type(error).__name__}: {error}") from error
        self.judge.after(rpc, before)
        if rpc.name == "commit":
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
        """A commit that its sender gave up long ago is done after all, if still possible."""
        attempt, rpc = self.in_flight.popleft()
        self.note("{}   late: {}", attempt, rpc)
        self.done(rpc)

    def after(self, attempt: Attempt) -> None:
        """Once a worker has ended, what it worked on is acknowledged or arrives again."""
        worker, arrival = attempt.worker, attempt.arrival
        if self.faults_of_ours:
            raise Wrong(f"{arrival}: a fault of ours: {self.faults_of_ours[0]}")
        if worker.waiting or worker.in_lanes:
            return
        self.running.remove(attempt)
        if worker.is_done:
            self.note("{}   acknowledged", attempt)
            self.acknowledged.add(arrival)
            self.judge.acknowledge(arrival, had_order=attempt.had_order)
            return
        error = worker.error
        if error and not isinstance(error, Transient):
            raise Wrong(f"{arrival}: a fault of ours: {type(error).__name__}: {error}") from error
        if error:
            self.tally.not_settled[type(error).__name__] += 1
            self.note("{}   not settled: {}: {}", attempt, type(error).__name__, error)
        if self.shop.is_calm:
            self.shop.clock += _DELIVERED_AGAIN_AFTER
        if arrival.kind not in _SCHEDULED:
            # An order may have to wait until what is left of an earlier one of its id is folded.
            self.arrivals += [Arrival(Kind.FOLD), arrival] if self.shop.is_calm else [arrival]

    # --- What is recorded --------------------------------------------------------------------------------------------

    def log(self, severity: str, message: str, **fields: object) -> None:
        """The service's log."""
        self.note("      logged: {} {}", severity, message)
        if fields.get("result") == "fault":
            self.faults_of_ours.append(message)

    def note(self, line: str, *values: object) -> None:
        if self.trace is not None:
            self.trace.append(line.format(*values))


def _effects_in(writes: Iterable[object]) -> Iterator[str]:
    for write in writes:
        if isinstance(write, Create) and write.path.startswith("effects/"):
            yield write.path.removeprefix("effects/")


_SCHEDULED: Final = frozenset({Kind.SWEEP, Kind.FOLD})
"""Recurring arrivals."""
