"""How an attempt to perform an effect has ended. Pure."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from effects.effect import StoredEffect
from orders.frozen import frozen


class Ending(StrEnum):
    """How an attempt ended; the value is the result that is logged."""

    DONE = "effect_done"
    SKIPPED = "effect_skipped"
    """There was nothing to do."""
    POSTPONED = "effect_postponed"
    """It is not the time: nothing was tried."""
    RETRIED = "effect_retried"
    """It failed, and is tried again."""
    GIVEN_UP = "effect_failed"
    """It failed, and nobody tries again: operators are notified."""
    NOT_DUE = "effect_not_due"
    """It is over, somebody else is at it, or its time has not come."""


OVER: Final = frozenset({Ending.DONE, Ending.SKIPPED, Ending.GIVEN_UP})
"""No attempt comes after one of these."""
_SEVERITY: Final[Mapping[Ending, str]] = MappingProxyType({Ending.RETRIED: "WARNING", Ending.GIVEN_UP: "ERROR"})


@frozen
class Attempt:
    """What became of an effect."""

    ending: Ending
    stored: StoredEffect
    """As it was when the attempt began, this one counted."""
    reason: str | None = None
    fault: Exception | None = field(default=None, repr=False)
    """The bug, if it was one of ours."""

    @property
    def severity(self) -> str:
        """How grave it is, in the words of Cloud Logging."""
        return "ERROR" if self.fault else _SEVERITY.get(self.ending, "INFO")
