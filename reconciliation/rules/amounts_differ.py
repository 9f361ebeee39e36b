"""The amount that an order has received is what Stripe has received for it, in the same currency."""

from typing import Final

from reconciliation.finding import Found, Rule, to_copy
from reconciliation.subjects import PaymentOnBothSides


def _judge(payment: PaymentOnBothSides) -> Found | None:
    there, here = payment.received_by_stripe, payment.here
    if there is None or here is None or here.money == there:
        return None
    said = f"{here.money.amount} {here.money.currency}" if here.money else "nothing"
    words = f"Stripe has received {there.amount} {there.currency} as {payment.payment_id}, but the order says {said}"
    return Found(words, to_copy("why", payment.order_id))


RULE: Final = Rule("amounts_differ", PaymentOnBothSides, _judge)
