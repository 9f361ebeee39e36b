"""The world outside one history: a mail provider with idempotency keys, a chat without, and Stripe."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from effects.effect import EffectKind
from effects.outside import Failed
from orders.refunds import RestockRule
from stripe_api.api import Session, SessionNotOpen
from tests.proofs.simulation.stripe_sessions import StripeSessions

KEYS_LAST: Final = timedelta(hours=24)
"""https://docs.stripe.com/api/idempotent_requests, and https://resend.com/docs/dashboard/emails/idempotency-keys."""
KNOWS_KEYS: Final = frozenset({EffectKind.MAIL, EffectKind.STRIPE_REFUND})


Refund = Callable[[str, int | None, RestockRule | None, datetime], str | None]
"""Refunds a part of a payment, or all that is left of it. Returns the refund's id; None if nothing was left.

Raises Failed.
"""


@dataclass(frozen=True, slots=True)
class Request:
    effect_id: str
    kind: EffectKind
    key: str
    words: Mapping[str, object]
    at: datetime
    """When it arrived, by the only correct clock."""


class World:
    def __init__(self, refusing: Collection[str], down: Collection[str], refund: Refund) -> None:
        """What refuses everything for good, what never answers, and how a payment is refunded, if anything is left."""
        self.requests: list[Request] = []
        """All that arrived."""
        self.done: list[Request] = []
        self.sessions = StripeSessions()
        self._refusing, self._down, self._refund = refusing, down, refund
        self._kept: dict[str, Request] = {}
        """The last that was done under each key."""
        self.refund_ids: dict[str, str] = {}
        """The ids of refunds, by key."""
        self._made_for: dict[tuple[str, str], str] = {}
        """The same, by the payment and what the refund says of itself."""

    def receive(self, request: Request) -> str | None:
        """Do it, unless it was done under this key. Returns why there is nothing to do.

        Raises:
            Failed: it was not done.
        """
        self._admit(request)
        if self._was_done(request):
            return None
        if request.kind is EffectKind.STRIPE_REFUND and not self._refunded(request):
            return "charge_already_refunded"
        self._kept[request.key] = request
        self.done.append(request)
        return None

    def refund_made_for(self, payment_id: str, effect_key: str) -> str | None:
        """The refund that says so. Raises Failed."""
        self._answer_to(EffectKind.STRIPE_REFUND)
        return self._made_for.get((payment_id, effect_key))

    def expire(self, request: Request) -> Session | SessionNotOpen:
        """End a session, unless it is over. Raises Failed: nothing was done."""
        self._admit(request)
        self.done.append(request)
        return self.sessions.expire(str(request.words["session"]), request.at)

    def _refunded(self, request: Request) -> bool:
        words: Mapping[str, Any] = request.words
        restock = words["metadata"].get("restock")
        made = self._refund(words["payment_intent"], words.get("amount"), restock and RestockRule(restock), request.at)
        if made:
            self.refund_ids[request.key] = made
            self._made_for[words["payment_intent"], words["metadata"].get("effect", "")] = made
        return made is not None

    def _admit(self, request: Request) -> None:
        self.requests.append(request)
        self._answer_to(request.kind)

    def _answer_to(self, kind: EffectKind) -> None:
        if kind in self._refusing:
            raise Failed("refused", retryable=False)
        if kind in self._down:
            raise Failed("down", retryable=True)

    def _was_done(self, request: Request) -> bool:
        known = self._kept.get(request.key) if request.kind in KNOWS_KEYS else None
        if known is None or request.at - known.at >= KEYS_LAST:
            return False
        if known.words != request.words:
            raise Failed("the key is known, with other words", retryable=False)
        return True
