"""Sends what Stripe reports when the merchant refunds an order, signed, to the emulators' shop.

make refund ORDER=... [AMOUNT=... RESTOCK=...]
"""

import argparse
import sys
import time
import uuid
from collections.abc import Sequence

from orders.order import Order
from orders.payments import Payment, amount_of
from tools.local_shop import LocalShop, Refusal, at_work
from tools.pay import minor_units
from tools.stripe_events import refund_event


def refundable(order: Order) -> tuple[Payment, int]:
    """The payment to refund, and what is left of it; payments that pay for the order come first. Raises Refusal."""
    payments = (*order.paid_with, *order.payments.succeeded)
    if not payments:
        raise Refusal(f"Order {order.order_id} is {order.status}: nothing was paid for it.")
    left = ((payment, amount_of(payment) - order.refunds.amount_of(payment)) for payment in payments)
    found = next(((payment, amount) for payment, amount in left if amount > 0), None)
    if found is None:
        raise Refusal(f"Order {order.order_id} is {order.status}: nothing is left to refund.")
    return found


def refund(shop: LocalShop, arguments: argparse.Namespace, name: str, now: int) -> bool:
    """Whether the webhook answered 200. Raises Refusal or NotAnswered."""
    payment, left = refundable(shop.order(arguments.order))
    amount = left if arguments.amount is None else arguments.amount
    if not 0 < amount <= left:
        # Stripe would refuse that itself, and report nothing.
        raise Refusal(f"AMOUNT must be from 1 to {left}: that is left of payment {payment.payment_id}.")
    currency = payment.money.currency if payment.money else ""
    payment_ids = {"payment_intent": payment.payment_intent_id, "charge": payment.charge_id}
    print(f"{amount} {currency} of payment {payment.payment_id}")
    return shop.report(refund_event(name, payment_ids, amount, currency, now, arguments.restock), arguments.order)


def arguments_from(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(usage="make refund ORDER=... [AMOUNT=... RESTOCK=...]")
    parser.add_argument("--order", default="")
    parser.add_argument("--amount", type=minor_units, help="in minor units; all that is left unless it is named")
    parser.add_argument("--restock", help="which units come back, as in a refund's metadata: all, none, cup:1,tea:2")
    return parser.parse_args(words)


if __name__ == "__main__":
    said = arguments_from(sys.argv[1:])
    sys.exit(at_work(lambda shop: refund(shop, said, uuid.uuid4().hex[:12], int(time.time()))))
