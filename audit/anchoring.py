"""Anchors the audit trail once an hour: reads which chains have grown, and records where they end."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Final

from audit.anchors import Digest, LatestAnchor, MovedHead, Span, anchor_fields, due_span
from database.documents.anchors import LATEST_ANCHOR, anchor_id_of, anchor_writes, latest_from, part_write
from database.documents.audit_heads import ACTS_CHAIN, head_from
from database.store import DocumentStore
from orders.frozen import frozen
from orders.outcome import StoreContended

# Some 60 KB per part, and a minute's work at most: the next run goes on where this one stops.
HEADS_MAX: Final = 20_000

MovedHeads = Callable[[datetime, datetime], Iterator[Sequence[MovedHead]]]
"""Heads of orders changed after the first time and up to the second, the earliest first, in batches. Raises
StoreUnavailable."""


@frozen
class Anchoring:
    """Writes anchors. Two may do so at once: one of them succeeds."""

    store: DocumentStore
    moved_heads: MovedHeads
    timeout_seconds: float
    heads_max: int = HEADS_MAX

    def anchor_if_due(self, now: datetime) -> Mapping[str, object] | None:
        """Write the next anchor if the latest is an hour old. Returns its fields, and its id as `anchor`, or None.

        Also None if another worker is writing it; the parts that this one wrote then belong to no anchor.

        Raises:
            StoreUnavailable: probably nothing is anchored; the next call does it.
        """
        document = self.store.read((LATEST_ANCHOR,), timeout_seconds=self.timeout_seconds)[LATEST_ANCHOR]
        latest = latest_from(document)
        if (span := due_span(latest, now)) is None:
            return None
        anchor_id = anchor_id_of(now)
        try:
            anchor = self._listed(anchor_id, span, latest, now)
            self.store.commit(anchor_writes(anchor_id, anchor, document), timeout_seconds=self.timeout_seconds)
        except StoreContended:
            return None
        return {"anchor": anchor_id, **anchor}

    def _listed(self, anchor_id: str, span: Span, latest: LatestAnchor | None, now: datetime) -> Mapping[str, object]:
        """Write the heads, and return the anchor for them."""
        digest, until, orders = Digest(), span.until, 0
        for number, heads in enumerate(chain(self._acts(now), self._parts(span))):
            self.store.commit((part_write(anchor_id, number, heads),), timeout_seconds=self.timeout_seconds)
            digest.add(heads)
            orders += sum(each.order_id != ACTS_CHAIN for each in heads)
            if orders >= self.heads_max:
                until = heads[-1].moved_at
        return anchor_fields(Span(span.since, until), digest, latest, now)

    def _acts(self, now: datetime) -> Iterator[Sequence[MovedHead]]:
        """The head of the one chain of operators' other acts, which is in every anchor."""
        document = self.store.read((ACTS_CHAIN,), timeout_seconds=self.timeout_seconds)[ACTS_CHAIN]
        if document and (head := head_from(document.fields)):
            yield [MovedHead(ACTS_CHAIN, head, now)]

    def _parts(self, span: Span) -> Iterator[Sequence[MovedHead]]:
        """The heads in batches. Once enough are listed, only those of the same time as the last are added."""
        listed, last = 0, span.since
        for batch in self.moved_heads(span.since, span.until):
            is_full = listed >= self.heads_max
            if heads := [each for each in batch if each.moved_at == last or not is_full]:
                yield heads
                listed, last = listed + len(heads), heads[-1].moved_at
            if len(heads) < len(batch):
                return
