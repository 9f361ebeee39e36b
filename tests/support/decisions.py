"""Decisions in few words: a test names only what it is about, and writes statuses and results as they are stored."""

from dataclasses import replace
from typing import Any

from inventory.stock import StockMove
from notifications.notices import Audience, Notice, NoticeType
from orders.money import Money
from orders.order import Order, OrderStatus
from orders.outcome import Outcome, Result
from settlement.decisions import Change, CountDelivery, Unchanged
from tests.support.orders import EUR_36, known

Moves = tuple[StockMove, ...]


def a_change(result: str, order: Order, status_before: str | None = None, *notices: Notice, **changes: Any) -> Change:
    """By default, the order's status stays and no unit moves."""
    moves = changes.get("moves", ())
    before = OrderStatus(status_before or order.status)
    change = Change(Result(result), order, before, moves, moves, (), notices, EUR_36, "evt_1", (), None)
    return replace(change, **changes)


def a_count(result: str = "duplicate_detected", order_id: str | None = "order-1", **changes: Any) -> CountDelivery:
    return replace(CountDelivery(Result(result), order_id, recorded_as=Result(result)), **changes)


def unchanged(result: str, note: str | None = None, released: tuple[str, ...] = ()) -> Unchanged:
    return Unchanged(Outcome(Result(result), "order-1", note), released)


def shirts(stock: int, reserved: int = 0) -> Moves:
    """The changes of shirts on hand and of shirts held."""
    return (StockMove("shirt", stock, reserved),)


def to_customer(notice: str, reason: str | None = None, *, money: Money | None = EUR_36) -> Notice:
    return Notice(NoticeType(notice), Audience.CUSTOMER, "alice", money, reason)


def to_operators(notice: str, reason: str | None = None, *, money: Money | None = EUR_36) -> Notice:
    return Notice(NoticeType(notice), Audience.OPERATOR, "alice", money, reason)


PLACED, LAPSED, CANCEL_REQUESTED = (known(entry_id=f"{event}_order-1") for event in ("placed", "lapsed", "cancel"))
"""How an event of the shop is put on record."""
TAKEN, HELD, RELEASED = shirts(-3, -3), shirts(0, 3), shirts(0, -3)
