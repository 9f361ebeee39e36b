"""Workers that stop at every RPC, until it is answered or fails."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, TypeVar

from greenlet import getcurrent, greenlet

from audit.anchors import MovedHead
from database.store import Committed, Document, Promised, Write
from inventory.takings import Taking
from orders.events import StripeEvent
from settlement.settle import Patience
from tests.proofs.simulation.rpcs import OUTSIDE, Rpc
from tests.support.memory_store import MemoryStore

THREADS_MAX: Final = 2
"""In a worker's pool. As in production, a batch may be larger."""
BATCH_MAX: Final = 3
"""Orders or events that one query returns."""
_Answer = TypeVar("_Answer")
_Found = TypeVar("_Found")
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_Position = tuple[datetime, str]
"""The place of something among all that a query finds: by its time, then by its id."""
_FIRST_OF_ALL: Final[_Position] = (datetime.min.replace(tzinfo=UTC), "")


class Thread(greenlet):
    """Stops at every RPC. Its clock moves only there and in its pauses."""

    def __init__(self, work: Callable[[], None], conductor: greenlet, number: int = 0, seconds: float = 0) -> None:
        super().__init__(work, conductor)
        self.number = number
        self.seconds = seconds
        self.rpc: Rpc | None = None
        self.called: threading.Event | None = None
        """What it waits for in a lane, and not for an answer."""
        self.seconds_max = 0.0
        """How long it would wait there."""

    def __str__(self) -> str:
        return f".{self.number}" if self.number else "  "


class Worker:
    """One process at work on one cause. To its work it is the store, the clock and the pool of threads.

    It ends because its work is done, because of an error, or because it died.
    """

    def __init__(self, number: int, work: "Work", store: MemoryStore, rpc_seconds: float) -> None:
        self.number = number
        self.patience = Patience(self.monotonic, self._sleep, lambda: 0.5)
        self.waiting: list[Thread] = []
        """The threads that wait for an answer, in the order in which they were started; none once it has ended."""
        self.is_done = False
        self.error: Exception | None = None
        self._store = store
        self._rpc_seconds = rpc_seconds
        self._conductor = getcurrent()
        self._work = work
        self._main = self._running = Thread(self._run, self._conductor)
        self._threads = [self._main]
        self._ready = deque(self._threads)

    def start(self) -> None:
        self._run_until_all_wait()

    def answer(self, thread: Thread, answer: object) -> None:
        self._resume(thread, thread.switch, answer)

    def fail(self, thread: Thread, error: Exception) -> None:
        self._resume(thread, thread.throw, error)

    def go_on(self, thread: Thread) -> None:
        """Out of its lane; because it was called, or else because its time is up."""
        is_called = thread.called is not None and thread.called.is_set()
        thread.called = None
        self._resume(thread, thread.switch, is_called, self._rpc_seconds if is_called else thread.seconds_max)
        self._run_until_all_wait()

    def die(self) -> None:
        for thread in self._threads:
            if not thread.dead:
                thread.throw()
            thread.called = None
        self.waiting = []

    @property
    def in_lanes(self) -> Sequence[Thread]:
        """The threads that wait for others, which may be another worker's."""
        return [thread for thread in self._threads if thread.called]

    # --- The store, as settlement and the entry points know it -------------------------------------------------------

    def read(self, paths: Sequence[str], *, timeout_seconds: float) -> Mapping[str, Document | None]:
        return self._ask("read", paths, lambda: self._store.read(paths, timeout_seconds=timeout_seconds))

    def commit(self, writes: Sequence[Write], *, timeout_seconds: float) -> Committed:
        return self._ask("commit", writes, lambda: self._store.commit(writes, timeout_seconds=timeout_seconds))

    def count(self, collection: str, *, timeout_seconds: float) -> int:
        return self._ask("count", [collection], lambda: self._store.count(collection, timeout_seconds=timeout_seconds))

    def count_open_orders(self, user_id: str, *, timeout_seconds: float) -> int:
        return self._ask(
            "open orders", [user_id], lambda: self._store.count_open_orders(user_id, timeout_seconds=timeout_seconds)
        )

    def effects_of(self, order_id: str, *, timeout_seconds: float) -> Mapping[str, Document]:
        return self._ask(
            "effects", [order_id], lambda: self._store.effects_of(order_id, timeout_seconds=timeout_seconds)
        )

    def units_to_take(self, product_id: str, *, timeout_seconds: float) -> int:
        return self._ask(
            "units to take",
            [product_id],
            lambda: self._store.units_to_take(product_id, timeout_seconds=timeout_seconds),
        )

    def units_promised(self, product_id: str, *, timeout_seconds: float) -> Promised:
        return self._ask(
            "units promised",
            [product_id],
            lambda: self._store.units_promised(product_id, timeout_seconds=timeout_seconds),
        )

    def takings_after(self, order_id: str, at_most: int) -> Sequence[Taking]:
        # As in production, there may be more than fit into one commit.
        return self._ask("takings", [], lambda: self._store.takings_after(order_id, min(at_most, BATCH_MAX)))

    def ask_outside(self, about: str, do: Callable[[], _Answer]) -> _Answer:
        """No database has to do with it."""
        return self._ask(OUTSIDE, [about], do)

    def parked_events(self, order_id: str) -> tuple[StripeEvent, ...]:
        return self._ask("parked events", [order_id], lambda: self._store.parked_events(order_id))

    def lapsed_orders(self, now: datetime) -> Iterator[Sequence[str]]:
        return self._batches("lapsed orders", lambda: self._orders({"reserved"}, "reservationExpiresAt", now))

    def stranded_orders(self, created_before: datetime) -> Iterator[Sequence[str]]:
        unplaced = {"pending", "reserving"}
        return self._batches("stranded orders", lambda: self._orders(unplaced, "createdAt", created_before))

    def unanswered_requests(self, made_from: datetime, made_until: datetime) -> Iterator[Sequence[str]]:
        requests = "cancelRequests"
        return self._batches("unanswered requests", lambda: self._unanswered(requests, made_from, made_until))

    def unanswered_operator_requests(self, made_from: datetime, made_until: datetime) -> Iterator[Sequence[str]]:
        requests = "operatorRequests"
        return self._batches("operators' requests", lambda: self._unanswered(requests, made_from, made_until))

    def products_after(self, product_id: str, at_most: int) -> Sequence[str]:
        return self._ask("products after", [product_id], lambda: self._store.products_after(product_id, at_most))

    def due_effects(self, now: datetime) -> Iterator[Sequence[str]]:
        return self._batches("due effects", lambda: self._effects(now))

    def moved_heads(self, since: datetime, until: datetime) -> Iterator[Sequence[MovedHead]]:
        return self._batches("moved heads", lambda: self._moved(since, until))

    def fcm_tokens(self, user_id: str) -> Sequence[str]:
        return self._ask("FCM tokens", [user_id], lambda: self._store.fcm_tokens(user_id))

    def parked_since(self, moment: datetime) -> Iterator[Sequence[StripeEvent]]:
        return self._batches("parked since", lambda: self._parked(moment))

    def _batches(self, name: str, find: Callable[[], Iterable[tuple[_Position, _Found]]]) -> Iterator[Sequence[_Found]]:
        """As from Firestore: each batch is a query of its own, for what comes after the batch before it."""
        last = _FIRST_OF_ALL

        def page() -> list[tuple[_Position, _Found]]:
            found = [(position, item) for position, item in find() if position > last]
            return sorted(found, key=lambda each: each[0])[:BATCH_MAX]

        while batch := self._ask(name, [], page):
            yield [item for _, item in batch]
            last = batch[-1][0]

    def _orders(self, statuses: set[str], time_name: str, until: datetime) -> Iterator[tuple[_Position, str]]:
        for path, order in self._store.documents():
            collection, _, order_id = path.partition("/")
            if collection == "orders" and order["status"] in statuses:
                time = order[time_name]
                if isinstance(time, datetime) and time <= until:
                    yield (time, order_id), order_id

    def _unanswered(self, requests: str, made_from: datetime, made_until: datetime) -> Iterator[tuple[_Position, str]]:
        for path, requested in self._store.documents():
            collection, _, request_id = path.partition("/")
            if collection == requests and "expireAt" not in requested:
                time = requested["createdAt"]
                if isinstance(time, datetime) and made_from <= time <= made_until:
                    yield (time, request_id), request_id

    def _effects(self, now: datetime) -> Iterator[tuple[_Position, str]]:
        for effect_id in self._store.due_effects(now):
            effect = self._store.get(f"effects/{effect_id}")
            time = effect and effect["nextAttemptAt"]
            if isinstance(time, datetime):
                yield (time, effect_id), effect_id

    def _moved(self, since: datetime, until: datetime) -> Iterator[tuple[_Position, MovedHead]]:
        for heads in self._store.moved_heads(since, until):
            yield from (((head.moved_at, head.order_id), head) for head in heads)

    def _parked(self, moment: datetime) -> Iterator[tuple[_Position, StripeEvent]]:
        for event in self._store.parked_since(moment):
            claim = self._store.get(f"webhookEvents/{event.event_id}")
            time = claim and claim["parkedAt"]
            if isinstance(time, datetime):
                yield (time, event.event_id), event

    # --- The clock ---------------------------------------------------------------------------------------------------

    def monotonic(self) -> float:
        return self._running.seconds

    def _sleep(self, seconds: float) -> None:
        self._running.seconds += seconds

    def wait(self, called: threading.Event, seconds_max: float) -> bool:
        """In a lane. Whoever is called at once does not stop."""
        if called.is_set():
            return True
        self._running.called, self._running.seconds_max = called, seconds_max
        is_called: bool = self._conductor.switch()
        return is_called

    # --- The pool ----------------------------------------------------------------------------------------------------

    def map(self, work: Callable[[_Item], _Result], batch: Sequence[_Item], /) -> list[_Result]:
        """Like an executor: any free thread takes the next item. Raises what one of them raised."""
        left = iter(enumerate(batch))
        results: dict[int, _Result] = {}
        errors: list[Exception] = []

        def work_off() -> None:
            try:
                for place, item in left:
                    results[place] = work(item)
            except Exception as error:  # noqa: BLE001 - raised again in the thread that waits for these
                errors.append(error)
            self._main.seconds = max(self._main.seconds, self._running.seconds)
            at_work.pop()
            if not at_work:
                self._ready.append(self._main)

        numbers = range(1, min(THREADS_MAX, len(batch)) + 1)
        at_work = [Thread(work_off, self._conductor, number, self._main.seconds) for number in numbers]
        if at_work:
            self._threads = [self._main, *at_work]
            self._ready += at_work
            self._conductor.switch()
        if errors:
            raise errors[0]
        return [results[place] for place in sorted(results)]

    # --- Stopping ----------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._work(self)
        except Exception as error:  # noqa: BLE001 - for whoever delivers again, or judges
            self.error = error
        else:
            self.is_done = True

    def _ask(self, name: str, about: Sequence[str | Write], do: Callable[[], _Answer]) -> _Answer:
        self._running.rpc = Rpc(name, about, do)
        answer: _Answer = self._conductor.switch()
        return answer

    def _resume(
        self, thread: Thread, resume: Callable[..., object], answer: object, seconds: float | None = None
    ) -> None:
        thread.rpc = None
        thread.seconds += self._rpc_seconds if seconds is None else seconds
        self._running = thread
        resume(answer)
        if thread.rpc is None:
            self._run_until_all_wait()

    def _run_until_all_wait(self) -> None:
        """For an answer, or for each other."""
        while self._ready:
            self._running = self._ready.popleft()
            self._running.switch()
        self.waiting = [thread for thread in self._threads if thread.rpc]


Work = Callable[[Worker], object]
