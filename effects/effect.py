"""What a decision wants done outside: its kind, for whom, and the one key under which it is asked for."""

import hashlib
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from orders.frozen import frozen

KEY_CHARACTERS_MAX: Final = 255
"""Of an idempotency key at Stripe; others take as many, or more: https://docs.stripe.com/api/idempotent_requests."""


class EffectKind(StrEnum):
    MAIL = "mail"
    PUSH = "push"
    SMS = "sms"
    CHAT = "chat"
    STRIPE_REFUND = "stripe_refund"
    STRIPE_EXPIRE_SESSION = "stripe_expire_session"


MESSAGES: Final = frozenset({EffectKind.MAIL, EffectKind.PUSH, EffectKind.SMS, EffectKind.CHAT})
"""These bring somebody a notice."""


class EffectState(StrEnum):
    PENDING = "PENDING"
    """Nobody has begun it."""
    PROCESSING = "PROCESSING"
    """Somebody is at it until the lease ends; whoever comes later may think that they died."""
    RETRY = "RETRY"
    """It waits for its next attempt."""
    SUCCESS = "SUCCESS"
    """Done, or there was nothing to do, then `error` says why; or it was given up, and a person has handled it."""
    ERROR = "ERROR"
    """Given up. Operators are notified, and can have it tried again, or say that they have handled it."""


class RefundTerms(NamedTuple):
    """What an operator has ordered of a refund."""

    amount: int | None
    """In minor units; None for all that is left of the payment by then."""
    restock: str | None
    """Which units come back, as the refund's metadata says it; None for what the shop's terms say."""


@frozen
class Effect:
    """One thing to be done outside. Its cause makes it at most once."""

    kind: EffectKind
    recipient: str
    """What it is for: an audience, a payment or a Checkout session."""
    order_id: str
    cause_id: str
    """The id of the audit entry and notices of its cause; of an effect, if it is caused by that being given up, with
    the time where that is taken."""
    user_id: str | None
    """The order's customer."""
    key: str
    """Under which it is asked for, however often: whoever knows such keys does it once."""
    refund: RefundTerms | None = None
    """None unless an operator has ordered the refund; then whether the order needs the payment is theirs to say."""

    @property
    def effect_id(self) -> str:
        return f"{self.cause_id}_{self.kind}_{self.recipient}"


@frozen
class StoredEffect:
    """An effect, and how far it is."""

    effect: Effect
    state: EffectState
    attempts: int
    next_attempt_at: datetime | None
    """When it is due; while somebody is at it, when their lease ends; None once it is over."""
    payload: Mapping[str, object] | None = field(repr=False)
    """What is sent, and to whom, the same in every attempt; None before the first."""
    version: object
    """Of its document, as it was read."""
    refund_id: str | None = None
    """The refund that Stripe has made of it; None of all else, and before."""

    @property
    def is_under_way(self) -> bool:
        """Whether somebody is at it, or will be."""
        return self.state not in (EffectState.SUCCESS, EffectState.ERROR)


def a_message(kind: EffectKind, audience: str, order_id: str, cause_id: str, user_id: str | None) -> Effect:
    """The effect that brings this audience of a cause its notice."""
    key = _bounded(f"{cause_id}_{kind}_{audience}")
    return Effect(kind, audience, order_id, cause_id, user_id, key)


def a_stripe_call(kind: EffectKind, stripe_id: str, order_id: str, cause_id: str, user_id: str | None) -> Effect:
    """The effect that asks Stripe for something which happens once to this object of an order, whatever causes it."""
    return Effect(kind, stripe_id, order_id, cause_id, user_id, _bounded(f"{kind}_{order_id}_{stripe_id}"))


def an_ordered_refund(payment_id: str, terms: RefundTerms, order_id: str, cause_id: str, user_id: str | None) -> Effect:
    """The effect that has Stripe refund the payment once for this cause."""
    kind = EffectKind.STRIPE_REFUND
    return Effect(kind, payment_id, order_id, cause_id, user_id, _bounded(f"{cause_id}_{kind}_{payment_id}"), terms)


def _bounded(key: str) -> str:
    return key if len(key) <= KEY_CHARACTERS_MAX else hashlib.sha256(key.encode()).hexdigest()
