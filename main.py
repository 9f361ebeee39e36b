"""The deployed functions, each wired to its entry point. There is no logic here.

An entry point is built on the first request: a Firestore client created before the server forks would not work, and no
function's cold start pays for entry points that it does not use.
"""

import gc

# What imports create is never garbage, and searching it repeatedly takes a tenth of a cold start.
gc.disable()

import functools
import os
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

import flask
import functions_framework
from cloudevents.http import CloudEvent

from service.answers import refused_for_settings
from service.entry_points import Service
from service.environment import SettingsError
from service.wiring import service_from

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

gc.enable()
# A delivery creates thousands of objects, but almost no reference cycles.
gc.set_threshold(20_000, 50, 100)

_Built = TypeVar("_Built")
_building = threading.RLock()


def _built_once(build: Callable[[], _Built]) -> Callable[[], _Built]:
    """Build on the first call, one thread at a time, and return the same object from then on."""

    @functools.cache
    def cached() -> _Built:
        # A nested build leaves the garbage collector to the outermost one.
        is_outermost = gc.isenabled()
        gc.disable()
        try:
            built = build()
        finally:
            if is_outermost:
                gc.enable()
        if is_outermost:
            # Everything created until now stays, so it is never searched again.
            gc.freeze()
        return built

    def built() -> _Built:
        with _building:
            return cached()

    return built


@_built_once
def _service() -> Service:
    return service_from(os.environ)


_webhook_endpoint = _built_once(lambda: _service().webhook_endpoint())
_order_created_trigger = _built_once(lambda: _service().order_created_trigger())
_cancel_requested_trigger = _built_once(lambda: _service().cancel_requested_trigger())
_operator_requested_trigger = _built_once(lambda: _service().operator_requested_trigger())
_effect_created_trigger = _built_once(lambda: _service().effect_created_trigger())
_inventory_changed_trigger = _built_once(lambda: _service().inventory_changed_trigger())
_create_checkout = _built_once(lambda: _service().create_checkout())
_reservation_sweep = _built_once(lambda: _service().reservation_sweep())
_takings_due = _built_once(lambda: _service().takings_due())
_reconciliation = _built_once(lambda: _service().reconciliation_endpoint())
_webhook_canary = _built_once(lambda: _service().webhook_canary())


@functions_framework.http
def stripe_webhook(request: flask.Request) -> flask.Response:
    """Stripe's webhook deliveries. With an unusable setting, each is answered 500, and Stripe delivers it again."""
    return _answer_to_delivery(request)


def _answer_to_delivery(request: flask.Request) -> flask.Response:
    try:
        endpoint = _webhook_endpoint()
    except SettingsError as error:
        return refused_for_settings(error)
    return endpoint.respond(request)


def _serve_webhook(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    return _answer_to_delivery(flask.Request(environ))(environ, start_response)


# functions-framework runs this module in the context of the application that it serves. The middleware, routes and
# hooks around a function take 0.1 ms of each delivery, and the webhook uses none of them:
# https://flask.palletsprojects.com/en/stable/quickstart/#hooking-in-wsgi-middleware.
if flask.has_app_context() and flask.current_app.name == stripe_webhook.__name__:
    flask.current_app.wsgi_app = _serve_webhook  # type: ignore[method-assign]


@functions_framework.cloud_event
def reserve_inventory_on_order_create(event: CloudEvent) -> None:
    """Firestore: `orders/{orderId}` was created."""
    _order_created_trigger().receive(event)


@functions_framework.cloud_event
def cancel_order_on_request(event: CloudEvent) -> None:
    """Firestore: `cancelRequests/{orderId}` was created."""
    _cancel_requested_trigger().receive(event)


@functions_framework.cloud_event
def answer_operator_request(event: CloudEvent) -> None:
    """Firestore: `operatorRequests/{id}` was created."""
    _operator_requested_trigger().receive(event)


@functions_framework.cloud_event
def perform_effect(event: CloudEvent) -> None:
    """Firestore: `effects/{effectId}` was created."""
    _effect_created_trigger().receive(event)


@functions_framework.cloud_event
def inventory_changed(event: CloudEvent) -> None:
    """Firestore: `inventory/{productId}` was created, changed or deleted."""
    _inventory_changed_trigger().receive(event)


@functions_framework.http
def create_checkout(request: flask.Request) -> flask.Response:
    """A customer's app asks where to pay for an order. With an unusable setting, each call is answered 500."""
    try:
        function = _create_checkout()
    except SettingsError as error:
        return refused_for_settings(error)
    return function.respond(request)


@functions_framework.http
def release_expired_reservations(request: flask.Request) -> flask.Response:
    """Cloud Scheduler, every five minutes."""
    return _reservation_sweep().respond(request)


@functions_framework.http
def fold_takings(request: flask.Request) -> flask.Response:
    """Cloud Scheduler, every minute."""
    return _takings_due().respond(request)


@functions_framework.http
def reconcile_with_stripe(request: flask.Request) -> flask.Response:
    """Cloud Scheduler, every hour."""
    return _reconciliation().respond(request)


@functions_framework.http
def send_canary(request: flask.Request) -> flask.Response:
    """Cloud Scheduler, every five minutes."""
    return _webhook_canary().respond(request)
