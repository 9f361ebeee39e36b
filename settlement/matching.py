"""What an event has to do with an order: whether it pays for it, repeats what is known, or is somebody else's. Pure."""

from collections.abc import Mapping
from typing import Final

from orders.events import CarriesPayment, OrderEvent
from orders.order import Order, OrderStatus, Payment
from orders.outcome import Result
from settlement.snapshot import CancelRequest, Snapshot


def mismatch(payment: Payment, order: Order) -> str | None:
    """Why the payment is not what was asked; None if it is, or if the order has no price."""
    paid, asked = payment.money, order.total
    if asked is None or asked == paid or (payment.is_free and asked.amount == 0):
        return None
    return f"amount_mismatch: {paid.amount} {paid.currency} was paid, {asked.amount} {asked.currency} was asked"


def why_not_paid(event: OrderEvent, order: Order) -> str | None:
    """Why a session that was free of charge does not complete the order; None if it does, and for any other event."""
    return mismatch(event.payment, order) if isinstance(event, CarriesPayment) and event.payment.is_free else None


def shared_payment(event: OrderEvent, snapshot: Snapshot) -> str | None:
    """Which other order the event's payment has paid for, in words for a person; None if none is known."""
    if not isinstance(event, CarriesPayment):
        return None
    for payment_id, known in snapshot.payments.items():
        if known.order_id not in (None, snapshot.order_id):
            return f"shared_payment: {payment_id} has also paid order {known.order_id}"
    return None


def second_payment(payment: Payment, order: Order) -> str | None:
    """What had paid the order before this payment, in words for a person; None if nothing is known to have."""
    settled_by = order.payment
    if settled_by is None and order.finalized_at and not payment.is_free:
        return f"second_payment: {payment.name} paid an order that was finished by hand"
    if settled_by is None or not settled_by.is_another(payment.payment_intent_id, payment.charge_id):
        return None
    return f"second_payment: {payment.name} paid an order that {settled_by.name} had paid"


def is_first_report(event: CarriesPayment, order: Order, snapshot: Snapshot) -> bool:
    """Whether no event before this one is known to have named this order as the one its payment was for.

    Of a payment without a name, or that has paid for another order, none is: `payments/{paymentId}` leads to one order.
    """
    known = snapshot.payments.get(event.payment_ids[0]) if event.payment_ids else None
    return known is None or known.order_id != order.order_id


def is_newly_paid(before: Order, after: Order) -> bool:
    return before.payment is None and after.payment is not None and after.status is not OrderStatus.REFUNDED


def why_not_heard(request: CancelRequest | None, order: Order) -> str | None:
    """Why the order is not cancelled on this request, in words for a person; None if its own customer asks for it.

    Security rules refuse the requests of others. But rules can be bypassed, and the event of a request can be forged.
    """
    if request is None:
        return "no_request: nobody has asked for the order to be cancelled"
    if request.user_id is None or request.user_id != order.user_id:
        return "not_the_owner: the request is not the customer's own"
    return None


def already(order: Order) -> Result:
    """The result of an event that changes nothing, because the order is what this service has made it."""
    return _ALREADY[order.status] if order.status is order.settled_status else Result.UNKNOWN_STATUS


_ALREADY: Final[Mapping[OrderStatus, Result]] = {
    OrderStatus.FINALIZED: Result.ALREADY_FINALIZED,
    OrderStatus.PARTIALLY_REFUNDED: Result.ALREADY_FINALIZED,
    OrderStatus.REFUNDED: Result.ALREADY_FINALIZED,
    OrderStatus.REFUND_DUE: Result.ALREADY_REFUND_DUE,
    OrderStatus.REVIEW: Result.ALREADY_QUARANTINED,
    OrderStatus.FAILED: Result.ALREADY_FAILED,
    OrderStatus.EXPIRED: Result.ALREADY_EXPIRED,
    OrderStatus.CANCELLED: Result.ALREADY_CANCELLED,
    OrderStatus.UNKNOWN: Result.UNKNOWN_STATUS,
}
