"""An order was created: how it is settled, and what is settled next."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pytest
from cloudevents.http import CloudEvent
from google.cloud.firestore_v1.types import ArrayValue, Document, MapValue, Value

from orders.events import Cause, PaymentSucceeded
from orders.outcome import Outcome, Result, StoreUnavailable
from tests.support.builders import NOW, a_placement
from tests.support.firestore_events import a_created_event, created
from tests.support.payments import a_payment
from tests.support.recording import RecordingLog, RecordingSettlement, a_log_line, silent
from triggers.order_created import OrderCreatedTrigger, product_ids_in

ORDER = "orders/order-1"
RESERVED = Outcome(Result.RESERVED, "order-1")


def items_of(*product_ids: str) -> Value:
    return Value(array_value=ArrayValue(values=[a_line(Value(string_value=name)) for name in product_ids]))


def a_line(product_id: Value) -> Value:
    fields = {"productId": product_id, "quantity": Value(integer_value=1)}
    return Value(map_value=MapValue(fields=fields))


def an_order_of(*product_ids: str) -> CloudEvent:
    return a_created_event(ORDER, created(ORDER, items=items_of(*product_ids)))


class Shop:
    """The trigger's surroundings: settlement, events parked without the order, and a log."""

    def __init__(self, *parked: PaymentSucceeded, ending: Outcome | Exception = RESERVED) -> None:
        self.parked = parked
        self.settlement = RecordingSettlement(ending)
        self.log = RecordingLog()
        self.looked_for_parked: list[tuple[str, list[object]]] = []
        """The order, and what was settled before."""
        self.trigger = OrderCreatedTrigger(self.settlement, self._parked_events, self.log, lambda: NOW)

    @property
    def settled(self) -> list[object]:
        assert {now for _, now in self.settlement.settled} <= {NOW}
        return [event for event, _ in self.settlement.settled]

    @property
    def lines(self) -> list[dict[str, Any]]:
        return self.log.lines

    def _parked_events(self, order_id: str) -> Iterable[PaymentSucceeded]:
        self.looked_for_parked.append((order_id, self.settled))
        return self.parked


def test_a_created_order_is_settled_as_placed_with_the_products_it_names_and_garbled_data_with_none() -> None:
    for event, product_ids in (
        (an_order_of("shirt", "mug"), ("shirt", "mug")),
        (a_created_event(ORDER, b"\xff\xff"), ()),
    ):
        shop = Shop()
        shop.trigger.receive(event)
        assert shop.settled == [a_placement("order-1", product_ids)]


def test_parked_payments_are_settled_after_the_placement_and_looked_for_only_then() -> None:
    shop = Shop(a_payment("evt_1"), a_payment("evt_2"))
    shop.trigger.receive(an_order_of("shirt"))
    assert shop.looked_for_parked == [("order-1", [a_placement()])]
    assert shop.settled == [a_placement(), a_payment("evt_1"), a_payment("evt_2")]


def test_each_parked_payment_that_is_settled_leaves_a_line_as_if_it_had_been_delivered() -> None:
    shop = Shop(a_payment("evt_7"), ending=Outcome(Result.REFUND_DUE, "order-1", "insufficient_stock"))
    shop.trigger.receive(an_order_of("shirt"))
    assert shop.lines[1:] == [a_log_line(a_payment("evt_7"), "WARNING", "refund_due: insufficient_stock", "refund_due")]


@pytest.mark.parametrize("result", [Result.DUPLICATE_DETECTED, Result.PAYMENT_NOT_FOUND, Result.ORDER_NOT_FOUND])
def test_a_parked_event_that_still_waits_or_was_settled_by_others_leaves_none(result: Result) -> None:
    shop = Shop(a_payment("evt_7"), ending=Outcome(result, "order-1"))
    shop.trigger.receive(an_order_of("shirt"))
    assert [line["eventId"] for line in shop.lines] == ["placed_order-1"]


def test_an_order_whose_own_event_never_came_is_placed_in_the_same_way() -> None:
    shop = Shop(a_payment())
    assert shop.trigger.place(a_placement()) == "reserved"
    assert shop.settled == [a_placement(), a_payment()]


def test_a_parked_payment_that_could_not_be_settled_is_raised_too() -> None:
    def settle(event: Cause, _now: datetime) -> Outcome:
        if isinstance(event, PaymentSucceeded):
            raise StoreUnavailable(event.event_id)
        return RESERVED

    trigger = OrderCreatedTrigger(settle, lambda _order_id: [a_payment()], silent, lambda: NOW)
    with pytest.raises(StoreUnavailable, match="evt_1"):
        trigger.receive(an_order_of("shirt"))


def test_each_settled_event_leaves_one_line_and_an_order_that_could_not_be_held_stands_out() -> None:
    shop = Shop(a_payment())
    shop.trigger.receive(an_order_of("shirt"))
    assert shop.lines[0] == a_log_line(a_placement(), "INFO", "reserved", "reserved")
    assert [line["eventId"] for line in shop.lines] == ["placed_order-1", "evt_1"]
    no_items = "invalid_order: the order has no items"
    shop = Shop(ending=Outcome(Result.RESERVATION_FAILED, "order-1", no_items))
    shop.trigger.receive(an_order_of())
    failed = a_log_line(a_placement(), "WARNING", f"reservation_failed: {no_items}", "reservation_failed")
    assert shop.lines == [failed]


# --- The hint ---------------------------------------------------------------------------------------------------------


def hint_of(items: Value) -> tuple[str, ...]:
    return product_ids_in(Document(fields={"items": items}))


MANY = [f"product-{number}" for number in range(500)]
HINTS = {
    # products in the order: the hint
    "each product once": (("shirt", "mug", "shirt"), ("shirt", "mug")),
    "nothing that cannot name a product": (("shirt", "", "a/b", "__x__"), ("shirt",)),
    "no more products than an order can have": (MANY, tuple(MANY[:100])),
}


@pytest.mark.parametrize(("named", "hint"), HINTS.values(), ids=HINTS)
def test_a_hint_names(named: Iterable[str], hint: tuple[str, ...]) -> None:
    assert hint_of(items_of(*named)) == hint


BROKEN_ITEMS = {
    "text": Value(string_value="shirt"),
    "nothing": Value(null_value=0),
    "map": Value(map_value=MapValue(fields={"productId": Value(string_value="shirt")})),
    "list of text": Value(array_value=ArrayValue(values=[Value(string_value="shirt")])),
    "list of numbers": Value(array_value=ArrayValue(values=[Value(integer_value=3)])),
    "empty list": Value(array_value=ArrayValue(values=[])),
    "line without a product": Value(array_value=ArrayValue(values=[Value(map_value=MapValue(fields={}))])),
    "number for a product": Value(array_value=ArrayValue(values=[a_line(Value(integer_value=3))])),
}


@pytest.mark.parametrize("items", BROKEN_ITEMS.values(), ids=BROKEN_ITEMS)
def test_neither_broken_items_nor_none_give_a_hint(items: Value) -> None:
    assert hint_of(items) == product_ids_in(Document()) == ()
