"""`takings/{orderId}` ↔ sold units of an order that are still counted as reserved, and the fold's writes. Pure.

The fold takes them from `stock` and `reserved` at once, so the number of units that can be sold stays the same.
docs/decisions/0026-take-later.md says what that is for.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from database.documents.inventory import inventory_path, level_from
from database.ids import is_document_id
from database.store import Create, Delete, Document, Fields, Increase, Listing
from inventory.stock import StockMove
from orders.numbers import whole_number
from orders.outcome import Uncountable

if TYPE_CHECKING:
    from inventory.takings import Taking

TAKINGS: Final = Listing("takings")


def taking_path(order_id: str) -> str:
    return f"takings/{order_id}"


def units_to_take_from(fields: Fields) -> Mapping[str, int] | None:
    """Units by product id; None if this service did not write them."""
    units = fields.get("units")
    if not isinstance(units, Mapping):
        return None
    usable = {
        product_id: number
        for product_id, quantity in units.items()
        if is_document_id(product_id) and (number := whole_number(quantity) or 0) > 0
    }
    return usable if usable and len(usable) == len(units) else None


def units_in(takings: Iterable[Fields]) -> Counter[str]:
    """The units of these takings, by product id; unreadable ones are skipped."""
    return sum((Counter(units_to_take_from(fields) or {}) for fields in takings), Counter[str]())


def units_to_take_in(takings: Iterable[tuple[str, Fields]]) -> Counter[str]:
    """The same for all takings. Raises Uncountable if one is unreadable."""
    units: Counter[str] = Counter()
    for order_id, fields in takings:
        if (to_take := units_to_take_from(fields)) is None:
            unreadable = (
                f"unreadable: {taking_path(order_id)} is not what this service writes, so nobody knows what is sold"
            )
            raise Uncountable(f"{unreadable}; the runbook says what to write there, under “Sold units are not taken”")
        units.update(to_take)
    return units


def taking_write(order_id: str, moves: Iterable[StockMove]) -> Create:
    """Record sold units that stay reserved until the fold."""
    return Create(taking_path(order_id), {"units": {move.product_id: -move.reserved for move in moves}})


def fold_writes(
    takings: "Sequence[Taking]", inventory: Mapping[str, Document | None]
) -> tuple[tuple[Delete | Increase, ...], Mapping[str, int]]:
    """The writes of the one commit that takes all these units, and the units of products whose inventory is gone.

    Args:
        takings: each with readable units.
        inventory: the documents of their products, by path.
    """
    units = sum((Counter(taking.units) for taking in takings), Counter[str]())
    levels = {product_id: inventory[inventory_path(product_id)] for product_id in units}
    gone = {product_id: quantity for product_id, quantity in units.items() if levels[product_id] is None}
    folded = (
        Increase(inventory_path(product_id), _amounts(quantity, document.fields))
        for product_id, quantity in units.items()
        if (document := levels[product_id]) is not None
    )
    deleted = (Delete(taking_path(taking.order_id), taking.version) for taking in takings)
    return (*deleted, *folded), gone


def _amounts(quantity: int, fields: Fields) -> Mapping[str, int]:
    """A product that is never short by now keeps its null stock: an increment would turn it into a number."""
    level = level_from(fields)
    is_unlimited = level is not None and level.stock is None
    return {"reserved": -quantity} if is_unlimited else {"stock": -quantity, "reserved": -quantity}
