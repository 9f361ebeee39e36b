"""Single values of a document, as the domain knows them; None for whatever is not one."""

from datetime import datetime

from orders.order import Money, is_amount, is_currency


def money_or_none(amount: object, currency: object) -> Money | None:
    return Money(amount, currency) if is_amount(amount) and is_currency(currency) else None


def text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def time_or_none(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None
