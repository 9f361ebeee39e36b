"""Decides an operator's stock correction, which concerns a product and no order. Pure."""

from inventory.reservation import Product
from inventory.stock import Level, StockMove
from orders.operator_events import StockAdjusted, StockMode
from orders.outcome import Result
from settlement.decisions import Adjustment, Look
from settlement.snapshot import Snapshot


def adjust_stock(event: StockAdjusted, snapshot: Snapshot) -> Adjustment | Look:
    """Decide by how many units the stock changes: always a difference, so that concurrent sales are not overwritten.

    SET takes the difference from the stock as read, and a reduction without force must not take units that somebody has
    just bought. So both are exact: the commit fails if the inventory has changed since. Units that are sold but not
    folded yet are no longer on hand, although `stock` still counts them.
    """
    product = snapshot.products[event.product_id]
    if snapshot.uncountable:
        return _not_adjusted(snapshot.uncountable)
    if not product.in_inventory:
        return _start_counting(event, product, snapshot)
    if event.is_new:
        return _not_adjusted("counted_already: the inventory has it, so it is not new")
    level = product.level
    if level is None:
        return _not_adjusted(f"unreadable: {product.level_defect}; rewrite the document")
    if event.mode is StockMode.RECOUNT:
        return _recounted(event, level, snapshot)
    if level.stock is None:
        return _not_adjusted("never_short: its stock is null; write a number there if it should be counted")
    if snapshot.to_take is None:
        return Look(to_take=True)
    on_hand = level.stock - snapshot.to_take
    change = event.quantity - on_hand if event.mode is StockMode.SET else event.quantity
    if change < 0 and not event.is_forced and (why := _why_too_few(level, change, snapshot.to_take)):
        return _not_adjusted(why)
    is_exact = event.mode is StockMode.SET or (change < 0 and not event.is_forced)
    return Adjustment(
        Result.STOCK_ADJUSTED,
        None,
        _in_words(event, on_hand, on_hand + change),
        StockMove(event.product_id, change, 0) if change else None,
        is_exact=is_exact,
    )


def _start_counting(event: StockAdjusted, product: Product, snapshot: Snapshot) -> Adjustment | Look:
    if not (product.in_catalogue or event.is_new):
        # Most likely a typing error.
        return _not_adjusted("unknown_product: neither the inventory nor the catalogue has it; if it is new, say so")
    if event.quantity < 0 or event.mode is StockMode.RECOUNT:
        return _not_adjusted("not_counted: the inventory has no such product to take units from")
    if snapshot.held is None or snapshot.to_take is None:
        return Look(promised=True)
    if snapshot.to_take:
        # The new count would reserve nothing for them, and the fold would then take `reserved` below zero for good.
        return _not_adjusted(f"to_be_taken: {snapshot.to_take} sold units are not taken yet; ask again in a minute")
    # Units that orders hold from an earlier count must not be sold again.
    move = StockMove(event.product_id, event.quantity, snapshot.held)
    holding = f", of which orders hold {snapshot.held}" if snapshot.held else ""
    note = f"{event.product_id!r} is counted from now on: {event.quantity}{holding}"
    return Adjustment(Result.STOCK_ADJUSTED, None, note, move, backorder=event.backorder)


def _recounted(event: StockAdjusted, level: Level, snapshot: Snapshot) -> Adjustment | Look:
    """Set `reserved` to the units that orders hold plus those that are sold but not folded yet.

    The commit fails if the inventory has changed since it was read, so no unit was held or given back meanwhile.
    """
    if snapshot.held is None or snapshot.to_take is None:
        return Look(promised=True)
    change = snapshot.held + snapshot.to_take - level.reserved
    sold = f" and {snapshot.to_take} are to be taken" if snapshot.to_take else ""
    note = f"{level.reserved} of {event.product_id!r} were reserved, and orders hold {snapshot.held}{sold}"
    # Exact even without a change: only figures that are still the same prove that nothing is wrong.
    return Adjustment(Result.STOCK_ADJUSTED, None, note, StockMove(event.product_id, 0, change), is_exact=True)


def _why_too_few(level: Level, change: int, to_take: int) -> str | None:
    """Human-readable reason why no more units may be taken away; None if all promised units stay covered."""
    if level.stock is None or level._replace(stock=level.stock + change).is_covered:
        return None
    held = level.reserved - to_take
    least = held - level.backorder
    return f"held: orders hold {held}, so at least {least} must be there; with force, some are oversold"


def _not_adjusted(why: str) -> Adjustment:
    return Adjustment(Result.NOT_ADJUSTED, None, why)


def _in_words(event: StockAdjusted, before: int, after: int) -> str:
    return f"{event.product_id!r} had {before} on hand, and has {after}"
