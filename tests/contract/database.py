"""A database under test: the store, and what customers and operators write and read directly."""

import time
from collections.abc import Mapping, Sequence
from typing import Protocol

from google.cloud import firestore

from bench.postgres.firestore_stand_in import Documents, Log, answered
from database.connection import Connection, connect
from database.firestore_store import FirestoreStore
from database.grouping import GroupingStore, Lanes
from database.http_answers import Answer
from database.messages import decoded, encoded_value
from database.moments import FirestoreMoments
from database.queries import FirestoreQueries
from database.rehearsal import RehearsalStore
from database.store import DocumentStore, Moment
from inventory.takings import Taking
from orders.events import StripeEvent
from tests.support.builders import NOW
from tests.support.counted_rpcs import name_of
from tests.support.memory_store import MemoryStore


class Documented(Protocol):
    """A database of documents, without queries."""

    @property
    def store(self) -> DocumentStore: ...
    def put(self, path: str, fields: Mapping[str, object]) -> None: ...
    def delete(self, path: str) -> None: ...
    def get(self, path: str) -> Mapping[str, object] | None: ...
    def dump(self) -> dict[str, dict[str, object]]: ...


class Database(Documented, Protocol):
    def parked_events(self, order_id: str) -> tuple[StripeEvent, ...]: ...
    def fcm_tokens(self, user_id: str) -> Sequence[str]: ...
    def takings_after(self, order_id: str, at_most: int) -> Sequence[Taking]: ...
    def moment(self) -> Moment: ...


class InMemory:
    def __init__(self) -> None:
        self.store = MemoryStore()
        self.put = self.store.put
        self.delete = self.store.delete
        self.get = self.store.get
        self.parked_events = self.store.parked_events
        self.fcm_tokens = self.store.fcm_tokens
        self.takings_after = self.store.takings_after
        self.dump = self.store.dump
        self.moment = lambda: self.store.as_of(NOW)


class InRehearsal:
    """The store under test is a rehearsal of the store below."""

    def __init__(self, below: MemoryStore) -> None:
        self.below = below
        self.store = RehearsalStore(below)
        self.put = below.put
        self.delete = below.delete
        self.moment = lambda: below.as_of(NOW)
        self.parked_events = below.parked_events
        self.fcm_tokens = below.fcm_tokens
        self.takings_after = below.takings_after

    def get(self, path: str) -> Mapping[str, object] | None:
        document = self.store.read((path,), timeout_seconds=1)[path]
        return document.fields if document else None

    def dump(self) -> dict[str, dict[str, object]]:
        paths = {*self.below.dump(), *self.store.differences}
        return {path: dict(fields) for path in sorted(paths) if (fields := self.get(path)) is not None}


class InStandIn:
    """The bench's stand-in for Firestore."""

    def __init__(self, log: Log) -> None:
        self._documents = Documents(log)
        self._connection = Connection("shop", self, lambda _: {})
        self.store = FirestoreStore(self._connection)

    def post(self, path: str, body: bytes, headers: Mapping[str, str], *, seconds: float) -> Answer:
        return Answer(*answered(self._documents, name_of(path), body))

    def put(self, path: str, fields: Mapping[str, object]) -> None:
        # Other writers may write doubles.
        values = {k: {"doubleValue": v} if isinstance(v, float) else encoded_value(v) for k, v in fields.items()}
        self._write({"update": {"name": self._name(path), "fields": values}})

    def delete(self, path: str) -> None:
        self._write({"delete": self._name(path)})

    def get(self, path: str) -> Mapping[str, object] | None:
        return self.dump().get(path)

    def dump(self) -> dict[str, dict[str, object]]:
        every = self._connection.call("page", {"first": 0}, timeout_seconds=1)
        return {one["name"].removeprefix(self._name("")): dict(decoded(one)) for one in every}

    def _write(self, write: Mapping[str, object]) -> None:
        self._connection.call("commit", {"writes": [write]}, timeout_seconds=1)

    def _name(self, path: str) -> str:
        return f"{self._connection.documents}/{path}"


class InGroups:
    """Simultaneous commits are grouped; everything else goes to the database below."""

    def __init__(self, below: Database) -> None:
        self.store = GroupingStore(below.store, Lanes(), time.monotonic)
        self.put, self.delete, self.get, self.dump = below.put, below.delete, below.get, below.dump
        self.moment, self.parked_events, self.fcm_tokens = below.moment, below.parked_events, below.fcm_tokens
        self.takings_after = below.takings_after


class InFirestore:
    def __init__(self, client: firestore.Client) -> None:
        self.client = client
        self.store = FirestoreStore(connect(client.project))
        self.moment = FirestoreMoments(connect(client.project)).now
        queries = FirestoreQueries(client)
        self.parked_events = queries.parked_events
        self.fcm_tokens = queries.fcm_tokens
        self.takings_after = queries.takings_after

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
            # Unlike a query, listing includes missing documents that have subcollections.
            for reference in pending.pop().list_documents():
                pending += reference.collections()
                fields = reference.get().to_dict()
                if fields is not None:
                    found[reference.path] = fields
        return dict(sorted(found.items()))
