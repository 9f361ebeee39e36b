"""A store in which commits that increase the same document at the same time become one.

Each thread brings its own commit. While one of a document is under way, others wait for it in a lane; when it is done,
the first of them sends all. Nobody waits where nobody is under way, and nothing but speed rests on any of it.

Why, and what it costs: docs/decisions/0027-grouped-commits.md.
"""

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from database.groups import Joinable, answers_to, group_from, joinable, writes_of
from database.store import Committed, DocumentStore, Write
from orders.outcome import StoreContended, StoreUnavailable

Wait = Callable[[threading.Event, float], bool]
"""Wait for the event, for so many seconds at most."""


@dataclass(eq=False, slots=True)
class _Member:
    """A commit on its way through its lane, and the thread that brings it."""

    commit: Joinable
    called: threading.Event = field(default_factory=threading.Event)
    """Set once the thread has something to do: to send, to commit alone, or to go on with its answer."""
    is_sent: bool = False
    is_alone: bool = False
    """Whether something was wrong with the group that need not be wrong with every commit in it."""
    answer: Committed | StoreContended | StoreUnavailable | None = None


class Lanes:
    """Who waits, by the document to be increased. One for each process; nothing is kept of a lane that is empty."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._lanes: dict[str, deque[_Member]] = defaultdict(deque)
        """Those that are not sent yet. While something of it is under way there is a lane, if an empty one."""

    def enter(self, member: _Member) -> None:
        with self._mutex:
            is_free = member.commit.lane not in self._lanes
            self._lanes[member.commit.lane].append(member)
            if is_free:
                member.called.set()

    def take_group(self, lane: str) -> Sequence[_Member]:
        """From the head on, all that can be sent in one commit."""
        with self._mutex:
            waiting = self._lanes[lane]
            group = [waiting.popleft() for _ in group_from(member.commit for member in waiting)]
            for member in group:
                member.is_sent = True
            return group

    def end_group(self, group: Sequence[_Member]) -> None:
        """Call all that were sent, and whoever sends next."""
        with self._mutex:
            for member in group:
                member.called.set()
            self._pass_on(group[0].commit.lane)

    def leave(self, member: _Member) -> None:
        """If it is not sent, it never will be."""
        with self._mutex:
            if not member.is_sent:
                self._lanes[member.commit.lane].remove(member)
                if member.called.is_set():
                    self._pass_on(member.commit.lane)

    def _pass_on(self, lane: str) -> None:
        if waiting := self._lanes[lane]:
            waiting[0].called.set()
        else:
            del self._lanes[lane]


class GroupingStore:
    """A `DocumentStore` over another one, which is sent fewer and larger commits."""

    def __init__(
        self,
        store: DocumentStore,
        lanes: Lanes,
        monotonic: Callable[[], float],
        wait: Wait = threading.Event.wait,
    ) -> None:
        """`monotonic` is in seconds, on a clock that never goes back."""
        self._store = store
        self._lanes = lanes
        self._monotonic = monotonic
        self._wait = wait
        # All but commits is left to the other store.
        self.read = store.read
        self.count = store.count
        self.count_open_orders = store.count_open_orders
        self.units_to_take = store.units_to_take
        self.units_promised = store.units_promised
        self.effects_of = store.effects_of

    def commit(self, writes: Sequence[Write], *, timeout_seconds: float) -> Committed:
        end = self._monotonic() + timeout_seconds
        if (commit := joinable(writes)) is None:
            return self._store.commit(writes, timeout_seconds=timeout_seconds)
        member = _Member(commit)
        self._lanes.enter(member)
        try:
            # Whoever is called when the time is just up sends nothing: the others would hear of no answer.
            if self._wait(member.called, timeout_seconds) and not member.is_sent:
                self._send(commit.lane, end)
        finally:
            self._lanes.leave(member)
        if member.is_alone:
            return self._store.commit(commit.writes, timeout_seconds=self._seconds_until(end))
        match member.answer:
            case Committed() as committed:
                return committed
            case None:
                raise StoreUnavailable("no answer in time: others were under way, or what was sent got none")
            case lost:
                raise lost

    def _send(self, lane: str, end: float) -> None:
        """Send the next group of the lane, and have all of it know how that ended."""
        group = self._lanes.take_group(lane)
        try:
            self._send_group(group, end)
        finally:
            # Also if this thread ends here: then nobody in the group knows more than that no answer came.
            self._lanes.end_group(group)

    def _send_group(self, group: Sequence[_Member], end: float) -> None:
        commits = [member.commit for member in group]
        try:
            committed = self._store.commit(writes_of(commits), timeout_seconds=self._seconds_until(end))
        except (StoreContended, StoreUnavailable) as lost:
            for member in group:
                # Each raises its own, in its own thread.
                member.answer = type(lost)(*lost.args)
        except Exception:
            if len(group) == 1:
                raise
            for member in group:
                member.is_alone = True
        else:
            for member, answer in zip(group, answers_to(commits, committed), strict=True):
                member.answer = answer

    def _seconds_until(self, end: float) -> float:
        return max(end - self._monotonic(), 0.001)
