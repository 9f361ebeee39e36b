"""Reads events of a refund, and which units it puts back: https://docs.stripe.com/api/refunds/object.

A refund rarely names its order, but always its payment.
"""

from collections.abc import Mapping
from dataclasses import replace

from database.ids import is_document_id
from orders.events import Envelope, Ignored, RefundUpdated, StripeDelivery
from orders.numbers import unix_time
from orders.refunds import Refund, Refunds, RefundStatus
from orders.restocking import restock_from
from webhooks.stripe_fields import Json, Misshapen, id_in, id_or_none, money_in, object_or_empty


def updated(refund: Json, order_id: str | None, delivery: StripeDelivery) -> RefundUpdated | Ignored:
    envelope: Envelope = {
        "delivery": delivery,
        "order_id": order_id,
        "payment_intent_id": id_or_none(refund, "payment_intent"),
        "charge_id": id_or_none(refund, "charge"),
    }
    if not (envelope["payment_intent_id"] or envelope["charge_id"]):
        return Ignored(delivery.event_id, delivery.event_type, "no payment")
    read, defect = refund_from(refund, envelope["payment_intent_id"] or envelope["charge_id"])
    if read.is_undone:
        # Whichever event says so first: others of it may come later, or be about something else.
        read = replace(read, failed_at=delivery.created_at)
    return RefundUpdated(**envelope, money=money_in(refund, "amount"), refunds=Refunds.of(read), restock_defect=defect)


def failed(refund: Json, order_id: str | None, delivery: StripeDelivery) -> RefundUpdated | Ignored:
    """The same; if the refund has no status, the event's type says that it failed."""
    status = RefundStatus.FAILED if refund.get("status") is None else refund["status"]
    return updated({**refund, "status": status}, order_id, delivery)


def refund_from(refund: object, payment_id: str | None) -> tuple[Refund, str | None]:
    """A refund of this payment, and why its `restock` metadata cannot be followed, if so."""
    if not isinstance(refund, Mapping):
        raise Misshapen("refunds must be a list of refunds")
    status = RefundStatus.said_by(refund)
    if status is None:
        raise Misshapen("status must be a refund's status")
    refund_id, named = id_in(refund, "id"), object_or_empty(refund, "metadata").get("restock")
    restock = restock_from(named, is_document_id)
    is_defect = restock is None and named not in (None, "")
    defect = f"malformed_restock: refund {refund_id} names no list of productId:quantity" if is_defect else None
    read = Refund(
        refund_id,
        money_in(refund, "amount").amount,
        status,
        restock,
        payment_id,
        at=unix_time(refund.get("created")),
    )
    return read, defect
