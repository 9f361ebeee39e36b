"""One entry of the audit trail: what caused a change, what stood before and after, what moved in stock, when."""

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
    """The kind of event, as `orders.events.EventKind` names it."""
    event_id: str
    event_type: str
    order_id: str | None
    webhook_processed: bool
    """Whether a Stripe event was settled by this; a delivery that only repeats one has false on its own record."""
    result: Result
    status_before: OrderStatus | None
    """None where no order was looked at."""
    status_after: OrderStatus | None
    created_at: datetime
    moves: Sequence[StockMove] = ()
    """What this cause changed in the inventory, from before its first step to after its last."""
    uncounted: Sequence[OrderLine] = ()
    """Units sold, released or put back that could not be counted, because their inventory document is gone."""
    money: Money | None = None
    adjustments: Sequence[Adjustment] = ()
    """What the order asks besides the price of its items, or less."""
    payment_intent_id: str | None = None
    account: str | None = None
    """Whose Stripe event it is; None for our own, and for what happens in the shop."""
    note: str | None = None
    operator: str | None = None
    """Who wanted it; None for what no operator has done."""
    reason: str | None = None
    """Why, in their words."""
