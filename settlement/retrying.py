"""Something that had to be done outside was given up, and an operator has it tried again. No order changes. Pure."""

from effects.effect import EffectKind, EffectState, StoredEffect
from orders.operator_events import EffectRetried
from orders.outcome import Result
from settlement.decisions import Adjustment, Look
from settlement.snapshot import Snapshot


def retry_effect(event: EffectRetried, snapshot: Snapshot) -> Adjustment | Look:
    """What was given up is to be done all the same: as if it were new, and under the same key as before.

    A refund is not, if somebody has ordered as much of the payment since: then both would go back.
    """
    effect = snapshot.effect
    if effect is None:
        return _not_retried(f"no_effect: {event.effect_id} does not exist, or cannot be read")
    if effect.state is not EffectState.ERROR:
        return _not_retried(f"not_given_up: it is {effect.state}; attempts: {effect.attempts}")
    if effect.effect.kind is EffectKind.STRIPE_REFUND:
        if snapshot.effects is None:
            return Look(effects=True)
        if other := next((each for each in snapshot.effects if _is_in_place_of(effect, each)), None):
            return _not_retried(f"ordered_anew: {other.effect.effect_id} is as much of {other.effect.recipient}")
    note = f"{event.effect_id} of order {effect.effect.order_id} had been given up"
    return Adjustment(Result.RETRY_ORDERED, None, note, retried=effect)


def _is_in_place_of(given_up: StoredEffect, other: StoredEffect) -> bool:
    """Whether the other one is to send the same money back, or has."""
    is_other = other.effect.effect_id != given_up.effect.effect_id and other.state is not EffectState.ERROR
    one, another = given_up.effect, other.effect
    return is_other and (one.kind, one.recipient, one.refund) == (another.kind, another.recipient, another.refund)


def _not_retried(why: str) -> Adjustment:
    return Adjustment(Result.NOT_RETRIED, None, why)
