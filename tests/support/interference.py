"""A store in which things go wrong at the worst moment, and a clock that moves only when somebody sleeps."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from database.store import Committed, Document, Write
from orders.outcome import StoreContended, StoreUnavailable
from settlement.settle import Patience
from tests.support.memory_store import MemoryStore

Commit = Callable[[], Committed]
Interference = Callable[[Commit], Committed]


class Crash(Exception):
    """The process ends here. Nobody catches it."""


def undisturbed(commit: Commit) -> Committed:
    return commit()


def refused(_commit: Commit) -> Committed:
    raise StoreContended("refused")


def unanswered(_commit: Commit) -> Committed:
    """Nothing is written, and nobody is told."""
    raise StoreUnavailable("unanswered")


def answer_lost(commit: Commit) -> Committed:
    """All is written, and nobody is told."""
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


@dataclass
class Interfered:
    """The store under settlement, with one interference for each commit, in order; afterwards it runs undisturbed."""

    store: MemoryStore
    commits: list[Interference] = field(default_factory=list)
    reads_without_answer: int = 0
    calls: list[str] = field(default_factory=list)
    """Each is one RPC."""
    timeouts: list[float] = field(default_factory=list)

    def read(self, paths: Sequence[str], *, timeout_seconds: float) -> Mapping[str, Document | None]:
        self._note("read", timeout_seconds)
        if self.reads_without_answer:
            self.reads_without_answer -= 1
            raise StoreUnavailable("unanswered")
        return self.store.read(paths, timeout_seconds=timeout_seconds)

    def commit(self, writes: Sequence[Write], *, timeout_seconds: float) -> Committed:
        self._note("commit", timeout_seconds)
        interfere = self.commits.pop(0) if self.commits else undisturbed
        return interfere(lambda: self.store.commit(writes, timeout_seconds=timeout_seconds))

    def count(self, collection: str, *, timeout_seconds: float) -> int:
        self._note("count", timeout_seconds)
        return self.store.count(collection, timeout_seconds=timeout_seconds)

    def _note(self, call: str, timeout_seconds: float) -> None:
        self.calls.append(call)
        self.timeouts.append(timeout_seconds)


@dataclass
class Clock:
    """Seconds that pass while somebody sleeps, and by `per_look` each time somebody looks."""

    seconds: float = 1_000.0
    per_look: float = 0.0
    pauses: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        self.seconds += self.per_look
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.seconds += seconds


def patience_of(clock: Clock, random: Callable[[], float] = lambda: 0.5) -> Patience:
    return Patience(clock.monotonic, clock.sleep, random)
