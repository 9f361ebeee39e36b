"""The least that a correct first delivery can cost: one BatchGet, one Commit, and nothing else.

It reads the same documents and writes the same fields as the service, decided before the clock starts. What remains is
needed: reading, taking the order's version from the answer, encoding the writes and committing them. It uses the
service's own connections: of all the clients that were tried, gRPC's stubs and Python's own HTTP client among them,
they take the least processor time.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final

from database.connection import connect
from database.documents.recorder import writes_for
from database.documents.wanted import Wanted
from database.kept_connections import KeptConnections
from database.messages import encoded
from database.store import DocumentStore, Update, Write
from orders.events import StripeEvent
from settlement.decide import decide
from settlement.decisions import Change
from tests.support.builders import TERMS
from tests.support.emulated_shop import now

_TIMEOUT_SECONDS: Final = 60.0
_HEADERS: Final = {"Authorization": "Bearer owner", "Content-Type": "application/json"}

Message = Mapping[str, Any]
"""A document in Firestore's JSON."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one first delivery reads and writes."""

    paths: Sequence[str]
    writes: Sequence[Write]


def planned(event: StripeEvent, store: DocumentStore) -> Delivery:
    """What the service would read and write for the event now; writes nothing."""
    wanted, moment = Wanted(event), now()
    snapshot = wanted.snapshot(store.read(wanted.paths, timeout_seconds=_TIMEOUT_SECONDS))
    decision = decide(event, snapshot, TERMS, moment)
    if not isinstance(decision, Change):
        raise TypeError(f"{event.event_id} takes more than one read and one commit")
    return Delivery(wanted.paths, writes_for(decision, event, snapshot, TERMS, moment))


class Bare:
    """Firestore's two RPCs, one after the other."""

    def __init__(self, project: str) -> None:
        self._connections = KeptConnections(f"http://{os.environ['FIRESTORE_EMULATOR_HOST']}")
        self._documents = connect(project).documents

    def deliver(self, delivery: Delivery) -> None:
        self.commit(delivery.writes, self.read(delivery.paths))

    def read(self, paths: Sequence[str]) -> dict[str, Message]:
        """The existing documents, by path."""
        answers = self._call("batchGet", {"documents": [self._name(path) for path in paths]})
        found = [answer["found"] for answer in answers if "found" in answer]
        return {document["name"].removeprefix(self._name("")): document for document in found}

    def commit(self, writes: Sequence[Write], seen: Mapping[str, Message]) -> None:
        as_seen = (replace(w, version=seen[w.path]["updateTime"]) if isinstance(w, Update) else w for w in writes)
        self._call("commit", {"writes": [encoded(write, self._name(write.path)) for write in as_seen]})

    def put(self, documents: Mapping[str, Message]) -> None:
        """Create or replace documents, by path."""
        named = ({**document, "name": self._name(path)} for path, document in documents.items())
        self._call("commit", {"writes": [{"update": document} for document in named]})

    def _call(self, rpc: str, request: Mapping[str, object]) -> Any:  # noqa: ANN401 - JSON
        path, body = f"/v1/{self._documents}:{rpc}", json.dumps(request).encode()
        answer = self._connections.post(path, body, _HEADERS, seconds=_TIMEOUT_SECONDS)
        if answer.code != HTTPStatus.OK:
            raise RuntimeError(f"{rpc}: {answer.body!r}")
        return json.loads(answer.body)

    def _name(self, path: str) -> str:
        return f"{self._documents}/{path}"
