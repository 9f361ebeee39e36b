"""The time limit of a run, checked before anything new begins, so that a run ends in time whatever there is to do."""

from collections.abc import Callable
from dataclasses import dataclass, field


class OutOfTime(Exception):
    """The time for this part of the run is up. What is done is saved, and the next run goes on there."""


@dataclass(slots=True)
class TimeLimit:
    """One run's time. Each part may also use what earlier parts have left of their share."""

    monotonic: Callable[[], float]
    """Seconds, on a clock that never goes back."""
    seconds_max: float
    started: float = field(init=False)
    _end: float = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.monotonic()
        self._end = self.started + self.seconds_max

    def begin_part(self, share: float) -> None:
        """From now on, time is up after this share of the whole."""
        self._end = self.started + share * self.seconds_max

    def check(self) -> None:
        """Raises OutOfTime."""
        if self.monotonic() >= self._end:
            raise OutOfTime

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return self.monotonic() - self.started
