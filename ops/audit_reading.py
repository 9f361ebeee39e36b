"""The audit trail as it is in Firestore, page by page: entries, where orders say that chains end, and anchors."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from audit.chain import Head
from audit.verification import Ends, Entry, Verdict, has_its_hash, verified, verified_all
from database.documents.anchors import heads_in
from database.documents.audit_heads import HEAD_FIELDS, head_from

if TYPE_CHECKING:
    from google.cloud.firestore import Client

PAGE: Final = 1_000
_LOOKS_MAX: Final = 5
Heads = Mapping[str, tuple[Head, ...]]
"""What is anchored, by order."""


@dataclass(frozen=True, slots=True)
class AnchorRead:
    anchor_id: str
    fields: Mapping[str, object]
    heads: tuple[tuple[str, Head], ...]

    @property
    def defect(self) -> str | None:
        """What is wrong with it by itself; None if nothing is."""
        if not has_its_hash(self.fields):
            return "it is not what was hashed"
        lines = "".join(f"{order_id} {head.count} {head.hash}\n" for order_id, head in self.heads)
        return None if sha256(lines.encode()).hexdigest() == self.fields.get("digest") else "its heads have changed"


class Trail:
    def __init__(self, client: "Client") -> None:
        self._client = client

    def verdicts(self, on_verdict: Callable[[], object] = lambda: None) -> Iterator[Verdict]:
        """On every order. What seems wrong is looked at again alone, since orders change while they are read."""
        entries = self._paged(self._client.collection("auditLog").order_by("orderId").order_by("createdAt"))
        orders = self._paged(self._client.collection("orders").select(["createdAt", *HEAD_FIELDS]).order_by("__name__"))
        read = (Entry(entry.id, fields.get("orderId"), fields) for entry, fields in entries)
        for verdict in verified_all((_ends(order.id, fields) for order, fields in orders), read):
            is_certain = not verdict.findings or verdict.order_id is None
            yield verdict if is_certain else self.verdict(verdict.order_id or "")
            on_verdict()

    def verdict(self, order_id: str, anchored: tuple[Head, ...] = ()) -> Verdict:
        """On one order, of which nothing has changed while it was read, unless it never rests."""
        from google.cloud.firestore import FieldFilter  # noqa: PLC0415 - nothing else takes so long to import

        entries = self._client.collection("auditLog").where(filter=FieldFilter("orderId", "==", order_id))
        ends, read = self._ends(order_id), list[Entry]()
        for _ in range(_LOOKS_MAX):
            read = [Entry(entry.id, order_id, fields) for entry, fields in self._paged(entries.order_by("createdAt"))]
            before, ends = ends, self._ends(order_id)
            if ends == before:
                break
        return verified(replace(ends, anchored=anchored), read)

    def has_order(self, order_id: str) -> bool:
        return self._ends(order_id).exists

    def anchor(self, anchor_id: str) -> AnchorRead | None:
        document = self._client.document(f"anchors/{anchor_id}")
        fields = document.get().to_dict()
        parts = self._paged(document.collection("heads").order_by("__name__"))
        heads = tuple(head for _, part in parts for head in heads_in(part))
        return None if fields is None else AnchorRead(anchor_id, fields, heads)

    def anchors_since(self, moment: datetime | None) -> Iterator[AnchorRead]:
        """All that reach beyond this moment, or only the latest."""
        latest = self._client.document("sweeps/anchor").get().to_dict() or {}
        found = [
            (anchor.id, fields)
            for anchor, fields in self._paged(self._client.collection("anchors").order_by("__name__"))
            # One without its time was changed, and is printed as it is.
            if (_until(fields) > moment if moment else fields.get("hash") == latest.get("auditHead"))
        ]
        yield from (read for anchor_id, _ in found if (read := self.anchor(anchor_id)))

    def _ends(self, order_id: str) -> Ends:
        fields = self._client.document(f"orders/{order_id}").get(["createdAt", *HEAD_FIELDS]).to_dict()
        return Ends(order_id) if fields is None else _ends(order_id, fields)

    def _paged(self, query: Any) -> Iterator[tuple[Any, dict[str, Any]]]:  # noqa: ANN401 - the client's types differ
        page = query.limit(PAGE)
        while found := list(page.stream()):
            yield from ((document, document.to_dict() or {}) for document in found)
            page = query.limit(PAGE).start_after(found[-1])


def _until(anchor: Mapping[str, object]) -> datetime:
    until = anchor.get("until")
    return until if isinstance(until, datetime) else datetime.max.replace(tzinfo=UTC)


def _ends(order_id: str, fields: Mapping[str, object]) -> Ends:
    created_at = fields.get("createdAt")
    known = created_at if isinstance(created_at, datetime) else None
    return Ends(order_id, exists=True, created_at=known, head=head_from(fields))


def heads_by_order(anchors: Iterable[AnchorRead]) -> Heads:
    by_order: dict[str, tuple[Head, ...]] = {}
    for anchor in anchors:
        for order_id, head in anchor.heads:
            by_order[order_id] = (*by_order.get(order_id, ()), head)
    return by_order
