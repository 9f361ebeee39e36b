"""`reconciliations/stripe` ↔ reconciliation's progress; `baselines/{productId}` ↔ a stock computed from the trail."""

from datetime import datetime
from typing import Final

from database.documents.values import time_or_none
from database.store import Create, Document, Fields, Update
from orders.frozen import frozen
from orders.numbers import whole_number

PROGRESS: Final = "reconciliations/stripe"


@frozen
class Progress:
    """Up to which time each part is done; None if nothing is."""

    events_until: datetime | None = None
    """Every event that Stripe created before this time and listed promptly is settled, or a finding of its own."""
    reviewed_until: datetime | None = None
    """The same for events that Stripe listed late."""
    matched_until: datetime | None = None
    """All payments made or settled before this time were compared with Stripe."""
    records_until: datetime | None = None
    """The records of every order that changed before this time were checked, even when Stripe could not be asked."""
    trail_until: datetime | None = None
    """Audit entries from before this time are counted in the baselines."""


_FIELDS: Final = {
    "events_until": "eventsUntil",
    "reviewed_until": "reviewedUntil",
    "matched_until": "matchedUntil",
    "records_until": "recordsUntil",
    "trail_until": "trailUntil",
}


def progress_from(document: Document | None) -> Progress:
    fields: Fields = document.fields if document else {}
    return Progress(**{name: time_or_none(fields.get(field)) for name, field in _FIELDS.items()})


def further(one: Progress, other: Progress) -> Progress:
    """The later of both, for each part."""
    return Progress(**{name: _later(getattr(one, name), getattr(other, name)) for name in _FIELDS})


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((moment for moment in (one, other) if moment), default=None)


def progress_write(progress: Progress, before: Document | None) -> Create | Update:
    fields = {field: getattr(progress, name) for name, field in _FIELDS.items()}
    return Update(PROGRESS, fields, before.version) if before else Create(PROGRESS, fields)


@frozen
class Baseline:
    """A product's stock at one moment, according to the audit trail."""

    stock: int | None
    """None if the product was never short."""
    until: datetime | None
    """Audit entries from before this time are counted; None if unreadable."""


def baseline_path(product_id: str) -> str:
    return f"baselines/{product_id}"


def baseline_from(document: Document | None) -> Baseline | None:
    if document is None:
        return None
    return Baseline(whole_number(document.fields.get("stock")), time_or_none(document.fields.get("until")))


def baseline_write(product_id: str, baseline: Baseline, before: Document | None) -> Create | Update:
    path, fields = baseline_path(product_id), {"stock": baseline.stock, "until": baseline.until}
    return Update(path, fields, before.version) if before else Create(path, fields)
