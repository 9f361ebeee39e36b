"""Money that is due back, and ids that are used again: what simulated shops have shown to go unnoticed."""

from datetime import timedelta
from typing import Any

import pytest

from orders.events import OrderEvent
from orders.money import Money
from tests.support.builders import (
    NOW,
    a_cancellation,
    a_free_session,
    a_lapse,
    a_payment,
    a_placement,
    a_processing,
    a_refund,
    a_refunded_charge,
    an_order,
    an_updated_refund,
)
from tests.support.memory_store import MemoryStore
from tests.support.settling import settled
from tests.support.shop import MUCH_LATER, a_shop, complaints_in, document_at, notices_in, status_in

OTHER: dict[str, Any] = {"payment_intent_id": "pi_2", "charge_id": "ch_2"}
HALF = Money(1_800, "eur")
IN_A_MONTH = timedelta(days=30)


def a_shop_without_units(*events: OrderEvent) -> MemoryStore:
    store = a_shop(an_order(), stock=0)
    for event in events:
        settled(event, store)
    assert complaints_in(store, stock=0) == []
    return store


def amounts_in(store: MemoryStore) -> tuple[object, object]:
    order = document_at(store, "orders/order-1")
    return order["amountReceived"], order["amountRefunded"]


@pytest.mark.parametrize("is_free_first", [True, False])
def test_a_session_that_was_free_of_charge_hides_no_money_that_is_due_back(*, is_free_first: bool) -> None:
    free, paid = a_free_session("evt_free"), a_payment("evt_paid")
    store = a_shop_without_units(a_placement(), *((free, paid) if is_free_first else (paid, free)))
    assert (status_in(store), *amounts_in(store)) == ("refund_due", 3_600, 0)


def test_all_payments_of_an_order_that_was_never_held_are_due_back_and_each_is_reported() -> None:
    one, other = a_payment("evt_1", money=HALF), a_payment("evt_2", money=HALF, **OTHER)
    store = a_shop_without_units(a_placement(), one, other)
    assert (status_in(store), *amounts_in(store)) == ("refund_due", 3_600, 0)
    assert notices_in(store, of_event="evt_2") == ["refund_due", "refund_due"]


NEXT = {
    "a payment": a_payment("evt_2", money=HALF, **OTHER),
    "partly refunded": a_refunded_charge("evt_2", total=1, paid=HALF, **OTHER),
}


@pytest.mark.parametrize(("stock", "status"), [(0, "refund_due"), (10, "review")])
@pytest.mark.parametrize("event", NEXT.values(), ids=NEXT)
def test_a_payment_after_all_was_refunded_is_reported_to_customer_and_shop(
    event: OrderEvent, stock: int, status: str
) -> None:
    store, wrong = a_shop(an_order(), stock=stock), Money(1_700, "eur")
    for each in a_placement(), a_refunded_charge("evt_1", total=1_700, paid=wrong), event:
        settled(each, store)
    assert status_in(store) == status
    assert notices_in(store, of_event="evt_2") == [status, status]
    assert complaints_in(store, stock=stock) == []


@pytest.mark.parametrize("payment", [{}, OTHER], ids=["that pays for its order", "that is not needed"])
def test_a_refund_that_fails_while_it_is_pending_is_reported(payment: dict[str, Any]) -> None:
    store = a_shop(an_order())
    payment_id = payment.get("payment_intent_id", "pi_1")
    pending, failed = (a_refund(status=status, payment_id=payment_id) for status in ("pending", "failed"))
    for event in (
        *(a_payment("evt_1"), a_payment("evt_2", **OTHER)),
        *(an_updated_refund("evt_pending", pending, **payment), an_updated_refund("evt_failed", failed, **payment)),
    ):
        settled(event, store)
    assert notices_in(store, of_event="evt_failed") == ["refund_failed"]
    assert status_in(store) == "finalized"


@pytest.mark.parametrize("kind", ["shipping", "unknown"])
def test_what_is_adjusted_after_an_order_is_paid_asks_for_nothing(kind: str) -> None:
    store = a_shop(an_order())
    settled(a_payment("evt_1"), store)
    late = {"itemsTotal": 3_600, "adjustments": [{"kind": kind, "amount": 500}]}
    store.put("orders/order-1", {**document_at(store, "orders/order-1"), **late})
    settled(a_payment("evt_2", money=Money(500, "eur"), **OTHER), store)
    assert amounts_in(store) == (3_600, 0)
    assert notices_in(store, of_event="evt_2") == ["second_payment"]


# --- Ids that are used again ------------------------------------------------------------------------------------------


def created_again(store: MemoryStore) -> MemoryStore:
    """The same shop, in which the order was deleted and another one created."""
    store.put("orders/order-1", an_order(createdAt=NOW + timedelta(minutes=1)))
    return store


def test_an_order_is_like_any_other_if_the_earlier_one_with_its_id_was_deleted_before_it_was_placed() -> None:
    store = a_shop(an_order())
    settled(a_payment("evt_1"), store)
    settled(a_placement(), created_again(store))
    assert settled(a_refunded_charge("evt_2"), store).result == "earlier_order"
    assert status_in(store) == "reserved"


def test_an_id_that_was_used_before_is_not_sold_even_if_its_order_was_cancelled_first() -> None:
    store = a_shop(an_order())
    for earlier in a_placement(), a_lapse():
        settled(earlier, store, now=MUCH_LATER)
    created_again(store)
    for event in a_cancellation("evt_end", payment_intent_id=None), a_payment("evt_2"):
        settled(event, store)
    assert status_in(store) == "refund_due"


def test_an_order_lapses_although_an_earlier_one_with_its_id_did() -> None:
    store = a_shop(an_order())
    # No trigger: an order that is held for an event of Stripe's is nowhere on record as placed.
    for number, lapsed_at in enumerate((MUCH_LATER, MUCH_LATER + timedelta(days=60))):
        settled(a_processing(f"evt_{number}", payment_intent_id=f"pi_{number}"), store, now=lapsed_at - IN_A_MONTH)
        settled(a_lapse(), store, now=lapsed_at)
        assert status_in(store) == "expired"
        created_again(store)
