"""The rules of reconciliation, on the documents of a shop in which nothing is wrong: none of them finds anything.

Those that compare with Stripe's side have no part in this: an account is what their own tests have.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from database.documents.inventory import level_from
from database.documents.orders import order_from
from database.store import Document
from reconciliation import records
from reconciliation.finding import Subject
from reconciliation.registry import findings_of
from reconciliation.subjects import ProductRecord
from tests.support.auditor import Recount
from tests.support.builders import Fields
from tests.support.memory_store import MemoryStore


def findings_in(store: MemoryStore, at: datetime, stock: Mapping[str, Recount]) -> list[str]:
    """What the rules find, in words.

    Args:
        stock: what the shop has written last as the stock of each product, and what the trail had moved by then.
    """
    documents = dict(store.as_of(at).documents())
    subjects = [*_orders(documents, at), *_products(documents, stock), *_events(documents), *_effects(documents, at)]
    return [f"{found.rule}: {found.words}" for subject in subjects for found in findings_of(subject)]


def _orders(documents: Mapping[str, Document], at: datetime) -> Iterator[Subject]:
    entries = _in(documents, "auditLog").values()
    for order_id, fields in _in(documents, "orders").items():
        head = records.head_of(order_id, documents)
        yield records.order_record_from(order_from(order_id, fields), head, documents, entries, at)


def _products(documents: Mapping[str, Document], stock: Mapping[str, Recount]) -> Iterator[Subject]:
    moved = records.stock_moves(_in(documents, "auditLog").values())
    held = records.units_held(_in(documents, "orders").items())
    for product_id, fields in _in(documents, "inventory").items():
        if level := level_from(fields):
            begun = stock[product_id]
            change = moved.get(product_id, 0) - begun.moved
            expected = None if begun.stock is None else begun.stock + change
            yield ProductRecord(product_id, level.reserved, held[product_id], level.stock, expected)


def _events(documents: Mapping[str, Document]) -> Iterator[Subject]:
    for event_id in _in(documents, "webhookEvents"):
        around = {path: documents.get(path) for path in records.paths_of_event(event_id)}
        yield records.event_record_from(event_id, around)


def _effects(documents: Mapping[str, Document], at: datetime) -> Iterator[Subject]:
    for effect_id, fields in _in(documents, "effects").items():
        due_at: Any = fields["nextAttemptAt"]
        if due_at is not None and due_at <= at:
            yield records.effect_record_from(effect_id, fields, at)


def _in(documents: Mapping[str, Document], collection: str) -> dict[str, Fields]:
    """By id."""
    paths = ((path.split("/"), document) for path, document in documents.items())
    return {parts[1]: dict(document.fields) for parts, document in paths if parts[0] == collection and len(parts) == 2}
