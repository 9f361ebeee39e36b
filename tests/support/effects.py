"""Effects, and an outside world that does what a test says."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from database.documents.effects import effect_path, effect_write
from effects.attempt import Attempt
from effects.effect import Effect, EffectKind, a_message, a_stripe_call
from effects.outside import Performer, Postponed, Skipped
from effects.performing import Effects
from tests.support.builders import NOW
from tests.support.memory_store import MemoryStore
from tests.support.settling import Clock, patience_of

A_MAIL = a_message(EffectKind.MAIL, "customer", "order-1", "evt_1", "alice")
A_REFUND = a_stripe_call(EffectKind.STRIPE_REFUND, "pi_2", "order-1", "evt_1", "alice")


def with_effect(store: MemoryStore, effect: Effect, **changes: object) -> MemoryStore:
    """The shop with this effect, changed as given."""
    store.put(effect_path(effect.effect_id), {**effect_write(effect, NOW).fields, **changes})
    return store


@dataclass
class World:
    """The outside world. Records each request with its key."""

    prepared: Mapping[str, object] | Skipped | Postponed | Exception = field(default_factory=lambda: {"to": "alice"})
    answers: list[Exception | Skipped | None] = field(default_factory=list)
    """For the next calls; later calls succeed."""
    asked: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)
    while_asked: Callable[[], object] = lambda: None

    def prepare(self, effect: Effect, now: datetime) -> Mapping[str, object] | Skipped | Postponed:
        if isinstance(self.prepared, Exception):
            raise self.prepared
        return self.prepared

    def perform(self, effect: Effect, payload: Mapping[str, object]) -> Skipped | None:
        self.asked.append((effect.key, payload))
        self.while_asked()
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Outbox:
    """Effects in memory, and what performs them at the test's time."""

    store: MemoryStore = field(default_factory=MemoryStore)
    world: Performer = field(default_factory=World)
    now: datetime = NOW
    chance: float = 0.5
    operator_channels: Collection[EffectKind] = ()
    attempts: list[Attempt] = field(default_factory=list)

    def put(self, effect: Effect = A_MAIL, **changes: object) -> str:
        """Returns the effect's id."""
        with_effect(self.store, effect, **changes)
        return effect.effect_id

    def fields(self, effect: Effect = A_MAIL) -> dict[str, Any]:
        return dict(self.store.get(effect_path(effect.effect_id)) or {})

    @property
    def effects(self) -> Effects:
        return Effects(
            store=self.store,
            performers={EffectKind.MAIL: self.world, EffectKind.STRIPE_REFUND: self.world},
            operator_channels=self.operator_channels,
            notice_lifetime=timedelta(days=90),
            patience=patience_of(Clock(), lambda: self.chance),
            now=lambda: self.now,
            report=self.attempts.append,
        )


def state_of(outbox: Outbox) -> tuple[object, object, object]:
    fields = outbox.fields()
    return fields["state"], fields["attempts"], fields["error"]
