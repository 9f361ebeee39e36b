"""Read, plan, commit; and again when someone was faster. No transaction, no lock, no state between deliveries."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from audit.entry import deliveries_path
from database.documents.parked_events import parked_event_from
from database.documents.webhook_events import claim_path
from database.store import DocumentStore
from orders.events import NotUnderstood, OrderEvent, OrderPlaced, ShopEvent, StripeEvent
from orders.outcome import Outcome, StoreContended, StoreUnavailable
from settlement.decide import make_plan
from settlement.decisions import Finish, Hold, Look, StartOver, Terms
from settlement.snapshot import Seen, paths_to_read, seen_from


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to try, and how long to pause between tries."""

    monotonic: Callable[[], float]
    """Seconds, on a clock that never goes back."""
    sleep: Callable[[float], None]
    random: Callable[[], float]
    """From 0 up to 1."""
    total_seconds: float = 8.0
    """Stripe asks for a prompt answer, or counts the delivery as failed; after how long, it does not say.

    https://support.stripe.com/questions/webhooks-how-to-investigate-and-fix-timed-out
    """
    pause_seconds_max: float = 0.5

    def tries(self) -> Iterator[Callable[[], float]]:
        """Yields, before each try, a function that tells the seconds left. Ends when none are left."""
        end = self.monotonic() + self.total_seconds
        pause = 0.01
        while end > self.monotonic():
            yield lambda: max(end - self.monotonic(), 0.001)
            # A random pause spreads out those who collided; doubling it makes room when they are many.
            self.sleep(max(min(self.random() * pause, end - self.monotonic()), 0))
            pause = min(pause * 2, self.pause_seconds_max)


def settle(
    event: OrderEvent | NotUnderstood,
    now: datetime,
    *,
    store: DocumentStore,
    terms: Terms,
    patience: Patience,
    tell: Callable[[StripeEvent, Outcome], None] = lambda _event, _outcome: None,
) -> Outcome:
    """Settle one event: afterwards all it causes is written, in one commit, and never again.

    Where stock must be held first, one commit before it only counts the units as held. Events that were parked for want
    of this one's payment are settled after it, each in a commit of its own.

    Two RPCs where the order is held and nobody interferes; three where only the payment tells which order it is. Safe
    to call again at any time, and many times at once.

    Args:
        tell: is called for each parked event that was settled too, with what became of it.

    Raises:
        OrderNotThereYet: the event's order does not exist; nothing was written.
        StoreContended, StoreUnavailable: not settled in time; what was begun is finished by any later call.
    """
    end = patience.monotonic() + patience.total_seconds
    finish = _settle_one(event, now, store, terms, patience)
    # Whoever calls is told that all is done only when this is done too: else the event comes again, and releases again.
    # A parked payment that was taken up does not come again; what it leaves parked, the next sweep takes up.
    for parked in _parked_events(finish.released, store, end - patience.monotonic()):
        rest = replace(patience, total_seconds=end - patience.monotonic())
        outcome = _settle_one(parked, now, store, terms, rest).outcome
        if outcome.ends_wait:
            tell(parked, outcome)
    return finish.outcome


def _settle_one(
    event: OrderEvent | NotUnderstood, now: datetime, store: DocumentStore, terms: Terms, patience: Patience
) -> Finish:
    view = _View(event, store)
    lost: StoreContended | StoreUnavailable | None = None
    for seconds_left in patience.tries():
        try:
            ended = _one_try(event, view, terms, now, seconds_left)
        except (StoreContended, StoreUnavailable) as error:
            lost = error
            view.look_closer()
        else:
            if isinstance(ended, Finish):
                return ended
            event = ended.event or event
    raise lost or StoreContended(f"{event.event_id} was not settled in time")


def _parked_events(event_ids: tuple[str, ...], store: DocumentStore, seconds_left: float) -> tuple[StripeEvent, ...]:
    if not event_ids:
        return ()
    claims = store.read([claim_path(event_id) for event_id in event_ids], timeout_seconds=max(seconds_left, 0.001))
    found = ((event_id, claims[claim_path(event_id)]) for event_id in event_ids)
    events = (parked_event_from(event_id, claim.fields) for event_id, claim in found if claim)
    return tuple(event for event in events if event)


def _one_try(
    event: OrderEvent | NotUnderstood,
    view: "_View",
    terms: Terms,
    now: datetime,
    seconds_left: Callable[[], float],
) -> Finish | StartOver:
    """From a fresh read to the end, or to where it must begin again."""
    seen = view.read(seconds_left)
    while True:
        plan = make_plan(event, seen, terms, now)
        match plan:
            case Look():
                view.look_at(plan)
                seen = view.read(seconds_left)
            case Hold(writes, held):
                seen = seen.with_hold(held, view.store.commit(writes, timeout_seconds=seconds_left()))
            case StartOver(writes):
                view.store.commit(writes, timeout_seconds=seconds_left())
                return plan
            case Finish(writes):
                if writes:
                    view.store.commit(writes, timeout_seconds=seconds_left())
                return plan


class _View:
    """Which documents to look at for one event; more of them once something has gone wrong."""

    def __init__(self, event: OrderEvent | NotUnderstood, store: DocumentStore) -> None:
        self.event = event
        self.store = store
        self.order_id = event.order_id
        self.product_ids: tuple[str, ...] = event.product_ids if isinstance(event, OrderPlaced) else ()
        # What is taken up again may have been set aside before it was parked, and what nobody can read may have been
        # settled before by those who could: then its audit entry is there.
        self._audit_entry = isinstance(event, NotUnderstood) or (
            isinstance(event, StripeEvent) and event.delivery.is_replay
        )
        self._has_lost = False
        self._last_seen = Seen()

    def look_at(self, more: Look) -> None:
        """From now on, see these too."""
        self.order_id = more.order_id or self.order_id
        self.product_ids = more.product_ids or self.product_ids
        self._audit_entry = self._audit_entry or more.audit_entry

    def look_closer(self) -> None:
        """From now on, also see what else may be why a commit was refused."""
        self._audit_entry = self._has_lost = True

    def read(self, seconds_left: Callable[[], float]) -> Seen:
        paths = paths_to_read(self.event, self.order_id, self.product_ids, with_audit_entry=self._audit_entry)
        documents = self.store.read(paths, timeout_seconds=seconds_left())
        seen = seen_from(self.event, self.order_id, documents, self.product_ids)
        last_seen, self._last_seen = self._last_seen, seen
        is_puzzling = self._has_lost and (seen.claim, seen.order_version) == (last_seen.claim, last_seen.order_version)
        if is_puzzling and seen.order and not self.product_ids and seen.order.lines:
            # Nothing else has changed, so the inventory has: it may be gone.
            self.product_ids = tuple(line.product_id for line in seen.order.lines)
            return self.read(seconds_left)
        if seen.audited and seen.claim is None and not isinstance(self.event, ShopEvent):
            deliveries = deliveries_path(self.event.event_id)
            recorded = self.store.count(deliveries, timeout_seconds=seconds_left())
            return replace(seen, deliveries_on_record=recorded)
        return seen
