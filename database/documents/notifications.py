"""`notifications/{userId}/messages/{eventId}`: notices, for a deliverer and for the customer's app."""

from datetime import datetime, timedelta

from database.ids import OPERATORS
from database.store import Create
from notifications.notices import Audience, Notice


def notice_path(audience: Audience, user_id: str | None, event_id: str) -> str:
    return f"notifications/{OPERATORS if audience is Audience.OPERATOR else user_id}/messages/{event_id}"


def notice_write(notice: Notice, event_id: str, order_id: str, now: datetime, lifetime: timedelta) -> Create:
    """At most one per cause and audience. A customer sets `readAt`, a deliverer `deliveredAt`."""
    return Create(
        notice_path(notice.audience, notice.user_id, event_id),
        {
            "type": str(notice.type),
            "audience": str(notice.audience),
            "userId": notice.user_id,
            "orderId": order_id,
            "amount": notice.money.amount if notice.money else None,
            "currency": notice.money.currency if notice.money else None,
            "reason": notice.reason,
            "createdAt": now,
            "readAt": None,
            "deliveredAt": None,
            "expireAt": now + lifetime,
        },
    )
