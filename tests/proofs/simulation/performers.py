"""Performs effects in a simulated shop: a worker stops at the call outside as at every RPC."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar, cast

from checkout.expiring import Expiring
from checkout.request import CheckoutTerms
from checkout.sessions import CheckoutSessions
from effects.effect import Effect, EffectKind
from effects.outside import Failed, Performer, Postponed, Refunded, Skipped
from effects.refunding import Refunding
from notifications.channels import CHANNELS
from orders.outcome import Settle
from settlement.terms import AutoRefund
from stripe_api.api import AlreadyRefunded, Refund, Session, StripeApi, StripeRefused, StripeUnavailable
from tests.proofs.simulation.workers import Worker
from tests.proofs.simulation.world import Request, World
from tests.support.builders import TERMS

_READ_SECONDS: Final = 1.0
_QUIET_UNTIL: Final = 17
"""The hour before which no SMS is sent."""

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Asking:
    """A worker that calls the outside world."""

    worker: Worker
    world: World
    clock: Callable[[], datetime]
    """The only correct clock; a worker's own may be wrong."""
    settle: Settle

    def performers(self, auto_refund: AutoRefund, now: Callable[[], datetime]) -> Mapping[EffectKind, Performer]:
        """Of each kind, by the worker's own clock."""
        return {
            **dict.fromkeys(CHANNELS, _Messenger(self)),
            EffectKind.STRIPE_REFUND: _Refunder(self, auto_refund),
            EffectKind.STRIPE_EXPIRE_SESSION: _Expirer(self, now),
        }

    def sessions(self, *, add: bool) -> CheckoutSessions:
        terms = CheckoutTerms("https://shop.example", automatic_tax=add)
        stripe = cast("StripeApi", _Stripe(self))
        return CheckoutSessions(self.worker, self.settle, stripe, terms, TERMS.hold_max, None, self.worker.patience)

    def ask(self, effect: Effect, words: Mapping[str, object], key: str) -> Skipped | None:
        request = self.request(effect, words, key)
        reason = self.worker.ask_outside(effect.effect_id, lambda: self.world.receive(request()))
        return Skipped(reason) if reason else None

    def request(self, effect: Effect, words: Mapping[str, object], key: str) -> Callable[[], Request]:
        """As it arrives, whenever that is."""
        return lambda: Request(effect.effect_id, effect.kind, key, words, self.clock())


@dataclass(frozen=True, slots=True)
class _Messenger:
    """Sends a notice whose text changes from moment to moment."""

    asking: Asking

    def prepare(self, effect: Effect, now: datetime) -> Mapping[str, object] | Skipped | Postponed:
        worker, inbox = self.asking.worker, "system" if effect.recipient == "operator" else effect.user_id
        path = f"notifications/{inbox}/messages/{effect.cause_id}"
        notice = worker.read([path], timeout_seconds=_READ_SECONDS)[path]
        if notice is None:
            return Skipped("no notice")
        if effect.kind is EffectKind.SMS and now.hour < _QUIET_UNTIL:
            return Postponed(now.replace(hour=_QUIET_UNTIL))
        return {"to": effect.recipient, "text": notice.fields["type"], "written": now, "by": worker.number}

    def perform(self, effect: Effect, payload: Mapping[str, object]) -> Skipped | None:
        return self.asking.ask(effect, payload, effect.key)


@dataclass(frozen=True, slots=True)
class _Refunder:
    """The real one, on a Stripe that is part of this world."""

    asking: Asking
    auto_refund: AutoRefund

    def prepare(self, effect: Effect, now: datetime) -> Mapping[str, object]:
        return self._refunding(effect).prepare(effect, now)

    def perform(self, effect: Effect, payload: Mapping[str, object]) -> Skipped | Refunded:
        return self._refunding(effect).perform(effect, payload)

    def _refunding(self, effect: Effect) -> Refunding:
        stripe = cast("StripeApi", _Stripe(self.asking, effect))
        return Refunding(stripe, self.asking.worker, self.auto_refund, None)


@dataclass(frozen=True, slots=True)
class _Expirer:
    """The real one, likewise."""

    asking: Asking
    now: Callable[[], datetime]

    def prepare(self, effect: Effect, now: datetime) -> Mapping[str, object]:
        return self._expiring(effect).prepare(effect, now)

    def perform(self, effect: Effect, payload: Mapping[str, object]) -> Skipped | None:
        return self._expiring(effect).perform(effect, payload)

    def _expiring(self, effect: Effect) -> Expiring:
        stripe = cast("StripeApi", _Stripe(self.asking, effect))
        return Expiring(stripe, self.asking.worker, self.asking.settle, self.now)


@dataclass(frozen=True, slots=True)
class _Stripe:
    asking: Asking
    effect: Effect | None = None
    """Because of which it is asked; None if a customer waits for the answer."""

    def create_session(self, request: Mapping[str, object], *, key: str) -> Session:
        asking = self.asking
        return self._answer(f"session {key}", lambda: asking.world.sessions.create(request, key, asking.clock()))

    def expire_session(self, session_id: str, *, key: str) -> Session:
        asking, effect = self.asking, self.effect
        if effect is None:
            return self._answer(key, lambda: asking.world.sessions.expire(session_id, asking.clock()))
        request = asking.request(effect, {"session": session_id}, key)
        return self._answer(effect.effect_id, lambda: asking.world.expire(request()))

    def create_refund(self, request: Mapping[str, object], *, key: str) -> Refund:
        if self.effect is None:
            raise AssertionError("nobody waits for a refund")
        try:
            skipped = self.asking.ask(self.effect, request, key)
        except Failed as failed:
            raise _as_stripe_says(failed) from failed
        if skipped:
            raise AlreadyRefunded("nothing is left", skipped.reason)
        return Refund(self.asking.world.refund_ids[key], "pending", 0, "eur")

    def refund_made_for(self, payment_id: str, effect_key: str) -> str | None:
        return self._answer(effect_key, lambda: self.asking.world.refund_made_for(payment_id, effect_key))

    def _answer(self, about: str, do: Callable[[], _Answer | StripeRefused]) -> _Answer:
        try:
            answer = self.asking.worker.ask_outside(about, do)
        except Failed as failed:
            raise _as_stripe_says(failed) from failed
        if isinstance(answer, StripeRefused):
            raise answer
        return answer


def _as_stripe_says(failed: Failed) -> StripeUnavailable | StripeRefused:
    if failed.retryable:
        return StripeUnavailable(str(failed), failed.retry_after)
    return StripeRefused(str(failed), "refused")
