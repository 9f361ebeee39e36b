"""An event of our own, signed like Stripe's, to prove that the endpoint has the secret. Pure."""

import hashlib
import hmac
import json
from datetime import datetime
from typing import Final

from webhooks.signing_secrets import SigningSecret

CANARY_TYPE: Final = "canary"
"""Not one of Stripe's types, which contain a dot: so it concerns no order, whatever the settings."""


def canary_event(now: datetime) -> bytes:
    """The body of a canary event. It is of test mode, which a secret for either mode may sign."""
    seconds = int(now.timestamp())
    event = {
        "id": f"evt_canary_{seconds}",
        "object": "event",
        "type": CANARY_TYPE,
        "created": seconds,
        "livemode": False,
        "data": {"object": {}},
    }
    return json.dumps(event).encode()


def signature_of(body: bytes, secret: SigningSecret, now: datetime) -> str:
    """The `Stripe-Signature` header: https://docs.stripe.com/webhooks#verify-manually."""
    seconds = int(now.timestamp())
    signature = hmac.new(secret.text.encode(), f"{seconds}.".encode() + body, hashlib.sha256)
    return f"t={seconds},v1={signature.hexdigest()}"
