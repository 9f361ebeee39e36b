"""A parked event as its claim stores it: enough to settle it later without Stripe's payload, which is not kept."""

from collections.abc import Mapping
from dataclasses import replace

from database.documents.checkouts import totals_fields, totals_from
from database.documents.disputes import dispute_fields, dispute_from
from database.documents.order_fields import refunds_fields, refunds_from
from database.documents.values import money_or_none, text_or_none, time_or_none
from database.ids import can_be_settled, is_document_id
from database.store import Fields
from orders.disputes import Dispute
from orders.event_kinds import EventKind
from orders.events import (
    FOUND_BY_PAYMENT,
    ChargeRefunded,
    DisputeChanged,
    Envelope,
    PaymentSucceeded,
    RefundUpdated,
    StripeDelivery,
    StripeEvent,
)
from orders.money import Money, amount_or_none
from orders.numbers import whole_number

Parkable = PaymentSucceeded | ChargeRefunded | RefundUpdated | DisputeChanged
"""Report money that nothing else reports again; all other events may be lost while there is no order."""


def parked_event_fields(event: Parkable) -> dict[str, object]:
    """The field `event` of `webhookEvents/{eventId}`."""
    fields: dict[str, object] = {
        "kind": str(event.kind),
        "createdAt": event.delivery.created_at,
        "paymentIntentId": event.payment_intent_id,
        "chargeId": event.charge_id,
        "attempt": event.attempt,
    }
    match event:
        case PaymentSucceeded(money=money):
            totals = {"totals": totals_fields(event.totals)} if event.totals else {}
            return fields | _money_fields(money) | {"sessionId": event.session_id} | totals
        case ChargeRefunded(paid=money):
            return fields | _money_fields(money) | _refund_fields(event) | {"amountRefunded": event.amount_refunded}
        case RefundUpdated(money=money):
            return fields | _money_fields(money) | _refund_fields(event)
        case DisputeChanged(dispute=dispute):
            return fields | {"dispute": {"id": dispute.dispute_id, **dispute_fields(dispute)}}


def parked_event_from(event_id: str, claim: Fields) -> StripeEvent | None:
    """The event in the parked claim `webhookEvents/{eventId}`; None if there is none that can be settled."""
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
    event = _event_from(fields, envelope)
    return event and replace(event, attempt=whole_number(fields.get("attempt")))


def _event_from(fields: Fields, envelope: Envelope) -> StripeEvent | None:
    money = money_or_none(fields.get("amount"), fields.get("currency"))
    amount_refunded = amount_or_none(fields.get("amountRefunded"))
    refunds, defect = refunds_from(fields.get("refunds")), text_or_none(fields.get("restockDefect"))
    kind = text_or_none(fields.get("kind"))
    has_payment = envelope["payment_intent_id"] or envelope["charge_id"]
    if envelope["order_id"] is None and not (has_payment and kind in FOUND_BY_PAYMENT):
        return None
    match kind:
        case EventKind.PAYMENT_SUCCEEDED if money:
            session_id, totals = text_or_none(fields.get("sessionId")), totals_from(fields.get("totals"))
            return PaymentSucceeded(**envelope, money=money, session_id=session_id, totals=totals)
        case EventKind.CHARGE_REFUNDED if money and envelope["charge_id"] and amount_refunded is not None:
            return ChargeRefunded(
                **envelope, paid=money, amount_refunded=amount_refunded, refunds=refunds, restock_defect=defect
            )
        case EventKind.REFUND_UPDATED if money:
            return RefundUpdated(**envelope, money=money, refunds=refunds, restock_defect=defect)
        case EventKind.DISPUTE_CHANGED if dispute := _dispute_from(fields.get("dispute")):
            return DisputeChanged(**envelope, dispute=dispute)
        case _:
            return None


def _refund_fields(event: ChargeRefunded | RefundUpdated) -> dict[str, object]:
    return {"refunds": refunds_fields(event.refunds), "restockDefect": event.restock_defect}


def _dispute_from(fields: object) -> Dispute | None:
    if not isinstance(fields, Mapping) or not is_document_id(dispute_id := fields.get("id")):
        return None
    return dispute_from(dispute_id, fields)


def _money_fields(money: Money) -> dict[str, object]:
    return {"amount": money.amount, "currency": money.currency}
