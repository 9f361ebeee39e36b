"""Everything a load test writes to a database: every id carries its mark, and nothing else is touched."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from google.cloud import firestore
from google.cloud.firestore import DocumentReference, DocumentSnapshot

from bench.hot_product import PRODUCTS_SPREAD
from bench.shop import stock_up
from database.ids import OPERATORS
from database.store import Fields
from tests.support.emulated_shop import WRITES_PER_COMMIT

MARK: Final = "loadtest-"
PRODUCTS: Final[Mapping[str, Sequence[str]]] = {
    "hot": (f"{MARK}hot",),
    "spread": tuple(f"{MARK}spread-{number}" for number in range(PRODUCTS_SPREAD)),
}
"""What is bought in each phase."""

_ORDERS: Final = "orders"
# An event's id begins with Stripe's prefix or with what happened to the order; then comes the mark.
_OF_EVENTS: Final = ("evt_", "placed_", "lapsed_")
_PREFIXES: Final[Mapping[str, Sequence[str]]] = {
    "inventory": ("",),
    "products": ("",),
    "payments": ("pi_", "ch_"),
    "webhookEvents": _OF_EVENTS,
    "auditLog": _OF_EVENTS,
    f"notifications/{OPERATORS}/messages": _OF_EVENTS,
}
"""What precedes the mark, by collection. Customers' notices are found by the orders' customers."""


class MarkedShop:
    """The documents that carry the mark, and no others."""

    def __init__(self, client: firestore.Client) -> None:
        self._client = client

    def stock_up(self) -> None:
        stock_up(self._client, [product_id for product_ids in PRODUCTS.values() for product_id in product_ids])

    def is_alone(self) -> bool:
        """Whether the database has no orders and no inventory."""
        return not any(self._client.collection(name).limit(1).get() for name in (_ORDERS, "inventory"))

    def documents(self) -> dict[str, Fields]:
        """Every document that carries the mark, by path.

        The orders come last: if deleting in this order is interrupted, the customers' notices can still be found.
        """
        orders = list(self._found(_ORDERS, MARK))
        customers = {str(order.get("userId")) for order in orders}
        found = [
            *(self._found(name, prefix + MARK) for name, prefixes in _PREFIXES.items() for prefix in prefixes),
            *(self._client.collection(f"notifications/{customer}/messages").stream() for customer in sorted(customers)),
            orders,
        ]
        return {document.reference.path: document.to_dict() or {} for documents in found for document in documents}

    def delete(self, paths: Iterable[str]) -> None:
        """Delete these documents, in this order."""
        every = list(paths)
        for first in range(0, len(every), WRITES_PER_COMMIT):
            batch = self._client.batch()
            for path in every[first : first + WRITES_PER_COMMIT]:
                batch.delete(self._client.document(path))
            batch.commit()

    def _found(self, name: str, beginning: str) -> Iterator[DocumentSnapshot[DocumentReference]]:
        """The documents whose ids begin so. Found by name, which needs no index."""
        collection = self._client.collection(name)
        behind = beginning[:-1] + chr(ord(beginning[-1]) + 1)
        by_name = collection.order_by("__name__").start_at({"__name__": collection.document(beginning)})
        yield from by_name.end_before({"__name__": collection.document(behind)}).stream()
