"""All orders of a status in place of one: exactly those that were counted, and only by who knows how many they are."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Final

import click

from database.documents.orders import order_from
from ops.commands import Asked
from orders.order import Order, OrderStatus

ORDERS_MAX: Final = 1_000
"""In one call: a rehearsal keeps them all in memory."""

MoneyOf = Callable[[Order], tuple[str, int] | None]
"""What of an order's money an act is about: its currency, and the amount in minor units."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """One order, or all of a status."""

    order: str | None
    status: str | None
    count: int | None
    """How many they are, as whoever wants to change them has said."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """What was found."""

    orders: int
    money: Mapping[str, int]
    """In minor units, by currency."""
    is_all: bool
    """Whether there are no more than are done in one call."""


def one_or_all(function: Callable[..., object]) -> Callable[..., object]:
    """`ORDER`, or `--all --status STATUS`; the command is given them as `chosen`."""

    @wraps(function)
    def with_chosen(
        *words: object, order: str | None, all_of: bool, status: str | None, count: int | None, **more: object
    ) -> object:
        if all_of == (order is not None) or all_of != (status is not None):
            raise click.UsageError("Which? Name one ORDER, or say --all --status STATUS.")
        return function(*words, chosen=Chosen(order, status, count), **more)

    given: Callable[..., object] = with_chosen
    for option in reversed(_OPTIONS):
        given = option(given)
    return given


_OPTIONS: Final = (
    click.argument("order", required=False),
    click.option("--all", "all_of", is_flag=True, help="All orders of a status, in place of one."),
    click.option("--status", type=click.Choice([str(each) for each in OrderStatus]), help="Which: with --all."),
    click.option("--count", type=int, help="How many they are: needed to do it where nobody can type it."),
)


def chosen_orders(asked: Asked, chosen: Chosen, money_of: MoneyOf) -> tuple[Sequence[Order], Bulk]:
    """The orders of the status, the newest first."""
    from google.cloud.firestore import FieldFilter  # noqa: PLC0415 - nothing else takes so long to import

    query = asked.shop.client.collection("orders").where(filter=FieldFilter("status", "==", chosen.status))
    newest = query.order_by("createdAt", direction="DESCENDING").limit(ORDERS_MAX + 1).stream()
    found = [order_from(document.id, document.to_dict() or {}) for document in newest]
    orders = found[:ORDERS_MAX]
    money: Counter[str] = Counter()
    for currency, amount in filter(None, map(money_of, orders)):
        money[currency] += amount
    return orders, Bulk(len(orders), money, is_all=len(found) <= ORDERS_MAX)


def check_count(count: int, said: int | None, asked: Asked, what: str = "orders") -> None:
    """Raises click.UsageError unless whoever is about to change so many says how many they are."""
    if said is None and asked.output.screen.is_terminal:
        said = click.prompt(f"Type how many {what} you are about to change ({count} are found)", type=int, err=True)
    if said != count:
        raise click.UsageError(f"{count} {what} are found. To change them all, say --count {count}.")
