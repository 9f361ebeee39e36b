"""Notices as they stand in the outbox: all that a deliverer needs, and exactly one for each cause."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from orders.order import Money


class NoticeType(StrEnum):
    PAID = "paid"
    REFUND_DUE = "refund_due"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Notice:
    type: NoticeType
    user_id: str
    event_id: str
    order_id: str
    money: Money
    created_at: datetime

    @property
    def path(self) -> str:
        return f"notifications/{self.user_id}/messages/{self.event_id}"

    def fields(self) -> dict[str, object]:
        """The document `notifications/{userId}/messages/{eventId}`; a customer sets `readAt`, a deliverer the rest."""
        return {
            "type": str(self.type),
            "orderId": self.order_id,
            "amount": self.money.amount,
            "currency": self.money.currency,
            "createdAt": self.created_at,
            "readAt": None,
            "deliveredAt": None,
        }
