"""Adjustments of an order's price, by the shop's backend or by a Checkout session."""

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
    """In the minor unit of the order's currency; negative if it lowers the price."""
    label: str | None = None
    """Shown to the customer."""


def is_adjusting(amount: object) -> TypeGuard[int]:
    """Whether the value can be the amount of an adjustment."""
    return type(amount) is int and abs(amount) <= AMOUNT_MINOR_MAX
