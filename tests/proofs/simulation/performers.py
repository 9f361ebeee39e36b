"""Who performs effects in a simulated shop: a worker, which stops at the call outside as at every other RPC."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from effects.effect import MESSAGES, Effect, EffectKind
from effects.outside import Failed, Performer, Postponed, Skipped
from effects.refunding import Refunding
from settlement.decisions import AutoRefund
from stripe_api.api import AlreadyRefunded, StripeApi, StripeRefused, StripeUnavailable
from tests.proofs.simulation.workers import Worker
from tests.proofs.simulation.world import Request, World

_READ_SECONDS: Final = 1.0
_QUIET_UNTIL: Final = 17
"""The hour before which nobody is sent a short message."""


def performers_of(
    worker: Worker, world: World, auto_refund: AutoRefund, clock: Callable[[], datetime]
) -> Mapping[EffectKind, Performer]:
    """Of each kind.

    Args:
        clock: the only one that is right; a worker's own may not be.
    """
    outside = _Outside(worker, world, clock)
    messenger = _Messenger(worker, outside)
    return {**dict.fromkeys(MESSAGES, messenger), EffectKind.STRIPE_REFUND: _Refunder(worker, outside, auto_refund)}


@dataclass(frozen=True, slots=True)
class _Outside:
    worker: Worker
    world: World
    clock: Callable[[], datetime]

    def ask(self, effect: Effect, words: Mapping[str, object], key: str) -> Skipped | None:
        def arrive() -> str | None:
            return self.world.receive(Request(effect.effect_id, effect.kind, key, words, self.clock()))

        reason = self.worker.ask_outside(effect.effect_id, arrive)
        return Skipped(reason) if reason else None


@dataclass(frozen=True, slots=True)
class _Messenger:
    """Sends a notice. What it would write changes from one moment to the next."""

    worker: Worker
    outside: _Outside

    def prepare(self, effect: Effect, now: datetime) -> Mapping[str, object] | Skipped | Postponed:
        inbox = "system" if effect.recipient == "operator" else effect.user_id
        path = f"notifications/{inbox}/messages/{effect.cause_id}"
        notice = self.worker.read([path], timeout_seconds=_READ_SECONDS)[path]
        if notice is None:
            return Skipped("no notice")
        if effect.kind is EffectKind.SMS and now.hour < _QUIET_UNTIL:
            return Postponed(now.replace(hour=_QUIET_UNTIL))
        return {"to": effect.recipient, "text": notice.fields["type"], "written": now, "by": self.worker.number}

    def perform(self, effect: Effect, payload: Mapping[str, object]) -> Skipped | None:
        return self.outside.ask(effect, payload, effect.key)


@dataclass(frozen=True, slots=True)
class _Refunder:
    """The real one, above a Stripe that is part of this world."""

    worker: Worker
    outside: _Outside
    auto_refund: AutoRefund

    def prepare(self, effect: Effect, now: datetime) -> Mapping[str, object]:
        return self._refunding(effect).prepare(effect, now)

    def perform(self, effect: Effect, payload: Mapping[str, object]) -> Skipped | None:
        return self._refunding(effect).perform(effect, payload)

    def _refunding(self, effect: Effect) -> Refunding:
        return Refunding(cast("StripeApi", _Stripe(self.outside, effect)), self.worker, self.auto_refund, None)


@dataclass(frozen=True, slots=True)
class _Stripe:
    outside: _Outside
    effect: Effect

    def create_refund(self, request: Mapping[str, object], *, key: str) -> None:
        try:
            skipped = self.outside.ask(self.effect, request, key)
        except Failed as failed:
            if failed.retryable:
                raise StripeUnavailable(str(failed), failed.retry_after) from failed
            raise StripeRefused(str(failed), "refused") from failed
        if skipped:
            raise AlreadyRefunded("nothing is left", skipped.reason)
