"""The part of a run that asks Stripe."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from database.documents.findings import OpenFinding
from database.documents.reconciliations import Progress
from reconciliation.account import key_in_use
from reconciliation.books import Books
from reconciliation.guarding import Guard
from reconciliation.looking_again import LookingAgain
from reconciliation.matching import Matching
from reconciliation.missing import MissingEvents
from reconciliation.on_record import QUIET, OrdersOnRecord
from reconciliation.other_shops import OtherShops
from reconciliation.progress import Walk
from reconciliation.rules import (
    amounts_differ,
    event_not_settled,
    not_compared,
    paid_only_at_stripe,
    paid_only_here,
    refunds_differ,
)
from reconciliation.subjects import ToCompare
from reconciliation.walking import PacedLists
from stripe_api.lists import EVENTS_KEPT, Span
from webhooks.ownership import Naming

DELIVERED_WITHIN: Final = timedelta(minutes=5)
"""A younger event may still be on its way."""
OVERLAP: Final = timedelta(hours=2)
"""How far back each run checks again: an event may have waited an hour for its order."""
REVIEWED_AFTER: Final = timedelta(days=3)
"""Events are checked once more after this long, in case Stripe listed one late: so long it retries deliveries."""
MATCHED_AFTER: Final = timedelta(hours=1) + QUIET
"""How long a payment may be without its order."""
_OF_STRIPE: Final = tuple(
    each.RULE.name
    for each in (event_not_settled, not_compared, refunds_differ, paid_only_at_stripe, paid_only_here, amounts_differ)
)
_SECOND: Final = timedelta(seconds=1)
_MINUTE: Final = timedelta(minutes=1)


@dataclass(slots=True)
class WithStripe:
    lists: PacedLists
    missing: MissingEvents
    books: Books
    guard: Guard
    on_record: OrdersOnRecord
    again: LookingAgain
    naming: Naming
    walk: Walk
    progress: Progress
    """As of the start of the run."""
    now: datetime
    """The start of the run, by the database's clock."""
    matching: Matching = field(init=False)
    has_our_key: bool = False
    """Whether the key may be of the account whose payments are on record here."""
    judged_until: datetime | None = None
    """Up to when this run has checked our records on its way."""
    _caught_up: datetime | None = None

    def __post_init__(self) -> None:
        self.matching = Matching(
            self.lists, self.on_record.moment, self.naming, self.books, self.guard, self.missing.now, self.missing,
            self._catch_up, self.on_record,
        )  # fmt: skip

    def probe(self) -> None:
        """Make a request that always has an answer. Raises StripeUnavailable, StripeRefused."""
        self.lists.payment_intents(Span(self.now - _SECOND, self.now))

    def look_at_key(self) -> None:
        """Find out whose key it is, as far as possible."""
        key = key_in_use(self.on_record.moment(), self.lists.payment_intent)
        self.books.judge(key, self.missing.now())
        self.has_our_key = not self.books.finds(key)

    def settle_events(self) -> None:
        noted, end = self.progress.events_until, self.now - DELIVERED_WITHIN
        start = max(self.walk.start(noted, OVERLAP), self.now - EVENTS_KEPT)
        steps = self.missing.settle_between(start, end)
        self.walk.go(steps, lambda until: Progress(events_until=until), start, noted)

    def review_events(self) -> None:
        """Check again what was settled some days ago."""
        noted, end = self.progress.reviewed_until, self.now - REVIEWED_AFTER
        if self.walk.since:
            return
        if noted is None:
            # Everything listed by now was just checked.
            self.walk.notes.save(Progress(reviewed_until=end))
            return
        start = max(noted, self.now - EVENTS_KEPT)
        self.walk.go(self.missing.settle_between(start, end), lambda until: Progress(reviewed_until=until), start)

    def match(self) -> None:
        noted, end = self.progress.matched_until, self.now - MATCHED_AFTER
        start = self.walk.start(noted)
        steps = self._judging(self.matching.match_between(start, end))
        self.walk.go(steps, lambda until: Progress(matched_until=until, records_until=until), start, noted)

    def set_other_shops_aside(self) -> None:
        """What waits here and is another shop's."""
        missing = self.missing
        OtherShops(
            self.lists,
            missing.store,
            self.on_record.moment,
            missing.settle,
            self.naming,
            self.guard,
            missing.log,
            missing.now,
        ).set_aside()

    def look_again(self) -> None:
        """Check open findings of all rules in one sequence, so that none of the rules takes the others' time.

        Raises OutOfTime, Transient, StripeRefused.
        """
        for each in self.books.of_rule(*_OF_STRIPE):
            self.missing.limit.check()
            match each.rule:
                case event_not_settled.RULE.name:
                    for _, problem in self.guard.each([each.target], self.missing.try_again):
                        self.missing.keep(each.target, problem)
                case not_compared.RULE.name if each.target == each.order_id:
                    self.again.at_uncompared_order(each.target, self.matching.match_order)
                case not_compared.RULE.name:
                    self._look_at(each, self.matching.judge_all_of)
                case refunds_differ.RULE.name:
                    self._look_at(each, self.matching.look_again_at_refunds)
                case _:
                    self._look_at(each, self.matching.look_again_at_payment)

    def _look_at(self, found: OpenFinding, judge: Callable[[str, str], object]) -> None:
        """Check a payment again. The finding names its order unless that could not even be determined."""
        if problem := self.guard.tried(partial(judge, found.target, found.order_id or "")):
            self.on_record.keep(found.target, found.order_id, problem)
        else:
            self.books.judge(ToCompare(found.target), self.missing.now())

    def _judging(self, steps: Iterator[datetime]) -> Iterator[datetime]:
        for until in steps:
            self.judged_until = until
            yield until

    def _catch_up(self) -> None:
        """Settle everything that Stripe has reported since this run began."""
        now = self.on_record.moment().at
        start = self._caught_up - _MINUTE if self._caught_up else self.now - DELIVERED_WITHIN
        for _ in self.missing.settle_between(start, now + _SECOND):
            pass
        self._caught_up = now
