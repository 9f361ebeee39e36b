"""`anchors/{time}` ↔ an anchor of the audit trail, its heads in parts below it; and `sweeps/anchor`, the latest."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from audit.anchors import LatestAnchor, MovedHead
from audit.chain import Head
from database.documents.audit_heads import head_from
from database.documents.values import time_or_none
from database.store import Create, Document, Fields, Update

LATEST_ANCHOR: Final = "sweeps/anchor"


def anchor_path(anchor_id: str) -> str:
    return f"anchors/{anchor_id}"


def anchor_id_of(until: datetime) -> str:
    """An id that sorts by time."""
    return f"{until:%Y%m%dT%H%M%S%fZ}"


def part_write(anchor_id: str, number: int, heads: Iterable[MovedHead]) -> Create:
    listed = [{"orderId": each.order_id, "auditCount": each.head.count, "auditHead": each.head.hash} for each in heads]
    return Create(f"{anchor_path(anchor_id)}/heads/{number:06}", {"heads": listed})


def heads_in(part: Fields) -> Iterator[tuple[str, Head]]:
    """The heads in one part, each with its order's id."""
    listed = part.get("heads")
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, Mapping) and isinstance(order_id := each.get("orderId"), str) and (head := head_from(each)):
            yield order_id, head


def latest_from(document: Document | None) -> LatestAnchor | None:
    """None before the first anchor."""
    fields = document.fields if document else {}
    head, until = head_from(fields), time_or_none(fields.get("until"))
    return LatestAnchor(head, until) if head and until else None


def anchor_writes(anchor_id: str, anchor: Fields, latest: Document | None) -> Sequence[Create | Update]:
    """Write the anchor and record it as the latest, unless another was written since."""
    fields = {"auditHead": anchor["hash"], "auditCount": anchor["sequence"], "until": anchor["until"]}
    pointer = Update(LATEST_ANCHOR, fields, latest.version) if latest else Create(LATEST_ANCHOR, fields)
    return Create(anchor_path(anchor_id), anchor), pointer


def moved_head_from(order_id: str, fields: Fields) -> MovedHead | None:
    """The order's head; None if it has no chain."""
    head, moved_at = head_from(fields), time_or_none(fields.get("updatedAt"))
    return MovedHead(order_id, head, moved_at) if head and moved_at else None
