"""Judges the chains of audit entries from the documents, by their specification instead of the code."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

Fields = Mapping[str, Any]
Entries = Mapping[str, Fields]

_ACTS = "chains/operators"
_SET_ASIDE = {"other_account", "livemode_mismatch", "handled"}
_LASTING = {
    *(
        "reserved",
        "finalized",
        "partially_refunded",
        "refunded",
        "failed",
        "expired",
        "cancelled",
        "refund_due",
        "review",
    )
}


def broken_chains(orders: Mapping[str, Sequence[Fields]], entries: Entries, chains: Entries) -> Iterator[str]:
    """Everything wrong with the chains.

    Args:
        orders: by id, the current order first, then deleted ones.
        entries: the audit trail, by id.
        chains: the heads of the chains that belong to no order.
    """
    left: defaultdict[str | None, dict[str, Fields]] = defaultdict(dict)
    for entry_id, entry in entries.items():
        if "hash" not in entry:
            changes_nothing = entry["result"] in _SET_ASIDE and not entry["stock"]
            if not changes_nothing:
                yield f"{entry_id}: in no chain"
            continue
        if entry["hash"] != _hash_of(entry) or entry["eventId"] != entry_id:
            yield f"{entry_id}: not what was written"
        left[entry["orderId"]][entry["hash"]] = entry
    generations: Sequence[Fields]
    for order_id, generations in [*orders.items(), (None, [chains.get("operators", {})])]:
        for order in generations:
            yield from _breaks_in(order_id, order, left[order_id])
        for entry in left[order_id].values():
            if order_id is None or not _came_after_its_order(entry):
                yield f"{entry['eventId']}: not in the chain of {order_id}"


def broken_anchors(anchors: Entries, entries: Entries) -> Iterator[str]:
    """Everything wrong with the anchors, given by id; the parts of their lists are given by path."""
    there = {(entry["orderId"] or _ACTS, entry.get("sequence"), entry.get("hash")) for entry in entries.values()}
    previous, number = None, 0
    for anchor_id, anchor in sorted(anchors.items()):
        if "/" in anchor_id:
            continue
        number += 1
        if (anchor["sequence"], anchor["previousHash"], anchor["hash"]) != (number, previous, _hash_of(anchor)):
            yield f"{anchor_id}: not anchor {number}, after {previous}: {anchor}"
        previous = anchor["hash"]
        parts = sorted(path for path in anchors if path.startswith(f"anchors/{anchor_id}/"))
        heads = [
            (each["orderId"], each["auditCount"], each["auditHead"])
            for part in parts
            for each in anchors[part]["heads"]
        ]
        lines = "".join(f"{order_id} {count} {head}\n" for order_id, count, head in heads)
        if (anchor["digest"], anchor["heads"]) != (hashlib.sha256(lines.encode()).hexdigest(), len(heads)):
            yield f"{anchor_id}: not the digest of its heads"
        yield from (
            f"{anchor_id}: {head} was anchored, and in its chain no more" for head in heads if head not in there
        )


def _breaks_in(order_id: str | None, order: Fields, left: dict[str, Fields]) -> Iterator[str]:
    """Goes back from the head, and removes the entries it finds from `left`."""
    wanted, number = order.get("auditHead"), order.get("auditCount", 0)
    left_as = left[wanted]["statusAfter"] if wanted in left else None
    if left_as in _LASTING and order["status"] in _LASTING - {left_as}:
        yield f"{order_id}: {order['status']}, though its last entry left it {left_as}"
    while number > 0 and wanted in left:
        entry = left.pop(wanted)
        if entry["sequence"] != number:
            yield f"{entry['eventId']}: number {entry['sequence']} of the chain of {order_id}, in the place of {number}"
        wanted, number = entry["previousHash"], number - 1
    if number or wanted:
        yield f"{order_id}: the chain misses number {number}, {wanted}"


def _came_after_its_order(entry: Fields) -> bool:
    """It is a chain of its own, since the order was deleted by then, and so has changed nothing."""
    changes = [entry[name] for name in ("previousHash", "statusBefore", "statusAfter", "stock")]
    return entry["sequence"] == 1 and not any(changes)


def _hash_of(entry: Fields) -> str:
    hashed = {name: value for name, value in entry.items() if name != "hash"}
    text = json.dumps(hashed, ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=_as_text)
    return hashlib.sha256(text.encode()).hexdigest()


def _as_text(value: object) -> str:
    assert isinstance(value, datetime), f"no entry holds {value!r}"
    utc = value.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond:06}Z"
