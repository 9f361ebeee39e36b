"""A product as customers see it."""

from typing import NamedTuple

from orders.money import Money


class Listed(NamedTuple):
    """A product's entry in the catalogue."""

    name: str | None
    unit_price: Money | None
    """None if it has no usable price."""
