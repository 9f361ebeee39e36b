"""An effect is tried when it is due: the sweep runs every five minutes."""

from datetime import timedelta
from typing import Final

from reconciliation.finding import Found, Rule, to_copy
from reconciliation.subjects import EffectRecord

STUCK_AFTER: Final = timedelta(hours=1)
"""Twelve sweeps, any of which may not have got to it."""


def _judge(effect: EffectRecord) -> Found | None:
    if effect.now - effect.due_at >= STUCK_AFTER:
        words = f"{effect.kind} was due at {effect.due_at:%Y-%m-%d %H:%M} UTC, but was not tried"
        remedy = to_copy("why", effect.order_id) if effect.order_id else to_copy("status")
        return Found(words, remedy)
    return None


RULE: Final = Rule("effect_stuck", EffectRecord, _judge)
