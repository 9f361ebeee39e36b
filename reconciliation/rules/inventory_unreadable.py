"""The figures of every product can be used: otherwise no order can hold any of it, and nobody notices."""

from typing import Final

from reconciliation.finding import Found, Rule, to_copy
from reconciliation.subjects import InventoryRecord


def _judge(inventory: InventoryRecord) -> Found | None:
    if inventory.defect is None:
        return None
    words = f"nobody can order {inventory.product_id}: {inventory.defect}"
    return Found(words, to_copy("stock show", inventory.product_id))


RULE: Final = Rule("inventory_unreadable", InventoryRecord, _judge)
