"""A store in memory. `tests/contract` checks it and the store on Firestore alike."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain

from audit.anchors import MovedHead
from database.documents.anchors import moved_head_from
from database.documents.effects import effects_of
from database.documents.fcm_tokens import fcm_tokens_path, newest_first
from database.documents.orders import COUNTED_ORDERS_MAX, HOLDING_ORDERS, units_held
from database.documents.parked_events import parked_event_from
from database.documents.takings import TAKINGS, units_to_take_from, units_to_take_in
from database.store import Committed, Create, Delete, Document, Fields, Increase, Listing, Promised, Update, Write
from inventory.takings import Taking
from orders.events import StripeEvent
from orders.outcome import StoreContended
from tests.support.builders import NOW

OPEN = ("reserving", "reserved")
UNFINISHED = ("PENDING", "PROCESSING", "RETRY")


class MemoryMoment:
    """The documents as they were; later writes do not change it."""

    def __init__(self, documents: Mapping[str, Document], at: datetime, batch_max: int = 2) -> None:
        self._documents = documents
        self.at = at
        self._batch_max = batch_max

    def documents(self) -> Mapping[str, Document]:
        return self._documents

    def read(self, paths: Sequence[str]) -> Mapping[str, Document | None]:
        return {path: self._documents.get(path) for path in paths}

    def find(self, listing: Listing) -> Iterator[Sequence[tuple[str, Fields]]]:
        of_collection = (
            (document_id, document.fields)
            for path, document in self._documents.items()
            for collection, _, document_id in [path.rpartition("/")]
            if collection == listing.collection and document_id > (listing.after_id or "")
        )
        found = sorted(
            (each for each in of_collection if _is_found(each[1], listing)),
            key=lambda each: ([_comparable(each[1][name]) for name in listing.order], each[0]),
        )
        batch_max = listing.batch_max or self._batch_max
        for first in range(0, len(found), batch_max):
            yield [(found_id, _read_of(fields, listing)) for found_id, fields in found[first : first + batch_max]]


def _read_of(fields: Fields, listing: Listing) -> Fields:
    return {name: fields[name] for name in listing.only if name in fields} if listing.only else fields


def _is_found(fields: Fields, listing: Listing) -> bool:
    if any(fields.get(name) not in values for name, values in listing.one_of.items()):
        return False
    if any(name not in fields for name in listing.order):
        return False
    if listing.span is None:
        return True
    start, end = listing.span
    value = fields[listing.order[0]]
    return isinstance(value, datetime) and (start is None or start <= value) and value < end


def _comparable(value: object) -> tuple[int, object]:
    """Null comes first."""
    return (0, 0) if value is None else (1, value)


class MemoryStore:
    """A `DocumentStore` for settlement, on a dictionary of paths."""

    def __init__(self, documents: Mapping[str, Mapping[str, object]] | None = None) -> None:
        self._lock = threading.Lock()
        self._version = 0
        self._documents: dict[str, Document] = {}
        for path, fields in (documents or {}).items():
            self.put(path, fields)

    def put(self, path: str, fields: Mapping[str, object]) -> None:
        """Write a document directly, as a customer or a merchant would."""
        self._version += 1
        self._documents[path] = Document(dict(fields), self._version)

    def delete(self, path: str) -> None:
        del self._documents[path]

    def get(self, path: str) -> Mapping[str, object] | None:
        document = self._documents.get(path)
        return None if document is None else document.fields

    def dump(self) -> dict[str, dict[str, object]]:
        """Every document, by path."""
        return {path: dict(fields) for path, fields in sorted(self.documents())}

    def documents(self) -> Iterator[tuple[str, Fields]]:
        """Every current document, oldest first."""
        return ((path, document.fields) for path, document in list(self._documents.items()))

    def as_of(self, at: datetime) -> MemoryMoment:
        """The documents of now, whatever the time."""
        return MemoryMoment(dict(self._documents), at)

    def read(self, paths: Sequence[str], *, timeout_seconds: float) -> Mapping[str, Document | None]:
        with self._lock:
            return {path: self._documents.get(path) for path in paths}

    def commit(self, writes: Sequence[Write], *, timeout_seconds: float) -> Committed:
        created = [write.path for write in writes if isinstance(write, Create)]
        assert len(set(created)) == len(created), f"no database creates one document twice: {created}"
        with self._lock:
            for write in writes:
                self._check(write)
            self._version += 1
            for write in writes:
                self._apply(write)
            increased = [write for write in writes if isinstance(write, Increase)]
            return Committed(
                versions={write.path: self._version for write in writes if not isinstance(write, Delete)},
                figures={
                    write.path: {name: self._figure(write.path, name) for name in write.amounts} for write in increased
                },
            )

    def count(self, collection: str, *, timeout_seconds: float) -> int:
        return sum(path.rpartition("/")[0] == collection for path in self._documents)

    def count_open_orders(self, user_id: str, *, timeout_seconds: float) -> int:
        orders = [fields for path, fields in self.documents() if path.startswith("orders/")]
        return sum(order.get("userId") == user_id and order.get("status") in OPEN for order in orders)

    def effects_of(self, order_id: str, *, timeout_seconds: float) -> Mapping[str, Document]:
        found = chain.from_iterable(self.as_of(NOW).find(effects_of(order_id)))
        return {effect_id: Document(fields, version=None) for effect_id, fields in found}

    def units_to_take(self, product_id: str, *, timeout_seconds: float) -> int:
        return units_to_take_in(chain.from_iterable(self.as_of(NOW).find(TAKINGS)))[product_id]

    def units_promised(self, product_id: str, *, timeout_seconds: float) -> Promised:
        held = units_held(chain.from_iterable(self.as_of(NOW).find(HOLDING_ORDERS)), COUNTED_ORDERS_MAX)
        return Promised(held[product_id], self.units_to_take(product_id, timeout_seconds=timeout_seconds))

    def takings_after(self, order_id: str, at_most: int) -> Sequence[Taking]:
        """Each as if its order had just been paid."""
        ids = sorted(path.removeprefix("takings/") for path in self._documents if path.startswith("takings/"))
        documents = ((each, self._documents[f"takings/{each}"]) for each in ids if each > order_id)
        found = [
            Taking(each, units_to_take_from(document.fields), document.version, NOW) for each, document in documents
        ]
        return found[:at_most]

    def parked_events(self, order_id: str) -> tuple[StripeEvent, ...]:
        return self._parked(lambda claim: claim["orderId"] == order_id)

    def products_after(self, product_id: str, at_most: int) -> Sequence[str]:
        listed = (path.removeprefix("products/") for path in self._documents if path.startswith("products/"))
        return sorted(each for each in listed if each > product_id)[:at_most]

    def due_effects(self, now: datetime) -> Sequence[str]:
        effects = [(path, fields) for path, fields in self.documents() if path.startswith("effects/")]
        due = [
            (at, path.removeprefix("effects/"))
            for path, fields in effects
            if fields["state"] in UNFINISHED and isinstance(at := fields["nextAttemptAt"], datetime) and at <= now
        ]
        return [effect_id for _, effect_id in sorted(due)]

    def moved_heads(self, since: datetime, until: datetime) -> Iterator[Sequence[MovedHead]]:
        orders = ((path, fields) for path, fields in self.documents() if path.startswith("orders/"))
        heads = (moved_head_from(path.removeprefix("orders/"), fields) for path, fields in orders)
        moved = sorted(
            (head for head in heads if head and since < head.moved_at <= until), key=lambda head: head.moved_at
        )
        # In batches of two, so that there are several.
        return (moved[first : first + 2] for first in range(0, len(moved), 2))

    def fcm_tokens(self, user_id: str) -> Sequence[str]:
        devices = f"{fcm_tokens_path(user_id)}/"
        return newest_first(
            {path.removeprefix(devices): device for path, device in self.documents() if path.startswith(devices)}
        )

    def parked_since(self, moment: datetime) -> tuple[StripeEvent, ...]:
        return self._parked(lambda claim: isinstance(at := claim.get("parkedAt"), datetime) and at >= moment)

    def _parked(self, is_wanted: Callable[[Fields], bool]) -> tuple[StripeEvent, ...]:
        claims = ((path, document.fields) for path, document in self._documents.items() if "webhookEvents/" in path)
        waiting = ((path, claim) for path, claim in claims if claim["processed"] is False and is_wanted(claim))
        events = (parked_event_from(path.rpartition("/")[2], fields) for path, fields in waiting)
        return tuple(event for event in events if event)

    def _check(self, write: Write) -> None:
        document = self._documents.get(write.path)
        match write:
            case Create() if document is not None:
                raise StoreContended(f"{write.path} exists")
            case Update(version=version) | Delete(version=version) if document is None or document.version != version:
                raise StoreContended(f"{write.path} has changed")
            case Increase() if document is None:
                raise StoreContended(f"{write.path} does not exist")

    def _apply(self, write: Write) -> None:
        document = self._documents.get(write.path)
        fields = dict(document.fields) if document else {}
        match write:
            case Delete():
                del self._documents[write.path]
                return
            case Create(fields=written):
                fields = dict(written)
            case Update(fields=written):
                fields.update(written)
            case Increase(amounts=amounts):
                fields.update({name: self._figure(write.path, name) + amount for name, amount in amounts.items()})
        self._documents[write.path] = Document(fields, self._version)

    def _figure(self, path: str, name: str) -> int | float:
        figure = self._documents[path].fields.get(name, 0)
        return figure if isinstance(figure, int | float) else 0
