"""Nobody can pay for an order that is over: its Checkout session is over, too."""

from typing import Final

from orders.checkout import CheckoutState
from orders.order import CLOSED
from reconciliation.finding import Found, Rule, to_copy
from reconciliation.subjects import OrderRecord


def _judge(record: OrderRecord) -> Found | None:
    order, checkout = record.order, record.checkout
    if checkout is None or checkout.session_id is None or order.status not in CLOSED:
        return None
    if checkout.state is CheckoutState.OPEN and checkout.expires_at > record.now:
        until = f"{checkout.expires_at:%Y-%m-%d %H:%M} UTC"
        words = (
            f"order {order.order_id} is {order.status}, but can still be paid in {checkout.session_id} until {until}"
        )
        return Found(words, to_copy("why", order.order_id))
    return None


RULE: Final = Rule("session_of_closed_order", OrderRecord, _judge)
