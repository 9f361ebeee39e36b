"""Stripe's reports on payments, as events, complete by default."""

from dataclasses import replace
from datetime import datetime

from orders.declines import Decline
from orders.events import PaymentCanceled, PaymentFailed, PaymentProcessing, PaymentSucceeded, SubscriptionStarted
from orders.money import Money
from tests.support.builders import NOW, a_delivery


def a_payment(
    event_id: str = "evt_1",
    *,
    order_id: str = "order-1",
    money: Money = Money(3_600, "eur"),
    payment_intent_id: str | None = "pi_1",
    charge_id: str | None = "ch_1",
    **delivery: object,
) -> PaymentSucceeded:
    return PaymentSucceeded(
        delivery=a_delivery(event_id=event_id, **delivery),
        order_id=order_id,
        money=money,
        payment_intent_id=payment_intent_id,
        charge_id=charge_id,
    )


def a_free_session(event_id: str = "evt_1", *, created_at: datetime = NOW) -> PaymentSucceeded:
    """A completed Checkout session that cost nothing."""
    event = a_payment(
        event_id,
        money=Money(0, "eur"),
        payment_intent_id=None,
        charge_id=None,
        event_type="checkout.session.completed",
        created_at=created_at,
    )
    return replace(event, session_id="cs_1")


def a_processing(
    event_id: str = "evt_1",
    *,
    order_id: str = "order-1",
    payment_intent_id: str | None = "pi_1",
    charge_id: str | None = None,
    until: datetime | None = None,
    **delivery: object,
) -> PaymentProcessing:
    return PaymentProcessing(
        delivery=a_delivery(event_id=event_id, **{"event_type": "payment_intent.processing", **delivery}),
        order_id=order_id,
        payment_intent_id=payment_intent_id,
        charge_id=charge_id,
        until=until,
    )


def a_failure(
    event_id: str = "evt_1",
    *,
    order_id: str = "order-1",
    payment_intent_id: str | None = "pi_1",
    charge_id: str | None = "ch_0",
    decline_code: str | None = "insufficient_funds",
    **delivery: object,
) -> PaymentFailed:
    failed = a_delivery(event_id=event_id, **{"event_type": "payment_intent.payment_failed", **delivery})
    return PaymentFailed(
        delivery=failed,
        order_id=order_id,
        payment_intent_id=payment_intent_id,
        charge_id=charge_id,
        decline=Decline("card_declined", decline_code, failed.created_at, payment_intent_id, charge_id),
    )


def a_cancellation(
    event_id: str = "evt_1", *, order_id: str = "order-1", payment_intent_id: str | None = "pi_1", **delivery: object
) -> PaymentCanceled:
    return PaymentCanceled(
        delivery=a_delivery(event_id=event_id, **{"event_type": "payment_intent.canceled", **delivery}),
        order_id=order_id,
        payment_intent_id=payment_intent_id,
        charge_id=None,
    )


def a_subscription() -> SubscriptionStarted:
    return SubscriptionStarted(
        delivery=a_delivery(event_type="checkout.session.completed"),
        order_id="order-1",
        payment_intent_id=None,
        charge_id=None,
    )


EVENTS_OF_ONE_PAYMENT: tuple[PaymentSucceeded, ...] = (
    a_payment("evt_charge", event_type="charge.succeeded"),
    a_payment("evt_intent", event_type="payment_intent.succeeded"),
    a_payment("evt_session", event_type="checkout.session.completed", charge_id=None),
)
"""Stripe sends these within milliseconds."""
