"""Threads that increase one document simultaneously share one commit, and each learns its own result."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from database.errors import RequestRefused
from database.grouping import GroupingStore, Lanes, Wait
from database.store import Committed, Create, Increase, Write
from orders.outcome import StoreContended, StoreUnavailable
from tests.support.interference import Commit, DisturbedStore, Interference, answer_lost, refused, unanswered
from tests.support.memory_store import MemoryStore

SECONDS_MAX = 10.0
"""More than any of these waits takes: a test that needs it fails."""
SHIRT, MUG = "inventory/shirt", "inventory/mug"

Holding = Future[Committed]


def a_hold(name: str, path: str = SHIRT) -> tuple[Write, ...]:
    return Create(f"holds/{name}", {}), Increase(path, {"stock": 0, "reserved": 1})


@dataclass
class Below(DisturbedStore):
    """The store that the grouping store commits to."""

    wrong: str | None = None
    """A hold that is refused as faulty, with every commit that contains it."""
    sent: list[list[str]] = field(default_factory=list)
    """The holds of each commit."""

    def commit(self, writes: Sequence[Write], *, timeout_seconds: float) -> Committed:
        names = [write.path.removeprefix("holds/") for write in writes if isinstance(write, Create)]
        self.sent.append(names)
        if self.wrong in names:
            raise RequestRefused("INVALID_ARGUMENT")
        return super().commit(writes, timeout_seconds=timeout_seconds)


@dataclass
class Crowd:
    """Threads that hold shirts through one grouping store. The first commit ends once all others wait for it."""

    endings: Sequence[Interference] = ()
    """For the commits after the first."""
    waits: Mapping[str, Wait] = field(default_factory=dict)
    """How a hold waits, if not until there is something to do."""
    wrong: str | None = None
    store: MemoryStore = field(default_factory=lambda: MemoryStore({SHIRT: {"stock": 9}, MUG: {"stock": 9}}))

    def __post_init__(self) -> None:
        self.lanes = Lanes()
        self._is_settled, self._are_all_there = threading.Semaphore(0), threading.Event()
        self._below = Below(self.store, [self._once_all_are_there, *self.endings], wrong=self.wrong)

    @property
    def sent(self) -> list[list[str]]:
        return self._below.sent

    def hold(self, *names: str) -> list[Holding]:
        """They enter the lane one after the other; at the end the lane is empty."""
        with ThreadPoolExecutor(len(names)) as pool:
            held = []
            for name in names:
                held.append(pool.submit(self._commit, name))
                assert self._is_settled.acquire(timeout=SECONDS_MAX), name
            self._are_all_there.set()
        assert not self.lanes._lanes
        return held

    def _commit(self, name: str) -> Committed:
        def wait(called: threading.Event, seconds_max: float) -> bool:
            if called.is_set():
                return True
            self._is_settled.release()
            return self.waits.get(name, threading.Event.wait)(called, seconds_max)

        grouping = GroupingStore(self._below, self.lanes, lambda: 0.0, wait)
        return grouping.commit(a_hold(name), timeout_seconds=SECONDS_MAX)

    def _once_all_are_there(self, commit: Commit) -> Committed:
        self._is_settled.release()
        assert self._are_all_there.wait(SECONDS_MAX)
        return commit()


def seen_by(holding: Holding) -> object:
    """How many shirts were reserved at its turn, or why it does not know."""
    error = holding.exception()
    return type(error) if error else holding.result().figures[SHIRT]["reserved"]


def all_seen(held: Sequence[Holding]) -> list[object]:
    return [seen_by(holding) for holding in held]


# --- Together ---------------------------------------------------------------------------------------------------------


def test_a_hold_that_arrives_during_a_commit_joins_the_next_one() -> None:
    crowd = Crowd()
    assert all_seen(crowd.hold("a", "b", "c", "d")) == [1, 2, 3, 4]
    assert crowd.sent == [["a"], ["b", "c", "d"]]
    assert crowd.store.get(SHIRT) == {"stock": 9, "reserved": 4}


def test_a_hold_that_is_already_in_the_group_goes_into_the_next_commit() -> None:
    crowd = Crowd()
    assert all_seen(crowd.hold("a", "b", "c", "b", "d")) == [1, 2, 3, StoreContended, StoreContended]
    assert crowd.sent == [["a"], ["b", "c"], ["b", "d"]]


def test_nobody_waits_for_another_document_or_with_what_cannot_be_joined() -> None:
    store = MemoryStore({SHIRT: {"stock": 9}, MUG: {"stock": 9}})
    lanes = Lanes()

    def wait(called: threading.Event, _seconds_max: float) -> bool:
        assert called.is_set(), "somebody waits"
        return True

    def while_others_commit(commit: Commit) -> Committed:
        for writes in (a_hold("b", MUG), [Create("holds/c", {})], [Increase(SHIRT, {"reserved": 1})]):
            grouping.commit(writes, timeout_seconds=1)
        return commit()

    grouping = GroupingStore(DisturbedStore(store, [while_others_commit]), lanes, lambda: 0.0, wait)
    assert grouping.commit(a_hold("a"), timeout_seconds=1).figures[SHIRT]["reserved"] == 2
    assert not lanes._lanes


# --- How it ends ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ending", "error", "reserved"),
    [(refused, StoreContended, 1), (unanswered, StoreUnavailable, 1), (answer_lost, StoreUnavailable, 4)],
)
def test_a_group_that_is_refused_or_unanswered_is_so_for_each_of_it(
    ending: Interference, error: type[Exception], reserved: int
) -> None:
    crowd = Crowd([ending])
    held = crowd.hold("a", "b", "c", "d")
    assert all_seen(held) == [1, error, error, error]
    assert len({id(holding.exception()) for holding in held}) == 4
    assert crowd.store.get(SHIRT) == {"stock": 9, "reserved": reserved}


def test_where_something_is_wrong_with_a_group_each_commits_alone_and_only_the_wrong_one_fails() -> None:
    crowd = Crowd(wrong="c")
    seen = all_seen(crowd.hold("a", "b", "c", "d"))
    assert sorted(crowd.sent[2:]) == [["b"], ["c"], ["d"]]
    assert (seen[2], {seen[1], seen[3]}) == (RequestRefused, {2, 3})


def test_a_fault_of_a_commit_alone_is_its_own_and_is_not_tried_again() -> None:
    crowd = Crowd(wrong="b")
    assert all_seen(crowd.hold("a", "b")) == [1, RequestRefused]
    assert crowd.sent == [["a"], ["b"]]


def test_if_the_thread_that_sends_dies_the_others_hear_of_no_answer_and_the_lane_goes_on() -> None:
    def die(commit: Commit) -> Committed:
        commit()
        raise SystemExit

    crowd = Crowd([die])
    assert all_seen(crowd.hold("a", "b", "c", "b")) == [1, SystemExit, StoreUnavailable, StoreContended]
    assert crowd.store.get(SHIRT) == {"stock": 9, "reserved": 3}


# --- When time is out -------------------------------------------------------------------------------------------------


def time_is_up(_called: threading.Event, _seconds_max: float) -> bool:
    return False


def time_is_up_when_called(called: threading.Event, _seconds_max: float) -> bool:
    assert called.wait(SECONDS_MAX)
    return False


def dies(called: threading.Event, _seconds_max: float) -> bool:
    raise SystemExit


@pytest.mark.parametrize("late", ["b", "c"], ids=["the next to send", "one of its group"])
@pytest.mark.parametrize(("wait", "error"), [(time_is_up, StoreUnavailable), (dies, SystemExit)])
def test_a_hold_without_time_left_is_never_sent(late: str, wait: Wait, error: type[Exception]) -> None:
    crowd = Crowd(waits={late: wait})
    seen = all_seen(crowd.hold("a", "b", "c", "d"))
    assert seen.pop("abcd".index(late)) is error
    assert seen == [1, 2, 3]
    assert crowd.store.get(f"holds/{late}") is None


def test_a_sender_whose_time_is_just_up_leaves_sending_to_the_next() -> None:
    crowd = Crowd(waits={"b": time_is_up_when_called})
    assert all_seen(crowd.hold("a", "b", "c", "d")) == [1, StoreUnavailable, 2, 3]
    assert crowd.sent == [["a"], ["c", "d"]]


def test_an_answer_that_arrives_just_in_time_is_used() -> None:
    assert all_seen(Crowd(waits={"c": time_is_up_when_called}).hold("a", "b", "c")) == [1, 2, 3]


def test_a_hold_whose_time_ends_while_it_is_sent_has_an_unknown_result() -> None:
    is_sent, is_gone = threading.Event(), threading.Event()

    def time_is_up_while_it_is_sent(_called: threading.Event, _seconds_max: float) -> bool:
        assert is_sent.wait(SECONDS_MAX)
        return False

    def once_it_is_gone(commit: Commit) -> Committed:
        is_sent.set()
        assert is_gone.wait(SECONDS_MAX)
        return commit()

    class Watched(Lanes):
        def leave(self, member: object) -> None:
            super().leave(member)  # type: ignore[arg-type]
            if is_sent.is_set():
                is_gone.set()

    crowd = Crowd([once_it_is_gone], waits={"c": time_is_up_while_it_is_sent})
    crowd.lanes = Watched()
    assert all_seen(crowd.hold("a", "b", "c")) == [1, 2, StoreUnavailable]
    assert crowd.store.get("holds/c") == {}


@pytest.mark.parametrize(("sent_at", "seconds_left"), [(103.0, 5.0), (108.0, 0.001)])
def test_each_is_sent_with_the_time_that_is_left_to_who_sends_it(sent_at: float, seconds_left: float) -> None:
    clock: Callable[[], float] = iter([100.0, sent_at]).__next__
    below = DisturbedStore(MemoryStore({SHIRT: {}}))
    GroupingStore(below, Lanes(), clock).commit(a_hold("a"), timeout_seconds=8)
    assert below.timeouts == [seconds_left]
