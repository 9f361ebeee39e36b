"""Stripe's reports on refunds and disputes, as events, complete by default."""

from datetime import datetime, timedelta

from orders.disputes import Dispute
from orders.events import ChargeRefunded, DisputeChanged, RefundUpdated
from orders.money import Money
from orders.refunds import Refund, Refunds, RefundStatus, Restock
from tests.support.builders import NOW, a_delivery


def a_refund(
    refund_id: str = "re_1",
    amount: int = 3_600,
    status: str = "succeeded",
    restock: Restock = None,
    payment_id: str | None = "pi_1",
    at: datetime | None = None,
    failed_at: datetime | None = None,
) -> Refund:
    return Refund(refund_id, amount, RefundStatus(status), restock, payment_id, at=at, failed_at=failed_at)


def a_refunded_charge(
    event_id: str = "evt_1",
    *refunds: Refund,
    order_id: str | None = "order-1",
    total: int = 3_600,
    paid: Money = Money(3_600, "eur"),
    payment_intent_id: str | None = "pi_1",
    charge_id: str | None = "ch_1",
    **delivery: object,
) -> ChargeRefunded:
    """A charge of which `total` is refunded so far, in minor units."""
    return ChargeRefunded(
        delivery=a_delivery(event_id=event_id, **{"event_type": "charge.refunded", **delivery}),
        order_id=order_id,
        payment_intent_id=payment_intent_id,
        charge_id=charge_id,
        paid=paid,
        amount_refunded=total,
        refunds=Refunds.of(*refunds),
    )


def an_updated_refund(
    event_id: str = "evt_1",
    refund: Refund | None = None,
    *,
    order_id: str | None = None,
    payment_intent_id: str | None = "pi_1",
    charge_id: str | None = "ch_1",
    currency: str = "eur",
    restock_defect: str | None = None,
    **delivery: object,
) -> RefundUpdated:
    """One refund as Stripe reports it, without the order's id."""
    refund = refund or a_refund(payment_id=payment_intent_id or charge_id)
    return RefundUpdated(
        delivery=a_delivery(event_id=event_id, **{"event_type": "refund.updated", **delivery}),
        order_id=order_id,
        payment_intent_id=payment_intent_id,
        charge_id=charge_id,
        money=Money(refund.amount, currency),
        refunds=Refunds.of(refund),
        restock_defect=restock_defect,
    )


def a_dispute(
    event_id: str = "evt_1",
    status: str = "needs_response",
    *,
    order_id: str | None = None,
    dispute_id: str = "dp_1",
    opened_at: datetime = NOW,
    payment_intent_id: str | None = "pi_1",
    **delivery: object,
) -> DisputeChanged:
    changed = a_delivery(event_id=event_id, **{"event_type": "charge.dispute.updated", **delivery})
    return DisputeChanged(
        delivery=changed,
        order_id=order_id,
        payment_intent_id=payment_intent_id,
        charge_id="ch_1",
        dispute=Dispute(
            dispute_id=dispute_id,
            status=status,
            reason="fraudulent",
            amount=3_600,
            currency="eur",
            due_by=NOW + timedelta(days=7),
            opened_at=opened_at,
            told_at=changed.created_at,
        ),
    )
