"""When an effect is tried again, and how long its worker has. Pure.

The number of attempts counts, not the time that has passed: a clock that jumps makes one attempt early or late, and
never ends an effect.
"""

from datetime import datetime, timedelta
from typing import Final

from effects.effect import EffectState, StoredEffect

LEASE: Final = timedelta(minutes=2)
"""Far longer than a performer may take: `effects.outside.PERFORM_SECONDS_MAX`."""
PAUSE_FIRST: Final = timedelta(minutes=1)
PAUSE_MAX: Final = timedelta(hours=3, minutes=30)
PAUSE_ASKED_MAX: Final = timedelta(minutes=15)
ATTEMPTS_MAX: Final = 14
"""All pauses together take 11 to 23 hours. With the minutes until the next sweep, that is less than the 24 hours for
which Stripe and mail providers keep an idempotency key (https://docs.stripe.com/api/idempotent_requests)."""


def pause_after(attempts: int, chance: float, asked: timedelta | None = None) -> timedelta | None:
    """The pause after this many failed attempts; None if that was the last one.

    It doubles each time, up to a maximum. At least half of it is waited, so that a provider has time to recover; the
    rest is random, so that effects that failed together do not come back together.

    Args:
        chance: from 0 up to 1.
        asked: the pause that the provider asks for, respected up to PAUSE_ASKED_MAX: after that, pauses become longer
            by themselves.
    """
    if attempts >= ATTEMPTS_MAX:
        return None
    longest: timedelta = min(PAUSE_FIRST * 2 ** (attempts - 1), PAUSE_MAX)
    pause = longest / 2 + longest / 2 * chance
    return max(pause, min(asked, PAUSE_ASKED_MAX)) if asked else pause


def is_due(stored: StoredEffect, now: datetime) -> bool:
    """Whether to perform it now: it was never tried, its pause is over, or its lease has ended.

    A lease that ends later than one that begins now was taken by a clock that is ahead, and is ignored.
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
