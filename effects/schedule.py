"""When an effect is tried again, and for how long its performer is left alone. Pure.

By the number of attempts, not by the time that has passed: a clock that jumps makes one attempt too early or too late,
and never ends an effect.
"""

from datetime import datetime, timedelta
from typing import Final

from effects.effect import EffectState, StoredEffect

LEASE: Final = timedelta(minutes=2)
"""Far longer than a performer may take: `effects.outside.PERFORM_SECONDS_MAX`."""
PAUSE_FIRST: Final = timedelta(minutes=1)
PAUSE_MAX: Final = timedelta(hours=3, minutes=30)
ATTEMPTS_MAX: Final = 14
"""All pauses together take 11 to 22 hours: with the minutes until a sweep comes by, less than the 24 for which Stripe
and the senders of mail keep an idempotency key (https://docs.stripe.com/api/idempotent_requests)."""


def pause_after(attempts: int, chance: float, asked: timedelta | None = None) -> timedelta | None:
    """How long to wait after so many attempts in vain; None if that was the last one.

    Twice as long each time, up to a maximum. Of that at least half, so that a provider has time to recover, and the
    rest by chance, so that all that failed together does not come back together.

    Args:
        chance: from 0 up to 1.
        asked: for how long the provider wants to be left alone; it is, up to the same maximum.
    """
    if attempts >= ATTEMPTS_MAX:
        return None
    longest: timedelta = min(PAUSE_FIRST * 2 ** (attempts - 1), PAUSE_MAX)
    pause = longest / 2 + longest / 2 * chance
    return max(pause, min(asked, PAUSE_MAX)) if asked else pause


def is_due(stored: StoredEffect, now: datetime) -> bool:
    """Whether somebody should perform it now: it was never tried, its pause is over, or its performer is overdue.

    A lease that ends later than any that begins now was taken by a clock that was ahead, and counts for nothing.
    """
    match stored.state:
        case EffectState.PENDING:
            return True
        case EffectState.RETRY:
            return stored.next_attempt_at is None or stored.next_attempt_at <= now
        case EffectState.PROCESSING:
            ends = stored.next_attempt_at
            return ends is None or not now < ends <= now + LEASE
        case _:
            return False
