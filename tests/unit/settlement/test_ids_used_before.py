"""An order that was deleted and created again under its id fails, and nothing of the old one affects it."""

from datetime import timedelta

import pytest

from orders.events import OrderEvent
from tests.support.builders import NOW, Fields, a_lapse, a_placement, an_order
from tests.support.memory_store import MemoryStore
from tests.support.payments import a_cancellation, a_payment
from tests.support.refunds import a_refunded_charge
from tests.support.settling import settled
from tests.support.shop import a_shop_after, document_at, notices_in, shirts_in, status_in

USED_BEFORE = "id_used_before: an earlier order had the same id; please order again"
PLACED, PAID = a_placement(), a_payment()


def created_again(*events: OrderEvent, **changes: object) -> MemoryStore:
    """A shop after these events, whose order was then deleted and created again."""
    store = a_shop_after(*events)
    store.put("orders/order-1", an_order(createdAt=NOW + timedelta(minutes=1), **changes))
    return store


@pytest.mark.parametrize("changes", [{}, {"items": []}], ids=["the same", "without items"])
@pytest.mark.parametrize("before", [[PLACED, PAID], [PAID, PLACED]], ids=["placed first", "paid first"])
@pytest.mark.parametrize("hint", [("shirt",), ()], ids=str)
def test_it_fails_when_it_is_placed_and_its_customer_learns_why(
    changes: Fields, before: list[OrderEvent], hint: tuple[str, ...]
) -> None:
    store = created_again(*before, **changes)
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


@pytest.mark.parametrize("placed_again", [[PLACED], []], ids=["trigger first", "webhook first"])
def test_what_is_paid_for_it_is_due_back(placed_again: list[OrderEvent]) -> None:
    store = created_again(PLACED, PAID)
    for placed in placed_again:
        settled(placed, store, now=NOW + timedelta(hours=1))
    outcome = settled(a_payment("evt_2", payment_intent_id="pi_2", charge_id="ch_2"), store)
    assert (outcome.result, outcome.note, status_in(store)) == ("refund_due", USED_BEFORE, "refund_due")
    assert shirts_in(store) == (7, 0)
    assert notices_in(store, of_event="evt_2") == ["refund_due", "refund_due"]


def test_an_order_is_like_any_other_if_the_earlier_one_with_its_id_was_deleted_before_it_was_placed() -> None:
    store = created_again(PAID)
    settled(PLACED, store)
    assert settled(a_refunded_charge("evt_2"), store).result == "earlier_order"
    assert status_in(store) == "reserved"


def test_an_id_that_was_used_before_is_not_sold_even_if_its_order_was_cancelled_first() -> None:
    store = created_again(PLACED, a_lapse())
    for event in a_cancellation("evt_end", payment_intent_id=None), a_payment("evt_2"):
        settled(event, store)
    assert status_in(store) == "refund_due"
