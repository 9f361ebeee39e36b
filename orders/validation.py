"""What a customer wrote into an order, checked. Security rules cannot look inside a list, so this is the place."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from orders.order import LINES_MAX, QUANTITY_MAX, OrderLine, is_document_id, is_user_id

# Half of what Firestore lets a document hold: https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields
ORDER_BYTES_MAX: Final = 512 * 1024
"""Of all that is not the service's own in an order."""
DOCUMENT_BYTES_MAX: Final = 896 * 1024
"""Of all that stands in it: room for hundreds of refunds, and for the write that refuses the order."""

# The longest that a value of any other kind can be: a reference, which holds a document's name.
_REFERENCE_BYTES_MAX: Final = 6 * 1024
_QUOTE_CHARACTERS_MAX: Final = 40


class InvalidOrder(ValueError):
    """The order can never be held as written. The message is for the customer and repeats at most a little input."""


def lines_from(items: object) -> tuple[OrderLine, ...]:
    """Parse an order's `items`, `[{productId, quantity}]`, merging the lines of one product.

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
        line = _line_from(item, number)
        quantities[line.product_id] = quantities.get(line.product_id, 0) + line.quantity
    for product_id, quantity in quantities.items():
        if quantity > QUANTITY_MAX:
            raise InvalidOrder(
                f"{quantity} units of product {_quoted(product_id)}; at most {QUANTITY_MAX} are possible"
            )
    return tuple(OrderLine(product_id, quantity) for product_id, quantity in quantities.items())


class OversizedOrder(InvalidOrder):
    """The order is so large that what the service adds to its document might not fit."""


def require_bounded(fields: Mapping[str, object], of_the_service: Collection[str]) -> None:
    """Raises OversizedOrder.

    Args:
        of_the_service: the names of the fields that the service writes.
    """
    order_bytes = _bytes_of({name: value for name, value in fields.items() if name not in of_the_service})
    service_bytes = _bytes_of({name: value for name, value in fields.items() if name in of_the_service})
    for found, at_most in ((order_bytes, ORDER_BYTES_MAX), (order_bytes + service_bytes, DOCUMENT_BYTES_MAX)):
        if found > at_most:
            raise OversizedOrder(f"the order is larger than {at_most} bytes")


def user_id_from(value: object) -> str:
    """Raises InvalidOrder unless the value can name a user's document."""
    if not is_user_id(value):
        raise InvalidOrder("userId must name the customer")
    return value


def _line_from(item: object, number: int) -> OrderLine:
    if not isinstance(item, Mapping):
        raise InvalidOrder(f"line {number} must have a productId and a quantity")
    product_id, quantity = item.get("productId"), item.get("quantity")
    if not is_document_id(product_id):
        raise InvalidOrder(f"line {number} names no possible product: {_quoted(product_id)}")
    if type(quantity) is not int or not 1 <= quantity <= QUANTITY_MAX:
        raise InvalidOrder(
            f"line {number}: the quantity must be a whole number from 1 to {QUANTITY_MAX}, not {_quoted(quantity)}"
        )
    return OrderLine(product_id, quantity)


def _bytes_of(value: object) -> int:
    """About what Firestore counts for a value: https://firebase.google.com/docs/firestore/storage-size."""
    match value:
        case str():
            return len(value.encode(errors="replace")) + 1
        case bytes():
            return len(value)
        case dict():
            return sum(map(_bytes_of, value)) + sum(map(_bytes_of, value.values()))
        case list() | tuple():
            return sum(map(_bytes_of, value))
        case None | bool() | int() | float() | datetime():
            return 16
        case _:
            return _REFERENCE_BYTES_MAX


def _quoted(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= _QUOTE_CHARACTERS_MAX else text[: _QUOTE_CHARACTERS_MAX - 1] + "…"
