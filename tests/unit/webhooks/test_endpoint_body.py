"""How much of a body the webhook endpoint reads, and what it answers where the body is too large or incomplete."""

import io
from typing import Any

import pytest
from flask import request

from tests.support.builders import SECRET, body_of, signature_of
from tests.support.stripe_objects import a_stripe_event
from tests.support.watched_endpoint import BODY, WatchedEndpoint, answer_of, app, delivered
from webhooks.endpoint import BODY_BYTES_MAX
from webhooks.signing_secrets import SigningSecret

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
    with app.test_request_context("/", **a_chunked_request(body) if chunked else {"method": "POST", "data": body}):
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
