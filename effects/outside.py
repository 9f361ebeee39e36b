"""The world outside, as the loop knows it: what performs an effect, and how that can fail."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Protocol

from effects.effect import Effect
from orders.frozen import frozen

PERFORM_SECONDS_MAX: Final = 28.0
"""How long a performer may take: Stripe may have to answer twice, after the database has once."""


class Failed(Exception):
    """An effect was not performed, or nobody knows whether it was. The message is kept and logged: it has no secret."""

    def __init__(self, reason: str, *, retryable: bool, retry_after: timedelta | None = None) -> None:
        """Whether another try can help, and how long it has to wait at least, if the other side has said so."""
        super().__init__(reason)
        self.retryable = retryable
        self.retry_after = retry_after


@frozen
class Skipped:
    """There is nothing to do."""

    reason: str


@frozen
class Refunded:
    """Stripe has made this refund."""

    refund_id: str


@frozen
class Postponed:
    """Not now."""

    until: datetime


class Performer(Protocol):
    """Performs one kind of effects."""

    def prepare(self, effect: Effect, now: datetime, /) -> Mapping[str, object] | Skipped | Postponed:
        """What will be sent, and to whom. It is kept, so that every attempt says the same under the same key.

        Raises:
            Failed: it cannot be sent.
            Transient: the database did not say what.
        """

    def perform(self, effect: Effect, payload: Mapping[str, object]) -> Skipped | Refunded | None:
        """Do it, within PERFORM_SECONDS_MAX. To do it again under the same key must do no harm.

        Returns:
            Why there is nothing to do by now; or once it is done what it has made, or None.

        Raises:
            Failed: it was not done, or nobody knows whether it was.
            Transient: likewise, because of our own database.
        """
