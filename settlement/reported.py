"""What an event says of money, added to what is known of its order; and what to think of a payment. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from orders.events import (
    FOUND_BY_PAYMENT,
    CarriesPayment,
    ChargeRefunded,
    DisputeChanged,
    OrderEvent,
    PaymentCanceled,
    PaymentFailed,
    PaymentProcessing,
    PaymentSucceeded,
    RefundUpdated,
    StripeEvent,
)
from orders.order import Order
from orders.payments import Payment, PaymentState
from orders.refunds import Refunds
from settlement.checkouts import with_session
from settlement.decisions import Case
from settlement.snapshot import Record, Snapshot

PAID_BEFORE_ORDER_MAX: Final = timedelta(days=1)
"""How long a payment may be parked for want of its order. Only a mistake takes longer, such as an id used again."""


def with_report(case: Case) -> Order:
    """The order, with what the event says of payments, refunds and its session added to what is known of them."""
    event, order = case.event, case.order
    if reported := _reported(case):
        order = replace(order, payments=order.payments.with_report(reported))
    if isinstance(event, ChargeRefunded | RefundUpdated) and not _is_in_another_currency(event, order):
        order = replace(order, refunds=order.refunds.merged_with(_refunds_in(event, order)))
    return with_session(case, order)


def why_doubtful(case: Case) -> str | None:
    """Why the event's payment may be another order's, in words for a person; None if nothing says so."""
    event = case.event
    if not isinstance(event, CarriesPayment):
        return None
    known = case.snapshot.payments.get(event.payment.payment_id)
    if known and known.is_of_another_than(case.order.order_id):
        return f"shared_payment: {event.payment.payment_id} has also paid order {known.order_id}"
    # What a person had handled was parked until then.
    if case.snapshot.record in (Record.PARKED, Record.HANDLED) and _is_early(event, case.order):
        return f"early_payment: {event.payment.payment_id} was paid more than a day before the order was created"
    return None


def order_of_its_payment(event: StripeEvent, snapshot: Snapshot) -> str | None:
    """The order whose payment is refunded or disputed, if the event names another one, which at most saw it declined.

    Whoever writes an order's id into a refund may mean another than the one that was paid for.
    """
    order, is_named = snapshot.order, event.order_id == snapshot.order_id
    if event.kind not in FOUND_BY_PAYMENT or not is_named or _is_on_record(event, snapshot):
        return None
    if order and is_more_than_declined(event, order):
        return None
    others = (known for known in snapshot.payments.values() if known.is_of_another_than(snapshot.order_id))
    return next((known.order_id for known in others), None)


def is_more_than_declined(event: StripeEvent, order: Order) -> bool:
    """Whether the order knows more of the event's payment than that it was declined."""
    known = order.payments.find(*event.payment_ids)
    return known is not None and known.state is not PaymentState.FAILED


def _is_on_record(event: StripeEvent, snapshot: Snapshot) -> bool:
    """Whether it is a dispute that the named order counts already: no other order may count it, too."""
    known = snapshot.dispute
    return isinstance(event, DisputeChanged) and known is not None and known.order_id == snapshot.order_id


def of_earlier_order(event: OrderEvent, order: Order, snapshot: Snapshot) -> str | None:
    """Why the event is about an order that had the same id before, in words for a person; None if it is not.

    A payment is listed under its order in the commit in which the order learns of it. So an order that does not know a
    payment that is listed under its id was created again.
    """
    if not isinstance(event, StripeEvent) or order.payments.find(*event.payment_ids):
        return None
    listed = (payment_id for payment_id, known in snapshot.payments.items() if known.order_id == order.order_id)
    payment_id = next(listed, None)
    return payment_id and f"earlier_order: {payment_id} belongs to an order that had the same id, and was deleted"


def _is_in_another_currency(event: ChargeRefunded | RefundUpdated, order: Order) -> bool:
    """Whether it cannot be about the payment that it names."""
    known = order.payments.find(*event.payment_ids)
    return bool(known and known.money and known.money.currency != event.money.currency)


def _refunds_in(event: ChargeRefunded | RefundUpdated, order: Order) -> Refunds:
    """What it says of refunds, by the id under which the order knows their payment.

    An operator may have named its charge alone, and no refund shows the order of which PaymentIntent that is.
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
            return on_its_way and replace(on_its_way, is_estimate=event.is_estimate or event.until is None)
        case PaymentFailed() as event:
            return event.payment_in(PaymentState.FAILED)
        case PaymentCanceled() as event:
            return event.payment_in(PaymentState.CANCELED)
        case _:
            return None


def _is_early(event: StripeEvent, order: Order) -> bool:
    return order.created_at is not None and order.created_at - event.delivery.created_at > PAID_BEFORE_ORDER_MAX


def _usual_end(case: Case, event: StripeEvent) -> datetime:
    """Counted from Stripe's event, so that it does not matter when it arrives; but never from the future."""
    return min(event.delivery.created_at, case.now) + case.terms.async_reservation
