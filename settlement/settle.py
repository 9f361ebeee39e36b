"""Read, plan, commit; and again when someone was faster. No transaction, no lock, no state between deliveries."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from audit.entry import deliveries_path
from orders.events import NotUnderstood, OrderEvent, OrderPlaced
from orders.outcome import LedgerContended, LedgerUnavailable, Outcome
from settlement.ledger import Ledger
from settlement.plan import make_plan
from settlement.seen import Seen, paths_to_read, seen_from
from settlement.steps import Finish, Hold, Look, StartOver, Terms


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to try, and how long to pause between tries."""

    monotonic: Callable[[], float]
    """Seconds, on a clock that never goes back."""
    sleep: Callable[[float], None]
    random: Callable[[], float]
    """From 0 up to 1."""
    total_seconds: float = 8.0
    """Stripe waits about ten seconds for an answer before it counts a delivery as failed."""
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
    event: OrderEvent | NotUnderstood, now: datetime, *, ledger: Ledger, terms: Terms, patience: Patience
) -> Outcome:
    """Settle one event: afterwards all it causes is written, in one commit, and never again.

    Where stock must be held first, one commit before it only counts the units as held.

    Two RPCs where the order is held and nobody interferes. Safe to call again at any time, and many times at once.

    Raises:
        OrderNotThereYet: the event's order does not exist; nothing was written.
        LedgerContended, LedgerUnavailable: not settled in time; what was begun is finished by any later call.
    """
    view = _View(event, ledger)
    lost: LedgerContended | LedgerUnavailable | None = None
    for seconds_left in patience.tries():
        try:
            outcome = _one_try(event, view, terms, now, seconds_left)
        except (LedgerContended, LedgerUnavailable) as error:
            lost = error
            view.look_closer()
        else:
            if outcome:
                return outcome
    raise lost or LedgerContended(f"{event.event_id} was not settled in time")


def _one_try(
    event: OrderEvent | NotUnderstood,
    view: "_View",
    terms: Terms,
    now: datetime,
    seconds_left: Callable[[], float],
) -> Outcome | None:
    """From a fresh read to the end; None if it must begin again."""
    seen = view.read(seconds_left)
    while True:
        plan = make_plan(event, seen, terms, now)
        match plan:
            case Look(product_ids, audit_entry):
                view.look_at(product_ids, audit_entry=audit_entry)
                seen = view.read(seconds_left)
            case Hold(writes, held):
                seen = seen.with_hold(held, view.ledger.commit(writes, timeout_seconds=seconds_left()))
            case StartOver(writes):
                view.ledger.commit(writes, timeout_seconds=seconds_left())
                return None
            case Finish(writes, outcome):
                if writes:
                    view.ledger.commit(writes, timeout_seconds=seconds_left())
                return outcome


class _View:
    """Which documents to look at for one event; more of them once something has gone wrong."""

    def __init__(self, event: OrderEvent | NotUnderstood, ledger: Ledger) -> None:
        self.event = event
        self.ledger = ledger
        self.product_ids: tuple[str, ...] = event.product_ids if isinstance(event, OrderPlaced) else ()
        self._audit_entry = False
        self._all_products = False

    def look_at(self, product_ids: tuple[str, ...], *, audit_entry: bool) -> None:
        """From now on, see these too."""
        self.product_ids = product_ids or self.product_ids
        self._audit_entry = self._audit_entry or audit_entry

    def look_closer(self) -> None:
        """From now on, also see the audit entry and the inventory: one of them may be why a commit was refused."""
        self._audit_entry = self._all_products = True

    def read(self, seconds_left: Callable[[], float]) -> Seen:
        paths = paths_to_read(self.event, self.product_ids, with_audit_entry=self._audit_entry)
        documents = self.ledger.read(paths, timeout_seconds=seconds_left())
        seen = seen_from(self.event, documents, self.product_ids)
        if self._all_products and seen.order and not self.product_ids and seen.order.lines:
            self.product_ids = tuple(line.product_id for line in seen.order.lines)
            return self.read(seconds_left)
        if seen.audited and seen.claim is None and not isinstance(self.event, OrderPlaced):
            deliveries = deliveries_path(self.event.event_id)
            recorded = self.ledger.count(deliveries, timeout_seconds=seconds_left())
            return replace(seen, deliveries_on_record=recorded)
        return seen
