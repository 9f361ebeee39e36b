"""A parked event as its claim holds it: enough to settle it later without Stripe's payload, which is not kept."""

from collections.abc import Mapping

from database.documents.disputes import dispute_fields, dispute_from
from database.documents.order_fields import decline_fields, decline_from, refunds_fields, refunds_from
from database.documents.values import money_or_none, text_or_none, time_or_none
from database.ids import can_be_settled, is_document_id
from database.store import Fields
from orders.disputes import Dispute
from orders.events import (
    FOUND_BY_PAYMENT,
    ChargeRefunded,
    DisputeChanged,
    Envelope,
    EventKind,
    PaymentCanceled,
    PaymentFailed,
    PaymentProcessing,
    PaymentSucceeded,
    RefundUpdated,
    StripeDelivery,
    StripeEvent,
)
from orders.order import Money


def parked_event_fields(event: StripeEvent) -> dict[str, object]:
    """What `webhookEvents/{eventId}` holds under `event`."""
    fields: dict[str, object] = {
        "kind": str(event.kind),
        "createdAt": event.delivery.created_at,
        "paymentIntentId": event.payment_intent_id,
        "chargeId": event.charge_id,
    }
    match event:
        case PaymentSucceeded(money=money):
            return fields | _money_fields(money)
        case ChargeRefunded(paid=money, refunds=refunds) | RefundUpdated(money=money, refunds=refunds):
            return fields | _money_fields(money) | refunds_fields(refunds) | {"restockDefect": event.restock_defect}
        case DisputeChanged(dispute=dispute):
            return fields | {"dispute": {"id": dispute.dispute_id, **dispute_fields(dispute)}}
        case PaymentFailed(decline=decline):
            return fields | {"decline": decline_fields(decline)}
        case PaymentProcessing() | PaymentCanceled():
            return fields


def parked_event_from(event_id: str, claim: Fields) -> StripeEvent | None:
    """The event that the parked claim `webhookEvents/{eventId}` holds; None if it holds none that can be settled."""
    fields = claim.get("event")
    if not isinstance(fields, Mapping):
        return None
    order_id, account = claim.get("orderId"), claim.get("account")
    created_at, delivered_at = time_or_none(fields.get("createdAt")), time_or_none(claim.get("lastDeliveryAt"))
    if created_at is None or delivered_at is None or not isinstance(account, str | None):
        return None
    envelope: Envelope = {
        "delivery": StripeDelivery(
            event_id=event_id,
            event_type=str(claim.get("eventType")),
            created_at=created_at,
            delivered_at=delivered_at,
            livemode=claim.get("livemode") is True,
            api_version=text_or_none(claim.get("apiVersion")),
            account=account,
            is_replay=True,
        ),
        "order_id": order_id if can_be_settled(order_id) else None,
        "payment_intent_id": text_or_none(fields.get("paymentIntentId")),
        "charge_id": text_or_none(fields.get("chargeId")),
    }
    return _event_from(fields, envelope)


def _event_from(fields: Fields, envelope: Envelope) -> StripeEvent | None:
    money = money_or_none(fields.get("amount"), fields.get("currency"))
    refunds, restock_defect = refunds_from(fields), text_or_none(fields.get("restockDefect"))
    kind = text_or_none(fields.get("kind"))
    has_payment = envelope["payment_intent_id"] or envelope["charge_id"]
    if envelope["order_id"] is None and not (has_payment and kind in FOUND_BY_PAYMENT):
        return None
    match kind:
        case EventKind.PAYMENT_SUCCEEDED if money:
            return PaymentSucceeded(**envelope, money=money)
        case EventKind.PAYMENT_PROCESSING:
            return PaymentProcessing(**envelope)
        case EventKind.PAYMENT_FAILED if decline := decline_from(fields.get("decline")):
            return PaymentFailed(**envelope, decline=decline)
        case EventKind.PAYMENT_CANCELED:
            return PaymentCanceled(**envelope)
        case EventKind.CHARGE_REFUNDED if money:
            return ChargeRefunded(**envelope, paid=money, refunds=refunds, restock_defect=restock_defect)
        case EventKind.REFUND_UPDATED if money:
            return RefundUpdated(**envelope, money=money, refunds=refunds, restock_defect=restock_defect)
        case EventKind.DISPUTE_CHANGED if dispute := _dispute_from(fields.get("dispute")):
            return DisputeChanged(**envelope, dispute=dispute)
        case _:
            return None


def _dispute_from(fields: object) -> Dispute | None:
    if not isinstance(fields, Mapping) or not is_document_id(dispute_id := fields.get("id")):
        return None
    return dispute_from(dispute_id, fields)


def _money_fields(money: Money) -> dict[str, object]:
    return {"amount": money.amount, "currency": money.currency}
