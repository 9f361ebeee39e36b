"""A store that merges commits which increase the same document at the same time into one.

Each thread brings its own commit. While one for a document is under way, others wait in the document's lane; when it is
done, the first of them sends them all. Nobody waits in an empty lane, and this only affects speed.

Why, and at what cost: docs/decisions/0027-grouped-commits.md.
"""

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from database.groups import Joinable, answers_to, group_from, joinable, writes_of
from database.store import Committed, DocumentStore, Write
from orders.outcome import StoreContended, StoreUnavailable

Wait = Callable[[threading.Event, float], bool]
"""Waits for the event, for at most this many seconds. Returns whether it was set."""


@dataclass(eq=False, slots=True)
class _Member:
    """A commit in its lane, and the thread that brings it."""

    commit: Joinable
    called: threading.Event = field(default_factory=threading.Event)
    """Set once the thread has something to do: send the group, commit alone, or go on with its answer."""
    is_sent: bool = False
    is_alone: bool = False
    """Whether the group failed for a reason that need not concern every commit in it."""
    answer: Committed | StoreContended | StoreUnavailable | None = None


class Lanes:
    """Waiting commits, by the document to be increased. One per process; empty lanes take no memory."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._lanes: dict[str, deque[_Member]] = defaultdict(deque)
        """Commits that are not sent yet. A lane exists while a commit of it is under way, even if no other waits."""

    def enter(self, member: _Member) -> None:
        with self._mutex:
            is_free = member.commit.lane not in self._lanes
            self._lanes[member.commit.lane].append(member)
            if is_free:
                member.called.set()

    def take_group(self, lane: str) -> Sequence[_Member]:
        """All commits from the head of the lane that fit into one."""
        with self._mutex:
            waiting = self._lanes[lane]
            group = [waiting.popleft() for _ in group_from(member.commit for member in waiting)]
            for member in group:
                member.is_sent = True
            return group

    def end_group(self, group: Sequence[_Member]) -> None:
        """Wake all that were sent, and the next to send."""
        with self._mutex:
            for member in group:
                member.called.set()
            self._pass_on(group[0].commit.lane)

    def leave(self, member: _Member) -> None:
        """A commit that is not sent by now never will be."""
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
    """A `DocumentStore` that sends another one fewer and larger commits."""

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
        # Everything but commits goes straight to the other store.
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
            # A thread that is called too late sends nothing: the others would get no answer.
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
        """Send the lane's next group, and give each commit its answer."""
        group = self._lanes.take_group(lane)
        try:
            self._send_group(group, end)
        finally:
            # Even if this thread dies here: then the group only knows that no answer came.
            self._lanes.end_group(group)

    def _send_group(self, group: Sequence[_Member], end: float) -> None:
        commits = [member.commit for member in group]
        try:
            committed = self._store.commit(writes_of(commits), timeout_seconds=self._seconds_until(end))
        except (StoreContended, StoreUnavailable) as lost:
            for member in group:
                # Each thread raises its own exception.
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
