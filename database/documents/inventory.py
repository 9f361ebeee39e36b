"""`inventory/{productId}` ↔ how much there is of a product, and how it moves."""

from collections.abc import Iterable

from database.store import Create, Fields, Increase, Update
from inventory.stock import Level, StockMove
from orders.numbers import whole_number
from settlement.decisions import Adjustment
from settlement.snapshot import Snapshot


def inventory_path(product_id: str) -> str:
    return f"inventory/{product_id}"


def level_from(fields: Fields | None) -> Level | None:
    """None if there is no such document, or if its figures cannot be used."""
    if fields is None:
        return None
    stock, reserved, backorder = _figures_in(fields)
    if _is_unlimited(fields):
        # Whatever else is wrong with it, nothing may be added to what is no number.
        return Level(None, reserved or 0)
    return None if stock is None or reserved is None or backorder is None else Level(stock, reserved, backorder)


def level_defect_in(fields: Fields) -> str | None:
    """Why nothing can be held of the product, in words for the shop; None if it can."""
    stock, reserved, backorder = _figures_in(fields)
    if stock is None and not _is_unlimited(fields):
        return "stock must be a whole number, or null for a product that is never short"
    if reserved is None:
        return "reserved must be a whole number"
    if backorder is None:
        return "backorder must be a whole number, 0 or more"
    if _is_unlimited(fields) and reserved:
        # A payment for what is held would make a number of the null.
        return f"stock is null, but {reserved} units are still reserved that were counted before"
    return None


def is_hot_in(fields: Fields) -> bool:
    """Whether the shop has marked the product as one that many buy at once."""
    return fields.get("hot") is True


def _figures_in(fields: Fields) -> tuple[int | None, int | None, int | None]:
    """Stock, reserved and backorder; None where one cannot be used."""
    backorder = whole_number(fields.get("backorder", 0))
    usable = backorder if backorder is not None and backorder >= 0 else None
    return whole_number(fields.get("stock")), whole_number(fields.get("reserved", 0)), usable


def _is_unlimited(fields: Fields) -> bool:
    """Only an explicit null says so: a field that is missing or misspelt does not."""
    return "stock" in fields and fields["stock"] is None


def hold_writes(moves: Iterable[StockMove], snapshot: Snapshot) -> tuple[Increase, ...]:
    """Count units as held. An increase by nothing makes the commit answer all other figures too, as of one moment."""
    return tuple(_hold(move, snapshot.products[move.product_id].level) for move in moves)


def move_writes(moves: Iterable[StockMove], snapshot: Snapshot) -> tuple[Increase | Update, ...]:
    moves = tuple(moves)
    return (
        *(_increase(move) for move in moves if not move.takes_available),
        *(_exact_write(move, snapshot) for move in moves if move.takes_available),
    )


def adjusted(adjustment: Adjustment, snapshot: Snapshot) -> tuple[Create | Increase | Update, ...]:
    """What an operator's correction writes; nothing where nothing moves."""
    move = adjustment.move
    if move is None:
        return ()
    if not snapshot.products[move.product_id].in_inventory:
        backorder = {"backorder": adjustment.backorder} if adjustment.backorder else {}
        return (Create(inventory_path(move.product_id), {"stock": move.stock, "reserved": move.reserved, **backorder}),)
    return (_exact_write(move, snapshot) if adjustment.is_exact else _increase(move),)


def _hold(move: StockMove, level: Level | None) -> Increase:
    # Where nothing could be backordered when it was read, it must not be now either, and no field is made up for it.
    backorder = {"backorder": 0} if level and level.backorder else {}
    return Increase(inventory_path(move.product_id), {"stock": move.stock, "reserved": move.reserved, **backorder})


def _increase(move: StockMove) -> Increase:
    """A move that needs no look first."""
    amounts = {"stock": move.stock, "reserved": move.reserved}
    return Increase(inventory_path(move.product_id), {name: amount for name, amount in amounts.items() if amount})


def _exact_write(move: StockMove, snapshot: Snapshot) -> Update:
    """Units that nobody holds may be taken only if they are there: if the inventory is as it was read."""
    level = snapshot.products[move.product_id].level
    if level is None or (level.stock is None and move.stock):
        raise ValueError(f"{move.product_id} was not found to have the units that are taken from it")
    stock = {} if level.stock is None else {"stock": level.stock + move.stock}
    figures = {**stock, "reserved": level.reserved + move.reserved}
    return Update(inventory_path(move.product_id), figures, snapshot.inventory_versions[move.product_id])
