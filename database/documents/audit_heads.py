"""`auditHead` and `auditCount` of an order ↔ the end of its chain of audit entries.

`chains/operators` has the same for operators' acts that concern no order, such as stock corrections.
"""

from typing import Final

from audit.chain import HASH_DIGITS, Head
from database.store import Create, Fields, Update
from orders.numbers import whole_number

HEAD_FIELDS: Final = ("auditHead", "auditCount")
ACTS_CHAIN: Final = "chains/operators"
"""Also its name in anchors: no order can have an id like this."""


def head_from(fields: Fields) -> Head | None:
    """None before a chain's first entry. If somebody has made it unreadable, the next entry begins a new chain."""
    head, count = fields.get("auditHead"), whole_number(fields.get("auditCount"))
    if not isinstance(head, str) or len(head) != HASH_DIGITS or count is None or count < 1:
        return None
    return Head(count, head)


def head_fields(entry_fields: Fields) -> dict[str, object]:
    """The order's fields once its chain ends with this entry."""
    return {"auditHead": entry_fields["hash"], "auditCount": entry_fields["sequence"]}


def acts_head_write(entry_fields: Fields, version: object) -> Create | Update:
    """Record that the chain ends with this entry, unless another operator's act has been added since it was read.

    Args:
        version: of ACTS_CHAIN as read; None if it does not exist.
    """
    fields = head_fields(entry_fields)
    return Create(ACTS_CHAIN, fields) if version is None else Update(ACTS_CHAIN, fields, version)
