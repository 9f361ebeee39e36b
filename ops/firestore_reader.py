"""The command line's `Reader` on Firestore."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from google.api_core.exceptions import GoogleAPICallError
from google.cloud.firestore import Client, DocumentReference, DocumentSnapshot, FieldFilter
from google.cloud.firestore import Query as FirestoreQuery
from google.protobuf.timestamp_pb2 import Timestamp

from database.errors import READ_CONTENDED, error_of
from ops.reading import LAST, Found, Query

ANSWER_SECONDS_MAX: Final = 20.0
_ID: Final = "__name__"


class FirestoreReader:
    def __init__(self, client: Client) -> None:
        self._client = client

    def read(self, *paths: str) -> Mapping[str, Found]:
        try:
            documents = self._client.get_all(
                [self._client.document(path) for path in paths], timeout=ANSWER_SECONDS_MAX
            )
            found = [_found(document) for document in documents if document.exists]
        except GoogleAPICallError as error:
            raise _error(error) from error
        return {each.path: each for each in found}

    def find(self, query: Query) -> tuple[Found, ...]:
        try:
            documents = self.built(query).limit(query.at_most).get(timeout=ANSWER_SECONDS_MAX)
            return tuple(map(_found, documents))
        except GoogleAPICallError as error:
            raise _error(error) from error

    def count(self, query: Query) -> int:
        try:
            # The library's types lack this call.
            aggregation: Any = self.built(query).count("n")
            answered = aggregation.get(timeout=ANSWER_SECONDS_MAX)
        except GoogleAPICallError as error:
            raise _error(error) from error
        return int(answered[0][0].value)

    def built(self, query: Query) -> FirestoreQuery:
        """The query in Firestore's library."""
        built: FirestoreQuery = self._named(query)
        for where in query.where:
            built = built.where(filter=FieldFilter(where.field, where.operator, where.value))
        direction = FirestoreQuery.DESCENDING if query.is_descending else FirestoreQuery.ASCENDING
        if query.order_by:
            built = built.order_by(query.order_by, direction=direction)
        if not query.is_group:
            built = built.order_by(_ID, direction=direction)
        if query.prefix:
            documents = self._client.collection(query.collection)
            end = documents.document(query.prefix + LAST)
            built = built.start_at({_ID: documents.document(query.prefix)}).end_at({_ID: end})
        if query.after:
            value, document_id = query.after
            last: dict[str, object] = {_ID: self._client.collection(query.collection).document(document_id)}
            built = built.start_after({query.order_by: value, **last} if query.order_by else last)
        return built

    def _named(self, query: Query) -> FirestoreQuery:
        if query.is_group:
            return self._client.collection_group(query.collection)
        return self._client.collection(query.collection)  # type: ignore[return-value]


def _found(document: DocumentSnapshot[DocumentReference]) -> Found:
    created = document.create_time
    # The library returns this time in one of two types, depending on the request.
    at: datetime = created.ToDatetime(tzinfo=UTC) if isinstance(created, Timestamp) else created
    return Found(document.reference.path, document.to_dict() or {}, at)


def _error(error: GoogleAPICallError) -> Exception:
    status = error.grpc_status_code.name if error.grpc_status_code else "UNKNOWN"
    return error_of(status, error.message, READ_CONTENDED)
