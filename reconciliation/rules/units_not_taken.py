"""What was taken from stock for an order is what it was sold, according to its own audit entries.

After a refund, some units may be back on the shelf. While a product is not counted, nothing moves when units come back
or are taken again after a failed refund. So then the rule only checks that the difference is no more than was sold.
"""

from collections import Counter
from typing import Final

from orders.order import Order
from reconciliation.finding import Found, Rule, to_copy
from reconciliation.subjects import OrderRecord


def _judge(record: OrderRecord) -> Found | None:
    order = record.order
    was_refunded = _was_refunded(order)
    sold = Counter(order.taken if order.finalized_at else {})
    gone = Counter({product_id: -units for product_id, units in record.stock_moved.items()})
    wrong = [
        f"{sold[each]} of {each} were sold, but {gone[each]} were taken"
        for each in sorted((sold.keys() | gone.keys()) - record.uncounted)
        if (abs(gone[each]) > sold[each] if was_refunded else gone[each] != sold[each])
    ]
    if not wrong or order.is_id_reused:
        # Nothing separates an earlier order's moves from its own.
        return None
    said = "; ".join(wrong)
    return Found(f"order {order.order_id} is {order.status}: {said}", to_copy("why", order.order_id), said)


def _was_refunded(order: Order) -> bool:
    return bool(order.refunds.by_id) or any(payment.amount_refunded for payment in order.payments.by_id.values())


RULE: Final = Rule("units_not_taken", OrderRecord, _judge)
