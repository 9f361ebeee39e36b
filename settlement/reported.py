"""Adds what an event reports about money to its order, and judges whose payment it is. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from orders.events import (
    FOUND_BY_PAYMENT,
    CarriesPayment,
    ChargeRefunded,
    OrderEvent,
    PaymentCanceled,
    PaymentFailed,
    PaymentProcessing,
    PaymentSucceeded,
    RefundUpdated,
    StripeEvent,
)
from orders.operator_events import RefundOrdered
from orders.order import Order
from orders.payments import Payment, PaymentState
from orders.refunds import Refunds
from settlement.checkouts import with_session
from settlement.decisions import Case
from settlement.snapshot import Record, Snapshot

PAID_BEFORE_ORDER_MAX: Final = timedelta(days=1)
"""How long a payment may have waited for its order. Only a mistake takes longer, such as an id used again."""


def with_report(case: Case) -> Order:
    """The order with the payments, refunds and session that the event reports."""
    event, order = case.event, case.order
    if reported := _reported(case):
        order = replace(order, payments=order.payments.with_report(reported))
    if isinstance(event, ChargeRefunded | RefundUpdated) and not _is_in_another_currency(event, order):
        order = replace(order, refunds=order.refunds.merged_with(_refunds_in(event, order)))
    return with_session(case, order)


def why_doubtful(case: Case) -> str | None:
    """Human-readable reason why the event's payment may be another order's; None if nothing suggests it."""
    event = case.event
    if not isinstance(event, CarriesPayment):
        return None
    known = case.snapshot.payments.get(event.payment.payment_id)
    if known and known.is_of_another_than(case.order.order_id):
        return f"shared_payment: {event.payment.payment_id} has also paid order {known.order_id}"
    # An event that a person had marked as handled was parked until then.
    if case.snapshot.record in (Record.PARKED, Record.HANDLED) and _is_early(event, case.order):
        return f"early_payment: {event.payment.payment_id} was paid more than a day before the order was created"
    return None


def order_it_belongs_to(event: StripeEvent, snapshot: Snapshot) -> str | None:
    """The id of the order that a refund or dispute belongs to, if that is another than the snapshot's; otherwise None.

    A dispute stays with the first order that it was settled for: no other order counts it, too, whatever it names or
    its payment leads to later. Otherwise its payment decides: whoever writes an order id into a refund may mean another
    order than the one that was paid. An order that has only seen the payment declined does not own it; nor one that has
    only seen it under way, if it is listed under another.
    """
    if snapshot.dispute and (first_id := snapshot.dispute.order_id):
        return first_id if first_id != snapshot.order_id else None
    order, is_named = snapshot.order, event.order_id == snapshot.order_id
    if event.kind not in FOUND_BY_PAYMENT or not is_named:
        return None
    known = order.payments.find(*event.payment_ids) if order else None
    # One that is under way belongs to the order under which it is listed.
    is_listed_here = any(each.leads_to == snapshot.order_id for each in snapshot.payments.values())
    if known and (known.is_over or (known.is_under_way and is_listed_here)):
        return None
    others = (each for each in snapshot.payments.values() if each.is_of_another_than(snapshot.order_id))
    return next((each.order_id for each in others), None)


def is_more_than_declined(event: StripeEvent, order: Order) -> bool:
    """Whether the order knows the event's payment in any other state than declined."""
    known = order.payments.find(*event.payment_ids)
    return known is not None and known.state is not PaymentState.FAILED


def of_earlier_order(event: OrderEvent, order: Order, snapshot: Snapshot) -> str | None:
    """Human-readable reason why the event is about an earlier, deleted order with the same id; None if it is not.

    The commit that adds a payment to an order also lists it under the order's id. So an order that does not know a
    payment listed under its id was created again.
    """
    if not isinstance(event, StripeEvent | RefundOrdered) or order.payments.find(*event.payment_ids):
        return None
    listed = (payment_id for payment_id, known in snapshot.payments.items() if known.order_id == order.order_id)
    payment_id = next(listed, None)
    return payment_id and f"earlier_order: {payment_id} belongs to an order that had the same id, and was deleted"


def _is_in_another_currency(event: ChargeRefunded | RefundUpdated, order: Order) -> bool:
    """Whether the refund's currency differs from its payment's, so that it cannot be about that payment."""
    known = order.payments.find(*event.payment_ids)
    return bool(known and known.money and known.money.currency != event.money.currency)


def _refunds_in(event: ChargeRefunded | RefundUpdated, order: Order) -> Refunds:
    """The event's refunds, by the id under which the order knows their payment.

    An operator may have named only its charge, and no refund tells the order which PaymentIntent that belongs to.
    """
    known = order.payments.find(*event.payment_ids)
    if known is None or order.payments.find(*event.payment_ids[:1]):
        return event.refunds
    return Refunds.of(*(replace(each, payment_id=known.payment_id) for each in event.refunds.by_id.values()))


def _reported(case: Case) -> Payment | None:
    match case.event:
        case PaymentSucceeded() | ChargeRefunded() as event:
            payment = event.payment
            until = _usual_end(case, event) if payment.is_free else None
            return replace(payment, until=until, is_doubtful=why_doubtful(case) is not None)
        case PaymentProcessing() as event:
            on_its_way = event.payment_in(event.state, until=event.until or _usual_end(case, event))
            is_estimate = event.is_estimate or event.until is None
            return on_its_way and replace(on_its_way, is_estimate=is_estimate, funded=event.funded)
        case PaymentFailed() as event:
            return event.payment_in(PaymentState.FAILED)
        case PaymentCanceled() as event:
            return event.payment_in(PaymentState.CANCELED)
        case _:
            return None


def _is_early(event: StripeEvent, order: Order) -> bool:
    return order.created_at is not None and order.created_at - event.delivery.created_at > PAID_BEFORE_ORDER_MAX


def _usual_end(case: Case, event: StripeEvent) -> datetime:
    """When a payment without a known end stops being waited for.

    Counted from Stripe's event, so that a late delivery makes no difference, but never from the future.
    """
    return min(event.delivery.created_at, case.now) + case.terms.async_reservation
