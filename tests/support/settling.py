"""Settlement in tests: on any store, at a given time, with a clock that only moves in sleep."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from database.store import DocumentStore
from orders.events import Cause, StripeEvent
from orders.outcome import Outcome, Settle
from settlement.settle import Patience, settle
from settlement.terms import Terms
from tests.support.builders import NOW, TERMS


@dataclass
class Clock:
    """Seconds pass in sleep, and `per_look` whenever the clock is read."""

    seconds: float = 1_000.0
    per_look: float = 0.0
    pauses: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        self.seconds += self.per_look
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.seconds += seconds


def patience_of(clock: Clock, random: Callable[[], float] = lambda: 0.5) -> Patience:
    return Patience(clock.monotonic, clock.sleep, random)


def settling_on(store: DocumentStore, *, terms: Terms = TERMS) -> Settle:
    """`settle` on this store, without waiting."""
    return partial(settle, store=store, terms=terms, patience=patience_of(Clock()))


def settled(
    event: Cause,
    store: DocumentStore,
    *,
    now: datetime = NOW,
    terms: Terms = TERMS,
    clock: Clock | None = None,
    report: Callable[[StripeEvent, Outcome], object] = lambda _event, _outcome: None,
) -> Outcome:
    """The outcome of settling one event."""
    return settle(event, now, store=store, terms=terms, patience=patience_of(clock or Clock()), report=report)
