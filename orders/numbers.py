"""What a whole number is, and a time that is written as one.

Firestore keeps integers and doubles apart, and not everybody who writes there does.
"""

from datetime import UTC, datetime
from typing import Final

# From 2**53 on, a double may stand for a neighbour: https://tc39.es/ecma262/#sec-number.max_safe_integer
DOUBLE_EXACT_MAX: Final = 2**53 - 1
_SECONDS_MAX: Final = 50_000_000_000
"""Over fifteen centuries before and after 1970: no sum of such a time and a few weeks is beyond what can be counted."""


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
