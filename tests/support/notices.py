"""Notices in the outbox."""

from datetime import timedelta
from typing import Final

from database.documents.notifications import notice_write
from notifications.notices import AUDIENCES, Audience, Notice, NoticeType
from orders.money import Money
from tests.support.builders import NOW, Fields

NOTICES: Final = [(kind, audience) for kind, audiences in AUDIENCES.items() for audience in audiences]
TO_CUSTOMERS: Final = [kind for kind, audience in NOTICES if audience is Audience.CUSTOMER]
TO_OPERATORS: Final = [kind for kind, audience in NOTICES if audience is Audience.OPERATOR]


def a_document(
    kind: NoticeType = NoticeType.PAID,
    audience: Audience = Audience.CUSTOMER,
    *,
    order_id: str = "order-1",
    money: Money | None = Money(3_600, "eur"),
    reason: str | None = None,
    **changed: object,
) -> Fields:
    """A notice as in the outbox, with these changes."""
    notice = Notice(kind, audience, "alice", money, reason)
    return {**notice_write(notice, "evt_1", order_id, NOW, timedelta(days=90)).fields, **changed}
