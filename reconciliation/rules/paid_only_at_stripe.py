"""A payment that Stripe has received for an order is on record in the order."""

from typing import Final

from reconciliation.finding import Found, Rule, to_copy
from reconciliation.subjects import PaymentOnBothSides


def _judge(payment: PaymentOnBothSides) -> Found | None:
    received = payment.received_by_stripe
    if received is None or payment.here:
        return None
    told = f"Stripe has received {received.amount} {received.currency} as {payment.payment_id}"
    here = f"order {payment.order_id} {f'is {payment.order.status} without it' if payment.order else 'does not exist'}"
    remedy = to_copy("replay", payment.event_id) if payment.event_id else to_copy("why", payment.payment_id)
    return Found(f"{told}, but {here}", remedy, told)


RULE: Final = Rule("paid_only_at_stripe", PaymentOnBothSides, _judge)
