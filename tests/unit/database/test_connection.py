"""The connection as it is made where no emulator is: by TLS, to a server on this machine in the place of Google's."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import google.auth
import grpc
import pytest
import trustme
from google.api_core.exceptions import GoogleAPICallError
from google.cloud.firestore_v1 import types
from google.oauth2.credentials import Credentials

from database import connection
from database.connection import connect
from database.firestore_store import FirestoreStore
from database.store import Create
from orders.outcome import StoreContended, StoreUnavailable, Transient


@dataclass
class Server(grpc.GenericRpcHandler):
    """Finds one document, and answers every commit with one status."""

    status: grpc.StatusCode = grpc.StatusCode.OK
    answers: int = 2
    """To a read of two documents: the last ones are left out, or one of another name comes on top."""
    metadata: dict[str, str] = field(default_factory=dict)

    def service(self, details: Any) -> Any:
        self.metadata = dict(details.invocation_metadata)
        match details.method:
            case "/google.firestore.v1.Firestore/BatchGetDocuments":
                request, answer = types.BatchGetDocumentsRequest, types.BatchGetDocumentsResponse
                return grpc.unary_stream_rpc_method_handler(self.find, request.deserialize, answer.serialize)
            case "/google.firestore.v1.Firestore/Commit":
                commit, committed = types.CommitRequest, types.CommitResponse
                return grpc.unary_unary_rpc_method_handler(self.commit, commit.deserialize, committed.serialize)

    def find(self, request: types.BatchGetDocumentsRequest, context: Any) -> Iterator[types.BatchGetDocumentsResponse]:
        here, gone = request.documents
        fields = {"status": types.Value(string_value="pending")}
        yield types.BatchGetDocumentsResponse(transaction=b"neither found nor missing")
        yield from [
            types.BatchGetDocumentsResponse(missing=gone),
            types.BatchGetDocumentsResponse(found=types.Document(name=here, fields=fields)),
            types.BatchGetDocumentsResponse(missing="projects/another/databases/(default)/documents/orders/here"),
        ][: self.answers]

    def commit(self, request: types.CommitRequest, context: Any) -> types.CommitResponse:
        if self.status is not grpc.StatusCode.OK:
            context.abort(self.status, "as told")
        return types.CommitResponse(write_results=[types.WriteResult() for _ in request.writes])


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[trustme.CA]:
    """Trusted by every channel of this process: gRPC reads its roots once."""
    authority, roots = trustme.CA(), tmp_path_factory.mktemp("authority") / "roots.pem"
    authority.cert_pem.write_to_path(str(roots))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", str(roots))
        yield authority


@pytest.fixture
def server(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    certificate = authority.issue_cert("localhost")
    key, chain = certificate.private_key_pem.bytes(), certificate.cert_chain_pems[0].bytes()
    handler = Server()
    with ThreadPoolExecutor(1) as pool:
        listening = grpc.server(pool)
        port = listening.add_secure_port("localhost:0", grpc.ssl_server_credentials([(key, chain)]))
        listening.add_generic_rpc_handlers((handler,))
        listening.start()
        monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
        monkeypatch.setattr(google.auth, "default", lambda **_: (Credentials(token="a-token"), "the-default"))
        monkeypatch.setattr(connection, "_HOST", f"localhost:{port}")
        yield handler
        listening.stop(grace=None).wait()


def test_an_rpc_names_its_database_and_brings_the_credentials(server: Server) -> None:
    documents = FirestoreStore(connect("shop")).read(["orders/here", "orders/gone"], timeout_seconds=10)
    assert documents["orders/gone"] is None
    assert documents["orders/here"] is not None and documents["orders/here"].fields == {"status": "pending"}
    database = "projects/shop/databases/(default)"
    assert server.metadata["authorization"] == "Bearer a-token"
    assert server.metadata["google-cloud-resource-prefix"] == database
    assert unquote(server.metadata["x-goog-request-params"]) == f"database={database}"


@pytest.mark.usefixtures("server")
def test_the_credentials_tell_the_project_where_the_environment_does_not() -> None:
    documents = FirestoreStore(connect(None)).read(["orders/here", "orders/gone"], timeout_seconds=10)
    assert set(documents) == {"orders/here", "orders/gone"}


@pytest.mark.parametrize("answers", [0, 1])
def test_a_document_of_which_nothing_is_told_is_not_taken_for_missing(server: Server, answers: int) -> None:
    server.answers = answers
    with pytest.raises(StoreUnavailable):
        FirestoreStore(connect("shop")).read(["orders/here", "orders/gone"], timeout_seconds=10)


def test_a_document_that_nobody_has_asked_for_is_a_fault(server: Server) -> None:
    server.answers = 3
    with pytest.raises(KeyError):
        FirestoreStore(connect("shop")).read(["orders/here", "orders/gone"], timeout_seconds=10)


@pytest.mark.parametrize("status", [status for status in grpc.StatusCode if status is not grpc.StatusCode.OK])
def test_a_commit_that_was_refused_is_contended_unanswered_or_a_fault(server: Server, status: grpc.StatusCode) -> None:
    server.status = status
    with pytest.raises(MEANINGS.get(status, GoogleAPICallError)) as raised:
        FirestoreStore(connect("shop")).commit([Create("orders/order-1", {})], timeout_seconds=10)
    assert isinstance(raised.value, Transient) == (status in MEANINGS)


MEANINGS = {
    grpc.StatusCode.ALREADY_EXISTS: StoreContended,
    grpc.StatusCode.FAILED_PRECONDITION: StoreContended,
    grpc.StatusCode.NOT_FOUND: StoreContended,
    grpc.StatusCode.ABORTED: StoreContended,
    grpc.StatusCode.UNAVAILABLE: StoreUnavailable,
    grpc.StatusCode.DEADLINE_EXCEEDED: StoreUnavailable,
    grpc.StatusCode.RESOURCE_EXHAUSTED: StoreUnavailable,
    grpc.StatusCode.INTERNAL: StoreUnavailable,
    grpc.StatusCode.CANCELLED: StoreUnavailable,
    grpc.StatusCode.UNKNOWN: StoreUnavailable,
}
"""The others are faults, as a request that is wrong in itself, or a service account that lacks a role."""
