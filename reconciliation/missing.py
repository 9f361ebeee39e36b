"""Stripe's events that nobody has settled: found in its list, and settled by what settles deliveries."""

import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from typing import Final

from database.store import DocumentStore
from orders.events import Ignored, NotUnderstood, StripeEvent
from orders.outcome import OrderNotThereYet, Outcome, Result, Settle, Transient
from reconciliation.books import SECONDS_MAX, Books
from reconciliation.records import event_record_from, is_settled, paths_of_event
from reconciliation.walking import ITEMS_MAX, PacedLists, walk
from service.logs import Log, log_settled
from stripe_api.lists import Span
from webhooks.ownership import Naming
from webhooks.stripe_fields import Json
from webhooks.translation import HANDLED_TYPES, order_event_from

_AT_ONCE_MAX: Final = 50
"""Events looked up in one read, each with its entry and its claim."""
_OF_REFUNDS_AND_DISPUTES: Final = frozenset(name for name in HANDLED_TYPES if "refund" in name or "dispute" in name)
TYPE_LISTS: Final = (sorted(HANDLED_TYPES - _OF_REFUNDS_AND_DISPUTES), sorted(_OF_REFUNDS_AND_DISPUTES))
"""All types that are handled, in two lists, since Stripe takes so few in one. What has one cause is in one of them, so
that it comes in the order in which it happened."""

_CHANGES_NOTHING: Final = frozenset({Result.IGNORED, Result.DUPLICATE_DETECTED})
_WAITS: Final = frozenset({Result.ORDER_NOT_FOUND, Result.PAYMENT_NOT_FOUND, Result.ERROR})


@dataclass(slots=True)
class MissingEvents:
    """Settles what Stripe has reported and is not on record."""

    lists: PacedLists
    store: DocumentStore
    settle: Settle
    naming: Naming
    log: Log
    now: Callable[[], datetime]
    seen: int = 0
    """Events that Stripe has listed."""
    settled: Counter[str] = field(default_factory=Counter)
    """By result: those that nobody had settled before."""
    waiting: int = 0
    """Those that wait for an order or a payment, or for a release that can read them."""
    faults: int = 0
    unsettled: dict[str, str] = field(default_factory=dict)
    """Events that could not be settled, by the payment that they name."""

    def settle_between(self, start: datetime, end: datetime, books: Books) -> Iterator[datetime]:
        """Settle all of a time, the oldest first. Yields up to when all is done, after each span of it.

        Raises:
            Transient: the database or Stripe does not take part. What is done is done.
        """
        is_intact, until = True, start
        for span, events in walk(self._events_of, start, end):
            faults = self.faults
            for first in range(0, len(events), _AT_ONCE_MAX):
                self._settle_some(events[first : first + _AT_ONCE_MAX], books)
            # What a fault of ours has left is come back to, in every run.
            is_intact = is_intact and faults == self.faults
            until = span.end if is_intact else until
            yield until

    def _events_of(self, span: Span) -> Sequence[Json]:
        listed = chain.from_iterable(self.lists.events(types, span) for types in TYPE_LISTS)
        return sorted(listed, key=_made_at)

    def _settle_some(self, events: Sequence[Json], books: Books) -> None:
        self.seen += len(events)
        ids = [str(event["id"]) for event in events]
        paths = tuple(dict.fromkeys(path for event_id in ids for path in paths_of_event(event_id)))
        documents = self.store.read(paths, timeout_seconds=SECONDS_MAX)
        for event_id, event in zip(ids, events, strict=True):
            record = event_record_from(event_id, documents)
            books.judge(record, self.now())
            if not (is_settled(event_id, documents) or (record.is_claimed and not record.has_entry)):
                self._settle_guarded(event_id, event, is_known=documents[paths_of_event(event_id)[1]] is not None)

    def _settle_guarded(self, event_id: str, message: Json, *, is_known: bool) -> None:
        """What cannot be settled must not stop the rest."""
        try:
            self._settle_one(message, is_known=is_known)
        except OrderNotThereYet:
            self.waiting += 1
        except Transient:
            raise
        except Exception as fault:  # noqa: BLE001 - logged, counted, and come back to
            self.faults += 1
            trace = "".join(traceback.format_exception(fault))
            self.log("ERROR", f"{type(fault).__name__}: {fault}", eventId=event_id, result="fault", stack_trace=trace)

    def _settle_one(self, message: Json, *, is_known: bool) -> None:
        """Raises NotAnEvent, Transient."""
        event = order_event_from(message, delivered_at=self.now(), naming=self.naming)
        if isinstance(event, Ignored):
            return
        # Nobody has delivered it just now: of what is on record already, nothing is counted.
        replayed = replace(event, delivery=replace(event.delivery, is_replay=True))
        self._note_unsettled(event)
        outcome = self.settle(replayed, self.now())
        self._count(event, outcome, is_known=is_known)

    def _count(self, event: StripeEvent | NotUnderstood, outcome: Outcome, *, is_known: bool) -> None:
        if outcome.result in _WAITS:
            self.waiting += 1
        else:
            for payment_id in _payment_ids(event):
                self.unsettled.pop(payment_id, None)
        if outcome.result in _CHANGES_NOTHING or (outcome.result in _WAITS and is_known):
            return
        if outcome.result not in _WAITS:
            self.settled[str(outcome.result)] += 1
        log_settled(self.log, event, outcome)

    def _note_unsettled(self, event: StripeEvent | NotUnderstood) -> None:
        for payment_id in _payment_ids(event):
            if len(self.unsettled) < ITEMS_MAX:
                self.unsettled[payment_id] = event.event_id


def _payment_ids(event: StripeEvent | NotUnderstood) -> tuple[str, ...]:
    return () if isinstance(event, NotUnderstood) else event.payment_ids


def _made_at(event: Mapping[str, object]) -> int:
    created = event.get("created")
    return created if isinstance(created, int) else 0
