"""How much of a product is left, as a word for customers: a figure would reveal its sales."""

from enum import StrEnum

from inventory.stock import Level


class Availability(StrEnum):
    IN = "in"
    FEW = "few"
    OUT = "out"


def availability(level: Level | None, *, few_left: int) -> Availability:
    """The word for what can still be sold.

    Args:
        level: None without usable figures: then orders for the product fail.
        few_left: the largest number of units that counts as few.
    """
    if level is None or not level.has(1):
        return Availability.OUT
    return Availability.IN if level.has(few_left + 1) else Availability.FEW
