"""How much of a body the webhook endpoint reads, for how long, and what it answers otherwise."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Response, request

from tests.support.builders import SECRET, body_of, signature_of
from tests.support.settling import Clock
from tests.support.stripe_objects import a_stripe_event
from tests.support.watched_endpoint import BODY, WatchedEndpoint, answer_of, app, delivered
from webhooks.body import BODY_BYTES_MAX
from webhooks.signing_secrets import SigningSecret
from webhooks.watchdog import Watchdog

TOO_LARGE = {"error": "the body is larger than 1048576 bytes"}


def a_body_of(size: int) -> bytes:
    """An event that is this many bytes long."""
    padding = size - len(body_of(a_stripe_event(padding="")))
    return body_of(a_stripe_event(padding="x" * padding))


def test_a_body_of_one_mebibyte_is_served() -> None:
    body = a_body_of(BODY_BYTES_MAX)
    assert len(body) == 1_048_576
    assert delivered(body).status_code == 200


def test_a_body_of_one_byte_more_is_refused() -> None:
    endpoint = WatchedEndpoint()
    assert answer_of(delivered(a_body_of(BODY_BYTES_MAX + 1), endpoint)) == (413, TOO_LARGE)
    assert endpoint.settlement.settled == []
    assert (endpoint.line["severity"], endpoint.line["result"]) == ("WARNING", "rejected")


def a_chunked_request(body: bytes) -> dict[str, Any]:
    """A body that comes in chunks: nobody knows its length before its end."""
    return {
        "method": "POST",
        "input_stream": io.BytesIO(body),
        "headers": {"Stripe-Signature": signature_of(body), "Transfer-Encoding": "chunked"},
        "environ_overrides": {"wsgi.input_terminated": True},
    }


def test_a_chunked_body_is_served() -> None:
    with app.test_request_context("/", **a_chunked_request(BODY)):
        assert WatchedEndpoint().respond(request).status_code == 200


def test_a_chunked_body_over_one_mebibyte_is_refused() -> None:
    with app.test_request_context("/", **a_chunked_request(a_body_of(BODY_BYTES_MAX + 1))):
        assert answer_of(WatchedEndpoint().respond(request)) == (413, TOO_LARGE)


def test_no_more_of_a_body_is_read_than_could_be_served() -> None:
    chunked = a_chunked_request(b"x" * 10 * BODY_BYTES_MAX)
    with app.test_request_context("/", **chunked):
        WatchedEndpoint().respond(request)
    assert chunked["input_stream"].tell() <= BODY_BYTES_MAX + 1


@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "whole"])
def test_the_framework_can_read_a_refused_body_once_more_after_the_answer(*, chunked: bool) -> None:
    body = a_body_of(BODY_BYTES_MAX + 2)
    whole: dict[str, Any] = {"method": "POST", "data": body, "headers": {"Stripe-Signature": signature_of(body)}}
    with app.test_request_context("/", **a_chunked_request(body) if chunked else whole):
        assert WatchedEndpoint().respond(request).status_code == 413
        assert len(request.get_data()) <= BODY_BYTES_MAX + 1


@pytest.mark.parametrize(("method", "secrets"), [("GET", (SECRET,)), ("OPTIONS", (SECRET,)), ("POST", ())])
def test_a_body_that_nobody_needs_is_never_read(method: str, secrets: tuple[str, ...]) -> None:
    chunked = {**a_chunked_request(b"x" * 10 * BODY_BYTES_MAX), "method": method}
    with app.test_request_context("/", **chunked):
        WatchedEndpoint(secrets=tuple(map(SigningSecret, secrets))).respond(request)
        assert request.get_data() == b""
    assert chunked["input_stream"].tell() == 0


def test_a_body_that_breaks_off_is_refused() -> None:
    with app.test_request_context(
        "/",
        method="POST",
        input_stream=io.BytesIO(BODY[:10]),
        headers={"Stripe-Signature": signature_of(BODY)},
        environ_overrides={"CONTENT_LENGTH": str(len(BODY))},
    ):
        assert answer_of(WatchedEndpoint().respond(request)) == (400, {"error": "the body did not arrive whole"})


# --- Slow bodies ------------------------------------------------------------------------------------------------------


@dataclass
class Client:
    """A client on gunicorn: its connection and what it sends, one part each so many seconds."""

    parts: list[bytes]
    seconds: float = 0.0
    breaks: bool = False
    """Whether gunicorn finds that what has arrived breaks off, as within a chunk, and has not just come to an end."""
    is_cut_off: bool = False
    seconds_taken: float = 0.0

    def __post_init__(self) -> None:
        self.clock = Clock()
        self.watchdog = Watchdog(self.clock.monotonic, patient_max=1)
        self.endpoint = WatchedEndpoint(watchdog=self.watchdog)

    def shutdown(self, _how: int) -> None:
        self.is_cut_off = True

    def read(self, size: int = -1) -> bytes:
        """As gunicorn reads: until it has so many bytes, or there are no more."""
        received = b""
        while self.parts and not self.is_cut_off and (size < 0 or len(received) < size):
            self.clock.sleep(self.seconds)
            self.seconds_taken += self.seconds
            self.watchdog.end_overdue()
            received += self.parts.pop(0)
        if self.breaks and (self.is_cut_off or not self.parts):
            raise OSError("no more data")
        return received

    def posts(self, *, method: str = "POST", **headers: str) -> Response:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        with self._on_gunicorn(method, named):
            return self.endpoint.respond(request)

    @contextmanager
    def _on_gunicorn(self, method: str, headers: dict[str, str]) -> Iterator[None]:
        server = {"gunicorn.socket": self, "wsgi.input": self, "wsgi.input_terminated": True}
        with app.test_request_context("/", method=method, headers=headers, environ_overrides=server):
            yield


def a_byte_each(seconds: float, *, breaks: bool = False) -> Client:
    return Client([BODY[at : at + 1] for at in range(len(BODY))], seconds, breaks)


@pytest.mark.parametrize("breaks", [False, True])
def test_a_body_that_trickles_in_is_given_five_seconds(*, breaks: bool) -> None:
    client = a_byte_each(1.0, breaks=breaks)
    answer = client.posts(Stripe_Signature=signature_of(BODY))
    assert answer_of(answer) == (408, {"error": "the body did not arrive in time"})
    assert client.seconds_taken == 5.0
    assert client.endpoint.settlement.settled == []
    assert (client.endpoint.line["severity"], client.endpoint.line["result"]) == ("WARNING", "rejected")


def test_a_body_that_takes_less_is_served_and_its_connection_can_be_used_again() -> None:
    client = Client([BODY[:100], BODY[100:]], 2.4)
    answer = client.posts(Stripe_Signature=signature_of(BODY))
    answer.close()
    assert answer.status_code == 200
    assert not client.is_cut_off


def test_nobody_waits_for_the_body_of_a_delivery_without_a_signature() -> None:
    client = a_byte_each(1.0)
    assert answer_of(client.posts()) == (400, {"error": "no Stripe-Signature header"})
    assert client.seconds_taken == 0.0


@pytest.mark.parametrize(("method", "status"), [("POST", 400), ("GET", 405)])
def test_the_rest_of_a_body_has_a_moment_to_arrive_and_then_the_connection_ends(method: str, status: int) -> None:
    client = a_byte_each(0.1)
    answer = client.posts(method=method)
    assert (answer.status_code, client.is_cut_off) == (status, False)
    answer.close()
    assert client.is_cut_off
    assert client.seconds_taken == pytest.approx(0.3)


def test_no_more_is_taken_of_a_rest_than_could_be_served() -> None:
    client = Client([bytes(BODY_BYTES_MAX // 2)] * 10)
    client.posts().close()
    assert client.is_cut_off
    assert len(client.parts) == 8


def test_a_connection_that_fails_while_its_rest_is_taken_is_no_error() -> None:
    client = Client([BODY[:10]], breaks=True)
    client.posts().close()
    assert client.is_cut_off


@pytest.mark.parametrize("signature", ["t=1,v1=abc", ""])
def test_whoever_is_not_stripe_has_nothing_more_to_say_on_this_connection(signature: str) -> None:
    client = Client([BODY])
    client.posts(Stripe_Signature=signature).close()
    assert client.parts == []
    assert client.is_cut_off


def test_another_server_looks_after_its_connections_itself() -> None:
    with app.test_request_context("/", method="POST", data=BODY):
        response = WatchedEndpoint().respond(request)
        stream = request.environ["wsgi.input"]
    response.close()
    assert (response.status_code, stream.tell()) == (400, 0)
