"""Holding stock without a lock, as decisions: may an order be held, and was its counted hold found covered.

First the units are added to `reserved` in one atomic commit, whose answer carries the new figures. Firestore puts such
commits in an order, so of two buyers of the last unit one sees a figure that is still covered, and the other does not
and gives its units back. An order is `reserved` only after its own hold was counted and found covered.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from inventory.stock import Level, Shortage, StockMove, shortages
from orders.money import AMOUNT_MINOR_MAX, Money
from orders.order import Order, OrderLine


@dataclass(frozen=True, slots=True)
class Product:
    """A product as far as an order needs it: `inventory/{productId}` and `products/{productId}` together."""

    product_id: str
    in_inventory: bool
    """Whether `inventory/{productId}` exists at all."""
    level: Level | None
    """None if the inventory has no such product, or no whole numbers for it."""
    on_sale: bool
    unit_price: Money | None
    """None if the catalogue carries no price."""
    price_defect: str | None = None
    """Why the price that the catalogue carries cannot be used."""


class Refused(Exception):
    """The order cannot be held now. The message is for the customer, and begins with a word for programs."""

    def __init__(self, reason: str, *, note: str | None = None) -> None:
        """The note is for operators, where they may know more than the customer: how many units there are."""
        super().__init__(reason)
        self.note = note or reason


def price_to_hold(order: Order, products: Mapping[str, Product]) -> Money | None:
    """The price of an order that may be held: every product known, on sale, and to all appearances available.

    Returns:
        The total in minor units; None where the catalogue prices none of its products.

    Raises:
        Refused: the order is broken, a product is unknown, not on sale, without a usable price or short, or only some
            products have a price.
    """
    if order.defect:
        raise Refused(f"invalid_order: {order.defect}")
    for line in order.lines:
        product = products[line.product_id]
        if product.level is None:
            raise Refused(f"unknown_product: the inventory does not count {line.product_id!r}")
        if not product.on_sale:
            raise Refused(f"not_on_sale: {line.product_id!r} is not on sale")
        if product.price_defect:
            raise Refused(f"no_usable_price: {line.product_id!r} {product.price_defect}")
    if short := shortages(order.lines, levels_of(products)):
        raise _shortage_of(short)
    return _total(order, products)


def hold_is_covered(order: Order, products: Mapping[str, Product]) -> bool:
    """Whether the units of an order in `reserving`, already counted in these levels, are all covered by stock."""
    levels = levels_of(products)
    return all(line.product_id in levels and levels[line.product_id].is_covered for line in order.lines)


def counted_apart(
    moves: Iterable[StockMove], products: Mapping[str, Product]
) -> tuple[tuple[StockMove, ...], tuple[OrderLine, ...]]:
    """The moves that can be counted, and the units of products whose inventory is known to be gone."""
    counted, uncounted = [], []
    for move in moves:
        product = products.get(move.product_id)
        if product and not product.in_inventory:
            uncounted.append(OrderLine(move.product_id, abs(move.stock or move.reserved)))
        else:
            counted.append(move)
    return tuple(counted), tuple(uncounted)


def levels_of(products: Mapping[str, Product]) -> dict[str, Level]:
    return {product_id: product.level for product_id, product in products.items() if product.level is not None}


def _shortage_of(short: Iterable[Shortage]) -> Refused:
    """Whoever may order must not learn how many units there are: not by asking for too many."""
    names = ", ".join(repr(shortage.product_id) for shortage in short)
    figures = ", ".join(f"{s.ordered} of {s.product_id!r} ordered, {max(s.available, 0)} available" for s in short)
    return Refused(f"insufficient_stock: not enough is left of {names}", note=f"insufficient_stock: {figures}")


def _total(order: Order, products: Mapping[str, Product]) -> Money | None:
    prices = [(line.quantity, products[line.product_id].unit_price) for line in order.lines]
    priced = [(quantity, price) for quantity, price in prices if price is not None]
    currencies = sorted({price.currency for _, price in priced})
    if len(currencies) > 1:
        raise Refused(f"mixed_currencies: the products are priced in {' and '.join(currencies)}")
    if not priced:
        return None
    if len(priced) < len(prices):
        unpriced = next(line.product_id for line in order.lines if products[line.product_id].unit_price is None)
        raise Refused(f"mixed_prices: {unpriced!r} has no price, and other products of the order do")
    amount = sum(quantity * price.amount for quantity, price in priced)
    if amount > AMOUNT_MINOR_MAX:
        raise Refused(f"amount_too_large: {amount} {currencies[0]} cannot be paid")
    return Money(amount, currencies[0])
