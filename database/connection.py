"""The connection to Firestore: its REST API, in JSON.

https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases.documents
"""

import json
import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, Final, Protocol
from urllib.parse import quote

from database import metadata_server
from database.access_token import AccessToken
from database.documents.size import VALUES_MAX
from database.errors import READ_CONTENDED, AnswerTooLarge, error_of
from database.http_answers import Answer
from database.ids import DEFAULT_DATABASE
from database.kept_connections import KeptConnections
from database.messages import values_in
from orders.frozen import frozen
from orders.outcome import StoreUnavailable

TRY_SECONDS_MAX: Final = 2.5
"""Of a delivery's eight seconds: if a server hangs, there is time for another try on another connection."""
_ORIGIN: Final = "https://firestore.googleapis.com"
_SCOPE: Final = "https://www.googleapis.com/auth/datastore"
# The emulator takes this for its owner, who bypasses security rules, as with Google's client library.
_EMULATOR_HEADERS: Final = {"Authorization": "Bearer owner"}
# Google's client library uses the same name.
_EMULATED_PROJECT: Final = "google-cloud-firestore-emulator"
# Codes for which a retry may help if the answer has no status, as from a proxy; 200 if the answer breaks off.
_PASSING: Final = (HTTPStatus.OK, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
_SHOWN_BYTES_MAX: Final = 200
# Created once: with other than default settings, `json.dumps` creates an encoder for each call.
_in_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Transport(Protocol):
    """Carries out every call."""

    def post(self, path: str, body: bytes, headers: Mapping[str, str], *, seconds: float) -> Answer:
        """Send the body once, and return the whole answer. Raises StoreUnavailable."""


@frozen
class Connection:
    """One database. It connects on first use."""

    project: str
    transport: Transport
    authorization: Callable[[float], Mapping[str, str]]
    """Returns the headers that authorize a call, within this many seconds. Raises StoreUnavailable."""
    database: str = DEFAULT_DATABASE
    """The id of the project's database."""

    @property
    def documents(self) -> str:
        """The prefix of every document's full name."""
        return f"projects/{self.project}/databases/{self.database}/documents"

    def call(
        self,
        rpc: str,
        request: Mapping[str, object],
        *,
        timeout_seconds: float,
        parent: str = "",
        contended: frozenset[str] = READ_CONTENDED,
    ) -> Any:  # noqa: ANN401 - JSON
        """Firestore's answer. If none comes, the call is repeated once, so doing it twice must be harmless.

        A commit is, if one of its writes creates a document or requires one to be as it was read: the second time, that
        write fails.

        Args:
            parent: the path of the document whose collections are queried; by default the whole database.
            contended: the statuses that mean that another worker was faster.

        Raises:
            StoreContended: another worker was faster.
            StoreUnavailable: no answer; the request may have been carried out.
            RequestRefused: a fault.
            AnswerTooLarge: the answer is larger than the limit; the request was carried out.
        """
        end = time.monotonic() + timeout_seconds
        # With line breaks, Google's JSON is four times as long: https://cloud.google.com/apis/docs/system-parameters
        path = f"/v1/{self.documents}{quote(parent)}:{rpc}?prettyPrint=false"
        body = _in_json(request).encode()
        try:
            return _content_of(self._answer_to(path, body, timeout_seconds), contended)
        except StoreUnavailable:
            if (seconds_left := end - time.monotonic()) <= 0:
                raise
        return _content_of(self._answer_to(path, body, seconds_left), contended)

    def _answer_to(self, path: str, body: bytes, seconds: float) -> Answer:
        end = time.monotonic() + min(seconds, TRY_SECONDS_MAX)
        headers = {"Content-Type": "application/json", **self.authorization(end - time.monotonic())}
        return self.transport.post(path, body, headers, seconds=end - time.monotonic())


def connect(project: str | None, database: str = DEFAULT_DATABASE) -> Connection:
    """Connect to this database of the project, or to the emulator that FIRESTORE_EMULATOR_HOST names.

    Raises:
        google.auth.exceptions.DefaultCredentialsError: the environment has no credentials, or no project.
    """
    if emulator := os.environ.get("FIRESTORE_EMULATOR_HOST"):
        here = KeptConnections(f"http://{emulator}")
        return Connection(project or _EMULATED_PROJECT, here, lambda _: _EMULATOR_HEADERS, database)
    if project and metadata_server.is_there(os.environ):
        token = AccessToken(partial(metadata_server.token_from_metadata, _SCOPE))
        return Connection(project, KeptConnections(_ORIGIN), token.headers, database)
    from database.google_credentials import credentials_for, token_of

    credentials, named = credentials_for(project, (_SCOPE,))
    return Connection(named, KeptConnections(_ORIGIN), AccessToken(partial(token_of, credentials)).headers, database)


def _content_of(answer: Answer, contended: frozenset[str]) -> Any:  # noqa: ANN401 - JSON
    if (values := values_in(answer.body)) > VALUES_MAX:
        raise AnswerTooLarge(f"an answer has {values} values; at most {VALUES_MAX} are read")
    try:
        content = json.loads(answer.body)
    except ValueError:
        content = None
    # A streamed answer can fail after its first parts; then its last part is the error.
    parts = content if isinstance(content, list) else [content]
    errors = [part["error"] for part in parts if isinstance(part, dict) and "error" in part]
    if error := next((error for error in errors if isinstance(error, dict)), None):
        raise error_of(str(error.get("status")), str(error.get("message")), contended)
    if answer.code != HTTPStatus.OK or content is None or errors:
        said = f"{answer.code} {answer.body[:_SHOWN_BYTES_MAX]!r}"
        is_passing = answer.code in _PASSING or answer.code >= HTTPStatus.INTERNAL_SERVER_ERROR
        raise error_of("UNAVAILABLE" if is_passing else "HTTP", said, contended)
    return content
