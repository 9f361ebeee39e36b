"""Verifies that a body is from Stripe, and fresh.

The scheme is https://docs.stripe.com/webhooks#verify-manually. Stripe's library does the same, but importing it would
take a twentieth of a cold start.
"""

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from orders.frozen import frozen
from orders.numbers import unix_time
from webhooks.signing_secrets import SigningSecret
from webhooks.stripe_fields import Json

TOLERANCE_SECONDS: Final = 300


class Rejected(ValueError):
    """The body is not a fresh message signed by Stripe. The message repeats nothing of header, body or secret."""


@frozen
class Verified:
    """A JSON object that Stripe signed."""

    message: Json
    is_of_its_secrets_mode: bool
    """False for a test-mode event that only a live-mode secret has signed."""


def verified_message(body: bytes, header: str, secrets: Sequence[SigningSecret], *, now: datetime) -> Verified:
    """The JSON object that Stripe signed with one of our secrets, at most five minutes ago.

    Several secrets are valid while one is being rolled: https://docs.stripe.com/webhooks#roll-endpoint-signing-secrets.
    A timestamp in the future is refused like a stale one.

    A test-mode secret must not move live money. The reverse occurs: Stripe also delivers the test events of connected
    accounts to a platform's live endpoint (https://docs.stripe.com/connect/webhooks).

    Raises:
        Rejected: no signature in the header matches, the timestamp is stale or in the future, the body is not a JSON
            object, or a test-mode secret signed a live-mode event.
    """
    # The first timestamp is the signed one.
    timestamp = next(iter(_values_of(b"t", header)), b"")
    signatures, signed = _values_of(b"v1", header), timestamp + b"." + body
    signed_for = {secret.livemode for secret in secrets if _has_signed(secret.text, signed, signatures)}
    if not signed_for:
        raise Rejected("signature verification failed")
    signed_at = _time_of(timestamp)
    if signed_at is None or abs((now - signed_at).total_seconds()) > TOLERANCE_SECONDS:
        raise Rejected("timestamp outside the tolerance")
    try:
        message = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise Rejected("the body is not JSON") from None
    if not isinstance(message, dict):
        raise Rejected("the body is not a JSON object")
    livemode = message.get("livemode")
    if livemode is True and signed_for == {False}:
        raise Rejected("signature verification failed")
    # A thin event need not name its mode. Any other event does, and is of test mode unless it says live.
    is_of_test_mode = livemode is False or (livemode is not True and message.get("object") == "event")
    return Verified(message, is_of_its_secrets_mode=not (is_of_test_mode and signed_for == {True}))


def _values_of(key: bytes, header: str) -> list[bytes]:
    """The values of this key in a header `t=…,v1=…,v1=…`."""
    items = (item.partition(b"=") for item in header.encode(errors="replace").split(b","))
    return [value for found, _, value in items if found == key]


def _has_signed(secret: str, signed: bytes, signatures: Sequence[bytes]) -> bool:
    # A blank secret is no secret.
    if not secret.strip():
        return False
    expected = hmac.digest(secret.encode(), signed, hashlib.sha256).hex().encode()
    # In constant time: https://docs.python.org/3/library/hmac.html#hmac.compare_digest.
    return any(hmac.compare_digest(expected, signature) for signature in signatures)


def _time_of(timestamp: bytes) -> datetime | None:
    try:
        return unix_time(int(timestamp))
    except ValueError:
        return None
