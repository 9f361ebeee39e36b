"""One run: settle what Stripe reported and nobody settled, compare both sides, judge what is on record.

It can be ended anywhere: how far it has come is noted only once all before that is done, and doing it twice is doing it
once. docs/decisions/0020-reconciliation.md says why nothing is found wrong that only was read at the wrong moment.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from flask import Request, Response

from database.documents.reconciliations import PROGRESS, Progress, progress_from, progress_write
from database.store import Document, DocumentStore, Moment
from orders.outcome import Settle, StoreContended, Transient
from reconciliation.books import SECONDS_MAX, Books
from reconciliation.finding import Finding
from reconciliation.matching import QUIET, Matching
from reconciliation.missing import MissingEvents
from reconciliation.records import (
    effect_record_from,
    effects_due_before,
    event_record_from,
    paths_of_event,
)
from reconciliation.rules import claim_without_entry, effect_stuck
from reconciliation.stock import StockTaking
from reconciliation.walking import Pace, PacedLists
from service.logs import Log
from service.refusal import refused_for_method
from stripe_api.api import StripeRefused
from stripe_api.lists import EVENTS_KEPT, StripeLists
from webhooks.ownership import Naming

RUN_SECONDS_MAX: Final = 420.0
"""Nothing new is begun after this long; the next run goes on."""
DELIVERED_WITHIN: Final = timedelta(minutes=5)
"""What is younger may be on its way: it is missing only if it has not come by then."""
OVERLAP: Final = timedelta(hours=2)
"""What was looked at before is looked at again: an event may have waited an hour for its order."""
MATCHED_AFTER: Final = timedelta(hours=1) + QUIET
"""So long a payment may be without its order."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What one run did."""

    events: int = 0
    """Stripe's, that were looked at."""
    settled: dict[str, int] = field(default_factory=dict)
    """Those of them that nobody had settled, by result."""
    waiting: int = 0
    faults: int = 0
    payments: int = 0
    refunds: int = 0
    orders: int = 0
    products: int = 0
    """How many were compared."""
    opened: tuple[Finding, ...] = ()
    closed: tuple[str, ...] = ()
    open: int = 0
    """How many findings are open now."""
    seconds: float = 0.0
    complete: bool = True
    """Whether all was looked at before time ran out."""

    @property
    def is_as_usual(self) -> bool:
        return self.complete and not (self.settled or self.opened or self.faults)

    def summary(self) -> dict[str, Any]:
        counts = {
            name: getattr(self, name) for name in ("events", "waiting", "faults", "payments", "refunds", "orders")
        }
        return {
            **counts,
            "products": self.products,
            "settled": dict(self.settled),
            "opened": [finding.finding_id for finding in self.opened],
            "closed": list(self.closed),
            "open": self.open,
            "ordersPerSecond": round(self.orders / self.seconds, 1) if self.seconds else 0.0,
            "complete": self.complete,
        }


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The scheduled reconciliation. Two runs may overlap: each event is settled on its own."""

    stripe: Callable[[], StripeLists] | None
    """What lists Stripe's side; None without a key."""
    store: DocumentStore
    moment: Callable[[], Moment]
    settle: Settle
    naming: Naming
    log: Log
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    """Seconds, on a clock that never goes back."""
    sleep: Callable[[float], object]
    seconds_max: float = RUN_SECONDS_MAX

    def respond(self, request: Request) -> Response:
        """Reconcile, and report what was done. 500 if there was a fault, 503 if somebody did not take part."""
        if request.method != "POST":
            return refused_for_method()
        try:
            reconciled = self.run()
        except Transient as unavailable:
            self.log("WARNING", f"{type(unavailable).__name__}: {unavailable}", result="not_reconciled")
            return _answer(503, {"error": "not reconciled to the end, the next run goes on"})
        except StripeRefused as refused:
            # Most likely the key lacks a permission.
            self.log("ERROR", f"{type(refused).__name__}: {refused}", result="not_reconciled")
            return _answer(500, {"error": "Stripe refuses"})
        return _answer(500 if reconciled.faults else 200, reconciled.summary())

    def run(self, since: datetime | None = None) -> Reconciled:
        """Reconcile all since that moment; by itself, since where the last run has ended.

        Raises:
            Transient: the database or Stripe does not take part. What is done is noted.
            StripeRefused: Stripe does not let us look.
        """
        if self.stripe is None:
            self.log("INFO", "there is no key to ask Stripe with: nothing is reconciled", result="not_configured")
            return Reconciled()
        started = self.monotonic()
        lists = PacedLists(self.stripe(), Pace(self.monotonic, self.sleep))
        run = _Run(self, lists, since, started + self.seconds_max)
        reconciled = replace(run.reconciled(), seconds=self.monotonic() - started)
        severity = "INFO" if reconciled.is_as_usual else "WARNING"
        self.log(severity, "reconciled with Stripe", result="reconciled", **reconciled.summary())
        return reconciled


class _Run:
    def __init__(self, job: Reconciliation, lists: PacedLists, since: datetime | None, end: float) -> None:
        self._job = job
        self._end = end
        self._now = job.now()
        self._since = since
        self._progress = progress_from(self._noted())
        self._books = Books.of(job.moment(), job.store, job.log)
        self._missing = MissingEvents(lists, job.store, job.settle, job.naming, job.log, job.now)
        self._matching = Matching(
            lists, job.moment, job.naming, self._books, job.now, self._catch_up, self._missing.unsettled.get
        )
        self._stock = StockTaking(job.store, self._books)

    def reconciled(self) -> Reconciled:
        complete = all(step() for step in (self._settle_events, self._match, self._judge_stock, self._judge_the_rest))
        missing, matching, books = self._missing, self._matching, self._books
        return Reconciled(
            events=missing.seen,
            settled=dict(missing.settled),
            waiting=missing.waiting,
            faults=missing.faults,
            payments=matching.payments,
            refunds=matching.refunds,
            orders=matching.orders,
            products=self._stock.products,
            opened=tuple(books.opened),
            closed=tuple(books.closed),
            open=len(books.open),
            complete=complete,
        )

    def _settle_events(self) -> bool:
        start, end = self._from(self._progress.events_until, OVERLAP), self._now - DELIVERED_WITHIN
        steps = self._missing.settle_between(max(start, self._now - EVENTS_KEPT), end, self._books)
        return self._go(steps, lambda until: Progress(events_until=until), start, self._progress.events_until)

    def _match(self) -> bool:
        start, end = self._from(self._progress.matched_until), self._now - MATCHED_AFTER
        steps = self._matching.match_between(start, end)
        return self._go(steps, lambda until: Progress(matched_until=until), start, self._progress.matched_until)

    def _judge_stock(self) -> bool:
        until = self._stock.take(self._job.moment(), self._progress.trail_until, self._job.now())
        self._save(Progress(trail_until=until))
        return self._has_time()

    def _judge_the_rest(self) -> bool:
        self._matching.look_again()
        moment, books = self._job.moment(), self._books
        over = {each.target: each.finding_id for each in books.of_rule(effect_stuck.RULE.name)}
        for batch in moment.find(effects_due_before(moment.at)):
            for effect_id, fields in batch:
                over.pop(effect_id, None)
                books.judge(effect_record_from(effect_id, fields, moment.at), self._job.now())
        for finding_id in over.values():
            books.close(finding_id, self._job.now())
        for each in books.of_rule(claim_without_entry.RULE.name):
            record = event_record_from(each.target, moment.read(paths_of_event(each.target)))
            books.judge(record, self._job.now())
        return True

    def _catch_up(self) -> None:
        """Settle all that has happened since this run has looked, up to now."""
        until = self._job.now() + timedelta(seconds=1)
        for _ in self._missing.settle_between(self._now - DELIVERED_WITHIN, until, self._books):
            pass

    def _go(
        self,
        steps: Iterator[datetime],
        done: Callable[[datetime], Progress],
        start: datetime,
        noted: datetime | None,
    ) -> bool:
        """Take steps while there is time. Who begins later than the last run has ended leaves a gap, and notes none."""
        is_gapless = start <= noted if noted else self._since is None
        for until in steps:
            if is_gapless:
                self._save(done(until))
            if not self._has_time():
                return False
        return True

    def _has_time(self) -> bool:
        return self._job.monotonic() < self._end

    def _from(self, noted: datetime | None, overlap: timedelta = timedelta(0)) -> datetime:
        if self._since:
            return self._since
        return noted - overlap if noted else self._now - EVENTS_KEPT

    def _noted(self) -> Document | None:
        return self._job.store.read((PROGRESS,), timeout_seconds=SECONDS_MAX)[PROGRESS]

    def _save(self, done: Progress) -> None:
        """As far as this run has come, or another one further."""
        before = self._noted()
        after = _further(progress_from(before), done)
        try:
            self._job.store.commit((progress_write(after, before),), timeout_seconds=SECONDS_MAX)
        except StoreContended:
            # Another run notes how far it has come; what this one has done, the next one does again.
            return


def _further(one: Progress, other: Progress) -> Progress:
    return Progress(
        _later(one.events_until, other.events_until),
        _later(one.matched_until, other.matched_until),
        _later(one.trail_until, other.trail_until),
    )


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    known = [moment for moment in (one, other) if moment]
    return max(known) if known else None


def _answer(status: int, body: dict[str, Any]) -> Response:
    return Response(json.dumps(body), status, mimetype="application/json")
