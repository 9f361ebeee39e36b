"""The functions, one nameplate each. Rules live in the rooms; here they are only wired together.

A door is imported and built on the first request: a Firestore client made before the server forks does not work after,
and no function's cold start has to pay for a door that it does not use.
"""

import gc

# What imports make stays, and to search it for garbage again and again takes a tenth of a cold start.
gc.disable()

import functools
import os
import random
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import flask
import functions_framework
from cloudevents.http import CloudEvent

from database.connection import connect
from database.firestore_store import FirestoreStore
from orders.outcome import Settle
from service.logs import JsonLog, log_settled
from service.settings import Settings, settings_from
from settlement.decisions import Terms
from settlement.settle import Patience, settle

if TYPE_CHECKING:
    from triggers.cancel_requested import CancelRequestedTrigger
    from triggers.order_created import OrderCreatedTrigger
    from triggers.sweep import ReservationSweep
    from webhooks.endpoint import WebhookEndpoint

gc.enable()

_Door = TypeVar("_Door")
_opening = threading.RLock()


def _opened_once(build: Callable[[], _Door]) -> Callable[[], _Door]:
    """Build at the first call, one thread at a time, and from then on hand out the same door."""

    @functools.cache
    def built() -> _Door:
        gc.disable()
        try:
            door = build()
        finally:
            gc.enable()
        # All that was made until now stays, and is never to be searched again.
        gc.freeze()
        return door

    def opened() -> _Door:
        with _opening:
            return built()

    return opened


@functions_framework.http
def stripe_webhook(request: flask.Request) -> flask.Response:
    """Stripe's webhook deliveries."""
    return _webhook_endpoint().respond(request)


@functions_framework.cloud_event
def reserve_inventory_on_order_create(event: CloudEvent) -> None:
    """Firestore: `orders/{orderId}` was created."""
    _order_created_trigger().receive(event)


@functions_framework.cloud_event
def cancel_order_on_request(event: CloudEvent) -> None:
    """Firestore: `cancelRequests/{orderId}` was created."""
    _cancel_requested_trigger().receive(event)


@functions_framework.http
def release_expired_reservations(request: flask.Request) -> flask.Response:
    """Cloud Scheduler, every five minutes."""
    return _reservation_sweep().respond(request)


@dataclass(frozen=True, slots=True)
class _House:
    """What every door needs."""

    settings: Settings
    store: FirestoreStore
    settle: Settle
    log: JsonLog


@_opened_once
def _webhook_endpoint() -> "WebhookEndpoint":
    from webhooks.endpoint import WebhookEndpoint  # noqa: PLC0415

    house = _house()
    return WebhookEndpoint(house.settle, house.settings.webhook_secrets, house.log, _now, time.monotonic)


@_opened_once
def _order_created_trigger() -> "OrderCreatedTrigger":
    from triggers.order_created import OrderCreatedTrigger  # noqa: PLC0415

    house = _house()
    return OrderCreatedTrigger(house.settle, house.store.parked_events, house.log, _now)


@_opened_once
def _cancel_requested_trigger() -> "CancelRequestedTrigger":
    from triggers.cancel_requested import CancelRequestedTrigger  # noqa: PLC0415

    house = _house()
    return CancelRequestedTrigger(house.settle, house.log, _now)


@_opened_once
def _reservation_sweep() -> "ReservationSweep":
    from triggers.sweep import ReservationSweep  # noqa: PLC0415

    house, store = _house(), _house().store
    place = _order_created_trigger().place
    return ReservationSweep(
        house.settle,
        place,
        store.lapsed_orders,
        store.stranded_orders,
        store.parked_since,
        house.log,
        _now,
        time.monotonic,
    )


@functools.cache
def _house() -> _House:
    settings = settings_from(os.environ)
    store = FirestoreStore(connect(settings.project))
    log = JsonLog(sys.stdout, project=settings.project)
    settle_event = functools.partial(
        settle,
        store=store,
        terms=Terms(
            reservation=settings.reservation,
            async_reservation=settings.async_reservation,
            restock_on_refund=settings.restock_on_refund,
            expected_livemode=settings.expected_livemode,
            claim_lifetime=settings.webhook_event_ttl,
        ),
        patience=Patience(time.monotonic, time.sleep, random.random),
        tell=functools.partial(log_settled, log),
    )
    return _House(settings, store, settle_event, log)


def _now() -> datetime:
    return datetime.now(UTC)
