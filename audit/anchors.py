"""A digest of where all chains that have grown end, to be kept where nobody can write to both. Pure.

An anchor is an entry in a chain of its own, hashed as `audit.chain` says. Its `digest` is SHA-256 over a line for each
head, in the sequence of the lists in `heads`: the order's id, a space, the number, a space, the hash, and a line feed.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from audit.chain import Head, chained
from orders.frozen import frozen

ANCHORED_EVERY: Final = timedelta(hours=1)
# An order gets its date when its event is taken up, and is committed within seconds. After this time, all that have an
# earlier date are there.
COMMITTED_WITHIN: Final = timedelta(minutes=5)
_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@frozen
class MovedHead:
    """The head of an order's chain that has grown."""

    order_id: str
    head: Head
    moved_at: datetime


@frozen
class LatestAnchor:
    """The head of the chain of anchors."""

    head: Head
    until: datetime


@frozen
class Span:
    """The changes that an anchor covers: after `since`, up to and including `until`."""

    since: datetime
    until: datetime


def due_span(latest: LatestAnchor | None, now: datetime) -> Span | None:
    """What is to be anchored now; None if that is not due. The first anchor covers all changes ever made."""
    until = now - COMMITTED_WITHIN
    if latest is None:
        return Span(_EVER, until)
    return Span(latest.until, until) if until - latest.until >= ANCHORED_EVERY else None


class Digest:
    """Grows with each head."""

    def __init__(self) -> None:
        self._digest = sha256()
        self.heads = 0

    def add(self, heads: Iterable[MovedHead]) -> None:
        for each in heads:
            self._digest.update(f"{each.order_id} {each.head.count} {each.head.hash}\n".encode())
            self.heads += 1

    def __str__(self) -> str:
        return self._digest.hexdigest()


def anchor_fields(span: Span, digest: Digest, latest: LatestAnchor | None, now: datetime) -> dict[str, object]:
    """The next anchor, chained to the one before it."""
    fields = {
        "since": span.since,
        "until": span.until,
        "heads": digest.heads,
        "digest": str(digest),
        "createdAt": now,
    }
    return chained(fields, latest.head if latest else None)
