"""`disputes/{disputeId}` ↔ a dispute in its latest state, and the order whose payment is disputed."""

from database.documents.values import money_or_none, text_or_none, time_or_none
from database.ids import is_order_id
from database.store import Create, Document, Fields, Update
from orders.disputes import Dispute
from settlement.snapshot import KnownDispute, Snapshot


def dispute_path(dispute_id: str) -> str:
    return f"disputes/{dispute_id}"


def known_dispute_from(dispute_id: str, document: Document) -> KnownDispute:
    order_id = document.fields.get("orderId")
    return KnownDispute(
        order_id=order_id if is_order_id(order_id) else None,
        state=dispute_from(dispute_id, document.fields),
        version=document.version,
    )


def dispute_write(dispute: Dispute, order_id: str, snapshot: Snapshot) -> Create | Update:
    """Write the dispute, unless it has changed since it was read."""
    path, fields = dispute_path(dispute.dispute_id), {"orderId": order_id, **dispute_fields(dispute)}
    return Update(path, fields, snapshot.dispute.version) if snapshot.dispute else Create(path, fields)


def dispute_from(dispute_id: str, fields: Fields) -> Dispute | None:
    status, money = text_or_none(fields.get("status")), money_or_none(fields.get("amount"), fields.get("currency"))
    opened_at, told_at = time_or_none(fields.get("openedAt")), time_or_none(fields.get("toldAt"))
    if status is None or money is None or opened_at is None or told_at is None:
        return None
    return Dispute(
        dispute_id=dispute_id,
        status=status,
        reason=text_or_none(fields.get("reason")),
        amount=money.amount,
        currency=money.currency,
        due_by=time_or_none(fields.get("dueBy")),
        opened_at=opened_at,
        told_at=told_at,
    )


def dispute_fields(dispute: Dispute) -> dict[str, object]:
    """All of the dispute but its id."""
    return {
        "status": dispute.status,
        "reason": dispute.reason,
        "amount": dispute.amount,
        "currency": dispute.currency,
        "dueBy": dispute.due_by,
        "openedAt": dispute.opened_at,
        "toldAt": dispute.told_at,
    }
