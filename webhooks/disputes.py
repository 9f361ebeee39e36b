"""Reads events of a dispute: https://docs.stripe.com/api/disputes/object.

A dispute rarely names its order, but always its payment.
"""

from orders.disputes import Dispute
from orders.events import DisputeChanged, Envelope, Ignored, StripeDelivery
from webhooks.stripe_fields import (
    Json,
    Misshapen,
    code_or_none,
    id_in,
    id_or_none,
    money_in,
    object_or_empty,
    time_from,
)


def changed(dispute: Json, order_id: str | None, delivery: StripeDelivery) -> DisputeChanged | Ignored:
    envelope: Envelope = {
        "delivery": delivery,
        "order_id": order_id,
        "payment_intent_id": id_or_none(dispute, "payment_intent"),
        "charge_id": id_or_none(dispute, "charge"),
    }
    if not (envelope["payment_intent_id"] or envelope["charge_id"]):
        return Ignored(delivery.event_id, delivery.event_type, "no payment")
    return DisputeChanged(**envelope, dispute=_dispute_from(dispute, delivery))


def _dispute_from(dispute: Json, delivery: StripeDelivery) -> Dispute:
    money, status = money_in(dispute, "amount"), code_or_none(dispute, "status")
    if status is None:
        raise Misshapen("status must be a dispute's status")
    due_by = object_or_empty(dispute, "evidence_details").get("due_by")
    return Dispute(
        dispute_id=id_in(dispute, "id"),
        status=status,
        reason=code_or_none(dispute, "reason"),
        amount=money.amount,
        currency=money.currency,
        # Zero if the bank accepts no evidence.
        due_by=None if due_by in (None, 0) else time_from(due_by, "evidence_details.due_by"),
        opened_at=time_from(dispute.get("created"), "created"),
        told_at=delivery.created_at,
    )
