"""Verifies the chains of all orders, some at each sweep, and once a round that of operators' other acts.

Changed, deleted or inserted entries and overwritten statuses become a finding, like those of reconciliation, which
closes once a later round finds nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain, islice, takewhile
from typing import Final

from audit.links import Entry
from audit.verification import Defect, Ends, Verdict, verified
from database.documents.audit_heads import ACTS_CHAIN
from database.documents.findings import ALL_FOUND, closed, finding_path, is_found, noted
from database.documents.orders import order_path
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
from database.store import Document, DocumentStore, Listing, Moment, Write
from orders.frozen import frozen
from orders.operator_events import OPERATORS_EVENTS
from orders.outcome import StoreContended
from reconciliation.finding import Finding, finding_id_of, to_copy

# As many ids as one query may name: https://firebase.google.com/docs/firestore/query-data/queries#limitations.
ORDERS_AT_ONCE_MAX: Final = 30
ROUND_EVERY: Final = timedelta(days=1)
RULE: Final = "chain_broken"
ACTS: Final = ACTS_CHAIN.replace("/", ":")
"""The finding's target if the chain of operators' other acts is broken. No order has such an id."""
ACTS_MAX: Final = 50_000
"""Of all operators' acts, read once a round within seconds. That a trail is longer is a finding."""


@frozen
class TrailCheck:
    """Goes on where the last call stopped. Two may run at once: one of them records the progress."""

    store: DocumentStore
    moment: Callable[[], Moment]
    """A consistent view of the database as it is now, unaffected by later writes."""
    entries_of: Callable[[Sequence[str]], Listing]
    """The audit entries of at most ORDERS_AT_ONCE_MAX orders."""
    timeout_seconds: float

    def check_next(self, now: datetime) -> Iterator[Finding]:
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
            return
        moment = self.moment()
        pages = moment.find(orders_behind(progress.after, ORDERS_AT_ONCE_MAX))
        orders = next(pages, ())
        yield from self._judged(moment, [ends_from(order_id, fields) for order_id, fields in orders], now)
        # A page may also be short because its orders were too large for one answer, and customers decide on their size.
        is_last = len(orders) < ORDERS_AT_ONCE_MAX and not any(pages)
        if is_last:
            # Before the round counts as done: if this fails, each sweep says so, and no other round begins.
            yield from self._judged(moment, self._deleted(moment), now)
            yield from self._noted_all({_id_of(None): self._of_acts(moment)}, now)
        after = None if is_last else orders[-1][0]
        begun_at = now if begins else progress.begun_at
        self._commit(trail_progress_write(TrailProgress(after, begun_at), document))

    def _judged(self, moment: Moment, orders: Sequence[Ends], now: datetime) -> Iterator[Finding]:
        for first in range(0, len(orders), ORDERS_AT_ONCE_MAX):
            some = orders[first : first + ORDERS_AT_ONCE_MAX]
            entries: defaultdict[str | None, list[Entry]] = defaultdict(list)
            for entry in _entries_in(moment, self.entries_of([str(each.order_id) for each in some])):
                entries[entry.order_id].append(entry)
            # A deleted order without entries may have been tampered with, and nothing is left that could show it.
            there = [each for each in some if each.exists or entries[each.order_id]]
            verdicts = (verified(each, entries[each.order_id]) for each in there)
            yield from self._noted_all({_id_of(each.order_id): _finding_of(each) for each in verdicts}, now)

    def _deleted(self, moment: Moment) -> Sequence[Ends]:
        """The orders with a finding that no longer exist, so that no round gets to them."""
        found = chain.from_iterable(moment.find(ALL_FOUND))
        order_ids = [text_or_none(fields.get("orderId")) for _, fields in found if fields.get("rule") == RULE]
        paths = {order_path(order_id): order_id for order_id in order_ids if order_id}
        in_parts = (
            islice(paths, first, first + ORDERS_AT_ONCE_MAX) for first in range(0, len(paths), ORDERS_AT_ONCE_MAX)
        )
        orders = chain.from_iterable(moment.read(tuple(part)).items() for part in in_parts)
        return [Ends(paths[path]) for path, order in orders if order is None]

    def _of_acts(self, moment: Moment) -> Finding | None:
        """What is wrong with the chain of operators' acts that concern no order, or that it is too long to verify."""
        head = moment.read((ACTS_CHAIN,))[ACTS_CHAIN]
        # By id, since entries of set-aside events name no order either, and any number of them can arrive.
        by_id = _entries_in(moment, Listing("auditLog", after_id=OPERATORS_EVENTS))
        acts = takewhile(lambda entry: entry.entry_id.startswith(OPERATORS_EVENTS), by_id)
        on_no_order = (entry for entry in islice(acts, ACTS_MAX) if entry.order_id is None)
        verdict = verified(ends_from(None, head.fields if head else {}), on_no_order)
        return _TOO_LONG if next(acts, None) else _finding_of(verdict)

    def _noted_all(self, found: Mapping[str, Finding | None], now: datetime) -> Iterator[Finding]:
        """Record what is wrong, by finding id, and close what is not wrong any more. Yields new findings."""
        paths = {finding_path(finding_id): finding_id for finding_id in found if is_document_id(finding_id)}
        known = self.store.read(tuple(paths), timeout_seconds=self.timeout_seconds) if paths else {}
        for path, finding_id in paths.items():
            yield from self._noted(finding_id, found[finding_id], known[path], now)
        # A finding whose id is too long to be stored is reported in every round.
        yield from (finding for finding_id, finding in found.items() if finding and not is_document_id(finding_id))

    def _noted(
        self, finding_id: str, finding: Finding | None, before: Document | None, now: datetime
    ) -> Iterator[Finding]:
        if finding is None:
            if before and is_found(before):
                self._commit(closed(finding_id, before, now))
            return
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


def _entries_in(moment: Moment, listing: Listing) -> Iterator[Entry]:
    for entry_id, fields in chain.from_iterable(moment.find(listing)):
        yield Entry(entry_id, text_or_none(fields.get("orderId")), fields)


def _id_of(order_id: str | None) -> str:
    return finding_id_of(RULE, order_id or ACTS)


def _finding_of(verdict: Verdict) -> Finding | None:
    if not verdict.findings:
        return None
    order_id, (first, *others) = verdict.order_id, verdict.findings
    more = f", and {len(others)} more" if others else ""
    about = f" ({first.entry_id})" if first.entry_id else ""
    what = "status" if first.defect is Defect.STATUS else "audit trail"
    of = order_id or "operators' acts"
    words = f"the {what} of {of} is not as it was written: {first.defect}{about}: {first.words}{more}"
    remedy = to_copy("audit verify", order_id) if order_id else _VERIFY_ACTS
    return Finding(RULE, order_id or ACTS, order_id, words, remedy)


# A span leaves out all orders but the latest.
_VERIFY_ACTS: Final = to_copy("audit verify --since 1h")
_TOO_LONG: Final = Finding(
    RULE,
    ACTS,
    None,
    f"the audit trail of operators' acts has more than {ACTS_MAX:,} entries and is no longer verified by the sweep: "
    "verify it by hand",
    _VERIFY_ACTS,
)
