"""Two posts to the webhook, one like anybody's and one like Stripe's. Neither can change anything."""

from datetime import datetime
from typing import Final

import requests

from tools.posting import Answer
from webhooks.canary_event import canary_event, signature_of
from webhooks.signing_secrets import SigningSecret

# An instance may have to start first, and then answers within ten seconds.
_ANSWER_SECONDS_MAX: Final = 30


def answer_to_forged(url: str, now: datetime) -> str:
    """The answer to an obviously forged signature: a status, and the result or error."""
    return _answer(url, b"{}", f"t={int(now.timestamp())},v1={'0' * 64}")


def answer_to_unknown(url: str, secret: SigningSecret, now: datetime) -> str:
    """The same for the canary's event, signed with this secret, for which Firestore is read, too."""
    body = canary_event(now)
    return _answer(url, body, signature_of(body, secret, now))


def _answer(url: str, body: bytes, signature: str) -> str:
    headers = {"Content-Type": "application/json", "Stripe-Signature": signature}
    try:
        answer = requests.post(url, body, headers=headers, timeout=_ANSWER_SECONDS_MAX, allow_redirects=False)
    except requests.RequestException as problem:
        return f"nothing: {problem}"
    return str(Answer(answer.status_code, answer.content))
