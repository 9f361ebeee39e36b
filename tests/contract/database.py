"""A database under test: the store, and what customers and operators write and read past it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from google.cloud import firestore

from database.connection import connect
from database.firestore_store import FirestoreStore
from database.moments import FirestoreMoments
from database.queries import FirestoreQueries
from database.rehearsal import RehearsalStore
from database.store import DocumentStore, Moment
from orders.events import StripeEvent
from tests.support.builders import NOW
from tests.support.memory_store import MemoryStore


class Database(Protocol):
    @property
    def store(self) -> DocumentStore: ...
    def put(self, path: str, fields: Mapping[str, object]) -> None: ...
    def delete(self, path: str) -> None: ...
    def get(self, path: str) -> Mapping[str, object] | None: ...
    def parked_events(self, order_id: str) -> tuple[StripeEvent, ...]: ...
    def fcm_tokens(self, user_id: str) -> Sequence[str]: ...
    def dump(self) -> dict[str, dict[str, object]]: ...
    def moment(self) -> Moment: ...


class InMemory:
    def __init__(self) -> None:
        self.store = MemoryStore()
        self.put = self.store.put
        self.delete = self.store.delete
        self.get = self.store.get
        self.parked_events = self.store.parked_events
        self.fcm_tokens = self.store.fcm_tokens
        self.dump = self.store.dump
        self.moment = lambda: self.store.as_of(NOW)


class InRehearsal:
    """What is written by the store under test is only there; all else is in the store below it."""

    def __init__(self, below: MemoryStore) -> None:
        self.below = below
        self.store = RehearsalStore(below)
        self.put = below.put
        self.delete = below.delete
        self.moment = lambda: below.as_of(NOW)
        self.parked_events = below.parked_events
        self.fcm_tokens = below.fcm_tokens

    def get(self, path: str) -> Mapping[str, object] | None:
        document = self.store.read((path,), timeout_seconds=1)[path]
        return document.fields if document else None

    def dump(self) -> dict[str, dict[str, object]]:
        paths = {*self.below.dump(), *self.store.differences}
        return {path: dict(fields) for path in sorted(paths) if (fields := self.get(path)) is not None}


class InFirestore:
    def __init__(self, client: firestore.Client) -> None:
        self.client = client
        self.store = FirestoreStore(connect(client.project))
        self.moment = FirestoreMoments(connect(client.project)).now
        queries = FirestoreQueries(client)
        self.parked_events = queries.parked_events
        self.fcm_tokens = queries.fcm_tokens

    def put(self, path: str, fields: Mapping[str, object]) -> None:
        self.client.document(path).set(dict(fields))

    def delete(self, path: str) -> None:
        self.client.document(path).delete()

    def get(self, path: str) -> Mapping[str, object] | None:
        fields: dict[str, object] | None = self.client.document(path).get().to_dict()
        return fields

    def dump(self) -> dict[str, dict[str, object]]:
        found: dict[str, dict[str, object]] = {}
        pending = list(self.client.collections())
        while pending:
            # Listing, unlike a query, also shows documents that exist only as the parents of others.
            for reference in pending.pop().list_documents():
                pending += reference.collections()
                fields = reference.get().to_dict()
                if fields is not None:
                    found[reference.path] = fields
        return dict(sorted(found.items()))
