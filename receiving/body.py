"""Receives a request's body within a size and a time that the sender cannot stretch."""

import contextlib
from collections.abc import Mapping
from contextlib import nullcontext
from socket import socket
from typing import Any, Final

from flask import Request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, RequestTimeout

from receiving.watchdog import CROWDED_SECONDS_MAX, Watchdog, end_receiving

BODY_BYTES_MAX: Final = 1024 * 1024
BODY_SECONDS_MAX: Final = 5.0
"""Stripe's deliveries are a few kilobytes, and arrive together with their headers."""


def body_of(request: Request, watchdog: Watchdog) -> bytes:
    """The raw body, as it was signed.

    Raises:
        RequestTimeout: it did not arrive in time.
        RequestEntityTooLarge: it is larger than BODY_BYTES_MAX.
        BadRequest: it did not arrive whole.
    """
    # One byte more: werkzeug silently cuts off a chunked body that is longer than this.
    request.max_content_length = BODY_BYTES_MAX + 1
    connection = _connection_of(request.environ)
    try:
        with watchdog.watching(connection, BODY_SECONDS_MAX) if connection else nullcontext():
            body = request.get_data()
    except RequestEntityTooLarge:
        raise
    except TimeoutError:
        raise RequestTimeout from None
    except Exception:  # noqa: BLE001 - whatever cuts a body short
        # gunicorn's own errors for broken chunks repeat the bytes that they cannot read.
        raise BadRequest from None
    if len(body) > BODY_BYTES_MAX:
        raise RequestEntityTooLarge
    return body


def hang_up(environ: Mapping[str, Any], watchdog: Watchdog) -> None:
    """After the answer, drain the rest of the request's body, then receive nothing more from the client. Never raises.

    A client that sends its whole body before it reads must get the answer, which closing the connection at once might
    destroy (https://www.rfc-editor.org/rfc/rfc9112#section-9.6). A slower client has had its chance. By itself,
    gunicorn waits five seconds for the rest of the body; for the next request as long as bytes trickle in; and, in the
    thread that accepts all connections, two seconds for a client that does not close this one.
    """
    if connection := _connection_of(environ):
        with contextlib.suppress(Exception), watchdog.watching(connection, CROWDED_SECONDS_MAX):
            environ["wsgi.input"].read(BODY_BYTES_MAX)
        end_receiving(connection)


def _connection_of(environ: Mapping[str, Any]) -> socket | None:
    """None under another server than gunicorn, which serves in production and in the Functions emulator."""
    return environ.get("gunicorn.socket")
