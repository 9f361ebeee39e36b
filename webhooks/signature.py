"""Is this body really from Stripe, and fresh? The only deployed module that imports stripe."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import stripe

from webhooks.signing_secrets import SigningSecret
from webhooks.stripe_fields import Json, time_or_none

TOLERANCE_SECONDS: Final = 300


class Rejected(ValueError):
    """The body is not a fresh message that Stripe signed. The reason repeats nothing of header, body or secret."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A JSON object that Stripe signed."""

    message: Json
    is_of_its_secrets_mode: bool
    """False for an event of test mode that was signed with no other secret than one for live mode."""


def verified_message(body: bytes, header: str, secrets: Sequence[SigningSecret], *, now: datetime) -> Verified:
    """The JSON object that Stripe signed with one of our secrets, at most five minutes ago.

    Several secrets are valid while one is being rolled: https://docs.stripe.com/webhooks#roll-endpoint-signing-secrets.
    The timestamp is checked here, both ways, against the time that is passed in; stripe's own check reads the clock and
    lets the future pass. The scheme: https://docs.stripe.com/webhooks#verify-manually.

    Whoever knows a secret for test mode must not move live money with it. The other way about is Stripe's doing: to a
    platform's live endpoint it also delivers the test events of connected accounts
    (https://docs.stripe.com/connect/webhooks).

    Raises:
        Rejected: no signature in the header matches, the timestamp is stale or in the future, the body is not a JSON
            object, or it is an event of live mode and signed for test mode.
    """
    # The library can compare nothing but ASCII.
    signed_for = {secret.livemode for secret in secrets if header.isascii() and _is_signed(body, header, secret.text)}
    if not signed_for:
        raise Rejected("signature verification failed")
    signed_at = _signed_at(header)
    if signed_at is None or abs((now - signed_at).total_seconds()) > TOLERANCE_SECONDS:
        raise Rejected("timestamp outside the tolerance")
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        raise Rejected("the body is not JSON") from None
    if not isinstance(message, dict):
        raise Rejected("the body is not a JSON object")
    livemode = message.get("livemode")
    if livemode is True and signed_for == {False}:
        raise Rejected("signature verification failed")
    # A thin event need not name its mode. Any other does, and is of test mode unless it says that it is live.
    is_of_test_mode = livemode is False or (livemode is not True and message.get("object") == "event")
    return Verified(message, is_of_its_secrets_mode=not (is_of_test_mode and signed_for == {True}))


def _is_signed(body: bytes, header: str, secret: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(body, header, secret, tolerance=None)
    except (stripe.SignatureVerificationError, UnicodeError):
        return False
    return True


def _signed_at(header: str) -> datetime | None:
    """The time in a header whose signature is valid: the first `t`, which is the one that was signed."""
    timestamps = (value for key, _, value in (item.partition("=") for item in header.split(",")) if key == "t")
    try:
        return time_or_none(int(next(timestamps)))
    except ValueError:
        return None
