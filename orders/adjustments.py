"""What the shop's backend or a Checkout session adds to the price of an order's items, or takes off it."""

from enum import StrEnum
from typing import Final, NamedTuple, TypeGuard

from orders.money import AMOUNT_MINOR_MAX

ADJUSTMENTS_MAX: Final = 100
LABEL_CHARACTERS_MAX: Final = 200


class AdjustmentKind(StrEnum):
    SHIPPING = "shipping"
    TAX = "tax"
    DISCOUNT = "discount"
    TIP = "tip"
    GIFT_CARD = "gift_card"
    OTHER = "other"


class Adjustment(NamedTuple):
    kind: AdjustmentKind
    amount: int
    """In the minor unit of the order's currency; less than zero where it is taken off."""
    label: str | None = None
    """For the customer."""


def is_adjusting(amount: object) -> TypeGuard[int]:
    """Whether the value can be the amount of an adjustment."""
    return type(amount) is int and abs(amount) <= AMOUNT_MINOR_MAX
