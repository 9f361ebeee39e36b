"""The store on Firestore: one BatchGet to read, one Commit to write, never a transaction and never a lock."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from google.api_core.gapic_v1 import routing_header
from google.cloud.firestore import FieldFilter
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.aggregation import AggregationQuery

from database.connection import Connection
from database.documents.orders import OPEN_STATUSES
from database.errors import A_QUERY_WAS_TOO_SLOW, errors_in_our_words
from database.protobuf import decoded, encoded, figures_in
from database.store import Committed, Document, Increase, Write
from orders.outcome import StoreUnavailable

_SERVICE: Final = "google.firestore.v1.Firestore"
# protobuf makes its classes when it runs, so that a type checker cannot know them.
_BatchGetDocumentsRequest: Final[Any] = types.BatchGetDocumentsRequest.pb()
_BatchGetDocumentsResponse: Final[Any] = types.BatchGetDocumentsResponse.pb()
_CommitRequest: Final[Any] = types.CommitRequest.pb()
_CommitResponse: Final[Any] = types.CommitResponse.pb()


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
        with errors_in_our_words():
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
            # A missing answer does not mean that there is no document.
            raise StoreUnavailable("an answer is missing")
        return documents

    def commit(self, writes: Sequence[Write], *, timeout_seconds: float) -> Committed:
        messages = [encoded(write, self._name(write.path)) for write in writes]
        request = _CommitRequest(database=self._database, writes=messages)
        with errors_in_our_words():
            answer = self._commit(request, timeout=timeout_seconds, metadata=self._metadata)
        answered = list(zip(writes, answer.write_results, strict=True))
        return Committed(
            versions={write.path: result.update_time for write, result in answered},
            figures={
                write.path: figures_in(result.transform_results, write)
                for write, result in answered
                if isinstance(write, Increase)
            },
        )

    def count(self, collection: str, *, timeout_seconds: float) -> int:
        return _counted(self._client.collection(collection).count(), timeout_seconds)

    def count_open_orders(self, user_id: str, *, timeout_seconds: float) -> int:
        """Served by the index (userId, status)."""
        orders = self._client.collection("orders").where(filter=FieldFilter("userId", "==", user_id))
        held = orders.where(filter=FieldFilter("status", "in", OPEN_STATUSES))
        return _counted(AggregationQuery(held).count(), timeout_seconds)

    def _name(self, path: str) -> str:
        return f"{self._database}/documents/{path}"


def _counted(query: AggregationQuery, timeout_seconds: float) -> int:
    with errors_in_our_words(A_QUERY_WAS_TOO_SLOW):
        # The library declares a list of results, and returns a list of such lists.
        answer: Any = query.get(retry=None, timeout=timeout_seconds)
    return int(answer[0][0].value)
