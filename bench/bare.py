"""The least that a correct first delivery can cost: one BatchGet, one Commit, and nothing else.

It reads the same documents as the service and writes the same fields, because the service's own planner says which,
before the clock starts. What is left is what nobody can do without: to ask, to see which version the order has, to
encode what is written, and to commit it. It goes through the generated client on protobuf's own messages, and reads
streams on the thread that waits for them: that was faster than `get_all` and `WriteBatch`, and than gRPC's own thread
for each stream.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import grpc
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports.grpc import FirestoreGrpcTransport
from google.cloud.firestore_v1.types import BatchGetDocumentsResponse, CommitRequest, Value
from google.cloud.firestore_v1.types import Write as FirestoreWrite
from grpc.experimental import ChannelOptions

from orders.events import StripeEvent
from settlement.cases import Finish, Terms
from settlement.ledger import Create, Increase, Ledger, Update, Write
from settlement.plan import make_plan
from settlement.seen import paths_to_read, seen_from

_TIMEOUT_SECONDS: Final = 8.0
# So the emulator lets pass what security rules would not, as it does for the library.
_METADATA: Final = (("authorization", "Bearer owner"),)

_ON_ONE_THREAD: Final = ((ChannelOptions.SingleThreadedUnaryStream, 1),)

# The library's own message classes are wrappers around these, and slower.
_Commit, _Value, _Write = CommitRequest.pb(), Value.pb(), FirestoreWrite.pb()


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one first delivery reads and writes."""

    paths: Sequence[str]
    writes: Sequence[Write]


def planned(event: StripeEvent, ledger: Ledger) -> Delivery:
    """What the service would do for the event now; nothing is written."""
    paths = paths_to_read(event, event.order_id, (), with_audit_entry=False)
    seen = seen_from(event, event.order_id, ledger.read(paths, timeout_seconds=_TIMEOUT_SECONDS), ())
    plan = make_plan(event, seen, Terms(), datetime.now(UTC))
    if not isinstance(plan, Finish):
        raise TypeError(f"{event.event_id} takes more than one read and one commit")
    return Delivery(paths, plan.writes)


class BareClient:
    """Firestore's two RPCs, as bare as the generated client makes them."""

    def __init__(self, project: str) -> None:
        channel = grpc.insecure_channel(os.environ["FIRESTORE_EMULATOR_HOST"], _ON_ONE_THREAD)
        self._api = FirestoreClient(transport=FirestoreGrpcTransport(channel=channel))
        self._database = f"projects/{project}/databases/(default)"

    def deliver(self, delivery: Delivery) -> None:
        self.commit(delivery.writes, self.read(delivery.paths))

    def read(self, paths: Sequence[str]) -> dict[str, Any]:
        """The documents that are there, by path, as protobuf messages."""
        names = [self._name(path) for path in paths]
        answers = self._api.batch_get_documents(
            {"database": self._database, "documents": names},
            retry=None,
            timeout=_TIMEOUT_SECONDS,
            metadata=_METADATA,
        )
        found = (BatchGetDocumentsResponse.pb(answer).found for answer in answers)
        return {self._path(document.name): document for document in found if document.name}

    def commit(self, writes: Sequence[Write], seen: Mapping[str, Any]) -> None:
        self._commit([self._encoded(write, seen) for write in writes])

    def put(self, documents: Mapping[str, Any]) -> None:
        """Write documents, by path, as protobuf messages; whatever stood there before is gone."""
        encoded = [_Write(update={"name": self._name(path), "fields": each.fields}) for path, each in documents.items()]
        self._commit(encoded, timeout_seconds=60)

    def _commit(self, encoded: Sequence[Any], *, timeout_seconds: float = _TIMEOUT_SECONDS) -> None:
        request = CommitRequest.wrap(_Commit(database=self._database, writes=encoded))
        self._api.commit(request, retry=None, timeout=timeout_seconds, metadata=_METADATA)

    def _encoded(self, write: Write, seen: Mapping[str, Any]) -> Any:  # noqa: ANN401 - protobuf's own classes have no narrower type
        encoded = _Write()
        encoded.update.name = self._name(write.path)
        match write:
            case Create(fields=fields):
                _encode(fields, encoded.update.fields)
                encoded.current_document.exists = False
            case Update(fields=fields):
                _encode(fields, encoded.update.fields)
                encoded.update_mask.field_paths.extend(fields)
                encoded.current_document.update_time.CopyFrom(seen[write.path].update_time)
            case Increase(amounts=amounts):
                encoded.update_mask.SetInParent()
                encoded.current_document.exists = True
                for name, amount in amounts.items():
                    encoded.update_transforms.add(field_path=name, increment=_Value(integer_value=amount))
        return encoded

    def _name(self, path: str) -> str:
        return f"{self._database}/documents/{path}"

    def _path(self, name: str) -> str:
        return name.removeprefix(f"{self._database}/documents/")


def _encode(fields: Mapping[str, object], into: Any) -> None:  # noqa: ANN401 - likewise
    for name, value in fields.items():
        _encode_value(value, into[name])


def _encode_value(value: object, into: Any) -> None:  # noqa: ANN401 - likewise
    match value:
        case None:
            into.null_value = 0
        case bool():
            into.boolean_value = value
        case int():
            into.integer_value = value
        case str():
            into.string_value = value
        case datetime():
            into.timestamp_value.FromDatetime(value)
        case Mapping():
            into.map_value.SetInParent()
            _encode(value, into.map_value.fields)
        case list() | tuple():
            into.array_value.SetInParent()
            for item in value:
                _encode_value(item, into.array_value.values.add())
        case _:
            raise TypeError(f"a {type(value).__name__} stands in no payment's documents")
