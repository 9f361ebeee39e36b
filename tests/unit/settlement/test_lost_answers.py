"""Commits that fail, or succeed without an answer: tried again, and never done twice."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from orders.events import OrderEvent
from tests.support.builders import NOW, a_payment, a_placement, redelivered
from tests.support.interference import DisturbedStore, Interference, answer_lost, refused, unanswered, undisturbed
from tests.support.settling import Clock, settled
from tests.support.shop import a_shop, a_shop_after, audited_in, complaints_in, document_at, shirts_in, status_in

PLACED, PAID, PAID_AGAIN = a_placement(), a_payment(), redelivered(a_payment())


@pytest.mark.parametrize("fault", [refused, unanswered])
@pytest.mark.parametrize(
    ("event", "result", "shirts"),
    [(PLACED, "reserved", (10, 3)), (PAID, "first_time_finalized", (7, 0))],
    ids=["placed", "paid"],
)
def test_a_commit_that_failed_is_tried_again(
    event: OrderEvent, result: str, shirts: tuple[int, int], fault: Interference
) -> None:
    store, clock = a_shop_after(), Clock()
    assert settled(event, DisturbedStore(store, [fault, fault]), clock=clock).result == result
    assert clock.pauses == [0.005, 0.01]
    assert shirts_in(store) == shirts


def test_a_read_without_an_answer_is_tried_again() -> None:
    store = a_shop_after(PLACED)
    assert settled(PAID, DisturbedStore(store, reads_without_answer=2)).result == "first_time_finalized"


LOST: dict[str, tuple[Sequence[OrderEvent], OrderEvent, list[Interference], str, str, tuple[int, int]]] = {
    # settled before, settled now, its commits; how it ends: result, status, shirts on hand and held
    "counting the hold": ([], PLACED, [answer_lost], "reserved", "reserved", (10, 3)),
    "holding": ([], PLACED, [undisturbed, answer_lost], "already_placed", "reserved", (10, 3)),
    "counting the hold of a payment": ([], PAID, [answer_lost], "first_time_finalized", "finalized", (7, 0)),
    "paying at once": ([], PAID, [undisturbed, answer_lost], "first_time_finalized", "finalized", (7, 0)),
    "paying what is held": ([PLACED], PAID, [answer_lost], "first_time_finalized", "finalized", (7, 0)),
    "counting a duplicate": ([PLACED, PAID], PAID_AGAIN, [answer_lost], "duplicate_detected", "finalized", (7, 0)),
}


@pytest.mark.parametrize(("before", "event", "commits", "result", "status", "shirts"), LOST.values(), ids=LOST)
def test_a_commit_whose_answer_was_lost_is_not_done_twice(
    before: Sequence[OrderEvent],
    event: OrderEvent,
    commits: list[Interference],
    result: str,
    status: str,
    shirts: tuple[int, int],
) -> None:
    store = a_shop_after(*before)
    assert settled(event, DisturbedStore(store, commits)).result == result
    assert (status_in(store), shirts_in(store)) == (status, shirts)
    assert audited_in(store) == {event.event_id, *(earlier.event_id for earlier in before)}
    assert complaints_in(store) == []


def test_a_delivery_is_counted_once_although_the_answer_to_putting_its_claim_back_was_lost() -> None:
    store = a_shop_after(PLACED, PAID)
    store.delete("webhookEvents/evt_1")
    disturbed = DisturbedStore(store, [undisturbed, answer_lost])
    assert settled(PAID_AGAIN, disturbed).result == "duplicate_detected"
    assert document_at(store, "webhookEvents/evt_1")["deliveries"] == 2
    assert complaints_in(store) == []


def test_a_payment_is_parked_once_although_the_answer_was_lost() -> None:
    store = a_shop()
    payment = a_payment(created_at=NOW - timedelta(hours=1))
    assert settled(payment, DisturbedStore(store, [answer_lost])).result == "order_not_found"
    assert document_at(store, "webhookEvents/evt_1")["deliveries"] == 1
    assert complaints_in(store) == []
