"""A shop's documents as its auditor sorts them, and the units that orders name."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Fields = Mapping[str, Any]
Documents = Mapping[str, Fields]
Shelves = Mapping[str, Mapping[str, Fields]]
"""The documents of each top-level collection, by id; further deliveries and notices by path."""


def shelved(documents: Documents) -> Shelves:
    shelves: defaultdict[str, dict[str, Fields]] = defaultdict(dict)
    for path, fields in documents.items():
        collection, _, document_id = path.partition("/")
        if "/" not in document_id:
            shelves[collection][document_id] = fields
        else:
            shelves["deliveries" if collection == "auditLog" else collection][path] = fields
    return shelves


def counted_units_of(order: Fields) -> Counter[str]:
    """The units of all products, except those that were never short when held."""
    units, unlimited = units_of(order["items"]), order.get("unlimited", ())
    return Counter({product_id: quantity for product_id, quantity in units.items() if product_id not in unlimited})


def units_of(items: Iterable[Fields]) -> Counter[str]:
    quantities: Counter[str] = Counter()
    for item in items:
        quantities[item["productId"]] += item["quantity"]
    return quantities


def generations(shelves: Shelves, deleted: Documents) -> Mapping[str, Sequence[Fields]]:
    """Every order that ever had an id, by id, the current one first."""
    orders = shelves["orders"]
    ids = orders.keys() | deleted.keys()
    return {order_id: [shelf[order_id] for shelf in (orders, deleted) if order_id in shelf] for order_id in ids}
