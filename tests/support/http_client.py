"""Requests to servers on this machine, Stripe's deliveries included."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from tests.support.signing import SECRET, body_of, signature_of

ANSWER_SECONDS_MAX: Final = 60.0
"""The Functions emulator starts a process for the first request; nothing else takes nearly as long."""

# A proxy from the environment would not reach this machine.
_without_proxy: Final = build_opener(ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def outcome(self) -> str:
        """The only result or error in the JSON body. Raises ValueError if it has none or several."""
        said = json.loads(self.body)
        (outcome,) = (said[name] for name in ("result", "error") if name in said)
        return str(outcome)


def request(
    url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None, *, method: str | None = None
) -> Answer:
    """POST the body, or GET without one, unless a method is given. The answer may have any status."""
    prepared = Request(url, body, dict(headers or {}), method=method)
    try:
        with _without_proxy.open(prepared, timeout=ANSWER_SECONDS_MAX) as answer:
            return Answer(answer.status, answer.read(), dict(answer.headers))
    except HTTPError as error:
        with error:
            return Answer(error.code, error.read(), dict(error.headers))


def deliver(url: str, event: Mapping[str, object], *, secret: str = SECRET) -> Answer:
    """Deliver an event as Stripe does, signed now."""
    body = body_of(event)
    return request(url, body, signed_now(body, secret=secret))


def signed_now(body: bytes, *, secret: str = SECRET) -> dict[str, str]:
    """The headers with which Stripe would post the body now."""
    signature = signature_of(body, secret=secret, at=datetime.now(UTC))
    return {"Content-Type": "application/json", "Stripe-Signature": signature}
