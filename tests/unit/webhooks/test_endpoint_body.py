"""How much of a body the webhook endpoint reads, for how long, and its answers otherwise."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Response, request

from receiving.body import BODY_BYTES_MAX
from receiving.watchdog import Watchdog
from tests.support.settling import Clock
from tests.support.signing import SECRET, body_of, signature_of
from tests.support.stripe_objects import a_stripe_event
from tests.support.watched_endpoint import BODY, WatchedEndpoint, answer_of, app
from webhooks.signing_secrets import SigningSecret

TOO_LARGE = {"error": "the body is larger than 1048576 bytes"}


def a_body_of(size: int) -> bytes:
    """An event of this many bytes."""
    padding = size - len(body_of(a_stripe_event(padding="")))
    return body_of(a_stripe_event(padding="x" * padding))


def a_request(body: bytes, *, chunked: bool = True) -> dict[str, Any]:
    """A chunked body's length is unknown before its end."""
    headers = {"Stripe-Signature": signature_of(body)}
    if not chunked:
        return {"method": "POST", "headers": headers, "data": body}
    headers["Transfer-Encoding"] = "chunked"
    ended = {"environ_overrides": {"wsgi.input_terminated": True}}
    return {"method": "POST", "headers": headers, "input_stream": io.BytesIO(body), **ended}


whole_or_chunked = pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "whole"])


@whole_or_chunked
def test_a_body_of_one_mebibyte_is_served(*, chunked: bool) -> None:
    body = a_body_of(BODY_BYTES_MAX)
    assert len(body) == 1_048_576
    with app.test_request_context("/", **a_request(body, chunked=chunked)):
        assert WatchedEndpoint().respond(request).status_code == 200


@whole_or_chunked
@pytest.mark.parametrize("more", [1, 2])
def test_a_larger_body_is_refused_and_the_framework_can_read_it_once_more_after_the_answer(
    more: int, *, chunked: bool
) -> None:
    endpoint = WatchedEndpoint()
    with app.test_request_context("/", **a_request(a_body_of(BODY_BYTES_MAX + more), chunked=chunked)):
        assert answer_of(endpoint.respond(request)) == (413, TOO_LARGE)
        assert len(request.get_data()) <= BODY_BYTES_MAX + 1
    assert endpoint.settlement.settled == []
    assert (endpoint.line["severity"], endpoint.line["result"]) == ("WARNING", "rejected")


def test_no_more_of_a_body_is_read_than_could_be_served() -> None:
    chunked = a_request(b"x" * 10 * BODY_BYTES_MAX)
    with app.test_request_context("/", **chunked):
        WatchedEndpoint().respond(request)
    assert chunked["input_stream"].tell() <= BODY_BYTES_MAX + 1


@pytest.mark.parametrize(("method", "secrets"), [("GET", (SECRET,)), ("OPTIONS", (SECRET,)), ("POST", ())])
def test_a_body_that_nobody_needs_is_never_read(method: str, secrets: tuple[str, ...]) -> None:
    chunked = {**a_request(b"x" * 10 * BODY_BYTES_MAX), "method": method}
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
    """A client on gunicorn: its connection and what it sends, one part per pause."""

    parts: list[bytes]
    seconds: float = 0.0
    breaks: bool = False
    """Whether gunicorn finds the body broken off, as within a chunk, instead of ended."""
    is_cut_off: bool = False
    seconds_taken: float = 0.0

    def __post_init__(self) -> None:
        self.clock = Clock()
        self.watchdog = Watchdog(self.clock.monotonic, patient_max=1)
        self.endpoint = WatchedEndpoint(watchdog=self.watchdog)

    def shutdown(self, _how: int) -> None:
        self.is_cut_off = True

    def read(self, size: int = -1) -> bytes:
        """Like gunicorn: until this many bytes have come, or no more do."""
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


@pytest.mark.parametrize(("method", "status"), [("POST", 400), ("GET", 405)])
def test_nobody_waits_for_a_body_without_a_signature_whose_rest_has_a_moment_to_arrive_before_the_connection_ends(
    method: str, status: int
) -> None:
    client = a_byte_each(0.1)
    answer = client.posts(method=method)
    assert (answer.status_code, client.is_cut_off, client.seconds_taken) == (status, False, 0.0)
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
def test_the_connection_of_a_sender_other_than_stripe_is_closed(signature: str) -> None:
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
