"""How large an order's document may be, so that what the service adds to it still fits."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

# Half of what Firestore lets a document hold: https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields
ORDER_BYTES_MAX: Final = 512 * 1024
"""Of all that is not the service's own in an order."""
DOCUMENT_BYTES_MAX: Final = 896 * 1024
"""Of all that is in it: room for hundreds of refunds, and for the write that refuses the order."""

# The longest that a value of any other kind can be: a reference, which holds a document's name.
_REFERENCE_BYTES_MAX: Final = 6 * 1024


class Unread:
    """Takes the place of a value that was too large to be read."""

    def __repr__(self) -> str:
        return "too large to be read"


def why_oversized(fields: Mapping[str, object], of_the_service: Collection[str]) -> str | None:
    """Why the service cannot add to the order, in words for its customer; None if it can.

    Args:
        of_the_service: the names of the fields that the service writes.
    """
    order_bytes = bytes_of({name: value for name, value in fields.items() if name not in of_the_service})
    service_bytes = bytes_of({name: value for name, value in fields.items() if name in of_the_service})
    for found, at_most in ((order_bytes, ORDER_BYTES_MAX), (order_bytes + service_bytes, DOCUMENT_BYTES_MAX)):
        if found > at_most:
            return f"the order is larger than {at_most} bytes"
    return None


def bytes_of(fields: Mapping[str, object]) -> int:
    """About what Firestore counts for the fields: https://firebase.google.com/docs/firestore/storage-size."""
    total, counted = 0, list[object]([fields])
    for value in counted:
        match value:
            case str():
                total += len(value.encode(errors="replace")) + 1
            case dict():
                counted += value
                counted += value.values()
            case None | bool() | int() | float() | datetime():
                total += 16
            case list() | tuple():
                counted += value
            case bytes():
                total += len(value)
            case Unread():
                total += DOCUMENT_BYTES_MAX
            case _:
                total += _REFERENCE_BYTES_MAX
    return total
