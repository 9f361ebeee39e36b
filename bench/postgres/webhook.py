"""The webhook on PostgreSQL, as functions-framework serves it: two entry points, which read an event in two ways.

The pool has a connection for each thread, and makes none before the server has forked:
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

from bench.postgres.payments import StripeFields, payment_of
from bench.postgres.settling import NoSuchOrder, settle

_SECRET: Final = os.environ["STRIPE_WEBHOOK_SECRET"]
_POOL: Final = ConnectionPool(
    os.environ["DATABASE_URL"], min_size=1, max_size=int(os.environ["THREADS"]), timeout=5, open=False
)

_Read = Callable[[bytes, str | None], StripeFields]


@functions_framework.http
def with_construct_event(request: flask.Request) -> flask.Response:
    """As Stripe's documentation reads an event: https://docs.stripe.com/webhooks#verify-official-libraries."""
    return _respond(request, _constructed)


@functions_framework.http
def with_json_loads(request: flask.Request) -> flask.Response:
    """The same check of the signature, without the object that the library makes of an event."""
    return _respond(request, _loaded)


def _constructed(body: bytes, signature: str | None) -> StripeFields:
    return stripe.Webhook.construct_event(body, signature, _SECRET)


def _loaded(body: bytes, signature: str | None) -> StripeFields:
    stripe.WebhookSignature.verify_header(body, signature, _SECRET, stripe.Webhook.DEFAULT_TOLERANCE)
    return json.loads(body)


def _respond(request: flask.Request, read: _Read) -> flask.Response:
    started = time.monotonic()
    if request.method != "POST":
        return _answer(HTTPStatus.METHOD_NOT_ALLOWED, {"error": "only POST is served here"})
    try:
        payment = payment_of(read(request.get_data(), request.headers.get("Stripe-Signature")))
    except (stripe.SignatureVerificationError, ValueError, KeyError):
        return _answer(HTTPStatus.BAD_REQUEST, {"error": "not an event that Stripe has signed"})
    if payment is None:
        return _answer(HTTPStatus.OK, {"result": "ignored"})
    if _POOL.closed:
        _POOL.open()
    try:
        with _POOL.connection() as connection:
            result = settle(connection, payment)
    except (NoSuchOrder, PoolTimeout, psycopg.OperationalError) as error:
        status, answer = HTTPStatus.SERVICE_UNAVAILABLE, {"error": type(error).__name__}
    else:
        status, answer = HTTPStatus.OK, {"result": result}
    milliseconds = round((time.monotonic() - started) * 1000, 1)
    known = {"eventId": payment.event_id, "eventType": payment.event_type, "orderId": payment.order_id}
    print(json.dumps({"severity": "INFO", **answer, **known, "status": status, "latencyMs": milliseconds}), flush=True)
    return _answer(status, answer)


def _answer(status: HTTPStatus, content: dict[str, str]) -> flask.Response:
    return flask.Response(json.dumps(content), status, mimetype="application/json")
