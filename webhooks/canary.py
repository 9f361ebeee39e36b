"""The canary: every few minutes, a delivery of our own goes the same way as Stripe's.

An answer proves that the address, the secret, the server and the database work. An alert watches for its line in the
log: it stops whatever breaks, even the canary itself.
"""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from http import HTTPStatus
from typing import Final

from flask import Request, Response

from orders.frozen import frozen
from orders.outcome import Result
from service.answers import refused_for_method
from service.logs import LOGGED_CHARACTERS_MAX, Log
from webhooks.canary_event import canary_event, signature_of
from webhooks.signing_secrets import SigningSecret

ANSWER_SECONDS_MAX: Final = 30.0
"""The webhook's own limit in functions.yaml, which leaves room for a cold start and a slow database."""
ANSWER_BYTES_MAX: Final = 1_000

Post = Callable[[str, bytes, Mapping[str, str]], tuple[int, bytes]]
"""Posts a body with these headers. Returns the answer's status and its first bytes. Raises NotAnswered."""


class NotAnswered(Exception):
    """There is no readable answer. The message says why."""


@frozen
class Canary:
    """Makes a signed delivery of our own, and checks its answer."""

    url: str | None
    """The webhook's public address, as registered at Stripe; None if it is not set."""
    secrets: Sequence[SigningSecret] = field(repr=False)
    post: Post
    log: Log
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    """Seconds, on a clock that never goes back."""

    def respond(self, request: Request) -> Response:
        """Deliver one event. 500 unless it is answered as expected. Logs one line."""
        if request.method != "POST":
            return refused_for_method()
        if not self.url:
            self.log("INFO", "CANARY_URL is not set: nothing is delivered", result="canary_off")
            return Response()
        started = self.monotonic()
        defect = self._defect(self.url)
        self.log(
            "ERROR" if defect else "INFO",
            f"the canary's delivery {defect}" if defect else "the canary's delivery was answered as it should be",
            result="canary_failed" if defect else "canary",
            latencyMs=round((self.monotonic() - started) * 1000, 1),
        )
        return Response(status=HTTPStatus.INTERNAL_SERVER_ERROR if defect else HTTPStatus.OK)

    def _defect(self, url: str) -> str | None:
        """Why one delivery is not answered as expected; None if it is."""
        if not self.secrets:
            return "cannot be signed: STRIPE_WEBHOOK_SECRET is not set"
        now = self.now()
        body = canary_event(now)
        # While a secret is being rolled, the first one is the new one.
        headers = {"Content-Type": "application/json", "Stripe-Signature": signature_of(body, self.secrets[0], now)}
        try:
            status, answer = self.post(url, body, headers)
        except NotAnswered as error:
            return f"was not answered: {error}"[:LOGGED_CHARACTERS_MAX]
        if status != HTTPStatus.OK or _result_in(answer) != Result.IGNORED:
            return f"was answered {status}: {answer.decode(errors='replace')}"
        return None


def _result_in(answer: bytes) -> object:
    try:
        fields = json.loads(answer)
    except ValueError:
        return None
    return fields.get("result") if isinstance(fields, dict) else None


def posted(url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
    """`Post` over the network."""
    request = urllib.request.Request(url, body, dict(headers))  # noqa: S310 - the setting is an address of the web
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS_MAX) as answer:  # noqa: S310
            return answer.status, answer.read(ANSWER_BYTES_MAX)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read(ANSWER_BYTES_MAX)
    except (OSError, http.client.HTTPException) as error:
        raise NotAnswered(f"{type(error).__name__}: {error}") from None
