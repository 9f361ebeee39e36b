"""An order that was deleted and created again under its id: it fails, and nothing of the old one touches it."""

from datetime import timedelta

import pytest

from orders.events import OrderEvent
from tests.support.builders import (
    NOW,
    a_cancellation,
    a_dispute,
    a_failure,
    a_payment,
    a_placement,
    a_processing,
    a_refunded_charge,
    an_order,
    an_updated_refund,
)
from tests.support.memory_store import MemoryStore
from tests.support.settling import settled
from tests.support.shop import a_shop_after, document_at, notices_in, shirts_in, status_in

USED_BEFORE = "id_used_before: an earlier order had the same id; please order again"
PLACED, PAID = a_placement(), a_payment()
BROKEN = an_order(items=[])


def created_again(*events: OrderEvent, order: dict[str, object] | None = None) -> MemoryStore:
    """A shop after these events, whose order was then deleted and created again."""
    store = a_shop_after(*events)
    store.put("orders/order-1", order or an_order())
    return store


@pytest.mark.parametrize("order", [None, BROKEN], ids=["the same", "without items"])
@pytest.mark.parametrize("before", [[PLACED], [PLACED, PAID], [PAID, PLACED]], ids=["held", "paid", "paid first"])
@pytest.mark.parametrize("hint", [("shirt",), ("mug",), ()], ids=str)
def test_it_fails_when_it_is_placed_and_its_customer_learns_why(
    before: list[OrderEvent], order: dict[str, object] | None, hint: tuple[str, ...]
) -> None:
    store = created_again(*before, order=order)
    shelf, first_entry = shirts_in(store), document_at(store, "auditLog/placed_order-1")
    assert settled(a_placement(product_ids=hint), store, now=NOW + timedelta(hours=1)).result == "reservation_failed"
    failed = document_at(store, "orders/order-1")
    assert (failed["status"], failed["failureReason"], shirts_in(store)) == ("failed", USED_BEFORE, shelf)
    assert document_at(store, "auditLog/placed_order-1") == first_entry
    entry = document_at(store, "auditLog/placed_order-1_20260314T160926000000")
    assert (entry["result"], entry["statusBefore"], entry["statusAfter"]) == ("reservation_failed", "pending", "failed")
    notice = document_at(store, "notifications/alice/messages/placed_order-1_20260314T160926000000")
    assert (notice["type"], notice["reason"]) == ("failed", USED_BEFORE)
    assert settled(PLACED, store, now=NOW + timedelta(hours=2)).result == "already_placed"


def test_it_fails_each_time_it_is_created_again() -> None:
    store = created_again(PLACED)
    for hours in (1, 2, 3):
        store.put("orders/order-1", an_order())
        assert settled(PLACED, store, now=NOW + timedelta(hours=hours)).result == "reservation_failed"
    assert notices_in(store).count("failed") == 3


NEW_PAYMENT = a_payment("evt_2", payment_intent_id="pi_2", charge_id="ch_2")


@pytest.mark.parametrize("placed_first", [True, False], ids=["trigger first", "webhook first"])
def test_what_is_paid_for_it_is_due_back(*, placed_first: bool) -> None:
    store = created_again(PLACED, PAID)
    if placed_first:
        settled(PLACED, store, now=NOW + timedelta(hours=1))
    outcome = settled(NEW_PAYMENT, store)
    assert (outcome.result, outcome.note, status_in(store)) == ("refund_due", USED_BEFORE, "refund_due")
    assert shirts_in(store) == (7, 0)
    assert notices_in(store, of_event="evt_2") == ["refund_due", "refund_due"]


OF_THE_EARLIER_ORDER = {
    "payment": a_payment("evt_2"),
    "charge": a_payment("evt_2", payment_intent_id=None),
    "on its way": a_processing("evt_2"),
    "decline": a_failure("evt_2"),
    "end": a_cancellation("evt_2"),
    "refunded charge": a_refunded_charge("evt_2"),
    "refunded charge, found by its payment": a_refunded_charge("evt_2", order_id=None),
    "refund, found by its payment": an_updated_refund("evt_2"),
    "dispute, found by its payment": a_dispute("evt_2"),
}


@pytest.mark.parametrize("event", OF_THE_EARLIER_ORDER.values(), ids=OF_THE_EARLIER_ORDER)
@pytest.mark.parametrize("placed_first", [True, False], ids=["trigger first", "webhook first"])
def test_nothing_of_the_earlier_orders_payment_touches_it(event: OrderEvent, *, placed_first: bool) -> None:
    store = created_again(PLACED, PAID)
    if placed_first:
        settled(PLACED, store, now=NOW + timedelta(hours=1))
    before = document_at(store, "orders/order-1"), shirts_in(store), document_at(store, "payments/pi_1")
    assert settled(event, store).result == "earlier_order"
    assert (document_at(store, "orders/order-1"), shirts_in(store), document_at(store, "payments/pi_1")) == before
