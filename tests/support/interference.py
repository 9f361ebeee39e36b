"""A store that fails at the worst moment: answers are lost, others write first, the process dies."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest.mock import patch

from database.store import Committed, Document, DocumentStore, Promised, Write
from orders.events import Cause, OrderEvent
from orders.outcome import StoreContended, StoreUnavailable
from tests.support.memory_store import MemoryStore
from tests.support.settling import settled

Commit = Callable[[], Committed]
Interference = Callable[[Commit], Committed]


class Crash(Exception):
    """The process dies here. Nothing catches it."""


def undisturbed(commit: Commit) -> Committed:
    return commit()


def refused(_commit: Commit) -> Committed:
    raise StoreContended("refused")


def unanswered(_commit: Commit) -> Committed:
    """Nothing is written, and no answer comes."""
    raise StoreUnavailable("unanswered")


def answer_lost(commit: Commit) -> Committed:
    """Everything is written, and no answer comes."""
    commit()
    raise StoreUnavailable("answer lost")


def crash_before(_commit: Commit) -> Committed:
    raise Crash


def crash_after(commit: Commit) -> Committed:
    commit()
    raise Crash


def someone_first(act: Callable[[], object]) -> Interference:
    """Somebody else writes between our read and our commit."""

    def interfere(commit: Commit) -> Committed:
        act()
        return commit()

    return interfere


def someone_after(act: Callable[[], object]) -> Interference:
    """Somebody else writes between our commit and our next read."""

    def interfere(commit: Commit) -> Committed:
        committed = commit()
        act()
        return committed

    return interfere


@contextmanager
def before_each_commit(store: MemoryStore, act: Callable[[Sequence[Write]], object]) -> Iterator[None]:
    """Somebody does this meanwhile, before each commit to the store; if it raises, nothing is written."""
    commit = store.commit

    def interfere(writes: Sequence[Write], *, timeout_seconds: float) -> Committed:
        act(writes)
        return commit(writes, timeout_seconds=timeout_seconds)

    with patch.object(store, "commit", interfere):
        yield


def failing_after(commits: int, error: BaseException) -> Callable[[object], None]:
    """Lets so many commits pass, and no more."""
    left = iter(range(commits))

    def act(_writes: object) -> None:
        if next(left, None) is None:
            raise error

    return act


@dataclass
class DisturbedStore:
    """A store with one interference for each commit, in order; later commits are left alone."""

    store: DocumentStore
    commits: Sequence[Interference] = ()
    reads_without_answer: int = 0
    calls: list[str] = field(default_factory=list)
    """One for each RPC."""
    timeouts: list[float] = field(default_factory=list)
    paths: list[Sequence[str]] = field(default_factory=list)
    """The paths of each read."""

    def read(self, paths: Sequence[str], *, timeout_seconds: float) -> Mapping[str, Document | None]:
        self._note("read", timeout_seconds)
        self.paths.append(paths)
        if self.reads_without_answer:
            self.reads_without_answer -= 1
            raise StoreUnavailable("unanswered")
        return self.store.read(paths, timeout_seconds=timeout_seconds)

    def commit(self, writes: Sequence[Write], *, timeout_seconds: float) -> Committed:
        earlier_commits = self.calls.count("commit")
        self._note("commit", timeout_seconds)
        interfere = self.commits[earlier_commits] if earlier_commits < len(self.commits) else undisturbed
        return interfere(lambda: self.store.commit(writes, timeout_seconds=timeout_seconds))

    def count(self, collection: str, *, timeout_seconds: float) -> int:
        self._note("count", timeout_seconds)
        return self.store.count(collection, timeout_seconds=timeout_seconds)

    def count_open_orders(self, user_id: str, *, timeout_seconds: float) -> int:
        self._note("count", timeout_seconds)
        return self.store.count_open_orders(user_id, timeout_seconds=timeout_seconds)

    def effects_of(self, order_id: str, *, timeout_seconds: float) -> Mapping[str, Document]:
        self._note("effects", timeout_seconds)
        return self.store.effects_of(order_id, timeout_seconds=timeout_seconds)

    def units_to_take(self, product_id: str, *, timeout_seconds: float) -> int:
        self._note("units to take", timeout_seconds)
        return self.store.units_to_take(product_id, timeout_seconds=timeout_seconds)

    def units_promised(self, product_id: str, *, timeout_seconds: float) -> Promised:
        self._note("units promised", timeout_seconds)
        return self.store.units_promised(product_id, timeout_seconds=timeout_seconds)

    def _note(self, call: str, timeout_seconds: float) -> None:
        self.calls.append(call)
        self.timeouts.append(timeout_seconds)


def overtaken_by(event: OrderEvent, store: DocumentStore, earlier_commits: int = 0) -> DisturbedStore:
    """A store in which this event is settled between a read and the commit that relies on it."""
    return DisturbedStore(store, [*[undisturbed] * earlier_commits, someone_first(lambda: settled(event, store))])


def calls_to_settle(event: Cause, store: DocumentStore) -> list[str]:
    """The RPCs that settling the event takes."""
    undisturbed_store = DisturbedStore(store)
    settled(event, undisturbed_store)
    return undisturbed_store.calls
