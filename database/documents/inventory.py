"""`inventory/{productId}` ↔ how much there is of a product, and the writes that change it."""

from collections.abc import Iterable

from database.store import Create, Fields, Increase, Update
from inventory.stock import Level, StockMove
from orders.numbers import whole_number
from settlement.decisions import Adjustment
from settlement.snapshot import Snapshot


def inventory_path(product_id: str) -> str:
    return f"inventory/{product_id}"


def level_from(fields: Fields | None) -> Level | None:
    """None without a document or usable figures."""
    if fields is None:
        return None
    stock, reserved, backorder = _figures_in(fields)
    if _is_unlimited(fields):
        # Whatever else is wrong, nothing may be added to a null.
        return Level(None, reserved or 0)
    return None if stock is None or reserved is None or backorder is None else Level(stock, reserved, backorder)


def level_defect_in(fields: Fields) -> str | None:
    """Why the product cannot be held, as a message for the shop; None if it can."""
    stock, reserved, backorder = _figures_in(fields)
    if stock is None and not _is_unlimited(fields):
        return "stock must be a whole number, or null for a product that is never short"
    if reserved is None:
        return "reserved must be a whole number"
    if backorder is None:
        return "backorder must be a whole number, 0 or more"
    if _is_unlimited(fields) and reserved:
        # A payment for the held units would turn the null into a number.
        return f"stock is null, but {reserved} units are still reserved that were counted before"
    return None


def is_hot_in(fields: Fields) -> bool:
    """Whether the shop marks the product as bought by many at once."""
    return fields.get("hot") is True


def _figures_in(fields: Fields) -> tuple[int | None, int | None, int | None]:
    """Stock, reserved and backorder; None for each that is unusable."""
    backorder = whole_number(fields.get("backorder", 0))
    usable = backorder if backorder is not None and backorder >= 0 else None
    return whole_number(fields.get("stock")), whole_number(fields.get("reserved", 0)), usable


def _is_unlimited(fields: Fields) -> bool:
    """Only an explicit null means unlimited; a missing or misspelt field does not."""
    return "stock" in fields and fields["stock"] is None


def hold_writes(moves: Iterable[StockMove], snapshot: Snapshot) -> tuple[Increase, ...]:
    """Count units as held. Each figure is increased, if only by 0: so the commit returns them all as of one moment."""
    return tuple(_hold(move, snapshot.products[move.product_id].level) for move in moves)


def move_writes(moves: Iterable[StockMove], snapshot: Snapshot) -> tuple[Increase | Update, ...]:
    moves = tuple(moves)
    return (
        *(_increase(move) for move in moves if not move.takes_available),
        *(_exact_write(move, snapshot) for move in moves if move.takes_available),
    )


def adjusted(adjustment: Adjustment, snapshot: Snapshot) -> tuple[Create | Increase | Update, ...]:
    """The writes for an operator's correction; none if nothing changes."""
    move = adjustment.move
    if move is None:
        return ()
    if not snapshot.products[move.product_id].in_inventory:
        backorder = {"backorder": adjustment.backorder} if adjustment.backorder else {}
        return (Create(inventory_path(move.product_id), {"stock": move.stock, "reserved": move.reserved, **backorder}),)
    return (_exact_write(move, snapshot) if adjustment.is_exact else _increase(move),)


def _hold(move: StockMove, level: Level | None) -> Increase:
    # If nothing could be backordered when it was read, the field is not created.
    backorder = {"backorder": 0} if level and level.backorder else {}
    return Increase(inventory_path(move.product_id), {"stock": move.stock, "reserved": move.reserved, **backorder})


def _increase(move: StockMove) -> Increase:
    """A move that needs no check first."""
    amounts = {"stock": move.stock, "reserved": move.reserved}
    return Increase(inventory_path(move.product_id), {name: amount for name, amount in amounts.items() if amount})


def _exact_write(move: StockMove, snapshot: Snapshot) -> Update:
    """Take units that nobody holds. The commit fails if the inventory has changed since they were seen there."""
    level = snapshot.products[move.product_id].level
    if level is None or (level.stock is None and move.stock):
        raise ValueError(f"{move.product_id} was not found to have the units that are taken from it")
    stock = {} if level.stock is None else {"stock": level.stock + move.stock}
    figures = {**stock, "reserved": level.reserved + move.reserved}
    return Update(inventory_path(move.product_id), figures, snapshot.inventory_versions[move.product_id])
