"""Finds Stripe events that nobody has settled in Stripe's list, and settles them like deliveries."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Final

from database.store import Document, DocumentStore
from orders.events import Ignored, NotUnderstood, StripeEvent
from orders.numbers import unix_time
from orders.outcome import OrderNotThereYet, Outcome, Result, Settle
from reconciliation.books import SECONDS_MAX, Books
from reconciliation.guarding import Guard
from reconciliation.records import event_record_from, is_settled, paths_of_event
from reconciliation.rules import event_not_settled
from reconciliation.subjects import EventToSettle
from reconciliation.time_limit import TimeLimit
from reconciliation.walking import ITEMS_MAX, PacedLists, cut, walk
from service.logs import Log, log_settled
from stripe_api.api import NoSuchEvent
from stripe_api.lists import EVENTS_KEPT, UNKNOWN_TIME, Span
from webhooks.ownership import Naming
from webhooks.stripe_fields import Json
from webhooks.translation import HANDLED_TYPES, order_event_from

_AT_ONCE_MAX: Final = 50
"""Events read at once, each with its entry and claim; and how many are done between two savings of progress."""
_OF_REFUNDS_AND_DISPUTES: Final = frozenset(name for name in HANDLED_TYPES if "refund" in name or "dispute" in name)
TYPE_LISTS: Final = (sorted(HANDLED_TYPES - _OF_REFUNDS_AND_DISPUTES), sorted(_OF_REFUNDS_AND_DISPUTES))
"""All handled types in two lists, because Stripe limits the types per list. Events with one cause are in the same list,
so that they come in sequence."""
_HOUR: Final = timedelta(hours=1)
_AROUND: Final = timedelta(hours=2)
"""From the start of the hour in which an object was created: its events come seconds later, rarely minutes."""

_CHANGES_NOTHING: Final = frozenset({Result.IGNORED, Result.DUPLICATE_DETECTED})
_WAITS: Final = frozenset({Result.ORDER_NOT_FOUND, Result.PAYMENT_NOT_FOUND, Result.ERROR})


@dataclass(slots=True)
class MissingEvents:
    """Settles events that Stripe has reported and that are not on record."""

    lists: PacedLists
    store: DocumentStore
    settle: Settle
    naming: Naming
    books: Books
    guard: Guard
    limit: TimeLimit
    log: Log
    now: Callable[[], datetime]
    seen: int = 0
    """Events that Stripe has listed."""
    settled: Counter[str] = field(default_factory=Counter)
    """Events that nobody had settled before, by result."""
    waiting: int = 0
    """Events that wait for an order, a payment, or a release that can read them."""
    stuck: int = 0
    """Events that could not be settled; each is a finding, which has it tried again."""
    unsettled: dict[str, str] = field(default_factory=dict)
    """Events that could not be settled, by the payment that they name."""
    _waiting: set[str] = field(default_factory=set)
    """Those of the latest step."""
    _looked_around: set[datetime] = field(default_factory=set)
    """The hours checked again in this run."""

    def settle_between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Settle everything in this time, the oldest first. Yields up to when all is done, as it goes on.

        What cannot be settled becomes a finding, and stops nothing else.

        Raises:
            OutOfTime: time is up; what is done is done.
            Transient, StripeRefused: the database or Stripe is unavailable; what is done is done.
        """
        for until, seen, waiting in self._steps(start, end):
            self.seen += seen
            self.waiting += waiting
            yield until

    def settle_around(self, made_at: datetime) -> bool:
        """Check the time again around which an object unknown here was created.

        Returns whether this run had not done so before. Raises as above.
        """
        hour = datetime.fromtimestamp(made_at.timestamp() // _HOUR.total_seconds() * _HOUR.total_seconds(), UTC)
        if hour in self._looked_around or hour <= self.now() - EVENTS_KEPT:
            return False
        for _ in self._steps(hour, hour + _AROUND):
            pass
        self._looked_around.add(hour)
        return True

    def try_again(self, event_ids: Sequence[str]) -> None:
        """Settle events that could not be settled before; if Stripe no longer keeps one, the other rules decide.

        Raises whatever makes one of them fail.
        """
        for event_id in event_ids:
            documents = self._documents_of([event_id])
            if not is_settled(event_id, documents):
                try:
                    self._look_at(self.lists.event(event_id), documents)
                except NoSuchEvent:
                    self.log("WARNING", "Stripe no longer has it", eventId=event_id, result="event_gone")
            self.books.judge(EventToSettle(event_id), self.now())

    def keep(self, event_id: str, problem: Exception) -> None:
        """Record that it could not be settled."""
        self.stuck += 1
        trouble = self.guard.note(problem, event_not_settled.RULE.name, eventId=event_id)
        self.books.judge(EventToSettle(event_id, trouble), self.now())

    def _steps(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, int, int]]:
        """For each step: up to when all is done, how many events it had, and how many of them wait."""
        for span, events in walk(self._events_of, start, end):
            for part, some in cut(span, events, _made_at, _AT_ONCE_MAX):
                self._settle_some(some)
                yield part.end, len(some), len(self._waiting)

    def _events_of(self, span: Span) -> Sequence[Json]:
        listed = chain.from_iterable(self.lists.events(types, span) for types in TYPE_LISTS)
        return sorted(listed, key=_made_at)

    def _settle_some(self, events: Sequence[Json]) -> None:
        self._waiting.clear()
        # Events that could not be settled before are tried again by their finding, in its own share of the time.
        new = [event for event in events if not self.books.has_open(event_not_settled.RULE, str(event["id"]))]
        for event, problem in self.guard.each(new, self._settle_all):
            self.keep(str(event["id"]), problem)

    def _settle_all(self, events: Sequence[Json]) -> None:
        documents = self._documents_of([str(event["id"]) for event in events])
        for event in events:
            self.limit.check()
            self._look_at(event, documents)

    def _documents_of(self, event_ids: Sequence[str]) -> Mapping[str, Document | None]:
        paths = tuple(dict.fromkeys(path for event_id in event_ids for path in paths_of_event(event_id)))
        return self.store.read(paths, timeout_seconds=SECONDS_MAX)

    def _look_at(self, message: Json, documents: Mapping[str, Document | None]) -> None:
        """Settle the event if that is necessary. Raises whatever makes it fail."""
        event_id = str(message["id"])
        record = event_record_from(event_id, documents)
        self.books.judge(record, self.now())
        if not (is_settled(event_id, documents) or (record.is_claimed and not record.has_entry)):
            try:
                self._settle_one(message, is_known=documents[paths_of_event(event_id)[1]] is not None)
            except OrderNotThereYet:
                self._waiting.add(event_id)
        self.books.judge(EventToSettle(event_id), self.now())

    def _settle_one(self, message: Json, *, is_known: bool) -> None:
        """Raises NotAnEvent, Transient."""
        event = order_event_from(message, delivered_at=self.now(), naming=self.naming)
        if isinstance(event, Ignored):
            return
        # It was not delivered just now, so no delivery is counted.
        replayed = replace(event, delivery=replace(event.delivery, is_replay=True))
        self._note_unsettled(event)
        outcome = self.settle(replayed, self.now())
        self._count(event, outcome, is_known=is_known)

    def _count(self, event: StripeEvent | NotUnderstood, outcome: Outcome, *, is_known: bool) -> None:
        if outcome.result in _WAITS:
            self._waiting.add(event.event_id)
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


def _made_at(event: Json) -> datetime:
    return unix_time(event.get("created")) or UNKNOWN_TIME
