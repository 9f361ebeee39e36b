"""`findings/{rule}_{target}` ↔ what a rule has found wrong, since when, and whether it still does."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from database.documents.values import text_or_none, time_or_none
from database.store import Create, Document, Fields, Listing, Update
from reconciliation.finding import Finding

OPEN: Final = "open"
CLOSED: Final = "closed"
EARLIER_MAX: Final = 5
"""How many times it was open before are kept."""

ALL_OPEN: Final = Listing("findings", {"state": [OPEN]}, order=["since"])
"""Served by the index (state, since)."""


@dataclass(frozen=True, slots=True)
class OpenFinding:
    """One that nobody has seen to yet."""

    finding_id: str
    rule: str
    target: str
    order_id: str | None
    since: datetime
    last_seen_at: datetime


def finding_path(finding_id: str) -> str:
    return f"findings/{finding_id}"


def open_finding_from(finding_id: str, fields: Fields) -> OpenFinding | None:
    """None if it cannot be read."""
    rule, target, since = text_or_none(fields.get("rule")), text_or_none(fields.get("target")), fields.get("since")
    if rule is None or target is None or not isinstance(since, datetime):
        return None
    last_seen_at = time_or_none(fields.get("lastSeenAt")) or since
    return OpenFinding(finding_id, rule, target, text_or_none(fields.get("orderId")), since, last_seen_at)


def opened(finding: Finding, before: Document | None, now: datetime) -> Create | Update:
    """Found just now, perhaps not for the first time."""
    path, fields = finding_path(finding.finding_id), {**_said(finding, now), "since": now, "closedAt": None}
    fields |= {"rule": finding.rule, "target": finding.target, "orderId": finding.order_id, "state": OPEN}
    if before is None:
        return Create(path, {**fields, "earlier": []})
    known = before.fields.get("earlier")
    once = {"since": time_or_none(before.fields.get("since")), "closedAt": time_or_none(before.fields.get("closedAt"))}
    earlier = [*(known if isinstance(known, list) else ()), once][-EARLIER_MAX:]
    return Update(path, {**fields, "earlier": earlier}, before.version)


def still_open(finding: Finding, before: Document, now: datetime) -> Update:
    """Found once more, perhaps in other words."""
    return Update(finding_path(finding.finding_id), _said(finding, now), before.version)


def closed(finding_id: str, before: Document, now: datetime) -> Update:
    """Nothing is wrong any more."""
    return Update(finding_path(finding_id), {"state": CLOSED, "closedAt": now}, before.version)


def is_open(document: Document | None) -> bool:
    return document is not None and document.fields.get("state") == OPEN


def _said(finding: Finding, now: datetime) -> dict[str, object]:
    return {"found": finding.words, "remedy": finding.remedy, "severity": str(finding.severity), "lastSeenAt": now}
