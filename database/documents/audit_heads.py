"""`auditHead` and `auditCount` in an order ↔ where the chain of its audit entries ends."""

from typing import Final

from audit.chain import HASH_DIGITS, Head
from database.store import Fields
from orders.numbers import whole_number

HEAD_FIELDS: Final = ("auditHead", "auditCount")


def head_from(fields: Fields) -> Head | None:
    """None before the first entry of a chain. If somebody has made it unreadable, the next entry begins a new one."""
    head, count = fields.get("auditHead"), whole_number(fields.get("auditCount"))
    if not isinstance(head, str) or len(head) != HASH_DIGITS or count is None or count < 1:
        return None
    return Head(count, head)


def head_fields(entry_fields: Fields) -> dict[str, object]:
    """What the order says once the chain ends with this entry."""
    return {"auditHead": entry_fields["hash"], "auditCount": entry_fields["sequence"]}
