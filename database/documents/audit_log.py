"""`auditLog/{eventId}` ↔ an entry of the audit trail, with further deliveries of its event below it."""

from collections.abc import Mapping

from audit.chain import chained
from audit.entry import AuditEntry
from database.documents.payment_fields import adjustments_fields
from database.documents.values import time_or_none
from database.store import Create, Document, Update
from orders.events import StripeDelivery
from orders.outcome import UNSETTLED, Result
from settlement.snapshot import SetAsideEntry, Snapshot


def audit_path(event_id: str) -> str:
    return f"auditLog/{event_id}"


def deliveries_path(event_id: str) -> str:
    """The collection of further deliveries of the event, each under its number."""
    return f"{audit_path(event_id)}/deliveries"


def set_aside_from(document: Document | None) -> SetAsideEntry | None:
    """The entry, if the event was only set aside, by the terms or by a person; else None."""
    said = document.fields.get("result") if document else None
    result = next((result for result in UNSETTLED if result == said), None)
    if document is None or result is None:
        return None
    since = time_or_none(document.fields.get("createdAt"))
    return SetAsideEntry(result, since, document.version, frozenset(document.fields))


def entry_write(entry: AuditEntry, snapshot: Snapshot) -> Create | Update:
    """The event's audit entry, next in its order's chain; it replaces an entry that only set the event aside."""
    path, fields = audit_path(entry.event_id), _entry_fields(entry)
    if (replaced := snapshot.set_aside) is None:
        return Create(path, chained(fields, snapshot.audit_head))
    return Update(path, chained(_in_place_of(replaced, fields), snapshot.audit_head), replaced.version)


def act_write(entry: AuditEntry, snapshot: Snapshot) -> Create:
    """The entry of an operator's act that concerns no order, next in the chain of such acts."""
    return Create(audit_path(entry.event_id), chained(_entry_fields(entry), snapshot.acts_head))


def unchained_write(entry: AuditEntry, replaced: SetAsideEntry | None = None) -> Create | Update:
    """The entry of a Stripe event that changes nothing, and so is in no chain.

    Args:
        replaced: an earlier entry that set the event aside.
    """
    path, fields = audit_path(entry.event_id), _entry_fields(entry)
    return Update(path, _in_place_of(replaced, fields), replaced.version) if replaced else Create(path, fields)


def _in_place_of(replaced: SetAsideEntry, fields: Mapping[str, object]) -> dict[str, object]:
    # An update keeps fields that it does not name, but the hash covers all fields.
    return {**dict.fromkeys(sorted(replaced.names - fields.keys())), **fields}


def delivery_write(delivery: StripeDelivery, order_id: str | None, number: int, result: Result) -> Create:
    """The record of a further delivery."""
    return Create(
        f"{deliveries_path(delivery.event_id)}/{number}",
        {
            "eventId": delivery.event_id,
            "eventType": delivery.event_type,
            "orderId": order_id,
            "webhookProcessed": False,
            "result": str(result),
            "createdAt": delivery.delivered_at,
            **account_fields(delivery.account),
        },
    )


def account_fields(account: str | None) -> dict[str, object]:
    """Empty for an event of our own account, as nearly all are."""
    return {} if account is None else {"account": account}


def _entry_fields(entry: AuditEntry) -> dict[str, object]:
    return {
        "kind": str(entry.kind),
        "eventId": entry.event_id,
        "eventType": entry.event_type,
        "orderId": entry.order_id,
        "webhookProcessed": entry.webhook_processed,
        "result": str(entry.result),
        "statusBefore": str(entry.status_before) if entry.status_before else None,
        "statusAfter": str(entry.status_after) if entry.status_after else None,
        "stock": [
            {"productId": move.product_id, "stock": move.stock, "reserved": move.reserved} for move in entry.moves
        ],
        "uncounted": [{"productId": line.product_id, "quantity": line.quantity} for line in entry.uncounted],
        "amount": entry.money.amount if entry.money else None,
        "currency": entry.money.currency if entry.money else None,
        "adjustments": adjustments_fields(entry.adjustments),
        "paymentIntentId": entry.payment_intent_id,
        "note": entry.note,
        "createdAt": entry.created_at,
        **account_fields(entry.account),
        **_operator_fields(entry),
    }


def _operator_fields(entry: AuditEntry) -> dict[str, object]:
    """Empty if no operator acted, as nearly always."""
    return {} if entry.operator is None else {"operator": entry.operator, "reason": entry.reason}
