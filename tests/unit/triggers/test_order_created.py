"""An order was created: what settlement is told of it, and what is settled after it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from cloudevents.http import CloudEvent
from google.cloud.firestore_v1.types import ArrayValue, Document, MapValue, Value

from orders.events import NotUnderstood, OrderEvent, PaymentSucceeded
from orders.outcome import Outcome, Result, StoreContended, StoreUnavailable
from tests.support.builders import NOW, a_payment, a_placement
from tests.support.firestore_events import IMPOSSIBLE_IDS, a_created_event, created
from triggers.order_created import OrderCreatedTrigger, product_ids_in

ORDER = "orders/order-1"


def items_of(*product_ids: str) -> Value:
    return Value(array_value=ArrayValue(values=[a_line(Value(string_value=name)) for name in product_ids]))


def a_line(product_id: Value) -> Value:
    fields = {"productId": product_id, "quantity": Value(integer_value=1)}
    return Value(map_value=MapValue(fields=fields))


def an_order_of(*product_ids: str) -> CloudEvent:
    return a_created_event(ORDER, created(ORDER, items=items_of(*product_ids)))


@dataclass
class Shop:
    """Settlement and store as the trigger sees them: what it asked of them, in order."""

    parked: tuple[PaymentSucceeded, ...] = ()
    error: Exception | None = None
    outcome: Outcome = field(default_factory=lambda: Outcome(Result.RESERVED, "order-1"))
    asked: list[object] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)

    def receive(self, event: CloudEvent) -> None:
        self.trigger.receive(event)

    @property
    def trigger(self) -> OrderCreatedTrigger:
        return OrderCreatedTrigger(self._settle, self._parked_events, self._log, lambda: NOW)

    def _settle(self, event: OrderEvent | NotUnderstood, now: datetime) -> Outcome:
        assert now == NOW
        self.asked.append(event)
        if self.error:
            raise self.error
        return self.outcome

    def _parked_events(self, order_id: str) -> Iterable[PaymentSucceeded]:
        self.asked.append(f"parked for {order_id}")
        return self.parked

    def _log(self, severity: str, message: str, **fields: object) -> None:
        self.lines.append({"severity": severity, "message": message, **fields})


def test_a_created_order_is_settled_as_placed_with_the_products_it_names() -> None:
    shop = Shop()
    shop.receive(an_order_of("shirt", "mug"))
    assert shop.asked[0] == a_placement("order-1", ("shirt", "mug"))


def test_parked_payments_are_settled_after_the_placement_and_looked_for_only_then() -> None:
    shop = Shop(parked=(a_payment("evt_1"), a_payment("evt_2")))
    shop.receive(an_order_of("shirt"))
    assert shop.asked == [a_placement(), "parked for order-1", a_payment("evt_1"), a_payment("evt_2")]


def test_each_parked_payment_that_is_settled_leaves_a_line_as_if_it_had_been_delivered() -> None:
    shop = Shop(parked=(a_payment("evt_7"),), outcome=Outcome(Result.REFUND_DUE, "order-1", "insufficient_stock"))
    shop.receive(an_order_of("shirt"))
    assert shop.lines[1:] == [
        {
            "severity": "WARNING",
            "message": "refund_due: insufficient_stock",
            "eventId": "evt_7",
            "eventType": "payment_intent.succeeded",
            "orderId": "order-1",
            "result": "refund_due",
        }
    ]


@pytest.mark.parametrize("result", [Result.DUPLICATE_DETECTED, Result.PAYMENT_NOT_FOUND, Result.ORDER_NOT_FOUND])
def test_a_parked_event_that_still_waits_or_was_settled_by_others_leaves_none(result: Result) -> None:
    shop = Shop(parked=(a_payment("evt_7"),), outcome=Outcome(result, "order-1"))
    shop.receive(an_order_of("shirt"))
    assert [line["eventId"] for line in shop.lines] == ["placed_order-1"]


def test_an_order_of_which_no_event_told_is_placed_in_the_same_way() -> None:
    shop = Shop(parked=(a_payment(),))
    assert shop.trigger.place(a_placement()) == "reserved"
    assert shop.asked == [a_placement(), "parked for order-1", a_payment()]


@pytest.mark.parametrize("error", [StoreContended("o"), StoreUnavailable("o"), ZeroDivisionError()])
def test_what_was_not_done_is_raised_so_that_it_is_delivered_again(error: Exception) -> None:
    with pytest.raises(type(error)):
        Shop(error=error).receive(an_order_of("shirt"))


def test_a_parked_payment_that_could_not_be_settled_is_raised_too() -> None:
    def settle(event: OrderEvent | NotUnderstood, _now: datetime) -> Outcome:
        if isinstance(event, PaymentSucceeded):
            raise StoreUnavailable(event.event_id)
        return Outcome(Result.RESERVED, "order-1")

    trigger = OrderCreatedTrigger(settle, lambda _order_id: [a_payment()], lambda *_a, **_f: None, lambda: NOW)
    with pytest.raises(StoreUnavailable):
        trigger.receive(an_order_of("shirt"))


@pytest.mark.parametrize("order_id", IMPOSSIBLE_IDS.values(), ids=IMPOSSIBLE_IDS)
def test_an_order_whose_id_cannot_be_handled_is_left_alone_and_logged_and_never_redelivered(
    order_id: str | None,
) -> None:
    shop = Shop()
    shop.receive(a_created_event(None if order_id is None else f"orders/{order_id}", b""))
    assert shop.asked == []
    assert shop.lines == [
        {
            "severity": "ERROR",
            "message": "an order whose id cannot be handled was left alone",
            "cloudEventId": "ce-1",
        }
    ]


def test_garbled_data_does_not_keep_an_order_from_being_settled() -> None:
    shop = Shop()
    shop.receive(a_created_event(ORDER, b"\xff\xff"))
    assert shop.asked[0] == a_placement(product_ids=())


def test_each_settled_event_leaves_one_line() -> None:
    shop = Shop(parked=(a_payment(),))
    shop.receive(an_order_of("shirt"))
    assert shop.lines[0] == {
        "severity": "INFO",
        "message": "reserved",
        "eventId": "placed_order-1",
        "eventType": "order.placed",
        "orderId": "order-1",
        "result": "reserved",
    }
    assert [line["eventId"] for line in shop.lines] == ["placed_order-1", "evt_1"]


def test_an_order_that_could_not_be_held_stands_out_with_its_reason() -> None:
    shop = Shop(outcome=Outcome(Result.RESERVATION_FAILED, "order-1", "invalid_order: the order has no items"))
    shop.receive(an_order_of())
    assert shop.lines[0]["severity"] == "WARNING"
    assert shop.lines[0]["message"] == "reservation_failed: invalid_order: the order has no items"


# --- The hint ---------------------------------------------------------------------------------------------------------


def hint_of(items: Value) -> tuple[str, ...]:
    return product_ids_in(Document(fields={"items": items}))


def test_each_product_is_named_once() -> None:
    assert hint_of(items_of("shirt", "mug", "shirt")) == ("shirt", "mug")


def test_what_cannot_name_a_product_is_left_out() -> None:
    assert hint_of(items_of("shirt", "", "a/b", "__x__")) == ("shirt",)


def test_a_hint_names_no_more_products_than_an_order_can_have() -> None:
    assert len(hint_of(items_of(*(f"product-{n}" for n in range(500))))) == 100


def test_a_document_without_items_gives_no_hint() -> None:
    assert product_ids_in(Document()) == ()


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
def test_broken_items_give_no_hint(items: Value) -> None:
    assert hint_of(items) == ()
