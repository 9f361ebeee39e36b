"""How long a run may take. Whoever is about to begin something asks first, so a run ends in time whatever there is."""

from collections.abc import Callable
from dataclasses import dataclass, field


class OutOfTime(Exception):
    """The time for this part of a run is over. What is done is noted, and the next run goes on there."""


@dataclass(slots=True)
class TimeLimit:
    """The time of one run, of which each part may use what the ones before it have left of their share."""

    monotonic: Callable[[], float]
    """Seconds, on a clock that never goes back."""
    seconds_max: float
    started: float = field(init=False)
    _end: float = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.monotonic()
        self._end = self.started + self.seconds_max

    def begin_part(self, share: float) -> None:
        """From now on, the time is out once so much of the whole is over."""
        self._end = self.started + share * self.seconds_max

    def check(self) -> None:
        """Raises OutOfTime."""
        if self.monotonic() >= self._end:
            raise OutOfTime

    @property
    def seconds(self) -> float:
        """Since the run has begun."""
        return self.monotonic() - self.started
