"""Checks what a customer wrote into an order. Security rules cannot look inside a list, so it is done here."""

from collections.abc import Callable, Mapping
from typing import Final, TypeGuard

from orders.numbers import whole_number
from orders.order import LINES_MAX, QUANTITY_MAX, OrderLine

IsId = Callable[[object], TypeGuard[str]]

_QUOTE_CHARACTERS_MAX: Final = 40


class InvalidOrder(ValueError):
    """The order can never be held as written. The message is for the customer and quotes only a little of the input."""


def lines_from(items: object, is_product_id: IsId) -> tuple[OrderLine, ...]:
    """Parse an order's `items`, `[{productId, quantity}]`, merging the lines of one product.

    Args:
        is_product_id: whether a value can name a product at all.

    Raises:
        InvalidOrder: not a list, empty, too long, or a line that names no product or no countable quantity.
    """
    if not isinstance(items, list):
        raise InvalidOrder("items must be a list of products")
    if not items:
        raise InvalidOrder("the order has no items")
    if len(items) > LINES_MAX:
        raise InvalidOrder(f"the order has {len(items)} lines; at most {LINES_MAX} are possible")
    quantities: dict[str, int] = {}
    for number, item in enumerate(items, start=1):
        line = _line_from(item, number, is_product_id)
        quantities[line.product_id] = quantities.get(line.product_id, 0) + line.quantity
    for product_id, quantity in quantities.items():
        if quantity > QUANTITY_MAX:
            raise InvalidOrder(
                f"{quantity} units of product {_quoted(product_id)}; at most {QUANTITY_MAX} are possible"
            )
    return tuple(OrderLine(product_id, quantity) for product_id, quantity in quantities.items())


def _line_from(item: object, number: int, is_product_id: IsId) -> OrderLine:
    if not isinstance(item, Mapping):
        raise InvalidOrder(f"line {number} must have a productId and a quantity")
    product_id, quantity = item.get("productId"), whole_number(item.get("quantity"))
    if not is_product_id(product_id):
        raise InvalidOrder(f"line {number} names no possible product: {_quoted(product_id)}")
    if quantity is None or quantity < 1:
        written = _quoted(item.get("quantity"))
        raise InvalidOrder(f"line {number}: the quantity must be a whole number, 1 or more, not {written}")
    return OrderLine(product_id, quantity)


def _quoted(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= _QUOTE_CHARACTERS_MAX else text[: _QUOTE_CHARACTERS_MAX - 1] + "…"
