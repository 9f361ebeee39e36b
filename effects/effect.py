"""An effect, something to be done outside: its kind, its recipient, and its idempotency key."""

import hashlib
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from orders.frozen import frozen

KEY_CHARACTERS_MAX: Final = 255
"""Stripe's limit for an idempotency key; others allow as many, or more:
https://docs.stripe.com/api/idempotent_requests."""


class EffectKind(StrEnum):
    MAIL = "mail"
    PUSH = "push"
    SMS = "sms"
    CHAT = "chat"
    STRIPE_REFUND = "stripe_refund"
    STRIPE_EXPIRE_SESSION = "stripe_expire_session"


class EffectState(StrEnum):
    PENDING = "PENDING"
    """Not begun."""
    PROCESSING = "PROCESSING"
    """A worker performs it until its lease ends; after that, the worker is taken for dead."""
    RETRY = "RETRY"
    """It waits for its next attempt."""
    SUCCESS = "SUCCESS"
    """Done; or nothing was to be done, and `error` says why; or it was given up, and a person has handled it."""
    ERROR = "ERROR"
    """Given up. Operators are notified, and can have it tried again or mark it as handled."""


class RefundTerms(NamedTuple):
    """An operator's order for a refund."""

    amount: int | None
    """In minor units; None for all that is left of the payment when it is made."""
    restock: str | None
    """Which units come back, as in the refund's metadata; None leaves it to the shop's terms."""


@frozen
class Effect:
    """One thing to be done outside. Each cause creates it at most once."""

    kind: EffectKind
    recipient: str
    """An audience, a payment or a Checkout session."""
    order_id: str
    cause_id: str
    """The id of the audit entry and notices of its cause; for a notice of a given-up effect, that effect's id, with the
    time added if the id is taken."""
    user_id: str | None
    """The order's customer."""
    key: str
    """The idempotency key, the same in every attempt."""
    refund: RefundTerms | None = None
    """None unless an operator has ordered the refund, who then has decided that the order does not need the payment."""

    @property
    def effect_id(self) -> str:
        return f"{self.cause_id}_{self.kind}_{self.recipient}"


@frozen
class StoredEffect:
    """An effect and its progress."""

    effect: Effect
    state: EffectState
    attempts: int
    next_attempt_at: datetime | None
    """When it is due; while it is performed, when the lease ends; None once it is over."""
    payload: Mapping[str, object] | None = field(repr=False)
    """What is sent, and to whom, the same in every attempt; None before the first."""
    version: object
    """The version of its document as read."""
    refund_id: str | None = None
    """The refund that Stripe has made for it; None before, and for other kinds."""

    @property
    def is_under_way(self) -> bool:
        """Whether it is being performed or will be."""
        return self.state not in (EffectState.SUCCESS, EffectState.ERROR)


def a_message(kind: EffectKind, audience: str, order_id: str, cause_id: str, user_id: str | None) -> Effect:
    """The effect that sends an audience the notice of a cause."""
    key = bounded_key(f"{cause_id}_{kind}_{audience}")
    return Effect(kind, audience, order_id, cause_id, user_id, key)


def a_stripe_call(kind: EffectKind, stripe_id: str, order_id: str, cause_id: str, user_id: str | None) -> Effect:
    """The effect that asks Stripe for something that happens to this object only once, whatever causes it."""
    return Effect(kind, stripe_id, order_id, cause_id, user_id, bounded_key(f"{kind}_{order_id}_{stripe_id}"))


def an_ordered_refund(payment_id: str, terms: RefundTerms, order_id: str, cause_id: str, user_id: str | None) -> Effect:
    """The effect that has Stripe refund the payment, once for this cause."""
    kind = EffectKind.STRIPE_REFUND
    return Effect(kind, payment_id, order_id, cause_id, user_id, bounded_key(f"{cause_id}_{kind}_{payment_id}"), terms)


def bounded_key(key: str) -> str:
    """The key, or its hash if it is too long for Stripe."""
    return key if len(key) <= KEY_CHARACTERS_MAX else hashlib.sha256(key.encode()).hexdigest()
