"""The webhook endpoint with everything around it in the test's control, and deliveries to it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Flask, Request, Response, request

from orders.events import NotUnderstood, OrderEvent
from orders.outcome import Outcome, Result
from tests.support.builders import NOW, SECRET, Fields, a_stripe_event, body_of, signature_of
from webhooks.endpoint import WebhookEndpoint

BODY = body_of(a_stripe_event())
app = Flask("shop")


@dataclass
class Settlement:
    """Stands in for settlement: remembers what it was asked to settle, and ends as the test says."""

    ending: Outcome | Exception = field(default_factory=lambda: Outcome(Result.FIRST_TIME_FINALIZED, "order-1"))
    settled: list[tuple[OrderEvent | NotUnderstood, datetime]] = field(default_factory=list)

    def __call__(self, event: OrderEvent | NotUnderstood, now: datetime) -> Outcome:
        self.settled.append((event, now))
        if isinstance(self.ending, Exception):
            raise self.ending
        return self.ending


@dataclass
class WatchedEndpoint:
    settlement: Settlement = field(default_factory=Settlement)
    secrets: tuple[str, ...] = (SECRET,)
    lines: list[dict[str, Any]] = field(default_factory=list)
    """What was logged."""
    monotonic: Callable[[], float] = lambda: 1.0

    def respond(self, to: Request) -> Response:
        endpoint = WebhookEndpoint(self.settlement, self.secrets, self._log, lambda: NOW, self.monotonic)
        return endpoint.respond(to)

    @property
    def line(self) -> dict[str, Any]:
        """The one line that was logged."""
        (line,) = self.lines
        return line

    def _log(self, severity: str, message: str, **fields: object) -> None:
        self.lines.append({"severity": severity, "message": message, **fields})


def an_endpoint_that_ends_in(ending: Outcome | Exception) -> WatchedEndpoint:
    return WatchedEndpoint(Settlement(ending))


def delivered(
    body: bytes = BODY, endpoint: WatchedEndpoint | None = None, *, method: str = "POST", **headers: str
) -> Response:
    """The answer to a delivery that is signed unless its headers say otherwise."""
    named = {"Stripe-Signature": signature_of(body), **{name.replace("_", "-"): text for name, text in headers.items()}}
    with app.test_request_context("/", method=method, data=body, headers=named):
        return (endpoint or WatchedEndpoint()).respond(request)


def delivered_event(message: Fields, endpoint: WatchedEndpoint | None = None) -> Response:
    return delivered(body_of(message), endpoint)


def answer_of(response: Response) -> tuple[int, object]:
    assert response.mimetype == "application/json"
    return response.status_code, json.loads(response.data)
