"""What has to reach the shop, and is delivered again until it is acknowledged."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    name: str
    deliver: Callable[[datetime], object]
    """Takes the present time. Raises Transient if it must be delivered again."""


class DeliveryQueue:
    """Several threads take what is due from it, and put back what was not acknowledged."""

    def __init__(self) -> None:
        self.acknowledged = 0
        self._changed = threading.Condition()
        self._numbers = itertools.count()
        self._waiting: list[tuple[float, int, Delivery]] = []
        self._under_way: list[Delivery] = []
        self._is_closed = False

    def send(self, delivery: Delivery, *, in_seconds: float = 0) -> None:
        with self._changed:
            heapq.heappush(self._waiting, (time.monotonic() + in_seconds, next(self._numbers), delivery))
            self._changed.notify_all()

    def take(self) -> Delivery | None:
        """The next that is due, as soon as there is one; None when the queue is closed."""
        with self._changed:
            while not self._is_closed:
                until_due = self._waiting[0][0] - time.monotonic() if self._waiting else None
                if until_due is not None and until_due <= 0:
                    _, _, delivery = heapq.heappop(self._waiting)
                    self._under_way.append(delivery)
                    return delivery
                self._changed.wait(until_due)
            return None

    def acknowledge(self, delivery: Delivery) -> None:
        with self._changed:
            self._under_way.remove(delivery)
            self.acknowledged += 1
            self._changed.notify_all()

    def put_back(self, delivery: Delivery, *, in_seconds: float) -> None:
        with self._changed:
            self._under_way.remove(delivery)
            self.send(delivery, in_seconds=in_seconds)

    def wait_for_acknowledged(self, count: int, *, seconds_max: float) -> None:
        """Returns when so many more are acknowledged, or when time is out."""
        with self._changed:
            wanted = self.acknowledged + count
            self._changed.wait_for(lambda: self.acknowledged >= wanted, seconds_max)

    def left_after(self, seconds_max: float) -> list[str]:
        """Names what is not acknowledged when time is out; returns as soon as everything is."""
        with self._changed:
            self._changed.wait_for(lambda: not self._left(), seconds_max)
            return self._left()

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _left(self) -> list[str]:
        return [delivery.name for delivery in (*self._under_way, *(waiting for _, _, waiting in self._waiting))]
