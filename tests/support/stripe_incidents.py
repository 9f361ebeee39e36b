"""A shop and its account at the stand-in for Stripe, with webhooks between them over HTTP, and much that goes wrong."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from flask import Flask, Response, request
from werkzeug.serving import make_server

from receiving.watchdog import Watchdog
from reconciliation.job import Reconciliation
from stripe_api.client import StripeClient
from stripe_api.keys import EMULATORS_KEY, stripe_key_from
from tests.support.builders import SECRET
from tests.support.reconciling import ShopAtStripe
from tests.support.recording import RecordingLog
from tests.support.stripe_requests import a_session_request
from tests.support.stripe_stand_in import a_stand_in
from tools.ports import HOST
from tools.stripe_events import Json
from tools.stripe_stand_in.control import StandIn
from webhooks.endpoint import WebhookEndpoint
from webhooks.ownership import Naming
from webhooks.signing_secrets import SigningSecret

ROLLED: Final = "whsec_rolled_at_stripe_and_nowhere_else"


@dataclass
class Incident:
    """Two shops that are the same, of which one is told all, and the other by webhooks."""

    stand_in: StandIn
    told: ShopAtStripe
    shop: ShopAtStripe
    endpoint_log: RecordingLog
    """What the endpoint has logged."""
    attempts: Sequence[Json] = ()
    """To deliver, all of them, once there are no more."""

    def __post_init__(self) -> None:
        self.client = StripeClient(stripe_key_from(EMULATORS_KEY), self.stand_in.origin)

    @property
    def last_line(self) -> dict[str, Any]:
        """Of the log of the shop that is told by webhooks."""
        log: Any = self.shop.log
        return dict(log.lines[-1])

    def order(self, order_id: str) -> None:
        for each in (self.told, self.shop):
            each.order(order_id, quantity=2)

    def pay(self, order_id: str, **how: Any) -> str:
        """At Stripe. Returns the payment's id."""
        line = a_session_request(order_id)["line_items"][0] | {"quantity": 2}
        session = self.client.create_session(a_session_request(order_id, line_items=[line]), key=f"{order_id}/1")
        return str(self.stand_in.complete(session.session_id, **how)["payment_intent"])

    def refund(self, payment_id: str, **how: Any) -> None:
        self.client.create_refund({"payment_intent": payment_id, **how}, key=f"{payment_id}/refund")

    def end(self) -> None:
        """All webhooks have come, or never will; the other shop is told all; a day passes."""
        self.attempts = self.stand_in.deliveries()
        self.told.deliver(self.stand_in.events())
        self.stand_in.go_forward(24 * 60 * 60)
        for each in (self.told, self.shop):
            each.later(days=1)

    def job(self) -> Reconciliation:
        return replace(self.shop.job(), stripe=lambda: self.client)


@contextmanager
def an_incident() -> Iterator[Incident]:
    told, shop, log = ShopAtStripe(), ShopAtStripe(log=RecordingLog()), RecordingLog()
    # However long this takes, nothing that Stripe reports lies in the future of a shop.
    told.now = shop.now = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=1)
    with _served(_endpoint_of(shop, log).respond) as webhook, a_stand_in(webhook=webhook) as stand_in:
        yield Incident(stand_in, told, shop, log)


def _endpoint_of(shop: ShopAtStripe, log: RecordingLog) -> WebhookEndpoint:
    return WebhookEndpoint(
        settle=lambda event, _: shop.settle(event),
        secrets=(SigningSecret(SECRET),),
        naming=Naming(),
        log=log,
        now=lambda: datetime.now(UTC),
        monotonic=time.monotonic,
        watchdog=Watchdog(time.monotonic, patient_max=1),
    )


@contextmanager
def _served(respond: Callable[[Any], Response]) -> Iterator[str]:
    """Within, it is served; where."""
    app = Flask("endpoint")
    app.add_url_rule("/", view_func=lambda: respond(request), methods=["POST"])
    server = make_server(HOST, 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://{HOST}:{server.port}/"
    finally:
        server.shutdown()
        server.server_close()
