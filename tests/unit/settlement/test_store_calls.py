"""How often settlement calls the store: every call is a round trip to Firestore."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from orders.events import Cause, OrderEvent
from tests.support.builders import (
    TERMS,
    a_cancel_request,
    a_placement,
    a_reserved_order,
    an_order,
    redelivered,
    something_not_understood,
)
from tests.support.interference import calls_to_settle, overtaken_by
from tests.support.payments import a_cancellation, a_failure, a_payment, a_processing
from tests.support.refunds import a_dispute, a_refund, a_refunded_charge, an_updated_refund
from tests.support.settling import settled
from tests.support.shop import a_shop, a_shop_after, a_shop_with_a_hold, shirts_in, status_in

PLACED, PAID, NAMELESS = a_placement(), a_payment(), replace(a_payment(), order_id=None)
REFUNDED, FAILED = (
    an_updated_refund(f"evt_{status}", a_refund("re_1", 3_600, status)) for status in ("succeeded", "failed")
)
OF_ANOTHER = a_payment("evt_2", account="acct_9")
CALLS: dict[str, tuple[Sequence[OrderEvent], Cause, list[str]]] = {
    # settled before, settled now, the calls
    "a first delivery": ([PLACED], PAID, ["read", "commit"]),
    "another event of a settled payment": ([PLACED, PAID], a_payment("evt_2"), ["read", "commit"]),
    "a second delivery": ([PLACED, PAID], redelivered(PAID), ["read", "commit"]),
    "a hold": ([], PLACED, ["read", "count", "commit", "commit"]),
    "a hold for a payment": ([], PAID, ["read", "read", "commit", "commit"]),
    "a hold, and a wrong hint": ([], a_placement("order-1", ("mug",)), ["read", "read", "count", "commit", "commit"]),
    "the trigger again": ([PLACED], PLACED, ["read"]),
    "a refund without its payment": ([PLACED], an_updated_refund(order_id="order-1"), ["read", "read", "commit"]),
    "a session that is told of before its payment": ([PLACED], a_processing(), ["read", "commit"]),
    "a payment of nobody's": ([PLACED], NAMELESS, ["read"]),
    "a payment that only its session has named": (
        [PLACED, a_processing("evt_2")],
        NAMELESS,
        ["read", "read", "commit"],
    ),
    "a decline of an order that does not exist": ([], a_failure(order_id="order-7"), ["read"]),
    "a decline": ([PLACED], a_failure("evt_2"), ["read", "commit"]),
    "an end": ([PLACED], a_cancellation("evt_2"), ["read", "commit"]),
    "a cancel request": ([PLACED], a_cancel_request(), ["read", "commit"]),
    "a refunded charge": ([PLACED], a_refunded_charge("evt_2"), ["read", "commit"]),
    "a dispute": ([PLACED, PAID], a_dispute("evt_2"), ["read", "read", "commit"]),
    "a refund": ([PLACED, PAID], an_updated_refund("evt_2", a_refund("re_1", 1_200)), ["read", "read", "commit"]),
    "a refund that puts units back": ([PLACED, PAID], REFUNDED, ["read", "read", "read", "commit"]),
    "a refund that fails, and takes them again": ([PLACED, PAID, REFUNDED], FAILED, ["read", "read", "read", "commit"]),
    "a refund of an unknown payment": ([], REFUNDED, ["read", "read", "commit"]),
    "a refund that waits, again": ([REFUNDED], redelivered(REFUNDED), ["read", "commit"]),
    "an event of another account": ([PLACED], OF_ANOTHER, ["read", "commit"]),
    "an event of another account, again": ([PLACED, OF_ANOTHER], redelivered(OF_ANOTHER), ["read", "commit"]),
    "an event that cannot be read": ([PLACED], something_not_understood(), ["read", "commit"]),
}


@pytest.mark.parametrize(("before", "event", "calls"), CALLS.values(), ids=CALLS)
def test_settling_takes_no_call_more_than_it_must(before: Sequence[OrderEvent], event: Cause, calls: list[str]) -> None:
    assert calls_to_settle(event, a_shop_after(*before)) == calls


def test_what_is_never_short_takes_no_more_calls_and_less_for_a_refund() -> None:
    store = a_shop(an_order())
    store.put("inventory/shirt", {"stock": None})
    assert calls_to_settle(PLACED, store) == ["read", "count", "commit", "commit"]
    assert calls_to_settle(PAID, store) == ["read", "commit"]
    assert calls_to_settle(REFUNDED, store) == ["read", "read", "commit"]
    assert status_in(store) == "refunded"


def test_an_order_that_was_created_again_takes_one_read_and_one_commit() -> None:
    store = a_shop_after(PLACED)
    store.put("orders/order-1", an_order())
    assert calls_to_settle(PLACED, store) == ["read", "commit"]
    assert (status_in(store), shirts_in(store)) == ("failed", (10, 3))


def test_nobody_counts_the_open_orders_of_a_customer_who_was_erased() -> None:
    store = a_shop(a_reserved_order(status="pending", userId=None))
    assert calls_to_settle(PLACED, store) == ["read", "commit", "commit"]
    assert (status_in(store), shirts_in(store)) == ("reserved", (10, 3))


def test_a_customer_who_was_erased_has_no_open_orders() -> None:
    store = a_shop(a_reserved_order(status="pending", userId=None))
    assert settled(PLACED, store, terms=replace(TERMS, open_orders_max=1)).result == "reserved"


LOST_RACES: dict[str, tuple[Sequence[OrderEvent], OrderEvent, str]] = {
    # settled before, what is faster, the payment's result
    "against another event of the payment": ([PLACED], a_payment("evt_2"), "already_finalized"),
    "against another delivery": ([PLACED], redelivered(PAID), "duplicate_detected"),
    "against another delivery, once paid": ([PLACED, a_payment("evt_2")], redelivered(PAID), "duplicate_detected"),
}


@pytest.mark.parametrize(("before", "faster", "result"), LOST_RACES.values(), ids=LOST_RACES)
def test_a_lost_race_takes_one_read_and_one_commit_more(
    before: Sequence[OrderEvent], faster: OrderEvent, result: str
) -> None:
    store = a_shop_after(*before)
    disturbed = overtaken_by(faster, store)
    assert settled(PAID, disturbed).result == result
    assert disturbed.calls == ["read", "commit", "read", "commit"]
    assert shirts_in(store) == (7, 0)


def test_the_inventory_is_read_only_when_nothing_else_explains_why_a_commit_was_refused() -> None:
    store = a_shop_with_a_hold()
    store.delete("inventory/shirt")
    assert calls_to_settle(PAID, store) == ["read", "commit", "read", "read", "commit"]
