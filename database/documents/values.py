"""Reads single values of a document; None if a value has another type."""

from datetime import datetime

from orders.money import Money, amount_or_none, is_currency


def money_or_none(amount: object, currency: object) -> Money | None:
    number = amount_or_none(amount)
    return Money(number, currency) if number is not None and is_currency(currency) else None


def text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def time_or_none(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None
