"""The interface between the loop and what performs an effect, and how that can fail."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Protocol

from effects.effect import Effect
from orders.frozen import frozen

PERFORM_SECONDS_MAX: Final = 28.0
"""The most that a performer may take: one answer of the database and two of Stripe."""


class Failed(Exception):
    """The effect was not performed, or that is unknown. The message is stored and logged: it contains no secret."""

    def __init__(
        self, reason: str, *, retryable: bool, retry_after: timedelta | None = None, alerts: bool = True
    ) -> None:
        """Create it.

        Args:
            retryable: whether another attempt can help.
            retry_after: the least time to wait, if the other side has asked for it.
            alerts: whether operators are notified once it is not tried again.
        """
        super().__init__(reason)
        self.retryable = retryable
        self.retry_after = retry_after
        self.alerts = alerts


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
    """Not yet."""

    until: datetime


class Performer(Protocol):
    """Performs effects of one kind."""

    def prepare(self, effect: Effect, now: datetime, /) -> Mapping[str, object] | Skipped | Postponed:
        """What will be sent, and to whom; or why it is not sent, or not now. Called before each attempt.

        What it returns first is stored, so that every attempt sends the same under the same key.

        Raises:
            Failed: it cannot be sent.
            Transient: the database gave no answer.
        """

    def perform(self, effect: Effect, payload: Mapping[str, object]) -> Skipped | Refunded | None:
        """Do it within PERFORM_SECONDS_MAX. Doing it again under the same key must be harmless.

        Returns:
            Skipped if there is nothing to do any more; Refunded if a refund was made; otherwise None.

        Raises:
            Failed: it was not done, or that is unknown.
            Transient: the same, because of our own database.
        """
