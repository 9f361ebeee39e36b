"""For each payment, the order and Stripe have the same amount refunded."""

from typing import Final

from reconciliation.finding import Found, Rule, to_copy
from reconciliation.subjects import RefundsOnBothSides


def _judge(refunds: RefundsOnBothSides) -> Found | None:
    there, here = refunds.refunded_by_stripe, refunds.order.refunds.amount_at_stripe(refunds.payment)
    if there == here:
        return None
    payment_id, order_id = refunds.payment.payment_id, refunds.order.order_id
    words = f"Stripe has refunded {there} of {payment_id}, but order {order_id} says {here}"
    return Found(words, to_copy("why", order_id))


RULE: Final = Rule("refunds_differ", RefundsOnBothSides, _judge)
