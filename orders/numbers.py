"""What a whole number is, and a time or a pause that is written as one.

Firestore keeps integers and doubles apart, and not everybody who writes there does.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

# From 2**53 on, a double may stand for a neighbour: https://tc39.es/ecma262/#sec-number.max_safe_integer
DOUBLE_EXACT_MAX: Final = 2**53 - 1
_SECONDS_MAX: Final = 50_000_000_000
"""Over fifteen centuries before and after 1970: no sum of such a time and a few weeks is beyond what can be counted."""
_PAUSE_DIGITS_MAX: Final = 5
"""Of a pause in seconds: about a day, after which nothing is tried again."""


def whole_number(value: object) -> int | None:
    """The value as a whole number; None if it is none. A text is none, and neither is `True`.

    A double that equals one is that number: JavaScript, Dart and Unity write 3 as 3.0, and an increment by a double
    makes a double of an integer (https://firebase.google.com/docs/firestore/manage-data/data-types).
    """
    if type(value) is int:
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) <= DOUBLE_EXACT_MAX:
        return int(value)
    return None


def unix_time(seconds: object) -> datetime | None:
    """A time that is written in seconds of Unix time, as Stripe writes it; None if it is no int or out of range."""
    if type(seconds) is not int or abs(seconds) > _SECONDS_MAX:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def pause_from(retry_after: str | None) -> timedelta | None:
    """A Retry-After header's time, where it is one in seconds, as Stripe and all providers of messages write it."""
    text = (retry_after or "").strip()
    is_number = text.isascii() and text.isdigit() and len(text) <= _PAUSE_DIGITS_MAX
    return timedelta(seconds=int(text)) if is_number else None
