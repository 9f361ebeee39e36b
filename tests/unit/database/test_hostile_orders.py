"""Whatever anybody has written into the service's fields, `orders/{orderId}` is read as an order."""

from dataclasses import replace

import pytest
from hypothesis import given

from database.documents.order_fields import units_from
from database.documents.orders import ALL_BUT_ITEMS, changed_fields, order_from, without_items
from orders.refunds import Refunds, RestockRule, units_named
from tests.support.anything import tampered
from tests.support.builders import a_reserved_order, an_order
from tests.support.refunds import a_refund
from tests.support.written_orders import A_DECLINE, A_REFUND, WRITTEN


@given(tampered(a_reserved_order(**WRITTEN)))
def test_whatever_is_in_the_services_fields_it_is_read_as_an_order(fields: dict[str, object]) -> None:
    order = order_from("order-1", fields)
    assert order.amount_refunded >= 0
    named = units_named(order.refunds.by_id.values())
    assert all(quantity > 0 for quantity in (*order.returned.values(), *named.values()))
    assert order.price_defect is None or order.finalized_at or not order.paying
    assert changed_fields(order, order) == {}


NO_AMOUNTS: list[object] = [None, -1, 1.5, True, "1200", []]
NO_STATUSES: list[object] = [None, "done", 7, [], {}, ["succeeded"]]


@pytest.mark.parametrize(
    ("written", "read"),
    [("all", RestockRule.ALL), ("none", RestockRule.NONE), ("some", None), ([], None), ({}, None), (7, None)],
)
def test_what_a_refund_says_of_units_is_read_if_it_is_a_rule_or_names_some(written: object, read: object) -> None:
    order = order_from("order-1", an_order(refunds={"re_1": {**A_REFUND, "restock": written}}))
    assert order.refunds.by_id["re_1"].restock == read


BROKEN_REFUNDS = [
    *({**A_REFUND, "amount": amount} for amount in NO_AMOUNTS),
    *({**A_REFUND, "status": status} for status in NO_STATUSES),
    "succeeded",
    None,
]


@pytest.mark.parametrize("refund", BROKEN_REFUNDS, ids=str)
def test_a_refund_that_cannot_be_read_is_none_and_the_others_are_as_they_are(refund: object) -> None:
    order = order_from("order-1", an_order(refunds={"re_1": refund, "re_2": A_REFUND}))
    assert order.refunds == Refunds.of(a_refund("re_2", 1_200, restock={"shirt": 1}))


@pytest.mark.parametrize("number", [-1, True, 1.5, "1", None, ["dp_1"]], ids=str)
def test_disputes_that_cannot_be_counted_are_none(number: object) -> None:
    assert order_from("order-1", an_order(openDisputes=number, disputed=True)).open_disputes is None


def test_a_decline_without_a_time_is_none() -> None:
    assert order_from("order-1", an_order(lastPaymentError=A_DECLINE)).decline is not None
    assert order_from("order-1", an_order(lastPaymentError={**A_DECLINE, "at": None})).decline is None


@pytest.mark.parametrize("quantity", [0, -1, True, 1.5, "1", None])
def test_units_that_cannot_be_counted_have_not_come_back_and_those_of_which_none_are_left_are_not_written(
    quantity: object,
) -> None:
    items = [{"productId": "shirt", "quantity": quantity}, {"productId": "mug", "quantity": 1}]
    order = order_from("order-1", an_order(returned=items))
    assert order.returned == {"mug": 1}
    assert changed_fields(order, replace(order, returned={"mug": 0})) == {"returned": []}


def test_an_order_with_unreadably_large_items_is_read_without_them_and_oversized() -> None:
    asked = set[str]()

    class Noting(dict[str, object]):
        """Fields that record which of them are read."""

        def get(self, name: str, default: object = None) -> object:
            asked.add(name)
            return super().get(name, default)

        def __contains__(self, name: object) -> bool:
            asked.add(str(name))
            return super().__contains__(name)

    order_from("order-1", Noting())
    assert asked <= {"items", *ALL_BUT_ITEMS}
    read = without_items({"status": "pending", "userId": "alice"})
    order = order_from("order-1", read)
    assert (order.is_oversized, order.user_id, order.lines) == (True, "alice", ())
    assert read.keys() == {"status", "userId", "items"}


def test_whatever_is_no_item_in_a_list_of_units_is_passed_over() -> None:
    assert units_from(["shirt", None, ["shirt", 1], {"productId": "shirt", "quantity": 2}]) == {"shirt": 2}
