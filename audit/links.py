"""Checks a single entry: its place in the chain, its hash, and whether it may have no place. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from audit.chain import hash_of
from orders.frozen import frozen
from orders.order import OrderStatus
from orders.outcome import UNSETTLED

RESTORED_AFTER: Final = timedelta(hours=1)
"""An entry is written within seconds of its date; one written this much later comes from a backup."""
_LEFT_BY_ENTRIES: Final = frozenset(map(str, OrderStatus)) - {
    OrderStatus.PENDING,
    OrderStatus.RESERVING,
    OrderStatus.UNKNOWN,
}
"""The statuses that an order gets only together with an entry. A word of the shop's own is another matter."""


@frozen
class Entry:
    """An entry as read."""

    entry_id: str
    order_id: str | None
    fields: Mapping[str, object]
    written_at: datetime | None = None
    """When its document was created, by the database's clock; None if not read."""


@frozen
class Link:
    """An entry's place in a chain, without its other fields: those of a whole order are in memory."""

    entry_id: str
    sequence: int
    previous: str | None
    hash: str
    created_at: datetime
    is_intact: bool
    written_at: datetime | None
    status_after: str | None = None
    """In which status it left its order."""


def left_in(entry_fields: Mapping[str, object]) -> str | None:
    """The status in which an entry left its order."""
    status = entry_fields.get("statusAfter")
    return status if isinstance(status, str) else None


def is_overwritten(status: str | None, left: str | None) -> bool:
    """Whether an order has another status than its last entry left it in."""
    return status != left and {status, left} <= _LEFT_BY_ENTRIES


def is_from_before(entry: Entry, first: Link) -> bool:
    """Whether an entry is from before the chain's first one, by its own date and by the database's clock.

    Anybody can write a date and leave out the hash. But restoring a backup creates all documents anew.
    """
    created_at = entry.fields.get("createdAt")
    if not isinstance(created_at, datetime) or created_at >= first.created_at:
        return False
    if entry.written_at is None or first.written_at is None:
        return True
    return entry.written_at < first.written_at or first.written_at - first.created_at > RESTORED_AFTER


def link_of(entry: Entry) -> Link | None:
    """The entry's place; None if its place or its time cannot be read."""
    fields = entry.fields
    sequence, hashed, created_at = fields.get("sequence"), fields.get("hash"), fields.get("createdAt")
    if not isinstance(sequence, int) or not isinstance(hashed, str) or not isinstance(created_at, datetime):
        return None
    previous = fields.get("previousHash")
    if not isinstance(previous, str | None):
        return None
    is_intact = fields.get("eventId") == entry.entry_id and has_its_hash(fields)
    status_after = left_in(fields)
    return Link(entry.entry_id, sequence, previous, hashed, created_at, is_intact, entry.written_at, status_after)


def has_its_hash(fields: Mapping[str, object]) -> bool:
    """Whether an entry or an anchor is what was hashed."""
    try:
        return hash_of(fields) == fields.get("hash")
    except (TypeError, UnicodeEncodeError):  # A value of a type that no entry contains.
        return False


def is_set_aside(fields: Mapping[str, object]) -> bool:
    """Whether it records an event that was only set aside. Such an entry can have changed nothing, whoever wrote it."""
    changes = (fields.get(name) for name in ("webhookProcessed", "statusBefore", "statusAfter", "stock"))
    result = fields.get("result")
    return isinstance(result, str) and result in UNSETTLED and not any(changes)
