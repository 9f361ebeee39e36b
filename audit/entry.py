"""One entry of the audit trail: what caused a change, the status before and after, what moved in stock, and when."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from inventory.stock import StockMove
from orders.adjustments import Adjustment
from orders.money import Money
from orders.order import OrderLine, OrderStatus
from orders.outcome import Result


class AuditEntry(NamedTuple):
    kind: str
    """The kind of event, as in `orders.event_kinds.EventKind`."""
    event_id: str
    event_type: str
    order_id: str | None
    result: Result
    created_at: datetime
    webhook_processed: bool = False
    """Whether this settled a Stripe event; a repeated delivery has false on its own record."""
    status_before: OrderStatus | None = None
    """None if no order was read."""
    status_after: OrderStatus | None = None
    moves: Sequence[StockMove] = ()
    """Changes of the inventory by this cause, over all its steps."""
    uncounted: Sequence[OrderLine] = ()
    """Units sold, released or put back that could not be counted, because their inventory document is gone."""
    money: Money | None = None
    adjustments: Sequence[Adjustment] = ()
    """What the order asks in addition to the price of its items, or less."""
    payment_intent_id: str | None = None
    account: str | None = None
    """The account of a Stripe event; None for our own, and for the shop's own events."""
    note: str | None = None
    operator: str | None = None
    """Who asked for it; None if no operator did."""
    reason: str | None = None
    """Why, in the operator's words."""
