"""A worker's attempt at what has arrived."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from tests.proofs.simulation.history import Arrival
from tests.proofs.simulation.workers import Thread, Worker


@dataclass(eq=False, slots=True)
class Attempt:
    """A worker, at work on one arrival."""

    worker: Worker
    arrival: Arrival
    began_at: datetime
    had_order: bool
    """Whether its order existed when it began: few events wait for one."""

    def __str__(self) -> str:
        return f"{self.worker.number:3}"


def called_in_lanes(attempts: Iterable[Attempt]) -> Iterator[tuple[Attempt, Thread]]:
    """The threads that waited for others in a lane and can now continue."""
    for attempt in attempts:
        yield from (
            (attempt, thread)
            for thread in attempt.worker.in_lanes
            if thread.called is not None and thread.called.is_set()
        )
