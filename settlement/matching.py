"""What a payment has to do with an order: whether it pays for it, and whether it, or the order, is another's."""

from orders.events import CarriesPayment, OrderEvent
from orders.order import Order, Payment
from settlement.snapshot import Seen


def mismatch(payment: Payment, order: Order) -> str | None:
    """Why the payment is not what was asked; None if it is, or if the order has no price."""
    paid, asked = payment.money, order.total
    if asked is None or asked == paid or (payment.is_free and asked.amount == 0):
        return None
    return f"amount_mismatch: {paid.amount} {paid.currency} was paid, {asked.amount} {asked.currency} was asked"


def why_not_paid(event: OrderEvent, order: Order) -> str | None:
    """Why a session that was free of charge does not complete the order; None if it does, and for any other event."""
    return mismatch(event.payment, order) if isinstance(event, CarriesPayment) and event.payment.is_free else None


def shared_payment(event: OrderEvent, seen: Seen) -> str | None:
    """Which other order the event's payment has paid for, in words for a person; None if none is known."""
    if not isinstance(event, CarriesPayment):
        return None
    for payment_id, known in seen.payments.items():
        if known.order_id not in (None, event.order_id, seen.order_id):
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


def is_first_heard_of(event: CarriesPayment, order: Order, seen: Seen) -> bool:
    """Whether no event before this one is known to have told that its payment was for this order.

    Of a payment without a name, or that has paid for another order, none is: `payments/{paymentId}` leads to one order.
    """
    known = seen.payments.get(event.payment_ids[0]) if event.payment_ids else None
    return known is None or known.order_id != order.order_id
