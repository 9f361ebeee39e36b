"""A deployed service and its surroundings, as its doctor sees them: Google, Stripe and the webhook."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from flask import Flask, request
from requests import PreparedRequest, Response

from receiving.watchdog import Watchdog
from service.settings import settings_from
from tests.support.google_cloud.deploying import SECRET
from tests.support.google_cloud.project import GoogleProject
from tests.support.recording import RecordingLog, RecordingSettlement
from tests.support.stripe.versions import CURRENT
from webhooks.endpoint import WebhookEndpoint
from webhooks.ownership import Naming
from webhooks.translation import HANDLED_TYPES

NOW: Final = datetime.now(UTC)
"""For the doctor and for what it examines, however long ago these tests were collected."""
Json = dict[str, Any]

WEBHOOK: Final = "https://stripewebhook-x.a.run.app"
IN_FRONT_OF_IT: Final = "https://pay.example/stripe"
API_KEY: Final = "rk_test_reads_endpoints"
SERVICES_KEY: Final = "rk_test_of_the_service"
_app = Flask("shop")


def an_endpoint(name: str = "we_1", **fields: object) -> Json:
    """https://docs.stripe.com/api/webhook_endpoints/object."""
    return {
        "id": name,
        "object": "webhook_endpoint",
        "api_version": CURRENT,
        "enabled_events": sorted(HANDLED_TYPES),
        "livemode": False,
        "status": "enabled",
        "url": WEBHOOK,
        **fields,
    }


def _basic(key: str) -> str:
    return f"Basic {base64.b64encode(f'{key}:'.encode()).decode()}"


@dataclass
class DeployedService:
    google: GoogleProject
    secret: str
    """The webhook's signing secrets, separated by commas."""
    endpoints: list[Json] = field(default_factory=lambda: [an_endpoint(), an_endpoint("we_2", url="https://a.example")])
    """Stripe's endpoints, of which one belongs to somebody else."""
    key_answers: dict[str, int] = field(default_factory=dict)
    """Stripe's answers to the service's own key other than 200, by path."""
    events: list[Json] = field(default_factory=list)
    """Stripe's latest."""
    answers: tuple[int, Json] | None = None
    """Answers instead of the webhook."""

    def send(self, asked: PreparedRequest) -> Response:
        """The answer to an https request, whichever server it is for."""
        address = urlsplit(str(asked.url))
        body = asked.body if isinstance(asked.body, bytes) else str(asked.body or "").encode()
        headers = {name: str(value) for name, value in asked.headers.items()}
        if str(asked.url).startswith((WEBHOOK, IN_FRONT_OF_IT)):
            status, answered = self.answers or self._webhook(body, headers)
        elif address.hostname == "api.stripe.com":
            status, answered = self._stripe(address.path, headers)
        else:
            path, query = f"{address.hostname}{unquote(address.path)}", dict(parse_qsl(address.query))
            status, answered = self.google.answer(str(asked.method), path, query, body)
        response = Response()
        response.status_code, response._content = status, json.dumps(answered).encode()
        response.request, response.url = asked, str(asked.url)
        return response

    def _stripe(self, path: str, headers: Mapping[str, str]) -> tuple[int, Json]:
        if headers["Authorization"] in (_basic(SERVICES_KEY), _basic(SERVICES_KEY.replace("test", "live"))):
            assert path in ("/v1/checkout/sessions", "/v1/payment_intents", "/v1/refunds", "/v1/events")
            data = self.events if path == "/v1/events" else []
            return self.key_answers.get(path, 200), {"object": "list", "data": data}
        if headers["Authorization"] != _basic(API_KEY):
            return 401, {"error": {"type": "invalid_request_error"}}
        assert path == "/v1/webhook_endpoints"
        return 200, {"object": "list", "data": self.endpoints, "has_more": False}

    def _webhook(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, Json]:
        endpoint = WebhookEndpoint(
            *(RecordingSettlement(), settings_from({SECRET: self.secret}).webhook_secrets, Naming(), RecordingLog()),
            *(lambda: NOW, lambda: 1.0, Watchdog(lambda: 1.0, patient_max=1)),
        )
        with _app.test_request_context("/", method="POST", data=body, headers=headers):
            response = endpoint.respond(request)
            return response.status_code, json.loads(response.data)
