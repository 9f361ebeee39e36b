"""The least that a correct first delivery can cost: one BatchGet, one Commit, and nothing else.

It reads the same documents and writes the same fields as the service, which decides them before the clock starts. What
remains cannot be left out: reading, taking the order's version from the answer, encoding the writes, and committing
them. It uses gRPC's own stubs on protobuf's own messages: of all the ways to Firestore that were tried, the client
library and its generated client among them, this was the fastest.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import grpc
from google.cloud.firestore_v1 import types

from database.connection import CHANNEL_OPTIONS, EMULATOR_METADATA
from database.documents.recorder import writes_for
from database.documents.wanted import Wanted
from database.protobuf import encoded
from database.store import DocumentStore, Update, Write
from orders.events import StripeEvent
from settlement.decide import decide
from settlement.decisions import Change
from tests.support.builders import TERMS
from tests.support.emulated_shop import now

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
    wanted, moment = Wanted(event), now()
    snapshot = wanted.snapshot(store.read(wanted.paths, timeout_seconds=_TIMEOUT_SECONDS))
    decision = decide(event, snapshot, TERMS, moment)
    if not isinstance(decision, Change):
        raise TypeError(f"{event.event_id} takes more than one read and one commit")
    return Delivery(wanted.paths, writes_for(decision, event, snapshot, TERMS, moment))


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
        """Write documents, by path, as protobuf messages, in place of any that are there."""
        named = ((self._documents + path, document.fields) for path, document in documents.items())
        self._send([_Write(update={"name": name, "fields": fields}) for name, fields in named], timeout_seconds=60)

    def _send(self, writes: Sequence[Any], *, timeout_seconds: float = _TIMEOUT_SECONDS) -> None:
        request = _Commit(database=self._database, writes=writes)
        self._commit(request, timeout=timeout_seconds, metadata=EMULATOR_METADATA)
