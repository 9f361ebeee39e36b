"""Firestore as modelled: exclusive locks, taken in order of document names and held as long as a commit takes."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

from bench.model.parameters import Parameters
from bench.model.world import Lock, World
from database.store import Committed, Create, Delete, Document, Increase, Promised, Update, Write
from inventory.takings import Taking
from orders.outcome import StoreContended, StoreUnavailable
from tests.support.memory_store import MemoryStore

_Answer = TypeVar("_Answer")


class Database:
    """The server. Its documents are in a MemoryStore, which checks what is written."""

    def __init__(self, world: World, parameters: Parameters, documents: MemoryStore) -> None:
        self.world = world
        self.parameters = parameters
        self.documents = documents
        self.commits = 0
        self._locks: dict[str, Lock] = defaultdict(world.lock)

    def read(self, paths: Sequence[str]) -> Mapping[str, Document | None]:
        self.world.sleep(self.parameters.read_seconds)
        return self.documents.read(paths, timeout_seconds=1)

    def commit(self, writes: Sequence[Write], seconds_max: float) -> Committed:
        """Raises StoreContended, StoreUnavailable."""
        # A commit with an outdated version is refused before it queues, which favours all contestants.
        self._check(writes)
        with self.locked((write.path for write in writes), seconds_max):
            self._check(writes)
            return self.commit_locked(writes)

    def commit_locked(self, writes: Sequence[Write]) -> Committed:
        self.world.sleep(self.parameters.commit_seconds)
        self.commits += 1
        return self.documents.commit(writes, timeout_seconds=1)

    @contextmanager
    def locked(self, paths: Iterable[str], seconds_max: float) -> Iterator[None]:
        """Hold exclusive locks on these documents in this block.

        Raises:
            StoreContended: a lock was not free in time.
            StoreUnavailable: the caller's own time ran out first.
        """
        wait_max = min(self.parameters.lock_wait_seconds, seconds_max)
        end, had = self.world.now() + wait_max, list[Lock]()
        try:
            for path in sorted(set(paths)):
                if not (lock := self._locks[path]).acquire(max(end - self.world.now(), 0)):
                    raise StoreUnavailable(path) if wait_max == seconds_max else StoreContended(path)
                had.append(lock)
            yield
        finally:
            for lock in had:
                lock.release()

    def _check(self, writes: Sequence[Write]) -> None:
        found = self.documents.read([write.path for write in writes], timeout_seconds=1)
        if any(_is_overtaken(write, found[write.path]) for write in writes):
            self.world.sleep(self.parameters.read_seconds)
            raise StoreContended("overtaken")


class Client:
    """The database as one instance reaches it: over the network, with one processor for all requests."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._world = database.world
        self._processor = self._world.lock()

    def read(self, paths: Sequence[str], *, timeout_seconds: float) -> Mapping[str, Document | None]:
        return self.call(lambda: self.database.read(paths))

    def commit(self, writes: Sequence[Write], *, timeout_seconds: float) -> Committed:
        # Each order in a grouped commit was decided and encoded: grouping is assumed to save no processor time.
        orders = sum(write.path.startswith("orders/") for write in writes)
        return self.call(lambda: self.database.commit(writes, timeout_seconds), work=max(orders, 1))

    def count(self, collection: str, *, timeout_seconds: float) -> int:
        return self.call(lambda: self.database.documents.count(collection, timeout_seconds=timeout_seconds))

    def count_open_orders(self, user_id: str, *, timeout_seconds: float) -> int:
        """Always 0: in the model, every order has its own customer."""
        return self.call(lambda: len(self.database.read(())))

    def effects_of(self, order_id: str, *, timeout_seconds: float) -> Mapping[str, Document]:
        return self.call(lambda: self.database.documents.effects_of(order_id, timeout_seconds=timeout_seconds))

    def units_to_take(self, product_id: str, *, timeout_seconds: float) -> int:
        return self.call(lambda: self.database.documents.units_to_take(product_id, timeout_seconds=timeout_seconds))

    def units_promised(self, product_id: str, *, timeout_seconds: float) -> Promised:
        return self.call(lambda: self.database.documents.units_promised(product_id, timeout_seconds=timeout_seconds))

    def takings_after(self, order_id: str, at_most: int) -> Sequence[Taking]:
        def query() -> Sequence[Taking]:
            self._world.sleep(self.database.parameters.read_seconds)
            return self.database.documents.takings_after(order_id, at_most)

        return self.call(query)

    def call(self, do: Callable[[], _Answer], *, work: int = 1) -> _Answer:
        """An RPC: processor time for this much work, the network there, the server, the network back."""
        parameters = self.database.parameters
        self._processor.acquire(float("inf"))
        try:
            self._world.sleep(work * parameters.processor_seconds)
        finally:
            self._processor.release()
        self._world.sleep(parameters.network_seconds / 2)
        try:
            answer = do()
        except StoreContended:
            self._world.sleep(parameters.network_seconds / 2)
            raise
        self._world.sleep(parameters.network_seconds / 2)
        return answer


def _is_overtaken(write: Write, document: Document | None) -> bool:
    match write:
        case Create():
            return document is not None
        case Update(version=version) | Delete(version=version):
            return document is None or document.version != version
        case Increase():
            return document is None
