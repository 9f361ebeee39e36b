"""One run: settle what Stripe reported and nobody settled, compare both sides, and check our own records.

A run can be stopped anywhere: progress is saved only for what is done, and doing it twice is harmless.
docs/decisions/0020-reconciliation.md says why nothing is reported as wrong just because it was read at the wrong
moment, and 0024-reconciliation-never-stops-at-one-thing.md why a run always gets to its end.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Final

from database.documents.reconciliations import Progress
from database.store import DocumentStore, Moment
from orders.frozen import frozen
from orders.outcome import Settle, Transient
from reconciliation.books import Books
from reconciliation.guarding import Guard
from reconciliation.looking_again import LookingAgain
from reconciliation.missing import MissingEvents
from reconciliation.on_record import OrdersOnRecord, nothing_else
from reconciliation.progress import ProgressNotes, Walk
from reconciliation.reconciled import AtStripe, Reconciled
from reconciliation.stock import StockTaking, settled_until
from reconciliation.time_limit import OutOfTime, TimeLimit
from reconciliation.walking import Pace, PacedLists, whole_second
from reconciliation.with_stripe import MATCHED_AFTER, WithStripe
from service.logs import Log
from stripe_api.api import StripeRefused, StripeUnavailable
from stripe_api.lists import EVENTS_KEPT, Span, StripeLists
from webhooks.ownership import Naming

RUN_SECONDS_MAX: Final = 420.0
"""Nothing new begins after this; the next run goes on."""
EVENTS, MATCHING, AGAIN, RECORDS, REST, STOCK = 0.4, 0.75, 0.85, 0.9, 0.93, 1.0
"""The share of the time by which each part ends at the latest, so that the later parts are always reached."""


@frozen
class Reconciliation:
    """The scheduled reconciliation. Two runs may overlap, since each event is settled by itself."""

    stripe: Callable[[], StripeLists] | None
    """Stripe's lists; None without a key."""
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

    def run(self, since: datetime | None = None) -> Reconciled:
        """Reconcile everything since the given time; by default, since where the last run ended.

        If Stripe cannot be asked, our own records are checked all the same.

        Raises:
            Transient: the database is unavailable. What is done is saved.
        """
        reconciled = _Run(self, since).reconciled()
        severity = "INFO" if reconciled.is_as_usual else "WARNING"
        self.log(severity, "reconciled with Stripe", result="reconciled", **reconciled.summary())
        return reconciled


class _Run:
    def __init__(self, job: Reconciliation, since: datetime | None) -> None:
        self._job = job
        moment = job.moment()
        # By the database's clock: progress saved by a computer whose clock is ahead would skip what is yet to happen.
        self._now = moment.at
        self._limit = TimeLimit(job.monotonic, job.seconds_max)
        self._notes = ProgressNotes(job.store)
        self._progress = self._notes.read()
        self._books = Books.of(moment, job.store, job.log)
        self._walk = Walk(self._notes, self._books, self._limit, since, self._now - EVENTS_KEPT)
        self._guard = Guard(self._probe, job.log)
        self._on_record = OrdersOnRecord(job.moment, self._books, self._guard, self._limit, job.now)
        self._again = LookingAgain(job.moment, self._books, self._on_record, self._limit, job.now)
        self._stock = StockTaking(job.store, self._books, self._limit, job.now)
        self._stripe: WithStripe | None = None
        self._probed: WithStripe | None = None
        """Stripe's side, while it is in use."""
        self._at_stripe = AtStripe.ASKED
        self._why_not: str | None = None
        self._is_complete = True

    def reconciled(self) -> Reconciled:
        self._ask_stripe()
        self._ask_the_database()
        side, books = self._stripe, self._books
        return Reconciled(
            at_stripe=self._at_stripe,
            why_not=self._why_not,
            events=side.missing.seen if side else 0,
            settled=dict(side.missing.settled) if side else {},
            waiting=side.missing.waiting if side else 0,
            stuck=self._on_record.uncompared + (side.missing.stuck if side else 0),
            faults=self._guard.faults,
            payments=side.matching.payments if side else 0,
            refunds=side.matching.refunds if side else 0,
            orders=self._on_record.orders,
            products=self._stock.products,
            opened=tuple(books.opened),
            closed=tuple(books.closed),
            open=books.open_count,
            seconds=self._limit.seconds,
            complete=self._is_complete,
        )

    # --- Stripe ------------------------------------------------------------------------------------------------------

    def _ask_stripe(self) -> None:
        if self._job.stripe is None:
            self._not_asked(AtStripe.NO_KEY, "there is no key for asking Stripe", "INFO", "not_configured")
            return
        match problem := self._trouble_with(self._job.stripe):
            case None:
                return
            case StripeUnavailable():
                self._not_asked(AtStripe.UNAVAILABLE, f"{type(problem).__name__}: {problem}", "WARNING")
            case StripeRefused():
                self._not_asked(AtStripe.REFUSED, f"{type(problem).__name__}: {problem}", "ERROR")
            case _:
                self._guard.note(problem, "not_reconciled")
                self._is_complete = False

    def _trouble_with(self, stripe: Callable[[], StripeLists]) -> Exception | None:
        """What stopped this part early, if anything. Raises Transient if the database is unavailable."""
        try:
            self._probed = self._stripe = self._side_of(stripe())
            return self._guard.tried(partial(self._with_stripe, self._stripe))
        except StripeUnavailable as problem:
            return problem
        except Transient:
            raise
        except Exception as problem:  # noqa: BLE001 - noted, and all that needs no Stripe is judged
            return problem
        finally:
            self._probed = None

    def _with_stripe(self, side: WithStripe) -> None:
        """Raises StripeUnavailable, StripeRefused, Transient."""
        if not self._part(EVENTS, side.look_at_key):
            return
        if not side.has_our_key:
            self._not_asked(AtStripe.OTHER_ACCOUNT, "the key belongs to another account or mode", "ERROR")
            return
        is_settled = self._part(EVENTS, side.settle_events)
        self._part(EVENTS, side.review_events)
        # Unsettled payments would be reported as wrong.
        if is_settled:
            self._part(MATCHING, side.match)
        self._part(AGAIN, side.look_again)
        self._part(AGAIN, side.set_other_shops_aside)

    def _not_asked(self, at_stripe: AtStripe, why: str, severity: str, result: str = "not_reconciled") -> None:
        self._at_stripe, self._why_not = at_stripe, why
        self._job.log(severity, why, result=result)

    def _side_of(self, stripe: StripeLists) -> WithStripe:
        job, books, guard = self._job, self._books, self._guard
        lists = PacedLists(stripe, Pace(job.monotonic, job.sleep), self._limit)
        missing = MissingEvents(lists, job.store, job.settle, job.naming, books, guard, self._limit, job.log, job.now)
        return WithStripe(
            lists,
            missing,
            books,
            guard,
            self._on_record,
            self._again,
            job.naming,
            self._walk,
            self._progress,
            self._now,
        )

    def _probe(self) -> None:
        """Check that the database and Stripe answer at all. Raises Transient, StripeRefused."""
        self._notes.read()
        if self._probed:
            self._probed.probe()

    # --- The database ------------------------------------------------------------------------------------------------

    def _ask_the_database(self) -> None:
        """Raises Transient."""
        for share, step in (
            (RECORDS, self._judge_records),
            (REST, self._again.at_orders),
            (REST, self._again.at_claims),
            (REST, self._again.at_effects),
            (STOCK, self._judge_stock),
        ):
            if problem := self._guard.tried(partial(self._part, share, step)):
                self._guard.note(problem, "not_compared")
                self._is_complete = False

    def _judge_records(self) -> None:
        """Check the records that this run has not checked on its way because Stripe could not be asked."""
        if self._job.stripe is None:
            self._again.at_uncompared_orders(nothing_else)
        reached = self._stripe and self._stripe.judged_until
        if reached and self._at_stripe is AtStripe.ASKED:
            # The next run comes to the rest on its way.
            return
        noted = self._progress.records_until
        start = reached or self._walk.start(noted)
        end = whole_second(self._now - MATCHED_AFTER)
        steps = chain(self._on_record.judge_changed(Span(start, end)), [end])
        self._walk.go(steps, lambda until: Progress(records_until=until), start, noted)

    def _judge_stock(self) -> None:
        since = self._progress.trail_until
        if since is None:
            # Saved first: moves from now on are counted even if this run dies before all baselines are written.
            since = settled_until(self._job.moment())
            self._notes.save(Progress(trail_until=since))
        for counted in self._stock.count_older(self._job.moment, since):
            self._notes.save(Progress(trail_until=counted))
            since = counted
        self._notes.save(Progress(trail_until=self._stock.take(self._job.moment(), since)))

    # --- Time --------------------------------------------------------------------------------------------------------

    def _part(self, share: float, step: Callable[[], object]) -> bool:
        """Whether the part ended before its time was up."""
        self._limit.begin_part(share)
        try:
            step()
        except OutOfTime:
            self._is_complete = False
            return False
        return True
