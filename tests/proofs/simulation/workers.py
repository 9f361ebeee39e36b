"""Workers that stand still at every RPC, until somebody says that it is done, or what went wrong with it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar, assert_never

from greenlet import getcurrent, greenlet

from database.store import Committed, Create, Document, Increase, Update, Write
from orders.events import StripeEvent
from settlement.settle import Patience
from tests.support.memory_store import MemoryStore

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Rpc:
    """What a worker asks of the database."""

    name: str
    about: Sequence[str | Write]
    """Paths or ids that are read, or writes."""
    do: Callable[[], object]

    def __str__(self) -> str:
        told = (thing if isinstance(thing, str) else _told(thing) for thing in self.about)
        return f"{self.name} {', '.join(told)}"


def _told(write: Write) -> str:
    match write:
        case Create(fields=fields):
            told = [f"{name} {fields[name]}" for name in ("result", "type") if name in fields]
        case Update(fields=fields):
            told = [f"{name} {value}" for name, value in fields.items() if name in _WORTH_TELLING]
        case Increase(amounts=amounts):
            told = [f"{name} {amount:+}" for name, amount in amounts.items()]
        case _:
            assert_never(write)
    return f"{type(write).__name__.lower()} {write.path}" + (f" ({', '.join(told)})" if told else "")


_WORTH_TELLING: Final = frozenset(
    {"status", "heldFrom", "result", "stock", "reserved", "deliveries", "amountRefunded", "waiting"}
)


class Worker:
    """One process at work on one cause. Its way to the database, and its clock, stop at every RPC.

    What it asks stands in `rpc` until somebody answers, and is None once it has ended: because all is done, because of
    an error, or because it died.
    """

    def __init__(self, number: int, store: MemoryStore, rpc_seconds: float) -> None:
        self.number = number
        self.patience = Patience(lambda: self._seconds, self._sleep, lambda: 0.5)
        self.rpc: Rpc | None = None
        self.is_done = False
        self.error: Exception | None = None
        self._store = store
        self._rpc_seconds = rpc_seconds
        self._seconds = 0.0
        self._hub = getcurrent()
        self._greenlet = greenlet(self._run)

    def start(self, work: Callable[["Worker"], object]) -> None:
        self.rpc = self._greenlet.switch(work)

    def answer(self, answer: object) -> None:
        self._seconds += self._rpc_seconds
        self.rpc = self._greenlet.switch(answer)

    def fail(self, error: Exception) -> None:
        self._seconds += self._rpc_seconds
        self.rpc = self._greenlet.throw(error)

    def die(self) -> None:
        self._greenlet.throw()
        self.rpc = None

    # --- The store, as settlement and the doors know it -------------------------------------------------------------

    def read(self, paths: Sequence[str], *, timeout_seconds: float) -> Mapping[str, Document | None]:
        return self._ask("read", paths, lambda: self._store.read(paths, timeout_seconds=timeout_seconds))

    def commit(self, writes: Sequence[Write], *, timeout_seconds: float) -> Committed:
        return self._ask("commit", writes, lambda: self._store.commit(writes, timeout_seconds=timeout_seconds))

    def count(self, collection: str, *, timeout_seconds: float) -> int:
        return self._ask("count", [collection], lambda: self._store.count(collection, timeout_seconds=timeout_seconds))

    def parked_events(self, order_id: str) -> tuple[StripeEvent, ...]:
        return self._ask("parked events", [order_id], lambda: self._store.parked_events(order_id))

    def lapsed_orders(self, now: datetime) -> list[str]:
        return self._ask("lapsed orders", [], lambda: list(self._orders("reserved", "reservationExpiresAt", now)))

    def stranded_orders(self, created_before: datetime) -> list[str]:
        unplaced = "pending reserving"
        return self._ask("stranded orders", [], lambda: list(self._orders(unplaced, "createdAt", created_before)))

    def parked_since(self, moment: datetime) -> tuple[StripeEvent, ...]:
        return self._ask("parked since", [], lambda: self._store.parked_since(moment))

    def _orders(self, statuses: str, time_name: str, until: datetime) -> Iterator[str]:
        for path, order in self._store.documents():
            collection, _, order_id = path.partition("/")
            if collection == "orders" and str(order["status"]) in statuses.split():
                time = order[time_name]
                if isinstance(time, datetime) and time <= until:
                    yield order_id

    # --- Standing still ----------------------------------------------------------------------------------------------

    def _run(self, work: Callable[["Worker"], object]) -> None:
        try:
            work(self)
        except Exception as error:  # noqa: BLE001 - whoever delivers again, or judges, wants to see it
            self.error = error
        else:
            self.is_done = True

    def _ask(self, name: str, about: Sequence[str | Write], do: Callable[[], _Answer]) -> _Answer:
        answer: _Answer = self._hub.switch(Rpc(name, about, do))
        return answer

    def _sleep(self, seconds: float) -> None:
        self._seconds += seconds
