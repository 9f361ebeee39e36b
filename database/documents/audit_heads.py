"""`auditHead` and `auditCount` in an order ↔ where the chain of its audit entries ends.

`chains/operators` has the same of the acts of operators that touch no order, such as corrections of stock.
"""

from typing import Final

from audit.chain import HASH_DIGITS, Head
from database.store import Create, Fields, Update
from orders.numbers import whole_number

HEAD_FIELDS: Final = ("auditHead", "auditCount")
ACTS_CHAIN: Final = "chains/operators"
"""No order can have an id like that, so anchors list its head by this name."""


def head_from(fields: Fields) -> Head | None:
    """None before the first entry of a chain. If somebody has made it unreadable, the next entry begins a new one."""
    head, count = fields.get("auditHead"), whole_number(fields.get("auditCount"))
    if not isinstance(head, str) or len(head) != HASH_DIGITS or count is None or count < 1:
        return None
    return Head(count, head)


def head_fields(entry_fields: Fields) -> dict[str, object]:
    """What the order says once the chain ends with this entry."""
    return {"auditHead": entry_fields["hash"], "auditCount": entry_fields["sequence"]}


def acts_head_write(entry_fields: Fields, version: object) -> Create | Update:
    """That the chain ends with this entry, if it ended where it was read: of two operators at once, one comes later.

    Args:
        version: of ACTS_CHAIN as it was read; None if there is none.
    """
    fields = head_fields(entry_fields)
    return Create(ACTS_CHAIN, fields) if version is None else Update(ACTS_CHAIN, fields, version)
