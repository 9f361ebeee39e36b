"""Makes events of one order wait for each other within a process, since only one of them could commit.

This only saves time: other instances do not wait, and preconditions refuse commits that came too late.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Final

from orders.events import Cause
from orders.frozen import frozen
from orders.outcome import Outcome, Settle
from settlement.settle import Patience

SHARE_OF_PATIENCE: Final = 0.25
"""Two of eight seconds; an event usually takes some tens of milliseconds."""

Call = threading.Lock
"""Held until it is the waiter's turn."""


def called(call: Call, seconds_max: float) -> bool:
    """Wait for the call. False if it did not come in time."""
    return call.acquire(timeout=seconds_max)


class Turns:
    """One turn at a time for each order, first come, first served. Orders that nobody is settling take no memory."""

    def __init__(self, wait: Callable[[Call, float], bool] = called) -> None:
        self._wait = wait
        self._mutex = threading.Lock()
        self._waiting: dict[str, deque[Call]] = {}
        """The waiters for each order whose turn somebody has."""

    @contextmanager
    def turn(self, order_id: str | None, seconds_max: float) -> Iterator[None]:
        """Run the block in the order's turn; without it if time is up or there is no order.

        Do not ask for another turn inside the block: two blocks that ask for each other's would wait until time is up.
        """
        if order_id is None or not self._begin(order_id, seconds_max):
            yield
            return
        try:
            yield
        finally:
            self._pass_on(order_id)

    def _begin(self, order_id: str, seconds_max: float) -> bool:
        with self._mutex:
            if order_id not in self._waiting:
                self._waiting[order_id] = deque()
                return True
            call = threading.Lock()
            call.acquire()
            self._waiting[order_id].append(call)
        return self._wait(call, seconds_max) or not self._gives_up(order_id, call)

    def _gives_up(self, order_id: str, call: Call) -> bool:
        """Stop waiting. False if the call came in the last moment, so that the caller has the turn."""
        with self._mutex:
            waiting = self._waiting[order_id]
            if call not in waiting:
                return False
            waiting.remove(call)
            return True

    def _pass_on(self, order_id: str) -> None:
        with self._mutex:
            if waiting := self._waiting[order_id]:
                waiting.popleft().release()
            else:
                del self._waiting[order_id]


@frozen
class InTurn:
    """`settle`, each event in its order's turn, with the patience that waiting has left.

    Parked events are settled in the turn of the event that released them. Events whose order only their payment shows
    do not wait.
    """

    settling: Callable[[Patience], Settle]
    patience: Patience
    turns: Turns

    def __call__(self, event: Cause, now: datetime) -> Outcome:
        end = self.patience.monotonic() + self.patience.total_seconds
        with self.turns.turn(event.order_id, self.patience.total_seconds * SHARE_OF_PATIENCE):
            left = replace(self.patience, total_seconds=end - self.patience.monotonic())
            return self.settling(left)(event, now)
