"""The least that a correct first delivery can cost: one BatchGet, one Commit, and nothing else.

It reads the same documents as the service and writes the same fields, because the service's own planner says which,
before the clock starts. What is left is what nobody can do without: to ask, to see which version the order has, to
encode what is written, and to commit it. It goes through gRPC's own stubs on protobuf's own messages: of all ways to
Firestore that were tried, the client library's and its generated client's among them, the fastest.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import grpc
from google.cloud.firestore_v1 import types

from database.connection import CHANNEL_OPTIONS, EMULATOR_METADATA
from database.documents.recorder import writes_for
from database.documents.wanted import Wanted
from database.protobuf import encoded
from database.store import DocumentStore, Update, Write
from orders.events import StripeEvent
from service.settings import settings_from
from settlement.decide import decide
from settlement.decisions import Change

_TIMEOUT_SECONDS: Final = 8.0

_BatchGet, _Found = types.BatchGetDocumentsRequest.pb(), types.BatchGetDocumentsResponse.pb()
_Commit, _Committed, _Write = types.CommitRequest.pb(), types.CommitResponse.pb(), types.Write.pb()


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one first delivery reads and writes."""

    paths: Sequence[str]
    writes: Sequence[Write]


def planned(event: StripeEvent, store: DocumentStore) -> Delivery:
    """What the service would do for the event now; nothing is written."""
    wanted, terms, now = Wanted(event), settings_from({}).terms, datetime.now(UTC)
    snapshot = wanted.snapshot(store.read(wanted.paths, timeout_seconds=_TIMEOUT_SECONDS))
    decision = decide(event, snapshot, terms, now)
    if not isinstance(decision, Change):
        raise TypeError(f"{event.event_id} takes more than one read and one commit")
    return Delivery(wanted.paths, writes_for(decision, event, snapshot, terms, now))


class Bare:
    """Firestore's two RPCs, as bare as gRPC makes them."""

    def __init__(self, project: str) -> None:
        channel = grpc.insecure_channel(os.environ["FIRESTORE_EMULATOR_HOST"], CHANNEL_OPTIONS)
        self._database = f"projects/{project}/databases/(default)"
        self._documents = f"{self._database}/documents/"
        self._batch_get = channel.unary_stream(
            "/google.firestore.v1.Firestore/BatchGetDocuments",
            request_serializer=_BatchGet.SerializeToString,
            response_deserializer=_Found.FromString,
        )
        self._commit = channel.unary_unary(
            "/google.firestore.v1.Firestore/Commit",
            request_serializer=_Commit.SerializeToString,
            response_deserializer=_Committed.FromString,
        )

    def deliver(self, delivery: Delivery) -> None:
        self.commit(delivery.writes, self.read(delivery.paths))

    def read(self, paths: Sequence[str]) -> dict[str, Any]:
        """The documents that are there, by path, as protobuf messages."""
        request = _BatchGet(database=self._database, documents=[self._documents + path for path in paths])
        found = (
            answer.found for answer in self._batch_get(request, timeout=_TIMEOUT_SECONDS, metadata=EMULATOR_METADATA)
        )
        return {document.name.removeprefix(self._documents): document for document in found if document.name}

    def commit(self, writes: Sequence[Write], seen: Mapping[str, Any]) -> None:
        as_seen = (replace(w, version=seen[w.path].update_time) if isinstance(w, Update) else w for w in writes)
        self._send([encoded(write, self._documents + write.path) for write in as_seen])

    def put(self, documents: Mapping[str, Any]) -> None:
        """Write documents, by path, as protobuf messages; whatever stood there before is gone."""
        named = ((self._documents + path, document.fields) for path, document in documents.items())
        self._send([_Write(update={"name": name, "fields": fields}) for name, fields in named], timeout_seconds=60)

    def _send(self, writes: Sequence[Any], *, timeout_seconds: float = _TIMEOUT_SECONDS) -> None:
        request = _Commit(database=self._database, writes=writes)
        self._commit(request, timeout=timeout_seconds, metadata=EMULATOR_METADATA)
