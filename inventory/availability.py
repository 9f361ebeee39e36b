"""How much of a product is left, in a word for customers: no figure, from which anybody could work out its sales."""

from enum import StrEnum

from inventory.stock import Level


class Availability(StrEnum):
    IN = "in"
    FEW = "few"
    OUT = "out"


def availability(level: Level | None, *, few_left: int) -> Availability:
    """The word for what can still be sold.

    Args:
        level: None where there are no figures to count with: an order for the product fails.
        few_left: the largest number of units that is called few.
    """
    if level is None or not level.has(1):
        return Availability.OUT
    return Availability.IN if level.has(few_left + 1) else Availability.FEW
