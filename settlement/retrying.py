"""Something that had to be done outside was given up, and an operator has it tried again. No order changes. Pure."""

from effects.effect import EffectState, StoredEffect
from orders.operator_events import EffectRetried
from orders.outcome import Result
from settlement.decisions import Adjustment


def retry_effect(event: EffectRetried, effect: StoredEffect | None) -> Adjustment:
    """What was given up is to be done all the same: as if it were new, and under the same key as before."""
    if effect is None:
        return _not_retried(f"no_effect: {event.effect_id} does not exist, or cannot be read")
    if effect.state is not EffectState.ERROR:
        return _not_retried(f"not_given_up: it is {effect.state}, after {effect.attempts} attempts")
    note = f"{event.effect_id} of order {effect.effect.order_id} had been given up"
    return Adjustment(Result.RETRY_ORDERED, None, note, retried=effect)


def _not_retried(why: str) -> Adjustment:
    return Adjustment(Result.NOT_RETRIED, None, why)
