"""Reads whole numbers, and times and pauses that are written as whole numbers.

Firestore distinguishes integers from doubles, but not everybody who writes there does.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

# From 2**53 on, a double may also stand for its neighbour: https://tc39.es/ecma262/#sec-number.max_safe_integer
DOUBLE_EXACT_MAX: Final = 2**53 - 1
_SECONDS_MAX: Final = 50_000_000_000
"""Some fifteen centuries before and after 1970, so that a few weeks can be added to such a time without overflow."""
_PAUSE_DIGITS_MAX: Final = 5
"""For a pause in seconds: about a day, after which nothing is retried."""


def whole_number(value: object) -> int | None:
    """The value as a whole number; None if it is not one. A text is not, nor is `True`.

    A double equal to a whole number is that number: JavaScript, Dart and Unity write 3 as 3.0, and an increment by a
    double turns an integer into a double (https://firebase.google.com/docs/firestore/manage-data/data-types).
    """
    if type(value) is int:
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) <= DOUBLE_EXACT_MAX:
        return int(value)
    return None


def unix_time(seconds: object) -> datetime | None:
    """The time for seconds of Unix time, as Stripe writes it; None if it is not an int or out of range."""
    if type(seconds) is not int or abs(seconds) > _SECONDS_MAX:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def pause_from(retry_after: str | None) -> timedelta | None:
    """The pause in a Retry-After header, if given in seconds, as by Stripe and all message providers; else None."""
    text = (retry_after or "").strip()
    is_number = text.isascii() and text.isdigit() and len(text) <= _PAUSE_DIGITS_MAX
    return timedelta(seconds=int(text)) if is_number else None
