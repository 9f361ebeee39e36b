"""Everything wrong in the inventory, by orders, the audit trail, and units still to be taken."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from tests.support.shelves import Documents, Fields, Shelves, counted_units_of, generations, units_of


class Recount(NamedTuple):
    """What the shop itself wrote as a product's stock, over whatever it was."""

    stock: int | None
    """None if it is never short from then on."""
    gone: int = 0
    """Units that orders had taken and not returned by then."""
    moved: int = 0
    """The change of its stock by then, according to the audit trail."""
    added: int = 0
    """How much of that were operators' corrections."""
    to_take: int = 0
    """Units of paid orders that were still to be taken."""


Recounts = Mapping[str, Recount]
"""The latest of each product that has one."""
_TAKEN = {"finalized", "partially_refunded", "refunded", "refund_due"}


def recounted(initial_stock: Mapping[str, int | None], recounts: Recounts) -> Recounts:
    return {product_id: Recount(stock) for product_id, stock in initial_stock.items()} | dict(recounts)


def wrong_levels(shelves: Shelves, counts: Recounts, deleted: Documents) -> Iterator[str]:
    orders = [*shelves["orders"].values(), *deleted.values()]
    gone, held = units_gone(orders), _units_held(orders)
    added, to_take = units_added(shelves), units_to_take(shelves)
    unfinished = any(order["status"] == "reserving" for order in orders)
    for product_id, count in counts.items():
        if (level := shelves["inventory"].get(product_id)) is None:
            # Somebody has deleted it, and all its figures.
            continue
        if level["reserved"] != held[product_id] + to_take[product_id]:
            yield (
                f"{product_id}: orders hold {held[product_id]}, {to_take[product_id]} are still to be taken, and the "
                f"inventory says {level}"
            )
        if count.stock is None or level["stock"] is None:
            if level["stock"] is not count.stock:
                yield f"{product_id}: the shop wrote {count.stock} as its stock, and the inventory says {level}"
            continue
        left, backorder = gone[product_id] - count.gone, level.get("backorder", 0)
        left -= added[product_id] - count.added + to_take[product_id] - count.to_take
        if level["stock"] != count.stock - left:
            yield f"{product_id}: {count.stock} - {left} units gone is not what is there: {level}"
        is_oversold = level["stock"] < -backorder or (level["reserved"] > level["stock"] + backorder and not unfinished)
        if is_oversold or level["reserved"] < 0:
            yield f"{product_id}: more is promised than is there, or may be backordered: {level}"


def wrong_trail(shelves: Shelves, counts: Recounts) -> Iterator[str]:
    moved, to_take = units_moved(shelves), units_to_take(shelves)
    unfinished = any(order["status"] == "reserving" for order in shelves["orders"].values())
    for product_id, count in counts.items():
        if (level := shelves["inventory"].get(product_id)) is None:
            continue
        change = moved[product_id, "stock"] - count.moved
        change += to_take[product_id] - count.to_take
        if (change != 0) if count.stock is None else (level["stock"] != count.stock + change):
            yield f"{product_id}: the audit trail says {change:+}, the inventory {level}"
        if level["reserved"] != moved[product_id, "reserved"] + to_take[product_id] and not unfinished:
            yield f"{product_id}: the audit trail says {moved[product_id, 'reserved']:+} held, the inventory {level}"


def wrongly_uncounted(shelves: Shelves, initial_stock: Mapping[str, int | None], recounts: Recounts) -> Iterator[str]:
    always_counted = {product_id for product_id, stock in initial_stock.items() if stock is not None} - recounts.keys()
    for order_id, order in shelves["orders"].items():
        if wrongly := always_counted & set(order.get("unlimited", ())):
            yield f"{order_id}: ordered as if there were no end of {wrongly}"


def wrong_takings(shelves: Shelves, deleted: Documents) -> Iterator[str]:
    """Only a paid order has a taking, with exactly the units of products that were hot when held."""
    for order_id, orders in generations(shelves, deleted).items():
        taking = shelves["takings"].get(order_id)
        if taking and not any(_matches(order, taking) for order in orders):
            yield f"{order_id}: {taking} is still to be taken for {orders}"
    if ownerless := shelves["takings"].keys() - shelves["orders"].keys() - deleted.keys():
        yield f"{sorted(ownerless)}: still to be taken, and there is no such order"


def _matches(order: Fields, taking: Fields) -> bool:
    """Units left out are on record as uncounted: their product had no figures by then."""
    hot, units = _hot_units_of(order), taking["units"]
    is_whole = hot.keys() == units.keys() or order.get("wentUncounted")
    return bool(order.get("finalizedAt") and is_whole and units and units.items() <= hot.items())


def units_to_take(shelves: Shelves) -> Counter[str]:
    """Sold units of each product that are still counted as reserved."""
    return sum((Counter(taking["units"]) for taking in shelves["takings"].values()), Counter[str]())


def _hot_units_of(order: Fields) -> Mapping[str, int]:
    return {p: units for p, units in counted_units_of(order).items() if p in order.get("takenLater", ())}


def units_moved(shelves: Shelves) -> Counter[tuple[str, str]]:
    """The changes in the audit trail, by product and figure."""
    moved: Counter[tuple[str, str]] = Counter()
    for entry in shelves["auditLog"].values():
        for move in entry["stock"]:
            moved[move["productId"], "stock"] += move["stock"]
            moved[move["productId"], "reserved"] += move["reserved"]
    return moved


def units_added(shelves: Shelves) -> Counter[str]:
    """What operators have added to the stock, or removed, by product."""
    added: Counter[str] = Counter()
    for entry in shelves["auditLog"].values():
        if entry["kind"] == "operator_adjusted_stock":
            added.update({move["productId"]: move["stock"] for move in entry["stock"]})
    return added


def units_gone(orders: Iterable[Fields]) -> Counter[str]:
    """Units that were taken from stock and not returned."""
    gone: Counter[str] = Counter()
    for order in orders:
        if order["status"] in _TAKEN and order.get("finalizedAt"):
            gone.update(counted_units_of(order))
            gone.subtract(units_of(order.get("returned", ())))
    return gone


def _units_held(orders: Iterable[Fields]) -> Counter[str]:
    held: Counter[str] = Counter()
    for order in orders:
        if order["status"] in ("reserving", "reserved") or (order["status"] == "review" and order.get("holdKept")):
            held.update(counted_units_of(order))
    return held
