"""Messages, signed as Stripe does."""

import hashlib
import hmac
import json
from datetime import datetime

from tests.support.builders import NOW

SECRET = "whsec_test_secret"


def body_of(message: object) -> bytes:
    return json.dumps(message).encode()


def signature_of(body: bytes, *, secret: str = SECRET, at: datetime = NOW) -> str:
    """A `Stripe-Signature` header, made as documented, without the library that checks it.

    https://docs.stripe.com/webhooks#verify-manually
    """
    timestamp = int(at.timestamp())
    signature = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={signature}"
