"""A product as customers see it."""

from dataclasses import dataclass

from orders.money import Money


@dataclass(frozen=True, slots=True)
class Listed:
    """What the catalogue says of a product."""

    name: str | None
    unit_price: Money | None
    """None if it has none that can be used."""
