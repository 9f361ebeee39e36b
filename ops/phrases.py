"""Formats times, ages and amounts for operators, in English and in UTC. Pure."""

from datetime import UTC, datetime, timedelta
from typing import Final

from notifications.amounts import amount_in_words
from orders.money import Money

_STEPS: Final = (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("min", timedelta(minutes=1)))


def moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def age(since: datetime, now: datetime) -> str:
    """How long ago, or how long from now, in its two largest units."""
    return span(abs(now - since))


def span(duration: timedelta) -> str:
    said: list[str] = []
    for unit, length in _STEPS:
        count, duration = divmod(duration, length)
        if count or said:
            said.append(f"{count} {unit}")
    return " ".join([part for part in said[:2] if part[0] != "0"]) or "under a minute"


def amount(money: Money | None) -> str:
    """The amount; a dash if there is none."""
    return (
        "-" if money is None else amount_in_words(money.amount, money.currency, "en").replace("\N{NO-BREAK SPACE}", " ")
    )


def amounts(several: tuple[Money, ...]) -> str:
    return " + ".join(map(amount, several)) or "-"


def added(several: list[Money]) -> tuple[Money, ...]:
    """The sums, one per currency."""
    sums: dict[str, int] = {}
    for money in several:
        sums[money.currency] = sums.get(money.currency, 0) + money.amount
    return tuple(Money(total, currency) for currency, total in sorted(sums.items()))
