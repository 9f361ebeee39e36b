"""Reads how much there is of each product, and which orders hold its units, in a bounded number of reads."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from database.documents.inventory import inventory_path
from database.documents.orders import MAY_HOLD, order_from
from database.documents.products import listed_from, product_from, product_path
from database.documents.takings import units_in
from ops.reading import Found, Query, Reader, Where
from orders.money import Money
from orders.order import Order

HOLDING_MAX: Final = 1_000
"""How many of the orders that may hold units are searched for a product, since no index leads to them."""
TAKINGS_MAX: Final = 1_000
"""How many unfolded takings are read: more than are usually paid in a minute."""

NO_INVENTORY: Final = "it has no inventory"
GONE: Final = "it is neither in the inventory nor in the catalogue"


@dataclass(frozen=True, slots=True)
class Shelf:
    product_id: str
    name: str | None
    price: Money | None
    price_defect: str | None
    """Why the product cannot be ordered although it has a price."""
    is_on_sale: bool
    is_never_short: bool
    stock: int | None
    """None if the product is never short, or its figures are unusable."""
    reserved: int | None
    available: int | None
    """Includes what may be sold beyond the stock."""
    backorder: int | None
    to_take: int
    """Paid and not folded yet: still counted in `stock` and in `reserved`."""
    defect: str | None
    """Why no units can be held."""


@dataclass(frozen=True, slots=True)
class Holder:
    order_id: str
    status: str
    user_id: str | None
    units: int


def shelves_after(reader: Reader, product_id: str, at_most: int) -> list[Shelf]:
    """The next products by id, from inventory and catalogue together; with an empty id the first ones.

    Raises Transient.
    """
    after = (None, product_id) if product_id else None
    counted, listed = (
        {each.id: each for each in reader.find(Query(collection, after=after, at_most=at_most))}
        for collection in ("inventory", "products")
    )
    following, to_take = sorted(counted.keys() | listed.keys())[:at_most], units_to_take(reader)[0]
    return [_shelf(each, counted.get(each), listed.get(each), to_take[each]) for each in following]


def shelf_of(reader: Reader, product_id: str) -> Shelf | None:
    """None if neither the inventory nor the catalogue has it. Raises Transient."""
    paths = inventory_path(product_id), product_path(product_id)
    found = reader.read(*paths)
    if not found:
        return None
    counted, listed = (found.get(path) for path in paths)
    return _shelf(product_id, counted, listed, units_to_take(reader)[0][product_id])


def shelf_of_gone(product_id: str) -> Shelf:
    """Of a product that orders hold, and whose documents were deleted, or renamed."""
    return replace(_shelf(product_id, None, None, 0), defect=GONE)


def holders_of(reader: Reader, product_id: str) -> tuple[tuple[Holder, ...], bool]:
    """The orders that hold units of it, the longest waiting first, and whether these are all. Raises Transient.

    Served by the index (status, createdAt).
    """
    query = Query("orders", (Where("status", "in", list(MAY_HOLD)),), "createdAt", at_most=HOLDING_MAX)
    found = reader.find(query)
    orders = [order_from(each.id, each.fields) for each in found]
    return tuple(_holders(orders, product_id)), len(found) < HOLDING_MAX


def units_to_take(reader: Reader) -> tuple[Counter[str], bool]:
    """Units paid and not folded yet, by product id, and whether these are all. Raises Transient."""
    found = reader.find(Query("takings", at_most=TAKINGS_MAX))
    return units_in(each.fields for each in found), len(found) < TAKINGS_MAX


def _holders(orders: Sequence[Order], product_id: str) -> list[Holder]:
    return [
        Holder(order.order_id, str(order.status), order.user_id, line.quantity)
        for order in orders
        if order.holds_units
        for line in order.counted_lines
        if line.product_id == product_id
    ]


def _shelf(product_id: str, inventory: Found | None, catalogue: Found | None, to_take: int) -> Shelf:
    counted, listed = (found.fields if found else None for found in (inventory, catalogue))
    product = product_from(product_id, counted, listed)
    level = product.level
    return Shelf(
        product_id=product_id,
        name=listed_from(listed).name if listed else None,
        price=product.unit_price,
        price_defect=product.price_defect,
        is_on_sale=product.on_sale,
        is_never_short=level is not None and level.stock is None,
        stock=level.stock if level else None,
        reserved=level.reserved if level else None,
        available=level.available if level else None,
        backorder=level.backorder if level else None,
        to_take=to_take,
        defect=product.level_defect if product.in_inventory else NO_INVENTORY,
    )
