"""How often each event was delivered, and so how often its claim may say so."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.support.memory_store import MemoryStore


@dataclass(frozen=True, slots=True)
class Deliveries:
    """All counters are by event id."""

    made: Counter[str] = field(default_factory=Counter)
    acknowledged: Counter[str] = field(default_factory=Counter)
    in_doubt: Counter[str] = field(default_factory=Counter)
    """Commits that may have been done although their sender got no answer."""

    def miscounted(self, store: MemoryStore) -> Iterator[str]:
        """Every acknowledged delivery is in its event's count, and none that was never made.

        A delivery whose answer was lost may count twice, if another one came before it could read again.
        """
        for event_id, made in self.made.items():
            claim = store.get(f"webhookEvents/{event_id}")
            counted = claim["deliveries"] if claim else None
            acknowledged, at_most = self.acknowledged[event_id], made + self.in_doubt[event_id]
            if isinstance(counted, int) and not acknowledged <= counted <= at_most:
                yield f"{event_id}: {made} deliveries, {acknowledged} of them acknowledged, and {counted} counted"
