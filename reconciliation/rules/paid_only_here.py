"""Stripe has received every payment that an order has on record as received."""

from typing import Final

from reconciliation.finding import Found, Rule, to_copy
from reconciliation.subjects import PaymentOnBothSides


def _judge(payment: PaymentOnBothSides) -> Found | None:
    if payment.here is None or payment.received_by_stripe:
        return None
    there = f"at Stripe it is {payment.at_stripe.status}" if payment.at_stripe else "Stripe has no such payment"
    words = f"order {payment.order_id} was paid with {payment.payment_id}, but {there}"
    return Found(words, to_copy("why", payment.order_id))


RULE: Final = Rule("paid_only_here", PaymentOnBothSides, _judge)
