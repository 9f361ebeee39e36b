"""Stock arithmetic. Only holding can fail; taking and releasing what is held are additions that need no look first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orders.order import OrderLine


@dataclass(frozen=True, slots=True)
class Level:
    """What stands in `inventory/{productId}`."""

    stock: int
    """Units on hand."""
    reserved: int
    """Units on hand that are promised to orders."""

    @property
    def available(self) -> int:
        return self.stock - self.reserved

    @property
    def is_covered(self) -> bool:
        return self.reserved <= self.stock


@dataclass(frozen=True, slots=True)
class StockMove:
    """By how much one product's figures change."""

    product_id: str
    stock: int
    reserved: int


@dataclass(frozen=True, slots=True)
class Shortage:
    product_id: str
    ordered: int
    available: int


def hold(lines: Iterable[OrderLine]) -> tuple[StockMove, ...]:
    return tuple(StockMove(line.product_id, stock=0, reserved=line.quantity) for line in lines)


def release(lines: Iterable[OrderLine]) -> tuple[StockMove, ...]:
    return tuple(StockMove(line.product_id, stock=0, reserved=-line.quantity) for line in lines)


def take(lines: Iterable[OrderLine]) -> tuple[StockMove, ...]:
    """Take held units: they leave both the shelf and the promise."""
    return tuple(StockMove(line.product_id, stock=-line.quantity, reserved=-line.quantity) for line in lines)


def hold_and_take(lines: Iterable[OrderLine]) -> tuple[StockMove, ...]:
    """What remains of a hold and the taking of it, seen together."""
    return tuple(StockMove(line.product_id, stock=-line.quantity, reserved=0) for line in lines)


def shortages(lines: Iterable[OrderLine], levels: Mapping[str, Level]) -> tuple[Shortage, ...]:
    """The products of which fewer units are available than ordered. Every line's product must have a level."""
    return tuple(
        Shortage(line.product_id, line.quantity, levels[line.product_id].available)
        for line in lines
        if levels[line.product_id].available < line.quantity
    )
