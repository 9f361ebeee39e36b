"""Read, decide, commit; again if another worker was faster. No transaction, lock, or state between deliveries."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from database.documents.audit_log import deliveries_path
from database.documents.effects import effect_from
from database.documents.parked_events import parked_event_from
from database.documents.recorder import writes_for
from database.documents.wanted import Wanted, after_hold
from database.documents.webhook_events import claim_path
from database.store import Committed, DocumentStore
from orders.events import Cause, StripeEvent
from orders.frozen import frozen
from orders.operator_events import EventReplayed
from orders.outcome import Outcome, Result, StoreContended, StoreUnavailable, Uncountable
from settlement.decide import decide
from settlement.decisions import Decision, GiveBack, Hold, Look, Park, Replay, Settled
from settlement.parking import taken_up
from settlement.snapshot import Snapshot
from settlement.terms import Terms

PATIENCE_SECONDS: Final = 8.0
"""Stripe asks for a prompt answer, or counts the delivery as failed; after how long, it does not say.

https://support.stripe.com/questions/webhooks-how-to-investigate-and-fix-timed-out
"""

SecondsLeft = Callable[[], float]

_NOTHING_READ: Final = Snapshot()


@frozen
class Patience:
    """How long to try, and how long to pause between tries."""

    monotonic: Callable[[], float]
    """Seconds, on a clock that never goes back."""
    sleep: Callable[[float], None]
    random: Callable[[], float]
    """From 0 up to 1."""
    total_seconds: float = PATIENCE_SECONDS
    pause_seconds_max: float = 0.5

    def tries(self) -> Iterator[SecondsLeft]:
        """Before each try, yield a function that returns the seconds left. Ends when none are left."""
        end = self.monotonic() + self.total_seconds
        pause = 0.01
        while end > self.monotonic():
            yield lambda: max(end - self.monotonic(), 0.001)
            # A random pause spreads out workers that collided; doubling it makes room when they are many.
            self.sleep(max(min(self.random() * pause, end - self.monotonic()), 0))
            pause = min(pause * 2, self.pause_seconds_max)


def settle(
    event: Cause,
    now: datetime,
    *,
    store: DocumentStore,
    terms: Terms,
    patience: Patience,
    report: Callable[[StripeEvent, Outcome], object] = lambda _event, _outcome: None,
) -> Outcome:
    """Settle one event: all it causes is written in one commit, exactly once.

    If stock must be held first, an earlier commit counts the units as held, and nothing else. Events that were parked
    for this one's payment are settled after it, each in its own commit.

    Two RPCs if the order is held and nobody interferes; three if only the payment shows which order it is. Safe to call
    again at any time, and concurrently.

    Args:
        report: called for each parked event that was settled, with its outcome.

    Raises:
        OrderNotThereYet: the event's order does not exist; nothing was written.
        StoreContended, StoreUnavailable: not settled in time; any later call finishes what was begun.
    """
    end = patience.monotonic() + patience.total_seconds
    settled = _settle_one(event, now, store, terms, patience)
    # The event is done only when these are. If this fails, the event is delivered again and releases them again. The
    # next sweep takes up what is not settled in time, and what a released payment leaves parked.
    try:
        for parked in _released_events(settled, store, end - patience.monotonic()):
            rest = replace(patience, total_seconds=end - patience.monotonic())
            report(parked, _settle_one(parked, now, store, terms, rest).outcome)
    except (StoreContended, StoreUnavailable):
        if settled.outcome.result is not Result.DUPLICATE_DETECTED:
            raise
    return settled.outcome


def _settle_one(event: Cause, now: datetime, store: DocumentStore, terms: Terms, patience: Patience) -> Settled:
    attempt = _Attempt(event, store, terms, now)
    lost: StoreContended | StoreUnavailable | None = None
    for seconds_left in patience.tries():
        try:
            decision = attempt.decide_and_commit(seconds_left)
        except (StoreContended, StoreUnavailable) as error:
            lost = error
            attempt.look_closer()
            continue
        match decision:
            case GiveBack():
                continue
            case Park() if decision.looks_again or attempt.is_to_be_answered:
                attempt.take_up()
            case _:
                return decision
    raise lost or StoreContended(f"{event.event_id} was not settled in time")


def _released_events(settled: Settled, store: DocumentStore, seconds_left: float) -> Iterator[StripeEvent]:
    if not settled.released:
        return
    paths = {claim_path(event_id): event_id for event_id in settled.released}
    claims = store.read(tuple(paths), timeout_seconds=max(seconds_left, 0.001))
    for path, event_id in paths.items():
        claim = claims[path]
        if claim and (parked := parked_event_from(event_id, claim.fields)):
            yield parked


class _Attempt:
    """One event on its way to its final decision: the documents wanted for it, and the latest snapshot."""

    def __init__(self, event: Cause, store: DocumentStore, terms: Terms, now: datetime) -> None:
        self._event = event
        self._store = store
        self._terms = terms
        self._now = now
        self._wanted = Wanted(event)
        self._snapshot = _NOTHING_READ

    def decide_and_commit(self, seconds_left: SecondsLeft) -> Settled | GiveBack:
        """Read afresh, and decide and commit until the decision is final, or until all has to start again."""
        self._read(seconds_left)
        while True:
            match decision := decide(self._event, self._snapshot, self._terms, self._now):
                case Look(deliveries=True):
                    self._count_deliveries(seconds_left)
                case Look(open_orders=True):
                    self._count_open_orders(seconds_left)
                case Look(effects=True):
                    self._find_effects(seconds_left)
                case Look(to_take=True) | Look(promised=True):
                    self._count_units(decision, seconds_left)
                case Look():
                    self._wanted = self._wanted.and_also(decision)
                    self._read(seconds_left)
                case Replay(event=parked):
                    self._event, self._wanted = parked, Wanted(parked)
                    self._read(seconds_left)
                case Hold(order=held):
                    self._snapshot = after_hold(self._snapshot, held, self._commit(decision, seconds_left))
                case _:
                    self._commit(decision, seconds_left)
                    return decision

    @property
    def is_to_be_answered(self) -> bool:
        """Whether an operator's request waits for the event's outcome, even if that is nothing."""
        return isinstance(self._event, StripeEvent) and isinstance(self._event.delivery.asked_by, EventReplayed)

    def look_closer(self) -> None:
        """From now on, also read the other documents that may have made a commit fail."""
        self._wanted = self._wanted.after_loss(self._snapshot)

    def take_up(self) -> None:
        """From now on, settle the event as one that is parked."""
        if isinstance(self._event, StripeEvent):
            self._event = taken_up(self._event)

    def _read(self, seconds_left: SecondsLeft) -> None:
        documents = self._store.read(self._wanted.paths, timeout_seconds=seconds_left())
        self._snapshot = self._wanted.snapshot(documents)

    def _count_deliveries(self, seconds_left: SecondsLeft) -> None:
        recorded = self._store.count(deliveries_path(self._event.event_id), timeout_seconds=seconds_left())
        self._snapshot = replace(self._snapshot, deliveries_on_record=recorded)

    def _count_open_orders(self, seconds_left: SecondsLeft) -> None:
        customer = self._snapshot.order.user_id if self._snapshot.order else None
        held = self._store.count_open_orders(customer, timeout_seconds=seconds_left()) if customer else 0
        self._snapshot = replace(self._snapshot, open_orders=held)

    def _find_effects(self, seconds_left: SecondsLeft) -> None:
        """Read the effects after their order: whoever adds one also writes the order, so the commit would fail."""
        retried = self._snapshot.effect
        order_id = self._event.order_id or (retried.effect.order_id if retried else None)
        found = self._store.effects_of(order_id, timeout_seconds=seconds_left()) if order_id else {}
        read = (effect_from(effect_id, document) for effect_id, document in found.items())
        self._snapshot = replace(self._snapshot, effects=tuple(effect for effect in read if effect))

    def _count_units(self, look: Look, seconds_left: SecondsLeft) -> None:
        # Read after the inventory, which must not have changed since: every fold, hold and release changes it in the
        # same commit. Without an inventory document, a release goes unnoticed: then too much is reserved, and
        # reconciliation finds it.
        (product_id,) = self._snapshot.products
        try:
            if look.promised:
                held, to_take = self._store.units_promised(product_id, timeout_seconds=seconds_left())
            else:
                held, to_take = None, self._store.units_to_take(product_id, timeout_seconds=seconds_left())
        except Uncountable as why:
            self._snapshot = replace(self._snapshot, uncountable=str(why))
        else:
            self._snapshot = replace(self._snapshot, held=held, to_take=to_take)

    def _commit(self, decision: Decision, seconds_left: SecondsLeft) -> Committed:
        writes = writes_for(decision, self._event, self._snapshot, self._terms, self._now)
        return self._store.commit(writes, timeout_seconds=seconds_left()) if writes else Committed({}, {})
