"""An order was created: what Firestore's event means, and what is done with it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from cloudevents.http import CloudEvent
from google.cloud.firestore_v1.types import ArrayValue, Document, DocumentChange, MapValue, Value
from hypothesis import given
from hypothesis import strategies as st

from inventory.created_event import created_document
from inventory.trigger import OrderCreatedTrigger
from inventory.trigger import product_ids_in as product_ids_of
from orders.events import NotUnderstood, OrderEvent, PaymentSucceeded
from orders.outcome import LedgerContended, LedgerUnavailable, Outcome, Result
from tests.builders import NOW, a_payment, a_placement


def product_ids_in(data: object) -> tuple[str, ...]:
    return product_ids_of(created_document(data))


FIRESTORE_CREATED = "google.cloud.firestore.document.v1.created"


def a_document(*product_ids: str) -> bytes:
    """A `DocumentEventData` as Eventarc sends it: its first field is the created document."""
    return document_with(Value(array_value=ArrayValue(values=[a_line(product_id) for product_id in product_ids])))


def document_with(items: Value) -> bytes:
    document = Document(name="projects/p/databases/(default)/documents/orders/order-1", fields={"items": items})
    return bytes(DocumentChange.serialize(DocumentChange(document=document)))


def a_line(product_id: str) -> Value:
    fields = {"productId": Value(string_value=product_id), "quantity": Value(integer_value=1)}
    return Value(map_value=MapValue(fields=fields))


def an_event(document: str | None = "orders/order-1", data: object = None) -> CloudEvent:
    attributes = {"type": FIRESTORE_CREATED, "source": "//firestore.googleapis.com/projects/p", "id": "ce-1"}
    if document is not None:
        attributes["document"] = document
    return CloudEvent(attributes, a_document("shirt") if data is None else data)


@dataclass
class Shop:
    """Settlement and ledger as the trigger sees them: what it asked of them, in order."""

    parked: tuple[PaymentSucceeded, ...] = ()
    error: Exception | None = None
    outcome: Outcome = field(default_factory=lambda: Outcome(Result.RESERVED, "order-1"))
    asked: list[object] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)

    def receive(self, event: CloudEvent) -> None:
        OrderCreatedTrigger(self._settle, self._parked_events, self._log, lambda: NOW).receive(event)

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
    shop.receive(an_event(data=a_document("shirt", "mug")))
    assert shop.asked[0] == a_placement("order-1", ("shirt", "mug"))


def test_parked_payments_are_settled_after_the_placement_and_looked_for_only_then() -> None:
    shop = Shop(parked=(a_payment("evt_1"), a_payment("evt_2")))
    shop.receive(an_event())
    assert shop.asked == [a_placement(), "parked for order-1", a_payment("evt_1"), a_payment("evt_2")]


@pytest.mark.parametrize("error", [LedgerContended("o"), LedgerUnavailable("o"), ZeroDivisionError()])
def test_what_was_not_done_is_raised_so_that_it_is_delivered_again(error: Exception) -> None:
    with pytest.raises(type(error)):
        Shop(error=error).receive(an_event())


def test_a_parked_payment_that_could_not_be_settled_is_raised_too() -> None:
    def settle(event: OrderEvent | NotUnderstood, _now: datetime) -> Outcome:
        if isinstance(event, PaymentSucceeded):
            raise LedgerUnavailable(event.event_id)
        return Outcome(Result.RESERVED, "order-1")

    trigger = OrderCreatedTrigger(settle, lambda _order_id: [a_payment()], lambda *_a, **_f: None, lambda: NOW)
    with pytest.raises(LedgerUnavailable):
        trigger.receive(an_event())


IMPOSSIBLE = ["orders/__x__", "orders/..", "orders/", "orders/a/b", "customers/7", "orders/" + "x" * 1_401]


@pytest.mark.parametrize("document", [None, *IMPOSSIBLE], ids=lambda document: str(document)[:20])
def test_an_order_whose_id_cannot_be_handled_is_left_alone_and_logged_and_never_redelivered(
    document: str | None,
) -> None:
    shop = Shop()
    shop.receive(an_event(document, data=b""))
    assert shop.asked == []
    assert shop.lines == [
        {
            "severity": "ERROR",
            "message": "an order whose id cannot be handled was left alone",
            "cloudEventId": "ce-1",
        }
    ]


def test_each_settled_event_leaves_one_line() -> None:
    shop = Shop(parked=(a_payment(),))
    shop.receive(an_event())
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
    shop.receive(an_event())
    assert shop.lines[0]["severity"] == "WARNING"
    assert shop.lines[0]["message"] == "reservation_failed: invalid_order: the order has no items"


# --- The hint ---------------------------------------------------------------------------------------------------------


def test_each_product_is_named_once() -> None:
    assert product_ids_in(a_document("shirt", "mug", "shirt")) == ("shirt", "mug")


def test_what_cannot_name_a_product_is_left_out() -> None:
    assert product_ids_in(a_document("shirt", "", "a/b", "__x__")) == ("shirt",)


def test_a_hint_names_no_more_products_than_an_order_can_have() -> None:
    assert len(product_ids_in(a_document(*(f"product-{n}" for n in range(500))))) == 100


BROKEN_ITEMS = {
    "text": Value(string_value="shirt"),
    "nothing": Value(null_value=0),
    "map": Value(map_value=MapValue(fields={"productId": Value(string_value="shirt")})),
    "list of text": Value(array_value=ArrayValue(values=[Value(string_value="shirt")])),
    "list of numbers": Value(array_value=ArrayValue(values=[Value(integer_value=3)])),
    "empty list": Value(array_value=ArrayValue(values=[])),
    "line without a product": Value(array_value=ArrayValue(values=[Value(map_value=MapValue(fields={}))])),
    "number for a product": Value(
        array_value=ArrayValue(values=[Value(map_value=MapValue(fields={"productId": Value(integer_value=3)}))])
    ),
}


@pytest.mark.parametrize("items", BROKEN_ITEMS.values(), ids=BROKEN_ITEMS)
def test_broken_items_give_no_hint(items: Value) -> None:
    assert product_ids_in(document_with(items)) == ()


@pytest.mark.parametrize("data", [None, b"", b"\xff", b"{}", "orders/order-1", {"value": {}}, 7, [1]], ids=repr)
def test_data_of_another_kind_gives_no_hint(data: object) -> None:
    assert product_ids_in(data) == ()


def test_a_document_without_items_gives_no_hint() -> None:
    assert product_ids_in(bytes(DocumentChange.serialize(DocumentChange(document=Document(name="x"))))) == ()


def test_garbled_data_does_not_keep_an_order_from_being_settled() -> None:
    shop = Shop()
    shop.receive(an_event(data=b"\xff\xff"))
    assert shop.asked[0] == a_placement(product_ids=())


@given(st.binary(max_size=200))
def test_no_data_makes_it_raise(data: bytes) -> None:
    product_ids_in(data)


@given(st.binary(max_size=4), st.integers(0, 60))
def test_no_torn_document_makes_it_raise(noise: bytes, position: int) -> None:
    whole = a_document("shirt", "mug")
    product_ids_in(whole[:position] + noise + whole[position:])
    product_ids_in(whole[:position])


@pytest.mark.parametrize("order_id", ["bestellung-grün", "中餐", "trailing "])
def test_an_order_is_found_by_the_name_in_its_document_since_a_header_mangles_it(order_id: str) -> None:
    shop = Shop()
    document = Document(name=f"projects/p/databases/(default)/documents/orders/{order_id}")
    shop.receive(an_event("orders/mangled", DocumentChange.serialize(DocumentChange(document=document))))
    assert shop.asked[0] == a_placement(order_id, product_ids=())
