"""A parked event as it stands in its claim: enough to settle it later without Stripe's payload, which is not kept."""

from collections.abc import Mapping
from typing import Final

from database.documents.orders import (
    decline_fields,
    decline_from,
    dispute_fields,
    dispute_from,
    money_or_none,
    refunds_fields,
    refunds_from,
    text_or_none,
    time_or_none,
)
from database.store import Fields
from orders.events import (
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
from orders.order import Money, is_order_id


def facts_of(event: StripeEvent) -> dict[str, object]:
    """What `webhookEvents/{eventId}` holds under `event`."""
    facts: dict[str, object] = {
        "kind": str(event.kind),
        "createdAt": event.delivery.created_at,
        "paymentIntentId": event.payment_intent_id,
        "chargeId": event.charge_id,
    }
    match event:
        case PaymentSucceeded(money=money):
            return facts | _money_fields(money)
        case ChargeRefunded(paid=money, refunds=refunds) | RefundUpdated(money=money, refunds=refunds):
            return facts | _money_fields(money) | refunds_fields(refunds) | {"restockDefect": event.restock_defect}
        case DisputeChanged(dispute=dispute):
            return facts | {"dispute": dispute_fields(dispute)}
        case PaymentFailed(decline=decline):
            return facts | {"decline": decline_fields(decline)}
        case PaymentProcessing() | PaymentCanceled():
            return facts


def parked_event_from(event_id: str, fields: Fields) -> StripeEvent | None:
    """The event that the parked claim `webhookEvents/{eventId}` holds; None if it holds none that can be settled."""
    facts = fields.get("event")
    if not isinstance(facts, Mapping):
        return None
    order_id = fields.get("orderId")
    created_at, delivered_at = time_or_none(facts.get("createdAt")), time_or_none(fields.get("lastDeliveryAt"))
    if created_at is None or delivered_at is None:
        return None
    envelope: Envelope = {
        "delivery": StripeDelivery(
            event_id=event_id,
            event_type=str(fields.get("eventType")),
            created_at=created_at,
            delivered_at=delivered_at,
            livemode=fields.get("livemode") is True,
            api_version=text_or_none(fields.get("apiVersion")),
            is_replay=True,
        ),
        "order_id": order_id if is_order_id(order_id) else None,
        "payment_intent_id": text_or_none(facts.get("paymentIntentId")),
        "charge_id": text_or_none(facts.get("chargeId")),
    }
    return _event_from(facts, envelope)


def _event_from(facts: Fields, envelope: Envelope) -> StripeEvent | None:
    money = money_or_none(facts.get("amount"), facts.get("currency"))
    refunds, restock_defect = refunds_from(facts), text_or_none(facts.get("restockDefect"))
    kind = text_or_none(facts.get("kind"))
    has_payment = envelope["payment_intent_id"] or envelope["charge_id"]
    if envelope["order_id"] is None and not (has_payment and kind in _FOUND_BY_PAYMENT):
        return None
    match kind:
        case EventKind.PAYMENT_SUCCEEDED if money:
            return PaymentSucceeded(**envelope, money=money)
        case EventKind.PAYMENT_PROCESSING:
            return PaymentProcessing(**envelope)
        case EventKind.PAYMENT_FAILED if decline := decline_from(facts.get("decline")):
            return PaymentFailed(**envelope, decline=decline)
        case EventKind.PAYMENT_CANCELED:
            return PaymentCanceled(**envelope)
        case EventKind.CHARGE_REFUNDED if money:
            return ChargeRefunded(**envelope, paid=money, refunds=refunds, restock_defect=restock_defect)
        case EventKind.REFUND_UPDATED if money:
            return RefundUpdated(**envelope, money=money, refunds=refunds, restock_defect=restock_defect)
        case EventKind.DISPUTE_CHANGED if dispute := dispute_from(facts.get("dispute")):
            return DisputeChanged(**envelope, dispute=dispute)
        case _:
            return None


_FOUND_BY_PAYMENT: Final = frozenset({EventKind.CHARGE_REFUNDED, EventKind.REFUND_UPDATED, EventKind.DISPUTE_CHANGED})
"""These may wait for a payment that tells them their order."""


def _money_fields(money: Money) -> dict[str, object]:
    return {"amount": money.amount, "currency": money.currency}
