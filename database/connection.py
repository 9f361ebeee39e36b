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
from database.errors import READ_CONTENDED, error_of
from database.http_answers import Answer
from database.ids import DEFAULT_DATABASE
from database.kept_connections import KeptConnections
from orders.frozen import frozen
from orders.outcome import StoreUnavailable

TRY_SECONDS_MAX: Final = 2.5
"""Of the eight that a delivery has: a server that hangs leaves time to ask again, on another connection."""
_ORIGIN: Final = "https://firestore.googleapis.com"
_SCOPE: Final = "https://www.googleapis.com/auth/datastore"
# The emulator takes this for its owner, whom no security rules bind, as it does from Google's client library.
_EMULATOR_HEADERS: Final = {"Authorization": "Bearer owner"}
# As Google's client library calls it.
_EMULATED_PROJECT: Final = "google-cloud-firestore-emulator"
# Codes that another try may change, of an answer without a status, as a server in between gives; 200, if it breaks off.
_PASSING: Final = (HTTPStatus.OK, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
_SHOWN_BYTES_MAX: Final = 200
# Made once: `json.dumps` makes one for each text that is not as it is by default.
_in_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Transport(Protocol):
    """What every call passes through."""

    def post(self, path: str, body: bytes, headers: Mapping[str, str], *, seconds: float) -> Answer:
        """Send the body, once, and return the whole answer. Raises StoreUnavailable."""


@frozen
class Connection:
    """One database. Nothing is connected before it is used."""

    project: str
    transport: Transport
    authorization: Callable[[float], Mapping[str, str]]
    """The headers that let a call in, given the seconds that it may take to get them. Raises StoreUnavailable."""
    database: str = DEFAULT_DATABASE
    """Which of the project's databases this is."""

    @property
    def documents(self) -> str:
        """The name that the name of every document begins with."""
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
        """What Firestore answers. If no answer comes, the call is made once more, so doing it twice must do no harm.

        A commit does none if one of its writes creates a document, or changes one that must be as it was read: the
        second time, someone was faster.

        Args:
            parent: the path of the document whose collections are asked, where that is not the whole database.
            contended: the statuses that mean: someone was faster.

        Raises:
            StoreContended: someone was faster.
            StoreUnavailable: no answer; what was asked may have been done.
            RequestRefused: a fault.
            AnswerTooLarge: it is larger than any that this service has use for; what was asked was done.
        """
        end = time.monotonic() + timeout_seconds
        # Google's JSON is four times as long with its line breaks: https://cloud.google.com/apis/docs/system-parameters
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
    """Connect to this database of the project, or to the emulator if FIRESTORE_EMULATOR_HOST names one.

    Raises:
        google.auth.exceptions.DefaultCredentialsError: the environment gives no credentials, or no project.
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
    try:
        content = json.loads(answer.body)
    except ValueError:
        content = None
    # An answer in several parts can go wrong after the first ones; then its last part says so.
    parts = content if isinstance(content, list) else [content]
    errors = [part["error"] for part in parts if isinstance(part, dict) and "error" in part]
    if error := next((error for error in errors if isinstance(error, dict)), None):
        raise error_of(str(error.get("status")), str(error.get("message")), contended)
    if answer.code != HTTPStatus.OK or content is None or errors:
        said = f"{answer.code} {answer.body[:_SHOWN_BYTES_MAX]!r}"
        is_passing = answer.code in _PASSING or answer.code >= HTTPStatus.INTERNAL_SERVER_ERROR
        raise error_of("UNAVAILABLE" if is_passing else "HTTP", said, contended)
    return content
