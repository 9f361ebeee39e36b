"""Amounts of money, counted as Stripe counts them."""

import re
from typing import Final, TypeGuard

from orders.frozen import frozen
from orders.numbers import whole_number

# Larger than any payment Stripe accepts, and far below the limit of a 64-bit integer.
AMOUNT_MINOR_MAX: Final = 10**15

_CURRENCY = re.compile(r"[a-z]{3}")


@frozen
class Money:
    amount: int
    """In the currency's minor unit: https://docs.stripe.com/currencies#zero-decimal."""
    currency: str
    """Three lower-case letters, as Stripe writes them."""


def is_amount(value: object) -> TypeGuard[int]:
    """Whether the value is a possible amount in minor units. `True` is an int in Python, but no amount."""
    return type(value) is int and 0 <= value <= AMOUNT_MINOR_MAX


def amount_or_none(value: object) -> int | None:
    """The value of a document as an amount in minor units; None if it cannot be one."""
    number = whole_number(value)
    return number if is_amount(number) else None


def is_currency(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and _CURRENCY.fullmatch(value) is not None
