"""The connection without an emulator: over TLS, to a server on this machine in place of Google's."""

import json
from collections.abc import Iterator
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext

import google.auth
import pytest
import trustme
from google.auth.exceptions import DefaultCredentialsError
from google.oauth2.credentials import Credentials

from database import connection
from database.connection import Connection, connect
from database.documents.size import VALUES_MAX
from database.errors import AnswerTooLarge, RequestRefused
from database.firestore_store import FirestoreStore
from database.http_answers import Answer
from database.kept_connections import KeptConnections
from database.store import Create, Document
from orders.outcome import StoreContended, StoreUnavailable
from tests.support.scripted_server import ScriptedServer, http_answer, listening
from tests.support.settling import Clock

DOCUMENTS = "projects/shop/databases/(default)/documents"
HERE, GONE = "orders/here", "orders/gone"
MOMENT = "2026-11-26T08:00:00.123456Z"
FOUND = {
    "found": {
        "name": f"{DOCUMENTS}/{HERE}",
        "fields": {"status": {"stringValue": "pending"}, "total": {"doubleValue": 10}},
        "updateTime": MOMENT,
    },
    "readTime": MOMENT,
}
MISSING = {"missing": f"{DOCUMENTS}/{GONE}", "readTime": MOMENT}
STATUSES = {
    "CANCELLED": 499,
    "UNKNOWN": 500,
    "INVALID_ARGUMENT": 400,
    "DEADLINE_EXCEEDED": 504,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "PERMISSION_DENIED": 403,
    "UNAUTHENTICATED": 401,
    "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400,
    "ABORTED": 409,
    "OUT_OF_RANGE": 400,
    "UNIMPLEMENTED": 501,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DATA_LOSS": 500,
}
"""By status, its HTTP code: https://cloud.google.com/apis/design/errors#handling_errors"""
UNANSWERED = {"CANCELLED", "UNKNOWN", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "INTERNAL", "UNAVAILABLE"}
SOMEONE_WAS_FASTER = {"ABORTED", "ALREADY_EXISTS", "FAILED_PRECONDITION", "NOT_FOUND"}
"""For a commit; for a read, only ABORTED. All other statuses are faults."""


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ScriptedServer]:
    authority.cert_pem.write_to_path(str(tmp_path / "roots.pem"))
    tls = SSLContext(PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    with listening(ScriptedServer(lambda _: [http_answer(b"[]")]), tls) as server:
        monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
        monkeypatch.delenv("K_SERVICE", raising=False)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "roots.pem"))
        monkeypatch.setattr(google.auth, "default", lambda **_: (Credentials(token="a-token"), "shop"))
        monkeypatch.setattr(connection, "_ORIGIN", server.origin)
        yield server


def answering(server: ScriptedServer, content: object, code: int = 200) -> None:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    server.answer = lambda _: [http_answer(body, code)]


def read() -> dict[str, Document | None]:
    return dict(FirestoreStore(connect("shop")).read([HERE, GONE], timeout_seconds=10))


def commit() -> None:
    FirestoreStore(connect("shop")).commit([Create("orders/order-1", {})], timeout_seconds=10)


def test_a_read_names_its_documents_and_brings_the_token(server: ScriptedServer) -> None:
    answering(server, [{"transaction": "", "readTime": MOMENT}, MISSING, FOUND])
    store, documents = (
        FirestoreStore(connect("shop")),
        {GONE: None, HERE: Document({"status": "pending", "total": 10.0}, version=MOMENT)},
    )
    assert [store.read([HERE, GONE], timeout_seconds=10) for _ in range(2)] == [documents] * 2
    request, _ = server.requests
    assert server.connections == 1
    assert request.path == f"/v1/{DOCUMENTS}:batchGet?prettyPrint=false"
    assert request.headers["Authorization"] == "Bearer a-token"
    assert json.loads(request.body) == {"documents": [f"{DOCUMENTS}/{HERE}", f"{DOCUMENTS}/{GONE}"]}


def test_on_an_instance_its_metadata_server_gives_the_token(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening(
        ScriptedServer(lambda _: [http_answer(b'{"access_token": "of-instance", "expires_in": 9}')])
    ) as there:
        monkeypatch.setenv("GCE_METADATA_HOST", there.origin.removeprefix("http://"))
        monkeypatch.setenv("K_SERVICE", "stripewebhook")
        answering(server, [MISSING, FOUND])
        read()
    assert there.requests[0].path.endswith("/token?scopes=https://www.googleapis.com/auth/datastore")
    assert server.requests[0].headers["Authorization"] == "Bearer of-instance"


def test_the_credentials_name_the_project_where_the_environment_does_not(server: ScriptedServer) -> None:
    answering(server, [MISSING, FOUND])
    assert set(FirestoreStore(connect(None)).read([HERE, GONE], timeout_seconds=10)) == {HERE, GONE}


@pytest.mark.usefixtures("server")
def test_nothing_connects_where_nobody_names_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(google.auth, "default", lambda **_: (Credentials(token="a-token"), None))
    with pytest.raises(DefaultCredentialsError):
        connect(None)


def test_the_server_is_called_by_its_name_alone(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    port, elsewhere = int(server.origin.rpartition(":")[2]), KeptConnections("https://localhost")
    monkeypatch.setattr(elsewhere, "_port", port)
    elsewhere.post("/", b"", {}, seconds=10)
    assert server.requests[0].headers["Host"] == "localhost"


def test_another_database_is_part_of_every_name(server: ScriptedServer) -> None:
    answering(server, [{"result": {"aggregateFields": {"n": {"integerValue": "2"}}}, "readTime": MOMENT}])
    store = FirestoreStore(connect("shop", "eu"))
    assert store.count("auditLog/odd id?#/deliveries", timeout_seconds=10) == 2
    documents = "/v1/projects/shop/databases/eu/documents"
    assert server.requests[0].path == f"{documents}/auditLog/odd%20id%3F%23:runAggregationQuery?prettyPrint=false"


def test_a_server_that_is_not_firestore_is_told_nothing(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(StoreUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
        read()
    assert server.requests == []


@pytest.mark.parametrize("answers", [[], [FOUND], [MISSING]])
def test_a_document_of_which_nothing_is_said_is_not_taken_for_missing(
    server: ScriptedServer, answers: list[object]
) -> None:
    answering(server, answers)
    with pytest.raises(StoreUnavailable):
        read()


def test_a_document_that_nobody_has_asked_for_is_a_fault(server: ScriptedServer) -> None:
    answering(server, [FOUND, MISSING, {"missing": "projects/another/databases/(default)/documents/orders/here"}])
    with pytest.raises(KeyError):
        read()


def meaning_of(status: str, contended: set[str]) -> type[Exception]:
    if status in contended:
        return StoreContended
    return StoreUnavailable if status in UNANSWERED else RequestRefused


def said_of(status: str, contended: set[str]) -> str:
    """A pattern. If someone was faster, the message would name a document, perhaps a customer's."""
    return f"^{status}$" if status in contended else f"^{status}: as scripted$"


@pytest.mark.parametrize("status", STATUSES)
def test_what_is_refused_is_contended_unanswered_or_a_fault_and_says_why(server: ScriptedServer, status: str) -> None:
    store = FirestoreStore(connect("shop"))
    error = {"error": {"code": STATUSES[status], "message": "as scripted", "status": status}}
    answering(server, error, STATUSES[status])
    with pytest.raises(meaning_of(status, SOMEONE_WAS_FASTER), match=said_of(status, SOMEONE_WAS_FASTER)):
        store.commit([Create("orders/order-1", {})], timeout_seconds=10)
    # A read's answer is an array, even if it contains only an error.
    answering(server, [error], STATUSES[status])
    with pytest.raises(meaning_of(status, {"ABORTED"}), match=said_of(status, {"ABORTED"})):
        store.read([HERE, GONE], timeout_seconds=10)


def test_an_answer_of_too_many_values_is_not_parsed_and_a_text_is_one_value(server: ScriptedServer) -> None:
    def read_product(values: int) -> Document | None:
        texts = [{"stringValue": '"nullValue":' * 2}] * (values - 1)
        fields = {"texts": {"arrayValue": {"values": texts}}}
        answering(server, [{"found": {"name": f"{DOCUMENTS}/products/shirt", "fields": fields, "updateTime": MOMENT}}])
        return FirestoreStore(connect("shop")).read(["products/shirt"], timeout_seconds=10)["products/shirt"]

    assert read_product(VALUES_MAX)
    with pytest.raises(AnswerTooLarge, match=f"has {VALUES_MAX + 1} values; at most {VALUES_MAX} are read"):
        read_product(VALUES_MAX + 1)


def test_an_answer_that_goes_wrong_after_it_has_begun_is_none(server: ScriptedServer) -> None:
    answering(server, [FOUND, {"error": {"code": 503, "message": "moved", "status": "UNAVAILABLE"}}])
    with pytest.raises(StoreUnavailable, match="moved"):
        read()


@pytest.mark.parametrize(
    ("code", "means"),
    [
        (200, StoreUnavailable),
        (408, StoreUnavailable),
        (429, StoreUnavailable),
        (502, StoreUnavailable),
        (404, RequestRefused),
        (413, RequestRefused),
    ],
)
@pytest.mark.parametrize("body", [b"<html>no luck</html>", b'[{"no luck', b'{"error": "no luck"}'])
def test_an_answer_in_other_words_than_firestores_is_judged_by_its_code(
    server: ScriptedServer, code: int, means: type[Exception], body: bytes
) -> None:
    answering(server, body, code)
    with pytest.raises(means, match=f"{code} .*no luck"):
        commit()


def test_a_call_without_an_answer_is_made_once_more(server: ScriptedServer) -> None:
    answers = [http_answer(b"", 503), http_answer(json.dumps([MISSING, FOUND]).encode())]
    server.answer = lambda _: [answers.pop(0)]
    assert set(read()) == {HERE, GONE}
    assert len({(request.path, request.body) for request in server.requests}) == 1


@pytest.mark.parametrize(("code", "tries"), [(503, 2), (409, 1), (403, 1)])
def test_a_call_is_made_twice_at_most_and_once_if_it_is_answered(server: ScriptedServer, code: int, tries: int) -> None:
    answering(server, {"error": {"status": {503: "UNAVAILABLE", 409: "ABORTED", 403: "PERMISSION_DENIED"}[code]}}, code)
    with pytest.raises((StoreUnavailable, StoreContended, RequestRefused)):
        commit()
    assert len(server.requests) == tries


@pytest.mark.parametrize(
    ("seconds", "given"), [(10, [(2.5, 2), (2.5, 2)]), (4, [(2.5, 2), (1.5, 1)]), (2.5, [(2.5, 2)]), (1, [(1, 0.5)])]
)
def test_a_try_has_a_part_of_the_time_and_never_more_than_is_left(
    monkeypatch: pytest.MonkeyPatch, seconds: float, given: list[tuple[float, float]]
) -> None:
    clock, for_tokens, for_answers = Clock(), list[float](), list[float]()

    def let_in(seconds_left: float) -> dict[str, str]:
        for_tokens.append(seconds_left)
        clock.sleep(0.5)
        return {}

    class Unanswering:
        def post(self, path: str, body: bytes, headers: object, *, seconds: float) -> Answer:
            for_answers.append(seconds)
            clock.sleep(seconds)
            raise StoreUnavailable("timed out")

    monkeypatch.setattr(connection, "time", clock)
    with pytest.raises(StoreUnavailable, match="timed out"):
        FirestoreStore(Connection("shop", Unanswering(), let_in)).read([HERE], timeout_seconds=seconds)
    assert list(zip(for_tokens, for_answers, strict=True)) == given
