"""A store for rehearsals: it reads the real documents, and keeps its writes to itself."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count

from database.documents.effects import effect_path
from database.documents.orders import OPEN_STATUSES, order_path, units_held
from database.documents.takings import taking_path, units_in
from database.store import Committed, Create, Delete, Document, DocumentStore, Fields, Increase, Promised, Update, Write
from orders.frozen import frozen
from orders.outcome import StoreContended


@frozen
class Difference:
    """How one document would change."""

    before: Fields | None
    """None if it does not exist."""
    after: Fields | None
    """None if it would be deleted."""


class RehearsalStore:
    """A `DocumentStore` over another one. Its writes are visible only through this store.

    Preconditions hold as they would in earnest, against the real documents.
    """

    def __init__(self, store: DocumentStore) -> None:
        self._store = store
        self._before: dict[str, Document | None] = {}
        self._after: dict[str, Document | None] = {}
        self._commits = count()
        self._writes: list[Write] = []

    @property
    def writes(self) -> Sequence[Write]:
        """All writes that would have been made, in sequence."""
        return tuple(self._writes)

    @property
    def differences(self) -> Mapping[str, Difference]:
        """How each written document would change, by path."""
        return {
            path: Difference(_fields(self._before[path]), _fields(after))
            for path, after in self._after.items()
            if _fields(self._before[path]) != _fields(after)
        }

    def read(self, paths: Sequence[str], *, timeout_seconds: float) -> Mapping[str, Document | None]:
        untouched = [path for path in paths if path not in self._after]
        there = self._store.read(untouched, timeout_seconds=timeout_seconds) if untouched else {}
        return {path: self._after[path] if path in self._after else there[path] for path in paths}

    def commit(self, writes: Sequence[Write], *, timeout_seconds: float) -> Committed:
        paths = tuple(dict.fromkeys(write.path for write in writes))
        found = self.read(paths, timeout_seconds=timeout_seconds)
        documents, version = dict(found), f"rehearsal {next(self._commits)}"
        for write in writes:
            _check(write, found[write.path])
        for write in writes:
            documents[write.path] = _written(write, documents[write.path], version)
        self._before = {**{path: found[path] for path in paths}, **self._before}
        self._after |= documents
        self._writes += writes
        return Committed(
            versions={path: version for path, document in documents.items() if document},
            figures={
                write.path: {name: _figure(_fields(documents[write.path]), name) for name in write.amounts}
                for write in writes
                if isinstance(write, Increase)
            },
        )

    def count(self, collection: str, *, timeout_seconds: float) -> int:
        there = self._store.count(collection, timeout_seconds=timeout_seconds)
        own = (path for path in self._after if path.rpartition("/")[0] == collection)
        return there + sum(bool(self._after[path]) - bool(self._before[path]) for path in own)

    def effects_of(self, order_id: str, *, timeout_seconds: float) -> Mapping[str, Document]:
        there = self._store.effects_of(order_id, timeout_seconds=timeout_seconds)
        own = {
            path.removeprefix(effect_path("")): document
            for path, document in self._after.items()
            if path.startswith(effect_path("")) and document and document.fields.get("orderId") == order_id
        }
        return {**there, **own}

    def count_open_orders(self, user_id: str, *, timeout_seconds: float) -> int:
        there = self._store.count_open_orders(user_id, timeout_seconds=timeout_seconds)
        orders = (path for path in self._after if path.startswith(order_path("")))
        return there + sum(_is_open(self._after[p], user_id) - _is_open(self._before[p], user_id) for p in orders)

    def units_to_take(self, product_id: str, *, timeout_seconds: float) -> int:
        there = self._store.units_to_take(product_id, timeout_seconds=timeout_seconds)
        return there + self._own_to_take(product_id)

    def units_promised(self, product_id: str, *, timeout_seconds: float) -> Promised:
        there = self._store.units_promised(product_id, timeout_seconds=timeout_seconds)
        before, after = map(units_held, self._own(order_path("")))
        return Promised(
            there.held + after[product_id] - before[product_id], there.to_take + self._own_to_take(product_id)
        )

    def _own_to_take(self, product_id: str) -> int:
        before, after = (units_in(fields for _, fields in own) for own in self._own(taking_path("")))
        return after[product_id] - before[product_id]

    def _own(self, root: str) -> Iterator[Sequence[tuple[str, Fields]]]:
        """Ids and fields of the documents written under this root: first as before, then as now."""
        for documents in (self._before, self._after):
            found = ((path, document) for path, document in documents.items() if path.startswith(root) and document)
            yield [(path.removeprefix(root), document.fields) for path, document in found]


def _check(write: Write, document: Document | None) -> None:
    match write:
        case Create() if document is not None:
            raise StoreContended(f"{write.path} exists")
        case Update(version=version) | Delete(version=version) if document is None or document.version != version:
            raise StoreContended(f"{write.path} has changed")
        case Increase() if document is None:
            raise StoreContended(f"{write.path} does not exist")


def _written(write: Write, document: Document | None, version: object) -> Document | None:
    before = _fields(document) or {}
    match write:
        case Create(fields=fields):
            return Document(fields, version)
        case Update(fields=fields):
            return Document({**before, **fields}, version)
        case Increase(amounts=amounts):
            raised = {name: _figure(before, name) + amount for name, amount in amounts.items()}
            return Document({**before, **raised}, version)
        case Delete():
            return None


def _figure(fields: Fields | None, name: str) -> int | float:
    """Firestore increments from zero if there is no number."""
    figure = (fields or {}).get(name)
    return figure if isinstance(figure, int | float) else 0


def _is_open(document: Document | None, user_id: str) -> bool:
    fields = _fields(document) or {}
    return fields.get("userId") == user_id and fields.get("status") in OPEN_STATUSES


def _fields(document: Document | None) -> Fields | None:
    return document.fields if document else None
