"""Notices as documents of the outbox."""

import pytest

from database.documents.notifications import notice_write
from database.ids import OPERATORS, is_user_id
from database.store import Create
from notifications.notices import Audience, Notice, NoticeType
from orders.order import Money
from tests.support.builders import NOW


def a_notice(
    kind: NoticeType = NoticeType.REFUND_DUE,
    audience: Audience = Audience.CUSTOMER,
    *,
    user_id: str | None = "alice",
    money: Money | None = Money(3_600, "eur"),
    reason: str | None = None,
) -> Create:
    return notice_write(Notice(kind, audience, user_id, money, reason), "evt_1", "order-1", NOW)


@pytest.mark.parametrize("kind", NoticeType)
def test_a_customers_notice_is_under_the_customer_and_its_cause_unread_and_undelivered(kind: NoticeType) -> None:
    notice = a_notice(kind)
    assert notice.path == "notifications/alice/messages/evt_1"
    assert notice.fields == {
        "type": str(kind),
        "audience": "customer",
        "userId": "alice",
        "orderId": "order-1",
        "amount": 3_600,
        "currency": "eur",
        "reason": None,
        "createdAt": NOW,
        "readAt": None,
        "deliveredAt": None,
    }


def test_an_operators_notice_is_under_a_name_that_no_customer_can_have() -> None:
    assert a_notice(audience=Audience.OPERATOR).path == "notifications/system/messages/evt_1"
    assert not is_user_id(OPERATORS)


def test_an_operators_notice_names_the_customer_and_why_it_was_written() -> None:
    fields = a_notice(audience=Audience.OPERATOR, reason="insufficient_stock: 3 of 'shirt' ordered, 2 available").fields
    assert (fields["audience"], fields["userId"]) == ("operator", "alice")
    assert fields["reason"] == "insufficient_stock: 3 of 'shirt' ordered, 2 available"


def test_operators_are_notified_of_an_order_that_names_no_possible_customer() -> None:
    notice = a_notice(audience=Audience.OPERATOR, user_id=None)
    assert notice.path == "notifications/system/messages/evt_1"
    assert notice.fields["userId"] is None


def test_one_cause_has_room_for_a_notice_to_each_audience() -> None:
    assert len({a_notice(audience=audience).path for audience in Audience}) == len(Audience)


def test_an_unpriced_notice_has_neither_amount_nor_currency() -> None:
    fields = a_notice(money=None).fields
    assert (fields["amount"], fields["currency"]) == (None, None)
