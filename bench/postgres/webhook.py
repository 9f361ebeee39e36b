"""The webhook on PostgreSQL, as functions-framework serves it: two entry points, which parse events differently.

The pool has a connection per thread, and opens none before the server has forked:
https://www.psycopg.org/psycopg3/docs/advanced/pool.html.
"""

import json
import os
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import flask
import functions_framework
import psycopg
import stripe
from psycopg_pool import ConnectionPool, PoolTimeout

from bench.postgres.payments import Payment, StripeFields, payment_of
from bench.postgres.settling import NoSuchOrder, settle

_SECRET: Final = os.environ["STRIPE_WEBHOOK_SECRET"]
_POOL: Final = ConnectionPool(
    os.environ["DATABASE_URL"],
    min_size=1,
    max_size=int(os.environ["THREADS"]),
    timeout=5,
    open=False,
    # Statements wait no longer than the service does.
    kwargs={"options": "-c statement_timeout=8s"},
)

_Read = Callable[[bytes, str | None], StripeFields]


@functions_framework.http
def with_construct_event(request: flask.Request) -> flask.Response:
    """Parses events as Stripe documents: https://docs.stripe.com/webhooks#verify-official-libraries."""
    return _respond(request, _constructed)


@functions_framework.http
def with_json_loads(request: flask.Request) -> flask.Response:
    """Checks the signature likewise, but builds no StripeObject."""
    return _respond(request, _loaded)


def _constructed(body: bytes, signature: str | None) -> StripeFields:
    return stripe.Webhook.construct_event(body, signature, _SECRET)


def _loaded(body: bytes, signature: str | None) -> StripeFields:
    stripe.WebhookSignature.verify_header(body, signature, _SECRET, stripe.Webhook.DEFAULT_TOLERANCE)
    return json.loads(body)


def _respond(request: flask.Request, read: _Read) -> flask.Response:
    """Settle and answer one delivery, and log one line."""
    started, known = time.monotonic(), dict[str, str]()
    status, answer = _answer_to(request, read, known)
    line = {
        "severity": "INFO" if status == HTTPStatus.OK else "WARNING",
        "message": next(iter(answer.values())),
        **answer,
        **known,
        "status": status,
        "latencyMs": round((time.monotonic() - started) * 1000, 1),
    }
    print(json.dumps(line), flush=True)
    return flask.Response(json.dumps(answer), status, mimetype="application/json")


def _answer_to(request: flask.Request, read: _Read, known: dict[str, str]) -> tuple[HTTPStatus, dict[str, str]]:
    """The status and content; adds to `known`, for the log, what it learns about the event."""
    if request.method != "POST":
        return HTTPStatus.METHOD_NOT_ALLOWED, {"error": "only POST is served here"}
    try:
        payment = _payment_in(request, read, known)
    except (stripe.SignatureVerificationError, ValueError, KeyError):
        return HTTPStatus.BAD_REQUEST, {"error": "not an event that Stripe has signed"}
    if payment is None:
        return HTTPStatus.OK, {"result": "ignored"}
    known["orderId"] = payment.order_id
    if _POOL.closed:
        _POOL.open()
    try:
        with _POOL.connection() as connection:
            return HTTPStatus.OK, {"result": settle(connection, payment)}
    except (NoSuchOrder, PoolTimeout, psycopg.OperationalError) as error:
        return HTTPStatus.SERVICE_UNAVAILABLE, {"error": type(error).__name__}


def _payment_in(request: flask.Request, read: _Read, known: dict[str, str]) -> Payment | None:
    event = read(request.get_data(), request.headers.get("Stripe-Signature"))
    known |= {"eventId": event["id"], "eventType": event["type"]}
    return payment_of(event)
