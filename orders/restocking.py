"""The text in a refund's metadata at Stripe that says which units go back on the shelf."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from orders.order import QUANTITY_MAX
from orders.refunds import Restock, RestockRule

_RESTOCK_RULES: Final = frozenset(RestockRule)
_QUANTITY: Final = re.compile(r"[1-9][0-9]{0,6}")
_RESTOCK_CHARACTERS_MAX: Final = 500
"""The longest value of Stripe's metadata: https://docs.stripe.com/api/metadata."""


def restock_from(named: object, is_product_id: Callable[[object], bool]) -> Restock:
    """Parse `all`, `none` or `productId:quantity,…`; None for anything else."""
    if not isinstance(named, str) or len(named) > _RESTOCK_CHARACTERS_MAX:
        return None
    if (rule := named.strip().lower()) in _RESTOCK_RULES:
        return RestockRule(rule)
    units: dict[str, int] = {}
    for item in named.split(","):
        product_id, _, quantity = item.strip().rpartition(":")
        if not is_product_id(product_id) or not _QUANTITY.fullmatch(quantity):
            return None
        units[product_id] = units.get(product_id, 0) + int(quantity)
    return units if all(quantity <= QUANTITY_MAX for quantity in units.values()) else None


def restock_in_words(restock: Restock) -> str | None:
    """The text for the metadata; None if the shop's terms decide."""
    if isinstance(restock, Mapping):
        return ",".join(f"{product_id}:{quantity}" for product_id, quantity in restock.items())
    return restock and str(restock)
