"""What Stripe reports when somebody pays for an order, or tries to: signed, and delivered to the shop in the emulators.

    make pay ORDER=... [EVENT=... AMOUNT=... CURRENCY=... PAYMENT=...]

Each call is a new payment, unless it names one that an earlier call has printed: then it is another event of that
payment, or the same event once more.
"""

import argparse
import sys
import time
import uuid
from collections.abc import Sequence
from typing import Final

from orders.money import Money, is_currency
from orders.order import Order
from tools.local_shop import LocalShop, Refusal, at_work
from tools.stripe_events import OBJECT_OF, CardPayment, payment_event

_PREFIX: Final = "pi_"


def money_for(order: Order, amount: int | None, currency: str | None) -> Money:
    """What is paid: what the order asks, in so far as nothing else is said. Raises Refusal."""
    asked = order.asked
    amount = asked.amount if amount is None and asked else amount
    currency = asked.currency if currency is None and asked else currency
    if amount is None or currency is None:
        raise Refusal(
            f"Order {order.order_id} is {order.status} and has no price: name one with AMOUNT=... CURRENCY=..."
        )
    return Money(amount, currency)


def pay(shop: LocalShop, arguments: argparse.Namespace, now: int) -> bool:
    """Whether the webhook has answered 200. Raises Refusal or NotAnswered."""
    money = money_for(shop.order(arguments.order), arguments.amount, arguments.currency)
    name = arguments.payment.removeprefix(_PREFIX)
    payment = CardPayment(name, arguments.order, money.amount, money.currency, now)
    print(f"{money.amount} {money.currency} with PAYMENT={payment.payment_intent_id}")
    return shop.report(payment_event(payment, arguments.event), arguments.order)


def arguments_from(words: Sequence[str], new_name: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(usage="make pay ORDER=... [EVENT=... AMOUNT=... CURRENCY=... PAYMENT=...]")
    parser.add_argument("--order", default="")
    parser.add_argument("--event", default="payment_intent.succeeded", choices=OBJECT_OF)
    parser.add_argument("--amount", type=minor_units, help="in minor units")
    parser.add_argument("--currency", type=currency_code)
    parser.add_argument("--payment", default=f"{_PREFIX}{new_name}", help="the PaymentIntent of an earlier call")
    return parser.parse_args(words)


def minor_units(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a whole number of minor units (1450 is 14.50), not {text!r}")
    return int(text)


def currency_code(text: str) -> str:
    if not is_currency(text):
        raise argparse.ArgumentTypeError(f"must be three lower-case letters, not {text!r}")
    return text


if __name__ == "__main__":
    said = arguments_from(sys.argv[1:], uuid.uuid4().hex[:12])
    sys.exit(at_work(lambda shop: pay(shop, said, int(time.time()))))
