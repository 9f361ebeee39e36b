"""Notices as they stand in the outbox."""

import pytest

from notifications.notices import Notice, NoticeType
from orders.order import Money
from tests.builders import NOW


@pytest.mark.parametrize("kind", NoticeType)
def test_a_notice_stands_under_its_customer_and_its_cause_unread_and_undelivered(kind: NoticeType) -> None:
    notice = Notice(kind, "alice", "evt_1", "order-1", Money(3_600, "eur"), NOW)
    assert notice.path == "notifications/alice/messages/evt_1"
    assert notice.fields() == {
        "type": str(kind),
        "orderId": "order-1",
        "amount": 3_600,
        "currency": "eur",
        "createdAt": NOW,
        "readAt": None,
        "deliveredAt": None,
    }
