"""Stock arithmetic. Only a hold can fail; taking and releasing held units are increments that need no check first."""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import NamedTuple

from orders.order import OrderLine


class Level(NamedTuple):
    """One product's figures."""

    stock: int | None
    """Units on hand, negative once units are sold that are still to come; None if the product is never short."""
    reserved: int
    """Units promised to orders."""
    backorder: int = 0
    """How many units may be sold beyond the stock."""

    @property
    def available(self) -> int | None:
        """How many units can still be sold: negative if too many are promised, None if it is unlimited."""
        return None if self.stock is None else self.stock - self.reserved + self.backorder

    @property
    def is_covered(self) -> bool:
        """Whether no more is promised than may be sold."""
        return self.has(0)

    def has(self, quantity: int) -> bool:
        """Whether this many units can still be sold."""
        return self.available is None or self.available >= quantity


class StockMove(NamedTuple):
    """The change of one product's figures."""

    product_id: str
    stock: int
    reserved: int

    @property
    def changes_nothing(self) -> bool:
        return self.stock == self.reserved == 0

    @property
    def takes_available(self) -> bool:
        """Whether it leaves fewer units for others, and so may fail."""
        return self.stock < self.reserved


class Shortage(NamedTuple):
    product_id: str
    ordered: int
    available: int


def hold(lines: Iterable[OrderLine]) -> tuple[StockMove, ...]:
    return tuple(StockMove(line.product_id, stock=0, reserved=line.quantity) for line in lines)


def release(lines: Iterable[OrderLine]) -> tuple[StockMove, ...]:
    return tuple(StockMove(line.product_id, stock=0, reserved=-line.quantity) for line in lines)


def take(lines: Iterable[OrderLine]) -> tuple[StockMove, ...]:
    """Take held units: both `stock` and `reserved` fall."""
    return tuple(StockMove(line.product_id, stock=-line.quantity, reserved=-line.quantity) for line in lines)


def put_back(units: Mapping[str, int]) -> tuple[StockMove, ...]:
    """Put sold units back on the shelf; a negative quantity takes units that were not held."""
    return tuple(StockMove(product_id, stock=quantity, reserved=0) for product_id, quantity in units.items())


def together(*several: Iterable[StockMove]) -> tuple[StockMove, ...]:
    """The sums of several moves, one move per product; none for a product whose sums are zero."""
    sums: dict[str, StockMove] = {}
    for move in chain(*several):
        before = sums.get(move.product_id, StockMove(move.product_id, 0, 0))
        sums[move.product_id] = StockMove(move.product_id, before.stock + move.stock, before.reserved + move.reserved)
    return tuple(move for move in sums.values() if move.stock or move.reserved)


def shortages(lines: Iterable[OrderLine], levels: Mapping[str, Level]) -> tuple[Shortage, ...]:
    """The lines of which fewer units are available than ordered. Every line's product must have a level."""
    return tuple(
        Shortage(line.product_id, line.quantity, available)
        for line in lines
        if (available := levels[line.product_id].available) is not None and available < line.quantity
    )
