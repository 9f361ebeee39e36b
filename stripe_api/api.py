"""Requests to Stripe, its answers, and what its errors mean. Pure: `stripe_api.client` makes the calls."""

import re
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from typing import ClassVar, Final, Protocol

from orders.frozen import frozen
from orders.numbers import unix_time
from orders.outcome import Transient

API_VERSION: Final = "2026-10-28.endive"
"""The version that this code knows, which is the library's own. An account's default may be another."""

_MESSAGE_CHARACTERS_MAX: Final = 300
# Stripe's messages repeat the first and last characters of an unknown key, and whole addresses.
_PRIVATE: Final = re.compile(r"\b[a-z]{2,6}_(?:test|live)_[\w*.…]+|\bwhsec_\S+|[^\s'\"<>]+@[^\s'\"<>]+")


class StripeUnavailable(Transient):
    """There is no usable answer. The request may have been carried out; repeating it with the same key finds out.

    That works for a day: https://docs.stripe.com/api/idempotent_requests. After that, `refund_made_for` finds a refund
    that names its effect. An internal error that Stripe has stored under the key (status 500) is repeated until then,
    whatever was done; the outcome comes by webhook.
    """

    retryable: ClassVar = True

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """How long Stripe asks to wait; None if it does not say."""


class NotAsDocumented(StripeUnavailable):
    """Stripe's answer about one object is not as documented; other objects may be readable."""


class StripeRefused(Exception):
    """Stripe refuses the request, and would again. Carries Stripe's code and message, without keys and addresses."""

    retryable: ClassVar = False

    def __init__(self, message: str, code: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        """One of https://docs.stripe.com/error-codes; without one, the type of error."""


class AlreadyRefunded(StripeRefused):
    """Nothing is left of the charge: it was refunded by others."""


class NoSuchEvent(StripeRefused):
    """Stripe has no event with this id, perhaps no longer: events are kept for 30 days."""


class SessionNotOpen(StripeRefused):
    """The session cannot be expired: it is complete or expired."""

    def __init__(self, session: "Session") -> None:
        super().__init__(f"{session.session_id} is {session.status}", "session_not_open")
        self.session = session


@frozen
class Session:
    """A Checkout session: https://docs.stripe.com/api/checkout/sessions/object."""

    session_id: str
    status: str
    """`open`, `complete` or `expired`."""
    expires_at: datetime
    url: str | None = field(default=None, repr=False)
    """Where the customer pays; None unless it is open and hosted by Stripe."""
    client_secret: str | None = field(default=None, repr=False)
    """For showing it in the shop's own page; None unless it is embedded."""
    payment_intent_id: str | None = None
    """None until the customer has tried to pay."""


@frozen
class Refund:
    """https://docs.stripe.com/api/refunds/object."""

    refund_id: str
    status: str | None
    """`pending`, `requires_action`, `succeeded`, `failed` or `canceled`."""
    amount: int
    """In minor units."""
    currency: str


class StripeApi(Protocol):
    """Stripe's API. Each call ends within seconds, and may raise StripeUnavailable or StripeRefused.

    A `key` is Stripe's idempotency key, at most 255 characters. For a day, repeating a request with its key changes
    nothing, and returns the same answer. Using the key for another request is refused.
    """

    def create_session(self, request: Mapping[str, object], *, key: str) -> Session:
        """`request` has the parameters of https://docs.stripe.com/api/checkout/sessions/create, in dicts and lists."""
        ...

    def session(self, session_id: str) -> Session: ...

    def expire_session(self, session_id: str, *, key: str) -> Session:
        """Raises SessionNotOpen, with the session as it is."""
        ...

    def create_refund(self, request: Mapping[str, object], *, key: str) -> Refund:
        """`request` has the parameters of https://docs.stripe.com/api/refunds/create. Raises AlreadyRefunded."""
        ...

    def refund_made_for(self, payment_id: str, effect_key: str) -> str | None:
        """The id of the payment's refund with this `metadata.effect`, however old; None if there is none."""
        ...

    def event(self, event_id: str) -> Mapping[str, object]:
        """The event as a webhook delivers it, for the last 30 days. Raises NoSuchEvent."""
        ...


def payment_named(payment_id: str) -> dict[str, object]:
    """The parameter that names a payment in requests about refunds: its PaymentIntent, or else its charge."""
    return {"payment_intent" if payment_id.startswith("pi_") else "charge": payment_id}


def session_from(answer: Mapping[str, object]) -> Session:
    """Raises NotAsDocumented: this is not a session."""
    session_id, status, expires_at = answer.get("id"), answer.get("status"), unix_time(answer.get("expires_at"))
    if not (isinstance(session_id, str) and isinstance(status, str)) or expires_at is None:
        raise not_documented("session")
    return Session(
        session_id,
        status,
        expires_at,
        url=_text_or_none(answer.get("url")),
        client_secret=_text_or_none(answer.get("client_secret")),
        payment_intent_id=_text_or_none(answer.get("payment_intent")),
    )


def refund_from(answer: Mapping[str, object]) -> Refund:
    """Raises NotAsDocumented: this is not a refund."""
    refund_id, amount, currency = answer.get("id"), answer.get("amount"), answer.get("currency")
    if not (isinstance(refund_id, str) and isinstance(amount, int) and isinstance(currency, str)):
        raise not_documented("refund")
    return Refund(refund_id, _text_or_none(answer.get("status")), amount, currency)


def event_from(answer: Mapping[str, object]) -> Mapping[str, object]:
    """Raises NotAsDocumented: this is not an event."""
    if answer.get("object") != "event":
        raise not_documented("event")
    return answer


def printable(message: str | None) -> str:
    """Stripe's error message for a log: without keys and addresses, and of limited length."""
    said = " ".join(_PRIVATE.sub("(left out)", message or "").split())
    return said[:_MESSAGE_CHARACTERS_MAX] or "no reason given"


def not_documented(what: str) -> NotAsDocumented:
    return NotAsDocumented(f"Stripe's answer is not a {what}")


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None
