"""Judges a shop by its own records, in either database."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from bench.shop import STOCK
from database.store import Fields

PRODUCTS: Final = tuple(f"product-{number}" for number in range(100))
"""Many, so that buyers of one product seldom meet: a hot product is another figure's subject."""
RESERVED: Final = 100_000
"""Units of each product that are held when a shop opens, for more orders than will come."""
FINALIZED: Final = "finalized"
FIRST: Final = "first_time_finalized"
"""The audit result of the event that finalized its order."""


@dataclass(frozen=True, slots=True)
class Verdict:
    orders: int
    lost: int
    """Orders that were not finalized exactly once."""
    units_miscounted: int
    """By how many units stock and holds differ from one unit sold per finalized order."""


def product_of(order_id: str) -> str:
    """Orders take the products in turn, by the number at the end of their ids."""
    return PRODUCTS[int(order_id.rpartition("-")[2]) % len(PRODUCTS)]


def verdict_of_documents(documents: Mapping[str, Fields]) -> Verdict:
    """From all documents of a shop in Firestore, by path."""
    of_collection: dict[str, dict[str, Fields]] = {}
    for path, fields in documents.items():
        collection, _, document_id = path.rpartition("/")
        of_collection.setdefault(collection, {})[document_id] = fields
    entries = of_collection.get("auditLog", {}).values()
    return verdict(
        {name: str(order["status"]) for name, order in of_collection.get("orders", {}).items()},
        Counter(str(entry["orderId"]) for entry in entries if entry["result"] == FIRST),
        {
            product: (cast("int", level["stock"]), cast("int", level["reserved"]))
            for product, level in of_collection.get("inventory", {}).items()
        },
    )


def verdict(orders: Mapping[str, str], finalized: Counter[str], inventory: Mapping[str, tuple[int, int]]) -> Verdict:
    """From each order's status, how often the audit trail finalizes it, and each product's stock and holds."""
    well = [name for name, status in orders.items() if status == FINALIZED and finalized[name] == 1]
    sold = Counter(product_of(name) for name in well)
    levels = {product: inventory.get(product, (0, 0)) for product in PRODUCTS}
    miscounted = sum(
        abs(STOCK - stock - sold[product]) + abs(RESERVED - reserved - sold[product])
        for product, (stock, reserved) in levels.items()
    )
    return Verdict(len(orders), len(orders) - len(well), miscounted)
