"""Limits the size of an order's document, so that the service's own fields still fit."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

# Half of Firestore's limit: https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields
ORDER_BYTES_MAX: Final = 512 * 1024
"""For all fields but the service's own."""
DOCUMENT_BYTES_MAX: Final = 896 * 1024
"""For all fields: leaves room for hundreds of refunds, and for the write that refuses the order."""
VALUES_MAX: Final = 32_768
"""In one answer of the database. Parsed, a value takes up to 330 bytes: sixty-four such answers at once take two thirds
of the memory of an instance that holds units."""

# Many small values take more memory than their bytes: what a document has room for can be read in one answer.
_SMALL_VALUE_BYTES: Final = DOCUMENT_BYTES_MAX // VALUES_MAX
# The largest value of any other type: a reference, which contains a document's name.
_REFERENCE_BYTES_MAX: Final = 6 * 1024


class Unread:
    """Stands in for a value that was too large to be read."""

    def __repr__(self) -> str:
        return "too large to be read"


def why_oversized(fields: Mapping[str, object], of_the_service: Collection[str]) -> str | None:
    """Why the service cannot add to the order, as a message for its customer; None if it can.

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
    """At least the size that Firestore counts for the fields: https://firebase.google.com/docs/firestore/storage-size."""
    total, counted = 0, list[object]([*fields, *fields.values()])
    for value in counted:
        match value:
            case str():
                total += len(value.encode(errors="replace")) + 1
            case dict():
                total += _SMALL_VALUE_BYTES
                counted += value
                counted += value.values()
            case list() | tuple():
                total += _SMALL_VALUE_BYTES
                counted += value
            case None | bool() | int() | float() | datetime():
                total += _SMALL_VALUE_BYTES
            case bytes():
                total += len(value)
            case Unread():
                total += DOCUMENT_BYTES_MAX
            case _:
                total += _REFERENCE_BYTES_MAX
    return total
