"""A list of orders, one row each. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ops.page import Cell, Row, Table
from ops.phrases import amount, moment
from orders.money import Money
from orders.order import Order


@dataclass(frozen=True, slots=True)
class OrderRow:
    order_id: str
    status: str
    created_at: datetime | None
    user_id: str | None
    asked: Money | None
    received: Money | None
    units: int


def order_row(order: Order) -> OrderRow:
    units = sum(line.quantity for line in order.lines)
    return OrderRow(
        order.order_id, str(order.status), order.created_at, order.user_id, order.asked, order.received, units
    )


def orders_table(rows: Sequence[OrderRow]) -> Table:
    return Table(
        [_cells(row) for row in rows], ("order", "status", "placed (UTC)", "customer", "asked", "paid", "units")
    )


def _cells(row: OrderRow) -> Row:
    return (
        row.order_id,
        row.status,
        moment(row.created_at) if row.created_at else "-",
        row.user_id or "-",
        *(Cell(text, is_number=True) for text in (amount(row.asked), amount(row.received), str(row.units))),
    )
