"""What a whole number is. Firestore keeps integers and doubles apart, and not everybody who writes there does."""

from typing import Final

# From 2**53 on, a double may stand for a neighbour: https://tc39.es/ecma262/#sec-number.max_safe_integer
DOUBLE_EXACT_MAX: Final = 2**53 - 1


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
