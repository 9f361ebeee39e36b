"""How far reconciliation has come, kept where the next run finds it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from database.documents.reconciliations import PROGRESS, Progress, further, progress_from, progress_write
from database.store import Document, DocumentStore
from orders.frozen import frozen
from orders.outcome import StoreContended
from reconciliation.books import SECONDS_MAX, Books
from reconciliation.time_limit import TimeLimit

NOTED_EVERY_SECONDS: Final = 5.0
"""A process that dies has so much to do again."""


@frozen
class ProgressNotes:
    store: DocumentStore

    def read(self) -> Progress:
        """Raises StoreUnavailable."""
        return progress_from(self._document())

    def save(self, done: Progress) -> None:
        """As far as this run has come, or another one further. Raises StoreUnavailable."""
        before = self._document()
        after = further(progress_from(before), done)
        try:
            self.store.commit((progress_write(after, before),), timeout_seconds=SECONDS_MAX)
        except StoreContended:
            # Another run notes how far it has come; what this one has done, the next one does again.
            return

    def _document(self) -> Document | None:
        return self.store.read((PROGRESS,), timeout_seconds=SECONDS_MAX)[PROGRESS]


@frozen
class Walk:
    """One run's ways through time, each from where the last run has ended, and noted as it goes."""

    notes: ProgressNotes
    books: Books
    limit: TimeLimit
    since: datetime | None
    """From when on this run looks, if somebody has said so."""
    at_first: datetime
    """From when on the first run looks."""

    def start(self, noted: datetime | None, overlap: timedelta = timedelta(0)) -> datetime:
        if self.since:
            return self.since
        return noted - overlap if noted else self.at_first

    def go(
        self,
        steps: Iterator[datetime],
        done: Callable[[datetime], Progress],
        start: datetime,
        noted: datetime | None = None,
    ) -> None:
        """Take all steps. Who is told to begin later than where the last run has ended leaves a gap, and notes none."""
        is_gapless = self.since is None or (noted is not None and start <= noted)
        reached, noted_at = None, self.limit.seconds
        try:
            for until in steps:
                # Where more is wrong than is kept, the next run begins here once more.
                if is_gapless and not self.books.is_overfull:
                    reached = until
                if reached and self.limit.seconds - noted_at >= NOTED_EVERY_SECONDS:
                    self.notes.save(done(reached))
                    reached, noted_at = None, self.limit.seconds
        finally:
            # Also where time is out, or Stripe takes no part any more.
            if reached:
                self.notes.save(done(reached))
