"""A chain of entries about one order, and what verification finds in it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from audit.chain import Head, chained
from audit.links import Entry
from audit.verification import Ends, verified
from tests.support.builders import NOW, Fields

Trail = list[Fields]
ENTRIES: Final = 5
LONG_AGO: Final = NOW - timedelta(days=1)


def a_trail(entries: int = ENTRIES, order_id: str = "order-1", begun_at: datetime = NOW, prefix: str = "evt") -> Trail:
    trail: Trail = []
    for number in range(1, entries + 1):
        moment = begun_at + timedelta(minutes=number)
        fields: Fields = {"eventId": f"{prefix}_{number}", "orderId": order_id, "createdAt": moment, "stock": []}
        fields |= {"statusAfter": "reserved" if number < entries else "finalized"}
        trail.append(chained(fields, ends(trail)))
    return trail


def ends(trail: Trail) -> Head | None:
    return Head(len(trail), str(trail[-1]["hash"])) if trail else None


def a_chained_order(head: Head | None, *anchored: Head, order_id: str = "order-1", created_at: datetime = NOW) -> Ends:
    return Ends(order_id, exists=True, created_at=created_at, head=head, anchored=anchored)


def read(trail: Sequence[Fields], order_id: str | None = "order-1") -> list[Entry]:
    return [Entry(str(fields["eventId"]), order_id, fields) for fields in trail]


def found(trail: Sequence[Fields], order: Ends) -> list[tuple[str, str | None]]:
    # The order of reading does not matter.
    (verdict,) = {verified(order, read(shuffled)) for shuffled in (trail, trail[::-1])}
    return [(str(finding.defect), finding.entry_id) for finding in verdict.findings]


WHOLE: Final = a_trail()
ORDER: Final = a_chained_order(ends(WHOLE))


def forged(number: int, **changes: object) -> Trail:
    """One entry is changed and all later hashes recomputed, as somebody with write access could do."""
    trail = WHOLE[: number - 1]
    for each in WHOLE[number - 1 :]:
        fields = {name: value for name, value in each.items() if name not in ("sequence", "previousHash", "hash")}
        trail = [*trail, chained({**fields, **changes}, ends(trail))]
    return trail


def without(*numbers: int) -> Trail:
    return [fields for fields in WHOLE if fields["sequence"] not in numbers]


# As old as the chain's first entry.
UNCHAINED: Final[Fields] = {"eventId": "evt_x", "createdAt": NOW + timedelta(minutes=1), "stock": []}
