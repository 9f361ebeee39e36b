"""Saves how far reconciliation has come, for the next run."""

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
"""The most work that a dying process leaves to be repeated."""


@frozen
class ProgressNotes:
    store: DocumentStore

    def read(self) -> Progress:
        """Raises StoreUnavailable."""
        return progress_from(self._document())

    def save(self, done: Progress) -> None:
        """Save the progress of this run, or keep another run's if that is further. Raises StoreUnavailable."""
        before = self._document()
        after = further(progress_from(before), done)
        try:
            self.store.commit((progress_write(after, before),), timeout_seconds=SECONDS_MAX)
        except StoreContended:
            # Another run is saving its progress; the next run repeats what this one has done.
            return

    def _document(self) -> Document | None:
        return self.store.read((PROGRESS,), timeout_seconds=SECONDS_MAX)[PROGRESS]


@frozen
class Walk:
    """One run's walks through time, each from where the last run ended, with progress saved on the way."""

    notes: ProgressNotes
    books: Books
    limit: TimeLimit
    since: datetime | None
    """When this run starts, if given."""
    at_first: datetime
    """When the very first run starts."""

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
        """Take all steps, and save progress unless this run starts later than the last ended, which leaves a gap."""
        is_gapless = self.since is None or (noted is not None and start <= noted)
        reached, noted_at = None, self.limit.seconds
        try:
            for until in steps:
                # If more is wrong than is kept, the next run starts here again.
                if is_gapless and not self.books.is_overfull:
                    reached = until
                if reached and self.limit.seconds - noted_at >= NOTED_EVERY_SECONDS:
                    self.notes.save(done(reached))
                    reached, noted_at = None, self.limit.seconds
        finally:
            # Even if time is up, or Stripe is unavailable.
            if reached:
                self.notes.save(done(reached))
