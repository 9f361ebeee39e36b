"""Virtual time: waiting greenlets, and a clock that jumps to the next event. And real time, to compare."""

import heapq
import threading
import time
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Final, Protocol

from greenlet import getcurrent, greenlet

Place = object
"""What shares memory: an instance. Conditions are waited for among greenlets of the same place."""
NOWHERE: Final[Place] = object()


class Lock(Protocol):
    """First come, first served."""

    def acquire(self, seconds_max: float) -> bool: ...
    def release(self) -> None: ...


class World(Protocol):
    def now(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...
    def lock(self) -> Lock: ...
    def until(self, is_so: Callable[[], bool], seconds_max: float) -> bool:
        """Wait until the condition holds, made true at the same place. False if that takes too long."""

    def start(self, work: Callable[[], object], place: Place = NOWHERE, *, after: float = 0) -> None: ...
    def run(self) -> None:
        """Run until nothing is left to do."""


class _Waiter:
    __slots__ = ("is_called", "is_over", "process")

    def __init__(self, process: "_Process") -> None:
        self.process = process
        self.is_called = self.is_over = False


class _Process(greenlet):
    place: Place = NOWHERE


class VirtualWorld:
    def __init__(self) -> None:
        self._now = 0.0
        self._numbers = count()
        self._due: list[tuple[float, int, _Waiter]] = []
        self._conditions: dict[Place, list[tuple[Callable[[], bool], _Waiter]]] = {}
        self._hub = getcurrent()

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._resume(_waiter(), seconds)
        self._hub.switch()

    def lock(self) -> Lock:
        return _VirtualLock(self)

    def start(self, work: Callable[[], object], place: Place = NOWHERE, *, after: float = 0) -> None:
        process = _Process(work, self._hub)
        process.place = place
        self._resume(_Waiter(process), after)

    def stop(self) -> None:
        """Leave undone whatever is still to be done."""
        self._due.clear()

    def run(self) -> None:
        while self._due:
            at, _, waiter = heapq.heappop(self._due)
            if waiter.is_over:
                continue
            waiter.is_over, self._now = True, at
            waiter.process.switch()
            self._look(waiter.process.place)

    def until(self, is_so: Callable[[], bool], seconds_max: float) -> bool:
        if is_so():
            return True
        waiter = _waiter()
        self._conditions.setdefault(waiter.process.place, []).append((is_so, waiter))
        return self.stopped(waiter, seconds_max)

    def stopped(self, waiter: _Waiter, seconds_max: float) -> bool:
        """Whether the waiter was called before its time was up."""
        self._resume(waiter, seconds_max)
        self._hub.switch()
        return waiter.is_called

    def call(self, waiter: _Waiter) -> None:
        waiter.is_called = True
        self._resume(waiter, 0)

    def _resume(self, waiter: _Waiter, after: float) -> None:
        heapq.heappush(self._due, (self._now + after, next(self._numbers), waiter))

    def _look(self, place: Place) -> None:
        if not (conditions := self._conditions.get(place)):
            return
        left = []
        for is_so, waiter in conditions:
            if waiter.is_over:
                continue
            if is_so():
                self.call(waiter)
            left.append((is_so, waiter))
        self._conditions[place] = left


def _waiter() -> _Waiter:
    process = getcurrent()
    if not isinstance(process, _Process):
        raise TypeError("only what was started can wait")
    return _Waiter(process)


class _VirtualLock:
    def __init__(self, world: VirtualWorld) -> None:
        self._world = world
        self._is_free = True
        self._waiting: deque[_Waiter] = deque()

    def acquire(self, seconds_max: float) -> bool:
        if self._is_free:
            self._is_free = False
            return True
        waiter = _waiter()
        self._waiting.append(waiter)
        return self._world.stopped(waiter, seconds_max)

    def release(self) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.is_over:
                self._world.call(waiter)
                return
        self._is_free = True


_LOOK_SECONDS: Final = 0.001


class RealWorld:
    """Threads and the machine's clock."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._threads: list[threading.Thread] = []

    def now(self) -> float:
        return time.monotonic() - self._began

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def lock(self) -> Lock:
        return _RealLock()

    def until(self, is_so: Callable[[], bool], seconds_max: float) -> bool:
        end = time.monotonic() + seconds_max
        while not is_so() and time.monotonic() < end:
            time.sleep(_LOOK_SECONDS)
        return is_so()

    def start(self, work: Callable[[], object], place: Place = NOWHERE, *, after: float = 0) -> None:
        thread = threading.Timer(after, work)
        self._threads.append(thread)
        thread.start()

    def run(self) -> None:
        for thread in self._threads:
            thread.join()


class _RealLock:
    def __init__(self) -> None:
        self._lock = threading.Lock()

    def acquire(self, seconds_max: float) -> bool:
        return self._lock.acquire(timeout=min(seconds_max, threading.TIMEOUT_MAX))

    def release(self) -> None:
        self._lock.release()
