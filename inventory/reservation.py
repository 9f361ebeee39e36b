"""Decides without a lock whether an order may be held, and whether its counted hold is covered by stock.

First one atomic commit adds the units to `reserved`, and its answer carries the new figures. Firestore serializes such
commits, so of two buyers of the last unit one sees a figure that is still covered; the other does not, and gives its
unit back. An order becomes `reserved` only after its own hold was counted and found covered.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from inventory.stock import Level, Shortage, StockMove, shortages
from orders.money import AMOUNT_MINOR_MAX, Money
from orders.order import Order, OrderLine


class Product(NamedTuple):
    """What an order needs to know of a product, from `inventory/{productId}` and `products/{productId}`."""

    product_id: str
    in_inventory: bool
    """Whether `inventory/{productId}` exists."""
    level: Level | None
    """None if the product has no inventory document, or no usable figures."""
    on_sale: bool
    unit_price: Money | None
    """None if the catalogue has no price."""
    price_defect: str | None = None
    """Why the catalogue's price cannot be used."""
    level_defect: str | None = None
    """Why its inventory document does not allow holding it, as a message for the shop."""
    in_catalogue: bool = True
    """Whether `products/{productId}` exists."""
    is_hot: bool = False
    """Whether the shop marks it as bought by many at once: then the fold takes its sold units."""

    @property
    def is_unlimited(self) -> bool:
        """Whether it is never short, so that nothing is counted."""
        return self.level is not None and self.level.stock is None


class Refused(Exception):
    """The order cannot be held now. The message is for the customer, and begins with a code for programs."""

    def __init__(self, reason: str, *, note: str | None = None) -> None:
        """The note is for operators, who may know more than the customer, such as how many units there are."""
        super().__init__(reason)
        self.note = note or reason


def price_to_hold(order: Order, products: Mapping[str, Product]) -> Money | None:
    """The price of an order that may be held: every product is known, on sale and apparently available.

    Returns:
        The total; None if the catalogue has no price for any of its products.

    Raises:
        Refused: the order is invalid; a product is unknown, not on sale, short, or has no usable price; or only some
            products have a price.
    """
    if order.defect:
        raise Refused(f"invalid_order: {order.defect}")
    for line in order.lines:
        product = products[line.product_id]
        if product.level is None or product.level_defect:
            raise _unknown(product)
        if not product.on_sale:
            raise Refused(f"not_on_sale: {line.product_id!r} is not on sale")
        if product.price_defect:
            raise Refused(f"no_usable_price: {line.product_id!r} {product.price_defect}")
    if short := shortages(order.lines, levels_of(products)):
        raise _shortage_of(short)
    return _total(order, products)


def catalogue_price(order: Order, products: Mapping[str, Product]) -> Money | None:
    """The catalogue's total for the order, even if it cannot be held; None if it does not price all of it."""
    try:
        return _total(order, products)
    except Refused:
        return None


def to_be_held(order: Order, products: Mapping[str, Product]) -> Order:
    """The order as held from now on, with the products that are hot at this moment marked to be taken later."""
    counted = as_counted(order, products)
    hot = frozenset(each for each in order.product_ids if products[each].is_hot)
    return replace(counted, taken_later=hot - counted.unlimited)


def as_counted(order: Order, products: Mapping[str, Product]) -> Order:
    """The order with the products marked that are never short, which the inventory does not count."""
    unlimited = frozenset(each for each in order.product_ids if products[each].is_unlimited)
    return replace(order, unlimited=unlimited, taken_later=frozenset())


def hold_is_covered(order: Order, products: Mapping[str, Product]) -> bool:
    """Whether stock covers an order in `reserving`, whose units these levels already include."""
    return all(_covers_what_is_counted(products.get(line.product_id)) for line in order.counted_lines)


def counted_apart(
    moves: Iterable[StockMove], products: Mapping[str, Product]
) -> tuple[tuple[StockMove, ...], tuple[OrderLine, ...]]:
    """Splits off the units of products whose inventory document is gone, which cannot be counted.

    A product that is never short by now keeps its null stock: an increment would turn it into a number.
    """
    counted, uncounted = [], []
    for move in moves:
        product = products.get(move.product_id)
        if product and not product.in_inventory:
            uncounted.append(OrderLine(move.product_id, abs(move.stock or move.reserved)))
        elif not (product and product.is_unlimited):
            counted.append(move)
        elif move.reserved:
            counted.append(move._replace(stock=0))
    return tuple(counted), tuple(uncounted)


def levels_of(products: Mapping[str, Product]) -> dict[str, Level]:
    return {product_id: product.level for product_id, product in products.items() if product.level is not None}


def _covers_what_is_counted(product: Product | None) -> bool:
    if product is None or product.level is None:
        return False
    # If a product is never short by now, its hold is given back, and the order held again without counting it.
    return product.level.is_covered and not product.is_unlimited


def _unknown(product: Product) -> Refused:
    reason = f"unknown_product: the inventory does not count {product.product_id!r}"
    return Refused(reason, note=f"{reason}: {product.level_defect}" if product.level_defect else None)


def _shortage_of(short: Iterable[Shortage]) -> Refused:
    """The customer must not learn how many units there are by asking for too many: figures are only in the note."""
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
