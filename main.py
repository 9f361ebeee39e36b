"""The functions, one nameplate each. Rules live in the rooms; here they are only wired together."""

import functools
import os
import random
import sys
import threading
import time
from datetime import UTC, datetime

import flask
import functions_framework
from cloudevents.http import CloudEvent
from google.cloud import firestore

from inventory.trigger import OrderCreatedTrigger
from ops.logs import JsonLog
from ops.settings import settings_from
from settlement.firestore_ledger import FirestoreLedger
from settlement.settle import Patience, settle
from settlement.steps import Terms
from webhooks.endpoint import WebhookEndpoint

_wiring = threading.Lock()


@functions_framework.http
def stripe_webhook(request: flask.Request) -> flask.Response:
    """Stripe's webhook deliveries."""
    return _doors()[0].respond(request)


@functions_framework.cloud_event
def reserve_inventory_on_order_create(event: CloudEvent) -> None:
    """Firestore: `orders/{orderId}` was created."""
    _doors()[1].receive(event)


def _doors() -> tuple[WebhookEndpoint, OrderCreatedTrigger]:
    """The doors, built on the first request: a Firestore client made before the server forks does not work after."""
    with _wiring:
        return _open_doors()


@functools.cache
def _open_doors() -> tuple[WebhookEndpoint, OrderCreatedTrigger]:
    settings = settings_from(os.environ)
    ledger = FirestoreLedger(firestore.Client(project=settings.project))
    settle_event = functools.partial(
        settle,
        ledger=ledger,
        terms=Terms(reservation=settings.reservation, claim_lifetime=settings.webhook_event_ttl),
        patience=Patience(time.monotonic, time.sleep, random.random),
    )
    log = JsonLog(sys.stdout, project=settings.project)
    return (
        WebhookEndpoint(settle_event, settings.webhook_secrets, log, _now, time.monotonic),
        OrderCreatedTrigger(settle_event, ledger.parked_events, log, _now),
    )


def _now() -> datetime:
    return datetime.now(UTC)
