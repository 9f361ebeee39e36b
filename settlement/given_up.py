"""Effects that were given up, which an operator can retry or mark as handled. Pure."""

from effects.effect import EffectState, StoredEffect
from settlement.snapshot import Snapshot


def given_up_in(snapshot: Snapshot, effect_id: str) -> StoredEffect | str:
    """The effect that the operator named, or a human-readable reason why it is not one that was given up."""
    effect = snapshot.effect
    if effect is None:
        return f"no_effect: {effect_id} does not exist, or cannot be read"
    if effect.state is not EffectState.ERROR:
        return f"not_given_up: it is {effect.state}; attempts: {effect.attempts}"
    return effect


def in_words(effect: StoredEffect) -> str:
    return f"{effect.effect.effect_id} of order {effect.effect.order_id} had been given up"
