"""Verifies the chains of all orders, some at each sweep.

Changed, deleted or inserted entries and overwritten statuses become a finding, like those of reconciliation, which
closes once a later round finds nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from audit.links import Entry
from audit.verification import Defect, Verdict, verified
from database.documents.findings import closed, finding_path, is_found, noted
from database.documents.trail_checks import (
    TRAIL_CHECK,
    TrailProgress,
    ends_from,
    orders_behind,
    trail_progress_from,
    trail_progress_write,
)
from database.documents.values import text_or_none
from database.ids import is_document_id
from database.store import Document, DocumentStore, Fields, Listing, Moment, Write
from orders.frozen import frozen
from orders.outcome import StoreContended
from reconciliation.finding import Finding, finding_id_of, to_copy

# As many ids as one query may name: https://firebase.google.com/docs/firestore/query-data/queries#limitations.
ORDERS_AT_ONCE_MAX: Final = 30
ROUND_EVERY: Final = timedelta(days=1)
RULE: Final = "chain_broken"


@frozen
class TrailCheck:
    """Goes on where the last call stopped. Two may run at once: one of them records the progress."""

    store: DocumentStore
    moment: Callable[[], Moment]
    """A consistent view of the database as it is now, unaffected by later writes."""
    entries_of: Callable[[Sequence[str]], Listing]
    """The audit entries of at most ORDERS_AT_ONCE_MAX orders."""
    timeout_seconds: float

    def check_next(self, now: datetime) -> Sequence[Finding]:
        """Verify the next orders, unless the last round is done and was begun less than a day ago.

        Returns:
            New findings.

        Raises:
            StoreUnavailable: the next call verifies the same orders again.
        """
        document = self.store.read((TRAIL_CHECK,), timeout_seconds=self.timeout_seconds)[TRAIL_CHECK]
        progress = trail_progress_from(document)
        begins = progress.after is None
        if begins and progress.begun_at and now - progress.begun_at < ROUND_EVERY:
            return ()
        moment = self.moment()
        pages = moment.find(orders_behind(progress.after, ORDERS_AT_ONCE_MAX))
        orders = next(pages, ())
        found = list(self._judged(moment, orders, now))
        # A page may also be short because its orders were too large for one answer, and customers decide on their size.
        is_last = len(orders) < ORDERS_AT_ONCE_MAX and not any(pages)
        after = None if is_last else orders[-1][0]
        begun_at = now if begins else progress.begun_at
        self._commit(trail_progress_write(TrailProgress(after, begun_at), document))
        return found

    def _judged(self, moment: Moment, orders: Sequence[tuple[str, Fields]], now: datetime) -> Iterator[Finding]:
        if not orders:
            return
        entries: defaultdict[str | None, list[Entry]] = defaultdict(list)
        for batch in moment.find(self.entries_of([order_id for order_id, _ in orders])):
            for entry_id, fields in batch:
                order_id = text_or_none(fields.get("orderId"))
                entries[order_id].append(Entry(entry_id, order_id, fields))
        verdicts = [verified(ends_from(order_id, fields), entries[order_id]) for order_id, fields in orders]
        paths = {_path_of(verdict): verdict for verdict in verdicts if is_document_id(_id_of(verdict))}
        known = self.store.read(tuple(paths), timeout_seconds=self.timeout_seconds) if paths else {}
        for path, verdict in paths.items():
            yield from self._noted(verdict, known[path], now)
        # A finding whose id is too long to be stored is reported in every round.
        for verdict in verdicts:
            if verdict.findings and _path_of(verdict) not in paths:
                yield _finding_of(verdict)

    def _noted(self, verdict: Verdict, before: Document | None, now: datetime) -> Iterator[Finding]:
        if not verdict.findings:
            if before and is_found(before):
                self._commit(closed(_id_of(verdict), before, now))
            return
        finding = _finding_of(verdict)
        write, is_new = noted(finding, before, now)
        self._commit(write)
        if is_new:
            yield finding

    def _commit(self, write: Write) -> None:
        try:
            self.store.commit((write,), timeout_seconds=self.timeout_seconds)
        except StoreContended:
            # Another run was faster, and found the same.
            return


def _path_of(verdict: Verdict) -> str:
    return finding_path(_id_of(verdict))


def _id_of(verdict: Verdict) -> str:
    return finding_id_of(RULE, str(verdict.order_id))


def _finding_of(verdict: Verdict) -> Finding:
    order_id, (first, *others) = str(verdict.order_id), verdict.findings
    more = f", and {len(others)} more" if others else ""
    about = f" ({first.entry_id})" if first.entry_id else ""
    what = "status" if first.defect is Defect.STATUS else "audit trail"
    words = f"the {what} of {order_id} is not as it was written: {first.defect}{about}: {first.words}{more}"
    return Finding(RULE, order_id, order_id, words, to_copy("audit verify", order_id))
