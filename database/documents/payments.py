"""`payments/{paymentId}` ↔ which order a payment is for, and which parked events wait for it."""

from collections.abc import Iterator

from database.ids import can_be_settled, is_document_id
from database.store import Create, Document, Update
from orders.events import PaymentFailed, ReportsPayment, StripeEvent
from orders.operator_events import OrderAccepted
from settlement.snapshot import KnownPayment, Snapshot


def payment_path(payment_id: str) -> str:
    return f"payments/{payment_id}"


def known_payment_from(document: Document) -> KnownPayment:
    order_id, waiting = document.fields.get("orderId"), document.fields.get("waiting")
    return KnownPayment(
        order_id=order_id if can_be_settled(order_id) else None,
        waiting=tuple(filter(is_document_id, waiting)) if isinstance(waiting, list) else (),
        version=document.version,
        is_only_declined=document.fields.get("declined") is True,
    )


def index_writes(event: StripeEvent | OrderAccepted, order_id: str, snapshot: Snapshot) -> Iterator[Create | Update]:
    """List the payment under its order, for events that name only the payment; this event no longer waits for it."""
    for payment_id in event.payment_ids:
        known = snapshot.payments.get(payment_id)
        fields = _named_in(event, order_id, known) if isinstance(event, ReportsPayment | OrderAccepted) else {}
        if known and event.event_id in known.waiting:
            fields["waiting"] = [waiting for waiting in known.waiting if waiting != event.event_id]
        if fields:
            path = payment_path(payment_id)
            yield Update(path, fields, known.version) if known else Create(path, fields)


def _named_in(event: ReportsPayment | OrderAccepted, order_id: str, known: KnownPayment | None) -> dict[str, object]:
    """The payment's order, if it is new: the first named with it; after a decline, the first with more than that."""
    if known is None or known.order_id is None:
        return {"orderId": order_id, **({"declined": True} if isinstance(event, PaymentFailed) else {})}
    if known.is_only_declined and not isinstance(event, PaymentFailed):
        return {"orderId": order_id, "declined": False}
    return {}


def listed_as_waiting(event: StripeEvent, snapshot: Snapshot) -> Create | Update:
    """List an event that is parked until its payment has settled an order."""
    payment_id = event.payment_ids[0]
    known = snapshot.payments.get(payment_id)
    if known is None:
        return Create(payment_path(payment_id), {"orderId": None, "waiting": [event.event_id]})
    return Update(payment_path(payment_id), {"waiting": [*known.waiting, event.event_id]}, known.version)
