"""`findings/{rule}_{target}` ↔ what a rule has found wrong, since when, and whether it still is."""

from datetime import datetime
from typing import TYPE_CHECKING, Final

from database.documents.values import text_or_none, time_or_none
from database.store import Create, Document, Fields, Listing, Update
from orders.frozen import frozen
from settlement.snapshot import KnownFinding

if TYPE_CHECKING:
    from reconciliation.finding import Finding

OPEN: Final = "open"
HANDLED: Final = "handled"
"""A person has looked into it. It waits for nobody until something else is found there."""
CLOSED: Final = "closed"
EARLIER_MAX: Final = 5
"""How many earlier periods in which it was open are kept."""

ALL_FOUND: Final = Listing("findings", {"state": [OPEN, HANDLED]}, order=["since"])
"""All that is still wrong, even if a person has handled it. Served by the index (state, since)."""


@frozen
class OpenFinding:
    """A finding that is still wrong."""

    finding_id: str
    rule: str
    target: str
    order_id: str | None
    since: datetime
    last_seen_at: datetime
    is_handled: bool = False
    """Whether a person has looked into it: then it waits for nobody."""


def finding_path(finding_id: str) -> str:
    return f"findings/{finding_id}"


def open_finding_from(finding_id: str, fields: Fields) -> OpenFinding | None:
    """None if it cannot be read."""
    rule, target, since = text_or_none(fields.get("rule")), text_or_none(fields.get("target")), fields.get("since")
    if rule is None or target is None or not isinstance(since, datetime):
        return None
    last_seen_at = time_or_none(fields.get("lastSeenAt")) or since
    is_handled = fields.get("state") == HANDLED
    return OpenFinding(finding_id, rule, target, text_or_none(fields.get("orderId")), since, last_seen_at, is_handled)


def known_finding_from(finding_id: str, document: Document) -> KnownFinding:
    fields = document.fields
    state, words = str(fields.get("state")), str(fields.get("found"))
    return KnownFinding(finding_id, state == OPEN, state, words, document.version)


def noted(finding: "Finding", before: Document | None, now: datetime) -> tuple[Create | Update, bool]:
    """The write for the finding, and whether it is news."""
    if before is None or not is_found(before) or _is_handled_otherwise(finding, before):
        return _opened(finding, before, now), True
    # Found again, perhaps with other figures.
    return Update(finding_path(finding.finding_id), _said(finding, now), before.version), False


def _is_handled_otherwise(finding: "Finding", before: Document) -> bool:
    """Whether what a person has handled is not what is found now."""
    known = text_or_none(before.fields.get("difference")) or before.fields.get("found")
    return is_handled(before) and known != (finding.difference or finding.words)


def _opened(finding: "Finding", before: Document | None, now: datetime) -> Create | Update:
    """A new finding, or one that was closed or handled before."""
    path, fields = finding_path(finding.finding_id), {**_said(finding, now), "since": now, "closedAt": None}
    fields |= {"rule": finding.rule, "target": finding.target, "orderId": finding.order_id, "state": OPEN}
    if before is None:
        return Create(path, {**fields, "earlier": []})
    known, was = before.fields.get("earlier"), before.fields
    over_at = time_or_none(was.get("closedAt")) or time_or_none(was.get("handledAt"))
    once = {"since": time_or_none(was.get("since")), "closedAt": over_at}
    earlier = [*(known if isinstance(known, list) else ()), once][-EARLIER_MAX:]
    unhandled = dict.fromkeys(name for name in ("handledAt", "operator", "reason") if name in was)
    return Update(path, {**fields, **unhandled, "earlier": earlier}, before.version)


def handled(finding: KnownFinding, operator: str, reason: str, now: datetime) -> Update:
    """Record that a person has looked into it, and who."""
    fields = {"state": HANDLED, "handledAt": now, "operator": operator, "reason": reason}
    return Update(finding_path(finding.finding_id), fields, finding.version)


def closed(finding_id: str, before: Document, now: datetime) -> Update:
    """It is not wrong any more."""
    return Update(finding_path(finding_id), {"state": CLOSED, "closedAt": now}, before.version)


def is_handled(document: Document | None) -> bool:
    return document is not None and document.fields.get("state") == HANDLED


def is_found(document: Document | None) -> bool:
    """Whether it is still wrong, even if a person has handled it."""
    return document is not None and document.fields.get("state") in (OPEN, HANDLED)


def _said(finding: "Finding", now: datetime) -> dict[str, object]:
    difference = {"difference": finding.difference} if finding.difference else {}
    said = {"found": finding.words, "remedy": finding.remedy, "severity": str(finding.severity), "lastSeenAt": now}
    return {**said, **difference}
