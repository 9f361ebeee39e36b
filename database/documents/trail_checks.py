"""The end of an order's chain; and `sweeps/trail` ↔ the sweep's progress through the chains of all orders."""

from datetime import datetime
from typing import Final

from audit.verification import Ends
from database.documents.audit_heads import HEAD_FIELDS, head_from
from database.documents.values import text_or_none, time_or_none
from database.store import Create, Document, Fields, Listing, Update
from orders.frozen import frozen

TRAIL_CHECK: Final = "sweeps/trail"
END_FIELDS: Final = ("createdAt", "status", *HEAD_FIELDS)
"""What `ends_from` reads of an order."""


@frozen
class TrailProgress:
    after: str | None
    """The id of the last order that was checked; None between two rounds."""
    begun_at: datetime | None
    """When the round began; None before the first one."""


def ends_from(order_id: str | None, fields: Fields) -> Ends:
    """The end of an order's chain; without an order, of ACTS_CHAIN."""
    return Ends(
        order_id,
        exists=True,
        created_at=time_or_none(fields.get("createdAt")),
        head=head_from(fields),
        status=text_or_none(fields.get("status")),
    )


def trail_progress_from(document: Document | None) -> TrailProgress:
    fields = document.fields if document else {}
    return TrailProgress(text_or_none(fields.get("after")) or None, time_or_none(fields.get("begunAt")))


def trail_progress_write(progress: TrailProgress, document: Document | None) -> Create | Update:
    """Record the progress, unless another run has done so since it was read."""
    fields = {"after": progress.after, "begunAt": progress.begun_at}
    return Update(TRAIL_CHECK, fields, document.version) if document else Create(TRAIL_CHECK, fields)


def orders_behind(order_id: str | None, at_once: int) -> Listing:
    """Orders with greater ids, by id, with only what `ends_from` reads: customers decide on the size of the rest."""
    return Listing("orders", after_id=order_id, batch_max=at_once, only=END_FIELDS)
