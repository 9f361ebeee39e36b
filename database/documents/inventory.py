"""`inventory/{productId}` ↔ how much there is of a product, and how it moves."""

from collections.abc import Iterable

from database.store import Fields, Increase, Update
from inventory.stock import Level, StockMove
from orders.numbers import whole_number
from settlement.snapshot import Snapshot


def inventory_path(product_id: str) -> str:
    return f"inventory/{product_id}"


def level_from(fields: Fields | None) -> Level | None:
    """None if there is no such document, or if its figures are not whole numbers."""
    if fields is None:
        return None
    stock, reserved = whole_number(fields.get("stock")), whole_number(fields.get("reserved", 0))
    return None if stock is None or reserved is None else Level(stock, reserved)


def hold_writes(moves: Iterable[StockMove]) -> tuple[Increase, ...]:
    """Count units as held. An increase by nothing makes the commit answer the stock too, as of the same moment."""
    return tuple(
        Increase(inventory_path(move.product_id), {"stock": move.stock, "reserved": move.reserved}) for move in moves
    )


def move_writes(moves: Iterable[StockMove], snapshot: Snapshot) -> tuple[Increase | Update, ...]:
    moves = tuple(moves)
    return (
        *(_increase(move) for move in moves if not move.takes_available),
        *(_exact_write(move, snapshot) for move in moves if move.takes_available),
    )


def _increase(move: StockMove) -> Increase:
    """A move that needs no look first."""
    amounts = {"stock": move.stock, "reserved": move.reserved}
    return Increase(inventory_path(move.product_id), {name: amount for name, amount in amounts.items() if amount})


def _exact_write(move: StockMove, snapshot: Snapshot) -> Update:
    """Units that nobody holds may be taken only if they are there: if the inventory is as it was read."""
    level = snapshot.products[move.product_id].level
    if level is None or level.stock is None:
        raise ValueError(f"{move.product_id} was not found to have the units that are taken from it")
    figures = {"stock": level.stock + move.stock, "reserved": level.reserved + move.reserved}
    return Update(inventory_path(move.product_id), figures, snapshot.inventory_versions[move.product_id])
