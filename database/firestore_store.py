"""The store on Firestore: one BatchGet to read, one Commit to write, never a transaction and never a lock."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import grpc
from google.api_core import exceptions
from google.api_core.gapic_v1 import routing_header
from google.cloud.firestore import DocumentReference, DocumentSnapshot, FieldFilter, Query
from google.cloud.firestore_v1 import types

from database.connection import Connection
from database.documents.parked_events import parked_event_from
from database.protobuf import decoded, encoded
from database.store import Committed, Document, Increase, Write
from orders.events import StripeEvent
from orders.outcome import StoreContended, StoreUnavailable

# What each status means: https://cloud.google.com/firestore/docs/understand-error-codes
_SOMEONE_WAS_FASTER: Final = (
    exceptions.AlreadyExists,
    exceptions.FailedPrecondition,
    exceptions.NotFound,
    exceptions.Aborted,
)
# Of a query, the other ones tell that an index is missing: a fault, whose message names the index.
_A_QUERY_WAS_TOO_SLOW: Final = (exceptions.Aborted,)
_NO_ANSWER: Final = (
    exceptions.ServiceUnavailable,
    exceptions.DeadlineExceeded,
    exceptions.ResourceExhausted,
    exceptions.InternalServerError,
    exceptions.Cancelled,
    exceptions.Unknown,
    exceptions.RetryError,
)

_SERVICE: Final = "google.firestore.v1.Firestore"
# protobuf makes its classes when it runs, so that a type checker cannot know them.
_BatchGetDocumentsRequest: Final[Any] = types.BatchGetDocumentsRequest.pb()
_BatchGetDocumentsResponse: Final[Any] = types.BatchGetDocumentsResponse.pb()
_CommitRequest: Final[Any] = types.CommitRequest.pb()
_CommitResponse: Final[Any] = types.CommitResponse.pb()

QUERY_SECONDS_MAX: Final = 8.0
BATCH_DOCUMENTS_MAX: Final = 100


class FirestoreStore:
    """Settlement's `DocumentStore`. It never retries by itself: a lost answer is resolved by reading again."""

    def __init__(self, connection: Connection) -> None:
        self._client = connection.client
        self._database = f"projects/{self._client.project}/databases/(default)"
        # Google's servers find the database by these: https://google.aip.dev/client-libraries/4222
        self._metadata = (
            ("google-cloud-resource-prefix", self._database),
            routing_header.to_grpc_metadata({"database": self._database}),
            *connection.metadata,
        )
        self._batch_get_documents = connection.channel.unary_stream(
            f"/{_SERVICE}/BatchGetDocuments",
            request_serializer=_BatchGetDocumentsRequest.SerializeToString,
            response_deserializer=_BatchGetDocumentsResponse.FromString,
        )
        self._commit = connection.channel.unary_unary(
            f"/{_SERVICE}/Commit",
            request_serializer=_CommitRequest.SerializeToString,
            response_deserializer=_CommitResponse.FromString,
        )

    def read(self, paths: Sequence[str], *, timeout_seconds: float) -> Mapping[str, Document | None]:
        asked = {self._name(path): path for path in paths}
        request = _BatchGetDocumentsRequest(database=self._database, documents=asked)
        with _errors_told_apart():
            # A stream that is not read to its end stays in memory for ever, so that nothing else may fail meanwhile.
            answers = list(self._batch_get_documents(request, timeout=timeout_seconds, metadata=self._metadata))
        documents: dict[str, Document | None] = {}
        for answer in answers:
            if answer.HasField("found"):
                found = answer.found
                documents[asked[found.name]] = Document(decoded(found), version=found.update_time)
            elif answer.missing:
                documents[asked[answer.missing]] = None
        if len(documents) < len(asked):
            # Not to be told is not to be told that there is none.
            raise StoreUnavailable("an answer is missing")
        return documents

    def commit(self, writes: Sequence[Write], *, timeout_seconds: float) -> Committed:
        messages = [encoded(write, self._name(write.path)) for write in writes]
        request = _CommitRequest(database=self._database, writes=messages)
        with _errors_told_apart():
            answer = self._commit(request, timeout=timeout_seconds, metadata=self._metadata)
        answered = list(zip(writes, answer.write_results, strict=True))
        return Committed(
            versions={write.path: result.update_time for write, result in answered},
            figures={
                write.path: {
                    name: value.integer_value
                    for name, value in zip(sorted(write.amounts), result.transform_results, strict=True)
                }
                for write, result in answered
                if isinstance(write, Increase)
            },
        )

    def count(self, collection: str, *, timeout_seconds: float) -> int:
        with _errors_told_apart():
            query = self._client.collection(collection).count()
            answer = query.get(retry=None, timeout=timeout_seconds)
        return int(answer[0][0].value)

    def parked_events(self, order_id: str) -> tuple[StripeEvent, ...]:
        """The verified events that wait for this order to appear. Raises StoreUnavailable."""
        query = (
            self._client.collection("webhookEvents")
            .where(filter=FieldFilter("orderId", "==", order_id))
            .where(filter=FieldFilter("processed", "==", False))
        )
        events = (parked_event_from(claim.id, claim.to_dict() or {}) for claim in self._found(query))
        return tuple(event for event in events if event)

    def lapsed_orders(self, now: datetime) -> Iterator[Sequence[str]]:
        """Reserved orders whose time is out, by id and in batches, the longest overdue first. Raises StoreUnavailable.

        Served by the index (status, reservationExpiresAt).
        """
        query = self._client.collection("orders").where(filter=FieldFilter("status", "==", "reserved"))
        due = query.where(filter=FieldFilter("reservationExpiresAt", "<=", now))
        return _ids_in(self._batches(due.select(["reservationExpiresAt"]), "reservationExpiresAt"))

    def stranded_orders(self, created_before: datetime) -> Iterator[Sequence[str]]:
        """Orders that nobody has placed, or not to the end, by id and in batches. Raises StoreUnavailable.

        Served by the index (status, createdAt).
        """
        unplaced = FieldFilter("status", "in", ["pending", "reserving"])
        query = self._client.collection("orders").where(filter=unplaced)
        old = query.where(filter=FieldFilter("createdAt", "<=", created_before))
        return _ids_in(self._batches(old.select(["createdAt"]), "createdAt"))

    def parked_since(self, moment: datetime) -> Iterator[Sequence[StripeEvent]]:
        """The events parked since then that still are and can be settled, in batches. Raises StoreUnavailable.

        Served by the index (processed, parkedAt).
        """
        query = self._client.collection("webhookEvents").where(filter=FieldFilter("processed", "==", False))
        for claims in self._batches(query.where(filter=FieldFilter("parkedAt", ">=", moment)), "parkedAt"):
            events = (parked_event_from(claim.id, claim.to_dict() or {}) for claim in claims)
            yield [event for event in events if event]

    def _batches(self, query: Query, order_by: str) -> Iterator[Sequence[DocumentSnapshot[DocumentReference]]]:
        """What a query finds. Batch by batch, because whoever works on it changes what the query finds."""
        page = query.order_by(order_by).limit(BATCH_DOCUMENTS_MAX)
        while found := self._found(page):
            yield found
            page = page.start_after(found[-1])

    def _found(self, query: Query) -> Sequence[DocumentSnapshot[DocumentReference]]:
        with _errors_told_apart(_A_QUERY_WAS_TOO_SLOW):
            return list(query.get(retry=None, timeout=QUERY_SECONDS_MAX))

    def _name(self, path: str) -> str:
        return f"{self._database}/documents/{path}"


def _ids_in(batches: Iterable[Sequence[DocumentSnapshot[DocumentReference]]]) -> Iterator[Sequence[str]]:
    for batch in batches:
        yield [found.id for found in batch]


@contextlib.contextmanager
def _errors_told_apart(
    someone_was_faster: tuple[type[exceptions.GoogleAPICallError], ...] = _SOMEONE_WAS_FASTER,
) -> Iterator[None]:
    """Someone was faster, or there was no answer: both can be tried again. All else is a fault, and stays one."""
    try:
        with _errors_by_name():
            yield
    except someone_was_faster as error:
        raise StoreContended(type(error).__name__) from error
    except _NO_ANSWER as error:
        raise StoreUnavailable(type(error).__name__) from error


@contextlib.contextmanager
def _errors_by_name() -> Iterator[None]:
    """The channel's errors as those of the client library."""
    try:
        yield
    except grpc.RpcError as error:
        raise exceptions.from_grpc_error(error) from error
