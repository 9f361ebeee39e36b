"""Money due back: cases that simulated shops have shown to go unnoticed."""

from typing import Any

import pytest

from orders.events import OrderEvent
from orders.money import Money
from tests.support.builders import a_placement, an_order
from tests.support.payments import a_free_session, a_payment
from tests.support.refunds import a_refund, a_refunded_charge, an_updated_refund
from tests.support.settling import settled
from tests.support.shop import a_shop, complaints_in, document_at, notices_in, status_in

OTHER: dict[str, Any] = {"payment_intent_id": "pi_2", "charge_id": "ch_2"}
PAID, FREE = a_payment("evt_paid"), a_free_session("evt_free")
TWICE = PAID, a_payment("evt_again", **OTHER)
HALF, OTHER_HALF = Money(1_800, "eur"), a_payment("evt_other", money=Money(1_800, "eur"), **OTHER)
WRONG_REFUNDED = a_refunded_charge("evt_wrong", total=1_700, paid=Money(1_700, "eur"))
PART_REFUNDED = a_refunded_charge("evt_part", total=1, paid=HALF, **OTHER)
PENDING, FAILED, OTHER_PENDING, OTHER_FAILED = (
    an_updated_refund(f"evt_{payment_id}_{status}", a_refund(status=status, payment_id=payment_id), **ids)
    for payment_id, ids in (("pi_1", {}), ("pi_2", OTHER))
    for status in ("pending", "failed")
)
DUE, REVIEW, FINE = "refund_due", "review", "finalized"
UNNOTICED: dict[str, tuple[int, list[OrderEvent], str, int, list[str]]] = {
    # stock, events: status, amount received, results
    "free, and paid": (0, [FREE, PAID], DUE, 3_600, [DUE, DUE]),
    "paid, and free": (0, [PAID, FREE], DUE, 3_600, []),
    "two payments": (0, [a_payment(money=HALF), OTHER_HALF], DUE, 3_600, [DUE, DUE]),
    "a payment after all was refunded": (0, [WRONG_REFUNDED, PART_REFUNDED], DUE, 3_500, [DUE, DUE]),
    "the same where there are units": (10, [WRONG_REFUNDED, PART_REFUNDED], REVIEW, 3_500, [REVIEW, REVIEW]),
    "a refund that fails while it is pending": (10, [*TWICE, PENDING, FAILED], FINE, 3_600, ["refund_failed"]),
    "of a payment that is not needed": (10, [*TWICE, OTHER_PENDING, OTHER_FAILED], FINE, 3_600, ["refund_failed"]),
}


@pytest.mark.parametrize(("stock", "events", "status", "received", "notices"), UNNOTICED.values(), ids=UNNOTICED)
def test_money_that_is_due_back_is_counted_and_reported(
    stock: int, events: list[OrderEvent], status: str, received: int, notices: list[str]
) -> None:
    store = a_shop(an_order(), stock=stock)
    for event in (a_placement(), *events):
        settled(event, store)
    assert (status_in(store), document_at(store, "orders/order-1")["amountReceived"]) == (status, received)
    assert notices_in(store, of_event=events[-1].event_id) == notices
    assert complaints_in(store, stock=stock) == []
