"""Firebase's callable protocol over HTTP: https://firebase.google.com/docs/functions/callable-reference."""

import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from flask import Flask, Response, request
from werkzeug.exceptions import BadRequest, RequestTimeout

from checkout.callable import HTTP_STATUS, CallableFunction
from checkout.claims import Caller, NotSignedIn
from checkout.refusals import CallRefused, Status
from orders.outcome import StoreUnavailable
from receiving.body import BODY_BYTES_MAX
from receiving.watchdog import Watchdog
from tests.support.builders import NOW
from tests.support.recording import RecordingLog
from tests.support.signing import body_of

app = Flask("shop")
CALL = body_of({"data": {"orderId": "order-1"}})


@dataclass
class Called:
    """A function that answers as told and records its calls."""

    ending: Mapping[str, object] | Exception = field(default_factory=lambda: {"url": "https://pay.example"})
    log: RecordingLog = field(default_factory=RecordingLog)
    asked: list[tuple[object, Caller, datetime]] = field(default_factory=list)
    monotonic: Callable[[], float] = lambda: 1.0

    def answer(self, data: object, caller: Caller, now: datetime, known: dict[str, str]) -> Mapping[str, object]:
        self.asked.append((data, caller, now))
        known["orderId"] = "order-1"
        if isinstance(self.ending, Exception):
            raise self.ending
        return self.ending

    def respond(self) -> Response:
        watchdog = Watchdog(lambda: 1.0, patient_max=1)
        function = CallableFunction(self.answer, _caller_of, self.log, lambda: NOW, self.monotonic, watchdog)
        return function.respond(request)

    @property
    def line(self) -> dict[str, Any]:
        (line,) = self.log.lines
        return line


def _caller_of(token: str, _now: datetime) -> Caller:
    if token != "alices-token":
        raise NotSignedIn("the ID token is not signed by Google")
    return Caller("alice")


def called(
    function: Called | None = None, body: bytes = CALL, *, method: str = "POST", **headers: str | None
) -> Response:
    """The answer to alice's call, unless its headers say otherwise."""
    usual = {"Authorization": "Bearer alices-token", "Content-Type": "application/json"}
    named = {**usual, **{name.replace("_", "-"): text for name, text in headers.items()}}
    sent = {name: text for name, text in named.items() if text is not None}
    with app.test_request_context("/", method=method, data=body, headers=sent):
        return (function or Called()).respond()


def error_of(response: Response) -> tuple[int, dict[str, Any]]:
    return response.status_code, json.loads(response.data)["error"]


def test_a_call_is_answered_with_its_result() -> None:
    function = Called()
    response = called(function)
    assert (response.status_code, json.loads(response.data)) == (200, {"result": {"url": "https://pay.example"}})
    assert response.mimetype == "application/json"
    assert function.asked == [({"orderId": "order-1"}, Caller("alice"), NOW)]
    line = {"severity": "INFO", "message": "answered", "result": "answered", "orderId": "order-1", "status": 200}
    assert function.line.items() >= line.items()


def test_its_line_says_how_long_it_took_in_which_trace_and_what_only_the_shop_should_read() -> None:
    refused = CallRefused(Status.FAILED_PRECONDITION, "no session", severity="ERROR", note="no such rate")
    ticks = iter([1.0, 1.25041])
    function = Called(refused, monotonic=lambda: next(ticks))
    assert b"rate" not in called(function, X_Cloud_Trace_Context="abc/1").data
    assert (function.line["latencyMs"], function.line["trace"]) == (250.4, "abc/1")
    assert (function.line["severity"], function.line["message"]) == ("ERROR", "CallRefused: no session; no such rate")


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_it_comes_as_json(content_type: str) -> None:
    assert called(Content_Type=content_type).status_code == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", None, "application/jsonp"])
def test_nothing_else_is_a_call(content_type: str | None) -> None:
    status, error = error_of(called(Content_Type=content_type))
    assert (status, error) == (
        400,
        {"status": "INVALID_ARGUMENT", "message": "the content type must be application/json"},
    )


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"data"', b"{}", b'{"data": 1, "more": 2}', b"[" * 100_000])
def test_its_body_is_an_object_of_data_and_nothing_else(body: bytes) -> None:
    function = Called()
    status, error = error_of(called(function, body))
    assert (status, error["status"], function.asked) == (400, "INVALID_ARGUMENT", [])


@pytest.mark.parametrize("data", [None, 1, "x", [], {}])
def test_its_data_may_be_anything(data: object) -> None:
    function = Called()
    called(function, body_of({"data": data}))
    assert [asked for asked, _, _ in function.asked] == [data]


@pytest.mark.parametrize("header", [None, "", "alices-token", "Basic YTpi", "Bearer ", "Bearer mallorys-token"])
def test_a_caller_who_is_not_signed_in_is_refused_before_the_body_is_read(header: str | None) -> None:
    function = Called()
    status, error = error_of(called(function, b"x" * 2 * BODY_BYTES_MAX, Authorization=header))
    assert (status, error["status"], function.asked) == (401, "UNAUTHENTICATED", [])
    line = {"severity": "INFO", "result": "refused", "code": "UNAUTHENTICATED"}
    assert function.line.items() >= line.items()


def test_a_caller_who_is_not_signed_in_learns_why() -> None:
    _, error = error_of(called(Authorization="Bearer mallorys-token"))
    assert error["message"] == "the ID token is not signed by Google"


@pytest.mark.parametrize("error", [BadRequest(), RequestTimeout()])
def test_a_body_that_did_not_arrive_is_refused(error: Exception) -> None:
    status, answered = error_of(called(Called(error)))
    assert (status, answered["status"]) == (400, "INVALID_ARGUMENT")


def test_a_body_that_is_too_large_is_refused() -> None:
    assert error_of(called(body=b"x" * (BODY_BYTES_MAX + 1)))[1]["message"] == "the body is too large"


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "DELETE"])
def test_nothing_but_a_post_is_a_call(method: str) -> None:
    function = Called()
    response = called(function, method=method)
    assert (response.status_code, response.headers["Allow"], function.asked) == (405, "POST, OPTIONS", [])


@pytest.mark.parametrize("status", Status)
def test_a_refusal_has_its_code_its_http_status_and_its_details(status: Status) -> None:
    refused = CallRefused(status, "not now", {"status": "pending"})
    expected = {"status": status.value, "message": "not now", "details": {"status": "pending"}}
    assert error_of(called(Called(refused))) == (HTTP_STATUS[status], expected)


def test_a_refusal_without_details_has_none() -> None:
    assert error_of(called(Called(CallRefused(Status.NOT_FOUND, "no")))) == (
        404,
        {"status": "NOT_FOUND", "message": "no"},
    )


def test_what_could_not_be_done_in_time_may_be_tried_again() -> None:
    function = Called(StoreUnavailable("no answer"))
    response = called(function)
    assert error_of(response) == (503, {"status": "UNAVAILABLE", "message": "not done in time, call again"})
    assert response.headers["Retry-After"] == "5"
    assert (function.line["severity"], function.line["result"]) == ("WARNING", "not_settled")


def test_a_fault_is_logged_with_its_trace_and_its_answer_says_nothing_of_it() -> None:
    function = Called(RuntimeError("secret"))
    assert error_of(called(function)) == (500, {"status": "INTERNAL", "message": "internal error"})
    assert (function.line["severity"], function.line["result"]) == ("ERROR", "fault")
    assert function.line["stack_trace"].startswith("Traceback (most recent call last):\n  File ")
    assert "RuntimeError: secret" in function.line["stack_trace"]


ENDINGS: dict[str, Callable[[], Response]] = {
    "a result": called,
    "a refusal": lambda: called(Authorization=None),
    "a fault": lambda: called(Called(RuntimeError())),
    "a preflight": lambda: called(method="OPTIONS"),
}


@pytest.mark.parametrize("answered", ENDINGS.values(), ids=ENDINGS)
def test_a_page_of_any_origin_can_read_the_answer(answered: Callable[[], Response]) -> None:
    response = answered()
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize("named", ["authorization,content-type,x-firebase-appcheck", None])
def test_a_browser_that_asks_first_may_post_with_the_headers_that_it_names_and_nothing_is_done(
    named: str | None,
) -> None:
    function = Called()
    response = called(function, method="OPTIONS", Access_Control_Request_Headers=named, Authorization=None)
    assert (response.status_code, response.data) == (204, b"")
    assert {name: text for name, text in response.headers if name != "Content-Type"} == {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Headers": named or "Authorization, Content-Type",
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Max-Age": "3600",
        "Vary": "Access-Control-Request-Headers",
    }
    assert (function.asked, function.log.lines) == ([], [])


def test_no_cache_keeps_what_one_customer_may_see() -> None:
    assert ("Cache-Control", "no-store") in list(called().headers)


@pytest.mark.parametrize(
    ("method", "token", "is_kept"),
    [("POST", "alices-token", True), ("POST", "nobodys", False), ("OPTIONS", "alices-token", False)],
)
def test_only_the_connection_of_a_customer_is_kept_after_the_answer(method: str, token: str, *, is_kept: bool) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        server = {"gunicorn.socket": ours}
        with app.test_request_context("/", method=method, data=CALL, headers=headers, environ_overrides=server):
            Called().respond().close()
        if is_kept:
            theirs.send(b"next")
            assert ours.recv(4) == b"next"
        else:
            assert ours.recv(4) == b""
