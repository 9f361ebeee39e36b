"""Time limits for receiving: one thread ends receiving on each connection whose time is up.

A socket timeout would start again with every byte, and a thread or a timer per request would cost every request.
"""

import contextlib
import math
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

PATIENT_MAX: Final = 8
"""Half of the requests that one instance serves at a time (`concurrency` in functions.yaml). While these wait for slow
clients, the other half stays almost free for everybody else."""
CROWDED_SECONDS_MAX: Final = 0.25
"""The limit while many connections are waited for: enough for a packet that follows its headers, or is resent."""


class Watchdog:
    """Limits how long each of several threads waits for its client, and how long all of them together do.

    Its thread starts with the first connection. As long as everything arrives in time, it wakes every few seconds, not
    for each request.
    """

    def __init__(self, monotonic: Callable[[], float], *, patient_max: int) -> None:
        """`patient_max` is how many connections at a time may take longer than CROWDED_SECONDS_MAX."""
        self._monotonic = monotonic
        self.patient_max = patient_max
        self._changed = threading.Condition()
        self._watches: set[_Watch] = set()
        self._looks_at = math.inf
        self._is_started = False

    @contextmanager
    def watching(self, connection: socket.socket, seconds_max: float) -> Iterator[None]:
        """Limit the time for receiving on the connection inside this block.

        When time is up, receiving ends as if the client had closed its side: what has arrived can be read, then comes
        the end. Answering still works.

        Raises:
            TimeoutError: time was up before the block ended, however it ended.
        """
        watch = self._begin(connection, seconds_max)
        try:
            yield
        finally:
            with self._changed:
                self._watches.discard(watch)
            if watch.is_overdue:
                raise TimeoutError

    def end_overdue(self) -> float | None:
        """End receiving on connections whose time is up. Returns the seconds until the next; None if there is none."""
        with self._changed:
            now = self._monotonic()
            for watch in [watch for watch in self._watches if watch.deadline <= now]:
                watch.is_overdue = True
                end_receiving(watch.connection)
                self._watches.remove(watch)
            self._looks_at = min((watch.deadline for watch in self._watches), default=math.inf)
            return self._looks_at - now if self._watches else None

    def _begin(self, connection: socket.socket, seconds_max: float) -> "_Watch":
        # One lock for counting and adding: sixteen threads that count at once must not all find room.
        with self._changed:
            is_crowded = len(self._watches) >= self.patient_max
            seconds = min(seconds_max, CROWDED_SECONDS_MAX) if is_crowded else seconds_max
            watch = _Watch(connection, self._monotonic() + seconds)
            self._watches.add(watch)
            if not self._is_started:
                # Not earlier: it would not survive the fork by which gunicorn creates its worker.
                threading.Thread(target=self._watch, name="watchdog", daemon=True).start()
                self._is_started = True
            if watch.deadline < self._looks_at:
                self._looks_at = watch.deadline
                self._changed.notify()
            return watch

    def _watch(self) -> None:
        with self._changed:
            while True:
                self._changed.wait(self.end_overdue())


@dataclass(slots=True, eq=False)
class _Watch:
    connection: socket.socket
    deadline: float
    is_overdue: bool = False


def end_receiving(connection: socket.socket) -> None:
    """Receive nothing beyond what has arrived. The connection can still be written to."""
    # The client may be gone.
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RD)
