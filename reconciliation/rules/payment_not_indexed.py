"""Every received payment leads to its order, for events that name only the payment."""

from typing import Final

from reconciliation.finding import Found, Rule, to_copy
from reconciliation.subjects import OrderRecord


def _judge(record: OrderRecord) -> Found | None:
    paid_with = [payment for payment in record.order.payments.succeeded if not payment.is_free]
    ids = dict.fromkeys(each for payment in paid_with for each in (payment.payment_id, payment.charge_id) if each)
    lost = [each for each in ids if record.indexed.get(each) is None]
    if not lost:
        return None
    order_id = record.order.order_id
    words = f"order {order_id} was paid with {' and '.join(lost)}, whose refunds would not find the order"
    return Found(words, to_copy("why", order_id))


RULE: Final = Rule("payment_not_indexed", OrderRecord, _judge)
