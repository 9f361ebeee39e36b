"""Two posts to the webhook, as anybody and as Stripe would send them: neither can change anything."""

import json
from datetime import datetime
from typing import Final

import requests
import stripe

from tools.posting import Answer
from webhooks.signing_secrets import SigningSecret

# An instance may have to start first, and then answers within ten.
_ANSWER_SECONDS_MAX: Final = 30


def answer_to_forged(url: str, now: datetime) -> str:
    """What it answers to a signature that anybody can write: a status, and the result or error."""
    return _answer(url, b"{}", f"t={int(now.timestamp())},v1={'0' * 64}")


def answer_to_unknown(url: str, secret: SigningSecret, now: datetime) -> str:
    """The same, of an event that is signed with this secret and has a type that is none of Stripe's."""
    seconds = int(now.timestamp())
    event: dict[str, object] = {
        "id": f"evt_doctor_{seconds}",
        "object": "event",
        "api_version": None,
        "created": seconds,
        "data": {"object": {}},
        # An event of live mode would be refused where the secret is for test mode; the other way about, none is.
        "livemode": False,
        "type": "doctor.looked",
    }
    body = json.dumps(event)
    return _answer(
        url, body.encode(), stripe.WebhookSignature.generate_signature_header(body, secret.text, timestamp=seconds)
    )


def _answer(url: str, body: bytes, signature: str) -> str:
    headers = {"Content-Type": "application/json", "Stripe-Signature": signature}
    try:
        answer = requests.post(url, body, headers=headers, timeout=_ANSWER_SECONDS_MAX, allow_redirects=False)
    except requests.RequestException as problem:
        return f"nothing: {problem}"
    return str(Answer(answer.status_code, answer.content))
