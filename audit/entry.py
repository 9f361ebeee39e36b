"""One entry of the audit trail: what caused a change, what stood before and after, what moved in stock, when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from inventory.stock import StockMove
from orders.order import Money, OrderLine, OrderStatus
from orders.outcome import Result


def audit_path(event_id: str) -> str:
    return f"auditLog/{event_id}"


def deliveries_path(event_id: str) -> str:
    """The further deliveries of the event, under the number that each has."""
    return f"{audit_path(event_id)}/deliveries"


@dataclass(frozen=True, slots=True)
class AuditEntry:
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
    payment_intent_id: str | None = None
    note: str | None = None

    @property
    def path(self) -> str:
        return audit_path(self.event_id)

    def fields(self) -> dict[str, object]:
        """The document `auditLog/{eventId}`."""
        return {
            "kind": self.kind,
            "eventId": self.event_id,
            "eventType": self.event_type,
            "orderId": self.order_id,
            "webhookProcessed": self.webhook_processed,
            "result": str(self.result),
            "statusBefore": str(self.status_before) if self.status_before else None,
            "statusAfter": str(self.status_after) if self.status_after else None,
            "stock": [
                {"productId": move.product_id, "stock": move.stock, "reserved": move.reserved} for move in self.moves
            ],
            "uncounted": [{"productId": line.product_id, "quantity": line.quantity} for line in self.uncounted],
            "amount": self.money.amount if self.money else None,
            "currency": self.money.currency if self.money else None,
            "paymentIntentId": self.payment_intent_id,
            "note": self.note,
            "createdAt": self.created_at,
        }
