"""Acts on all orders of a status: exactly those that were shown, and only for someone who knows how many there are."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from hashlib import sha256
from typing import Final

import click

from database.documents.orders import order_from
from ops.commands import Asked
from ops.page import Heading, Line, Part
from ops.reading import Query, Where
from orders.order import Order, OrderStatus

ORDERS_MAX: Final = 1_000
"""In one call: a rehearsal keeps them all in memory."""
SET_DIGITS: Final = 8

MoneyOf = Callable[[Order], tuple[str, int] | None]
"""The currency and the amount in minor units that an act on this order is about."""


@dataclass(frozen=True, slots=True)
class Said:
    """The set that the caller names; None if they are to be asked."""

    count: int | None
    digest: str | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """One order, or all of a status."""

    order: str | None
    status: str | None
    said: Said


@dataclass(frozen=True, slots=True)
class Bulk:
    """The orders that were found."""

    orders: int
    money: Mapping[str, int]
    """In minor units, by currency."""
    is_all: bool
    """Whether there are no more than one call handles."""
    set: str
    """A digest that differs for other orders or other money."""


def one_or_all(function: Callable[..., object]) -> Callable[..., object]:
    """Adds `ORDER`, or `--all --status STATUS`, to a command, passed to it as `chosen`."""

    @wraps(function)
    def with_chosen(
        *words: object,
        order: str | None,
        all_of: bool,
        status: str | None,
        count: int | None,
        digest: str | None,
        **more: object,
    ) -> object:
        if all_of == (order is not None) or all_of != (status is not None):
            raise click.UsageError("Which orders? Name one ORDER, or add --all --status STATUS.")
        return function(*words, chosen=Chosen(order, status, Said(count, digest)), **more)

    given: Callable[..., object] = with_chosen
    for option in reversed(_OPTIONS):
        given = option(given)
    return given


SET_OPTIONS: Final = (
    click.option("--count", type=int, help="How many there are, to confirm in a script."),
    click.option("--set", "digest", metavar="SET", help="Their digest, as shown without --yes; needs --count."),
)
_OPTIONS: Final = (
    click.argument("order", required=False),
    click.option("--all", "all_of", is_flag=True, help="All orders with a status, instead of one."),
    click.option("--status", type=click.Choice([str(each) for each in OrderStatus]), help="Which status; needs --all."),
    *SET_OPTIONS,
)


def chosen_orders(asked: Asked, chosen: Chosen, money_of: MoneyOf) -> tuple[Sequence[Order], Bulk]:
    """The orders of the status, the newest first."""
    of_status = (Where("status", "==", chosen.status),)
    newest = Query("orders", of_status, "createdAt", is_descending=True, at_most=ORDERS_MAX + 1)
    found = [order_from(each.id, each.fields) for each in asked.shop.reader.find(newest)]
    orders = found[:ORDERS_MAX]
    money: Counter[str] = Counter()
    moneys = [money_of(order) for order in orders]
    for currency, amount in filter(None, moneys):
        money[currency] += amount
    digest = set_of(f"{order.order_id} {each}" for order, each in zip(orders, moneys, strict=True))
    return orders, Bulk(len(orders), money, is_all=len(found) <= ORDERS_MAX, set=digest)


def set_of(members: Iterable[str]) -> str:
    """A short digest of exactly these members, in whatever sequence."""
    return sha256("\n".join(sorted(members)).encode()).hexdigest()[:SET_DIGITS]


def check_set(asked: Asked, said: Said, what: str, found: tuple[int, str], shown: Iterable[Part]) -> None:
    """Check that the caller has seen exactly the set that is about to change.

    At a terminal it is shown now, and the caller types how many there are. Without one, the caller names the digest
    shown before.

    Args:
        found: how many there are, and their digest.
        shown: a description of them.

    Raises:
        click.UsageError: nothing may be done.
    """
    count, digest = found
    if said == Said(None, None) and asked.output.screen.is_terminal:
        for part in shown:
            asked.output.say(part.text if isinstance(part, Heading | Line) else "")
        typed = click.prompt(f"Type how many {what} you are about to change", type=int, err=True)
        if typed != count:
            raise click.UsageError(f"The number of {what} is {count}. Nothing was done.")
    elif (said.count, said.digest) != (count, digest):
        which = f"--count {count} --set {digest}"
        changed = "They are not the ones that --set names. " if said.digest not in (None, digest) else ""
        raise click.UsageError(
            f"The number of {what} is {count}. {changed}Look at them without --yes; to change them all, add {which}."
        )
