"""Firebase's protocol for functions that an app calls: https://firebase.google.com/docs/functions/callable-reference."""

import io
import json
import traceback
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from flask import Request, Response
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, RequestTimeout

from checkout.claims import Caller, NotSignedIn
from checkout.refusals import CallRefused, Status
from orders.frozen import frozen
from orders.outcome import Transient, in_words
from receiving.body import body_of, hang_up
from receiving.watchdog import Watchdog
from service.logs import LOGGED_CHARACTERS_MAX, Log

RETRY_AFTER_SECONDS: Final = 5
_PREFLIGHT_SECONDS: Final = 3_600
_BEARER: Final = "Bearer "

HTTP_STATUS: Final[Mapping[Status, int]] = MappingProxyType(
    {
        Status.INVALID_ARGUMENT: 400,
        Status.FAILED_PRECONDITION: 400,
        Status.UNAUTHENTICATED: 401,
        Status.NOT_FOUND: 404,
        Status.INTERNAL: 500,
        Status.UNAVAILABLE: 503,
    }
)
"""The HTTP status that the protocol prescribes for each code."""

_HEADERS: Final[Mapping[int, Mapping[str, str]]] = MappingProxyType(
    {405: {"Allow": "POST, OPTIONS"}, 503: {"Retry-After": str(RETRY_AFTER_SECONDS)}}
)

# Any origin may call: the token in the header says who calls, not a cookie, and no page can read the token of another
# page's user. So a list of origins would keep out only the shop's own previews.
_FOR_ANY_PAGE: Final = {"Access-Control-Allow-Origin": "*"}


class NotACall(ValueError):
    """The request does not follow the protocol."""

    def __init__(self, message: str, http_status: int = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(message)
        self.http_status = http_status


Answered = Mapping[str, object]
"""The result of a call, as JSON."""
Known = dict[str, str]
Identify = Callable[[str, datetime], Caller]
"""Returns whose ID token this is, valid at this time. Raises NotSignedIn, Transient."""


@frozen
class CallableFunction:
    """A function that signed-in customers call from the shop's app."""

    answer: Callable[[object, Caller, datetime, Known], Answered]
    """Carries out the call with this data, for this caller, at this time, and notes ids and names for the log, never
    contents. Raises CallRefused, Transient."""
    identify: Identify
    log: Log
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    """Seconds, on a clock that never goes back."""
    watchdog: Watchdog

    def respond(self, request: Request) -> Response:
        """Answer one call. Never raises. Logs one line, except for a CORS preflight."""
        if request.method == "OPTIONS":
            return self._last_of(request, Response(status=HTTPStatus.NO_CONTENT, headers=_preflight(request)))
        started = self.monotonic()
        known: Known = {}
        ending: Answered | Exception
        try:
            ending = self._call(request, known)
        except Exception as error:  # noqa: BLE001 - every ending has its status, faults too
            ending = error
        response = _response_to(ending)
        severity, message = _line_of(ending)
        self.log(
            severity,
            message,
            **(known | _log_fields_of(ending)),
            status=response.status_code,
            latencyMs=round((self.monotonic() - started) * 1000, 1),
            trace=request.headers.get("X-Cloud-Trace-Context"),
        )
        return response if response.status_code == HTTPStatus.OK else self._last_of(request, response)

    def _last_of(self, request: Request, response: Response) -> Response:
        """The answer, after which an unauthenticated caller can no longer occupy a thread by what it sends next."""
        # After the answer, functions-framework would read a body that was not read before, without limits.
        request.stream = io.BytesIO()
        response.call_on_close(partial(hang_up, request.environ, self.watchdog))
        return response

    def _call(self, request: Request, known: Known) -> Answered:
        if request.method != "POST":
            raise NotACall("only POST is served here", HTTPStatus.METHOD_NOT_ALLOWED)
        if request.mimetype != "application/json":
            raise NotACall("the content type must be application/json")
        now = self.now()
        # The body of a caller who is not signed in is not read.
        caller = self.identify(_token_in(request), now)
        return self.answer(_data_in(body_of(request, self.watchdog)), caller, now, known)


def _token_in(request: Request) -> str:
    header = request.headers.get("Authorization", "")
    if not header.startswith(_BEARER):
        raise NotSignedIn("no ID token was sent")
    return header.removeprefix(_BEARER)


def _data_in(body: bytes) -> object:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        raise NotACall("the body is not JSON") from None
    if not isinstance(message, dict) or set(message) != {"data"}:
        raise NotACall("the body must be an object that holds data, and nothing else")
    return message["data"]


def _preflight(request: Request) -> dict[str, str]:
    """https://fetch.spec.whatwg.org/#http-cors-protocol. Allows all headers: Firebase's libraries change theirs."""
    asked = request.headers.get("Access-Control-Request-Headers", "Authorization, Content-Type")
    return {
        **_FOR_ANY_PAGE,
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": asked,
        "Access-Control-Max-Age": str(_PREFLIGHT_SECONDS),
        "Vary": "Access-Control-Request-Headers",
    }


def _response_to(ending: Answered | Exception) -> Response:
    refusal = _refusal_of(ending) if isinstance(ending, Exception) else None
    if refusal is None:
        return _json({"result": ending}, HTTPStatus.OK)
    error: dict[str, object] = {"status": refusal.status.value, "message": str(refusal)}
    if refusal.details is not None:
        error["details"] = refusal.details
    status = ending.http_status if isinstance(ending, NotACall) else HTTP_STATUS[refusal.status]
    return _json({"error": error}, status)


def _json(content: object, status: int) -> Response:
    # An answer is for one customer only.
    headers = {**_FOR_ANY_PAGE, "Cache-Control": "no-store", **_HEADERS.get(status, {})}
    return Response(json.dumps(content), status, headers, mimetype="application/json")


def _refusal_of(error: Exception) -> CallRefused:
    match error:
        case CallRefused():
            return error
        case NotSignedIn():
            return CallRefused(Status.UNAUTHENTICATED, str(error))
        case NotACall():
            return CallRefused(Status.INVALID_ARGUMENT, str(error))
        case BadRequest() | RequestTimeout():
            return CallRefused(Status.INVALID_ARGUMENT, "the body did not arrive whole, or not in time")
        case RequestEntityTooLarge():
            return CallRefused(Status.INVALID_ARGUMENT, "the body is too large")
        case Transient():
            return CallRefused(Status.UNAVAILABLE, "not done in time, call again", severity="WARNING")
        case _:
            return CallRefused(Status.INTERNAL, "internal error", severity="ERROR")


def _line_of(ending: Answered | Exception) -> tuple[str, str]:
    if not isinstance(ending, Exception):
        return "INFO", "answered"
    refusal = _refusal_of(ending)
    said = in_words(f"{type(ending).__name__}: {ending}", refusal.note) or ""
    return refusal.severity, said[:LOGGED_CHARACTERS_MAX]


def _log_fields_of(ending: Answered | Exception) -> Known:
    if not isinstance(ending, Exception):
        return {"result": "answered"}
    status = _refusal_of(ending).status
    if status is Status.INTERNAL:
        return {"result": "fault", "stack_trace": "".join(traceback.format_exception(ending))}
    return {"result": "not_settled" if status is Status.UNAVAILABLE else "refused", "code": status.value}
