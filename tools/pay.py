"""Sends what Stripe reports when somebody pays for an order, or tries to, signed, to the emulators' shop.

    make pay ORDER=... [EVENT=... AMOUNT=... CURRENCY=... PAYMENT=...]

Each call is a new payment, unless it names one that an earlier call printed: then it is another event of that payment,
or the same event again.
"""

import argparse
import sys
import time
import uuid
from collections.abc import Sequence

from orders.money import is_currency
from tools.local_shop import LocalShop, Refusal, at_work
from tools.stripe_events import OBJECT_OF, PREFIX, NoPrice, payment_event, payment_for


def pay(shop: LocalShop, arguments: argparse.Namespace, now: int) -> bool:
    """Whether the webhook answered 200. Raises Refusal or NotAnswered."""
    order = shop.order(arguments.order)
    try:
        payment = payment_for(order, arguments.payment, arguments.amount, arguments.currency, now)
    except NoPrice as problem:
        raise Refusal(f"{problem}: name one with AMOUNT=... CURRENCY=...") from None
    print(f"{payment.amount} {payment.currency} with PAYMENT={payment.payment_intent_id}")
    return shop.report(payment_event(payment, arguments.event), arguments.order)


def arguments_from(words: Sequence[str], new_name: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(usage="make pay ORDER=... [EVENT=... AMOUNT=... CURRENCY=... PAYMENT=...]")
    parser.add_argument("--order", default="")
    parser.add_argument("--event", default="payment_intent.succeeded", choices=OBJECT_OF)
    parser.add_argument("--amount", type=minor_units, help="in minor units")
    parser.add_argument("--currency", type=currency_code)
    parser.add_argument("--payment", default=f"{PREFIX}{new_name}", help="the PaymentIntent of an earlier call")
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
