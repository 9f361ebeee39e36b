"""Events of one order wait for each other inside a process, because of those that come together only one commits.

Nothing but speed rests on it: other instances wait for nobody, and preconditions refuse whatever was overtaken.
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
"""Two of eight seconds, where an event takes some tens of milliseconds. Whoever takes longer has trouble of its own."""

Call = threading.Lock
"""Held until it is its waiter's turn."""


def called(call: Call, seconds_max: float) -> bool:
    """Wait for the call. False if it did not come in time."""
    return call.acquire(timeout=seconds_max)


class Turns:
    """One turn at a time for each order, first come, first served. Nothing is kept of an order that nobody settles."""

    def __init__(self, wait: Callable[[Call, float], bool] = called) -> None:
        self._wait = wait
        self._mutex = threading.Lock()
        self._waiting: dict[str, deque[Call]] = {}
        """Whoever waits, for each order that somebody has the turn of."""

    @contextmanager
    def turn(self, order_id: str | None, seconds_max: float) -> Iterator[None]:
        """Have the order's turn in this block, which begins without it once the time is up, or if there is no order.

        Nobody may ask for a turn in such a block: two who have one and ask for the other's wait until their time is up.
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
        """False if the call came when the time was just up: then it has the turn."""
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

    Parked events are settled in the turn of the one that released them. Events that only their payment leads to an
    order wait for nobody.
    """

    settling: Callable[[Patience], Settle]
    patience: Patience
    turns: Turns

    def __call__(self, event: Cause, now: datetime) -> Outcome:
        end = self.patience.monotonic() + self.patience.total_seconds
        with self.turns.turn(event.order_id, self.patience.total_seconds * SHARE_OF_PATIENCE):
            left = replace(self.patience, total_seconds=end - self.patience.monotonic())
            return self.settling(left)(event, now)
