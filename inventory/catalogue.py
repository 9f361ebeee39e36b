"""A product as customers see it."""

from typing import NamedTuple

from orders.money import Money


class Listed(NamedTuple):
    """What the catalogue says of a product."""

    name: str | None
    unit_price: Money | None
    """None if it has none that can be used."""
