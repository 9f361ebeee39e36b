"""What is asked of Stripe, what it answers, and what its refusals mean. Pure: `stripe_api.client` does the asking."""

import re
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from typing import ClassVar, Final, Protocol

from orders.frozen import frozen
from orders.numbers import unix_time
from orders.outcome import Transient

API_VERSION: Final = "2026-10-28.endive"
"""The one whose requests and answers we know, which is the library's own. An account's default may be any other."""

_MESSAGE_CHARACTERS_MAX: Final = 300
# Of a key that it does not know, Stripe repeats the first and the last characters; of addresses, all.
_PRIVATE: Final = re.compile(r"\b[a-z]{2,6}_(?:test|live)_[\w*.…]+|\bwhsec_\S+|[^\s'\"<>]+@[^\s'\"<>]+")


class StripeUnavailable(Transient):
    """No answer that can be used. What was asked may have been done: asking again with the same key finds out.

    That holds for a day: https://docs.stripe.com/api/idempotent_requests. After that, `refund_made_for` finds out of a
    refund that names its effect. A fault that Stripe has saved under the key (status 500) is repeated until then,
    whatever was done; its webhooks report what was.
    """

    retryable: ClassVar = True

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """How long Stripe asks to be left alone; None if it does not say."""


class NotAsDocumented(StripeUnavailable):
    """Stripe shows what was asked for otherwise than it documents: of that alone nothing can be learnt."""


class StripeRefused(Exception):
    """Stripe refuses what is asked, and would again. Says Stripe's code and words, without keys and addresses."""

    retryable: ClassVar = False

    def __init__(self, message: str, code: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        """One of https://docs.stripe.com/error-codes; where there is none, the type of error."""


class AlreadyRefunded(StripeRefused):
    """Nothing is left of the charge: others have refunded it."""


class NoSuchEvent(StripeRefused):
    """Stripe knows no event with this id, or none any more: it keeps them for 30 days."""


class SessionNotOpen(StripeRefused):
    """A session cannot be expired: it is complete, or has expired already."""

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
    """Where the customer pays; None unless it is open, and hosted by Stripe."""
    client_secret: str | None = field(default=None, repr=False)
    """With what a page of the shop shows it; None unless it is embedded there."""
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
    """Each call ends within seconds, and may raise StripeUnavailable or StripeRefused.

    A `key` is Stripe's idempotency key, at most 255 characters: whatever is asked with the same one, for a day, is done
    once, and answered with the same. The same key for another request is refused.
    """

    def create_session(self, request: Mapping[str, object], *, key: str) -> Session:
        """The request: https://docs.stripe.com/api/checkout/sessions/create, in dicts and lists."""
        ...

    def session(self, session_id: str) -> Session: ...

    def expire_session(self, session_id: str, *, key: str) -> Session:
        """Raises SessionNotOpen, with the session as it is."""
        ...

    def create_refund(self, request: Mapping[str, object], *, key: str) -> Refund:
        """The request: https://docs.stripe.com/api/refunds/create. Raises AlreadyRefunded."""
        ...

    def refund_made_for(self, payment_id: str, effect_key: str) -> str | None:
        """The id of the refund of this payment whose `metadata.effect` is this, however old; None if there is none."""
        ...

    def event(self, event_id: str) -> Mapping[str, object]:
        """The event as a webhook carries it, if it is of the last 30 days. Raises NoSuchEvent."""
        ...


def payment_named(payment_id: str) -> dict[str, object]:
    """A payment as requests about its refunds name it: it is known by its PaymentIntent, or by its charge alone."""
    return {"payment_intent" if payment_id.startswith("pi_") else "charge": payment_id}


def session_from(answer: Mapping[str, object]) -> Session:
    """Raises StripeUnavailable: this is no session."""
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
    """Raises StripeUnavailable: this is no refund."""
    refund_id, amount, currency = answer.get("id"), answer.get("amount"), answer.get("currency")
    if not (isinstance(refund_id, str) and isinstance(amount, int) and isinstance(currency, str)):
        raise not_documented("refund")
    return Refund(refund_id, _text_or_none(answer.get("status")), amount, currency)


def event_from(answer: Mapping[str, object]) -> Mapping[str, object]:
    """Raises StripeUnavailable: this is no event."""
    if answer.get("object") != "event":
        raise not_documented("event")
    return answer


def printable(message: str | None) -> str:
    """What Stripe says of a refusal, as a log may repeat it: without keys and addresses, and not endless."""
    said = " ".join(_PRIVATE.sub("(left out)", message or "").split())
    return said[:_MESSAGE_CHARACTERS_MAX] or "no reason given"


def not_documented(what: str) -> NotAsDocumented:
    return NotAsDocumented(f"Stripe's answer is no {what}")


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None
