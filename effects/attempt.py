"""How an attempt to perform an effect ended. Pure."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from effects.effect import StoredEffect
from orders.frozen import frozen


class Ending(StrEnum):
    """How an attempt ended; the value is logged as the result."""

    DONE = "effect_done"
    SKIPPED = "effect_skipped"
    """There was nothing to do."""
    POSTPONED = "effect_postponed"
    """Nothing was tried, since it is not the time."""
    RETRIED = "effect_retried"
    """It failed, and is tried again later."""
    GIVEN_UP = "effect_failed"
    """It failed for good: operators are notified."""
    NOT_DUE = "effect_not_due"
    """It is over, another worker performs it, or it is not due yet."""


OVER: Final = frozenset({Ending.DONE, Ending.SKIPPED, Ending.GIVEN_UP})
"""No attempt follows after one of these."""
_SEVERITY: Final[Mapping[Ending, str]] = MappingProxyType({Ending.RETRIED: "WARNING", Ending.GIVEN_UP: "ERROR"})


@frozen
class Attempt:
    """The outcome of one attempt."""

    ending: Ending
    stored: StoredEffect
    """As it was when the attempt began, with this attempt counted."""
    reason: str | None = None
    fault: Exception | None = field(default=None, repr=False)
    """The exception, if it was a bug of ours."""

    @property
    def severity(self) -> str:
        """Its severity for Cloud Logging."""
        return "ERROR" if self.fault else _SEVERITY.get(self.ending, "INFO")
