"""The webhook endpoint with all its collaborators under the test's control, and deliveries to it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Request, Response, request

from orders.outcome import Outcome
from receiving.watchdog import Watchdog
from tests.support.builders import NOW, Fields
from tests.support.recording import RecordingLog, RecordingSettlement
from tests.support.signing import SECRET, body_of, signature_of
from tests.support.stripe_objects import a_stripe_event
from webhooks.endpoint import WebhookEndpoint
from webhooks.ownership import Naming
from webhooks.signing_secrets import SigningSecret
from webhooks.thin_events import LookUp

BODY = body_of(a_stripe_event())
app = Flask("shop")


@dataclass
class WatchedEndpoint:
    settlement: RecordingSettlement = field(default_factory=RecordingSettlement)
    secrets: tuple[SigningSecret, ...] = (SigningSecret(SECRET),)
    naming: Naming = Naming()
    log: RecordingLog = field(default_factory=RecordingLog)
    monotonic: Callable[[], float] = lambda: 1.0
    watchdog: Watchdog = field(default_factory=lambda: Watchdog(lambda: 1.0, patient_max=1))
    look_up: LookUp | None = None
    says_why: bool = False

    def respond(self, to: Request) -> Response:
        endpoint = WebhookEndpoint(
            *(self.settlement, self.secrets, self.naming, self.log, lambda: NOW, self.monotonic, self.watchdog),
            look_up=self.look_up,
            says_why=self.says_why,
        )
        return endpoint.respond(to)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return self.log.lines

    @property
    def line(self) -> dict[str, Any]:
        """The only line that was logged."""
        (line,) = self.lines
        return line


def an_endpoint_that_ends_in(ending: Outcome | Exception) -> WatchedEndpoint:
    return WatchedEndpoint(RecordingSettlement(ending))


def delivered(
    body: bytes = BODY, endpoint: WatchedEndpoint | None = None, *, method: str = "POST", **headers: str
) -> Response:
    """The answer to a delivery, which is signed unless its headers say otherwise."""
    named = {"Stripe-Signature": signature_of(body), **{name.replace("_", "-"): text for name, text in headers.items()}}
    with app.test_request_context("/", method=method, data=body, headers=named):
        return (endpoint or WatchedEndpoint()).respond(request)


def delivered_event(message: Fields, endpoint: WatchedEndpoint | None = None) -> Response:
    return delivered(body_of(message), endpoint)


def answer_of(response: Response) -> tuple[int, object]:
    assert response.mimetype == "application/json"
    return response.status_code, json.loads(response.data)
