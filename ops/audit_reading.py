"""Reads the audit trail from Firestore page by page: entries, the ends of chains, and anchors."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from audit.chain import Head
from audit.links import Entry, has_its_hash
from audit.verification import Ends, Verdict, verified, verified_all
from database.documents.anchors import heads_in
from database.documents.audit_heads import ACTS_CHAIN
from database.documents.trail_checks import END_FIELDS, ends_from
from database.documents.values import text_or_none
from ops.long_queries import documents_of, in_time

if TYPE_CHECKING:
    from google.cloud.firestore import Client, CollectionReference, Query

PAGE: Final = 1_000
_LOOKS_MAX: Final = 5
Heads = Mapping[str | None, tuple[Head, ...]]
"""Anchored heads by order id; under None, those of operators' other acts."""


@dataclass(frozen=True, slots=True)
class AnchorRead:
    anchor_id: str
    fields: Mapping[str, object]
    heads: tuple[tuple[str, Head], ...]

    @property
    def defect(self) -> str | None:
        """What is wrong with the anchor itself; None if nothing is."""
        if not has_its_hash(self.fields):
            return "it does not match its hash"
        lines = "".join(f"{order_id} {head.count} {head.hash}\n" for order_id, head in self.heads)
        return None if sha256(lines.encode()).hexdigest() == self.fields.get("digest") else "its heads have changed"


class Trail:
    def __init__(self, client: "Client") -> None:
        self._client = client

    def verdicts(self) -> Iterator[Verdict]:
        """A verdict on every order. What seems wrong is checked again alone, since orders change during reading."""
        entries = _paged(self._client.collection("auditLog").order_by("orderId").order_by("createdAt"))
        orders = _paged(self._client.collection("orders").select(END_FIELDS).order_by("__name__"))
        read = (_entry(entry, fields) for entry, fields in entries)
        for verdict in verified_all((ends_from(order.id, fields) for order, fields in orders), read, self._ends(None)):
            yield self.verdict(verdict.order_id) if verdict.findings else verdict

    def verdicts_between(self, since: datetime | None, until: datetime | None) -> Iterator[Verdict]:
        """Verdicts on operators' other acts, and on orders that changed in this time and have a chain.

        Served by the index (updatedAt, auditCount).
        """
        yield self.verdict(None)
        for order, _ in _paged(in_time(self._client.collection("orders"), "updatedAt", since, until, "auditCount")):
            yield self.verdict(order.id)

    def verdict(self, order_id: str | None, anchored: tuple[Head, ...] = ()) -> Verdict:
        """A verdict on one order, read again if it changed meanwhile, up to a limit. None: operators' other acts."""
        from google.cloud.firestore import FieldFilter  # noqa: PLC0415 - nothing else takes so long to import

        entries = self._client.collection("auditLog").where(filter=FieldFilter("orderId", "==", order_id))
        ends, read = self._ends(order_id), list[Entry]()
        for _ in range(_LOOKS_MAX):
            read = [_entry(entry, fields) for entry, fields in _paged(entries.order_by("createdAt"))]
            before, ends = ends, self._ends(order_id)
            if ends == before:
                break
        return verified(replace(ends, anchored=anchored), read)

    def has_order(self, order_id: str) -> bool:
        return self._ends(order_id).exists

    def anchor(self, anchor_id: str) -> AnchorRead | None:
        document = self._client.document(f"anchors/{anchor_id}")
        fields = document.get().to_dict()
        parts = _paged(document.collection("heads").order_by("__name__"))
        heads = tuple(head for _, part in parts for head in heads_in(part))
        return None if fields is None else AnchorRead(anchor_id, fields, heads)

    def anchors_since(self, moment: datetime | None) -> Iterator[AnchorRead]:
        """All anchors that reach beyond this moment; without one, only the latest."""
        latest = self._client.document("sweeps/anchor").get().to_dict() or {}
        found = [
            (anchor.id, fields)
            for anchor, fields in _paged(self._client.collection("anchors").order_by("__name__"))
            # An anchor without a time was tampered with, and is printed as it is.
            if (_until(fields) > moment if moment else fields.get("hash") == latest.get("auditHead"))
        ]
        yield from (read for anchor_id, _ in found if (read := self.anchor(anchor_id)))

    def _ends(self, order_id: str | None) -> Ends:
        if order_id is None:
            return ends_from(None, self._client.document(ACTS_CHAIN).get().to_dict() or {})
        fields = self._client.document(f"orders/{order_id}").get(END_FIELDS).to_dict()
        return Ends(order_id) if fields is None else ends_from(order_id, fields)


def _paged(query: "CollectionReference | Query") -> Iterator[tuple[Any, dict[str, Any]]]:
    return ((document, document.to_dict() or {}) for document in documents_of(query, PAGE))


def _until(anchor: Mapping[str, object]) -> datetime:
    until = anchor.get("until")
    return until if isinstance(until, datetime) else datetime.max.replace(tzinfo=UTC)


def _entry(document: Any, fields: Mapping[str, Any]) -> Entry:  # noqa: ANN401 - the client's types differ
    return Entry(document.id, text_or_none(fields.get("orderId")), fields, document.create_time)


def heads_by_order(anchors: Iterable[AnchorRead]) -> Heads:
    by_order: dict[str | None, tuple[Head, ...]] = {}
    for anchor in anchors:
        for listed, head in anchor.heads:
            order_id = None if listed == ACTS_CHAIN else listed
            by_order[order_id] = (*by_order.get(order_id, ()), head)
    return by_order
