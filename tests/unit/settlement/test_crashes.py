"""A commit fails, its answer is lost, or the process dies: what was begun is finished, once."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

import pytest

from orders.event_kinds import EventKind
from orders.events import OrderEvent
from orders.outcome import Outcome
from tests.support.builders import NOW, a_cancel_request, a_lapse, a_placement, an_order, redelivered
from tests.support.interference import (
    Crash,
    DisturbedStore,
    Interference,
    answer_lost,
    crash_after,
    crash_before,
    refused,
    unanswered,
    undisturbed,
)
from tests.support.memory_store import MemoryStore
from tests.support.payments import a_cancellation, a_failure, a_payment, a_processing
from tests.support.refunds import a_dispute, a_refund, a_refunded_charge, an_updated_refund
from tests.support.settling import Clock, settled
from tests.support.shop import (
    a_shop,
    a_shop_after,
    audited_in,
    complaints_in,
    document_at,
    notices_in,
    shirts_in,
    status_in,
    time_of,
)

PARTLY, TOO_LATE, FAILED = "partially_refunded", "cancel_request_recorded", "refund_failed"
PLACED, PAID, CANCEL, LAPSED = a_placement(), a_payment(), a_cancel_request(), a_lapse()
ENDED, ALL_BACK = a_cancellation("evt_end", payment_intent_id=None), a_refunded_charge("evt_2")
REFUNDED, REFUND_FAILED = an_updated_refund("evt_refund"), an_updated_refund("evt_2", a_refund(status="failed"))
PART_REFUNDED = an_updated_refund("evt_part", a_refund("re_1", 1_200, restock={"shirt": 1}))

each_crash = pytest.mark.parametrize("crash", [crash_before, crash_after], ids=lambda crash: str(crash.__name__))


def crash_while_settling(event: OrderEvent, store: MemoryStore, *commits: Interference) -> None:
    """The process dies at the last of these commits. Even then the auditor finds nothing wrong."""
    with pytest.raises(Crash):
        settled(event, DisturbedStore(store, commits or [crash_after]), now=time_of(event))
    assert complaints_in(store) == []


def settled_again(event: OrderEvent, store: MemoryStore) -> Outcome:
    """The outcome of the event's next delivery, undisturbed."""
    outcome = settled(redelivered(event), store, now=time_of(event))
    assert complaints_in(store) == []
    return outcome


# --- Any change -------------------------------------------------------------------------------------------------------


class Change(NamedTuple):
    before: Sequence[OrderEvent]
    event: OrderEvent
    result: str
    status: str
    shirts: tuple[int, int]
    notice: str | None
    commits: int = 1


RESULT_ONCE_DONE = {
    EventKind.ORDER_PLACED: "already_placed",
    EventKind.RESERVATION_LAPSED: "not_expired",
    EventKind.CANCEL_REQUESTED: "already_recorded",
}
CHANGES = {
    "placed": Change([], PLACED, "reserved", "reserved", (10, 3), "reserved", commits=2),
    "paid at once": Change([], PAID, "first_time_finalized", "finalized", (7, 0), "paid", commits=2),
    "paid": Change([PLACED], PAID, "first_time_finalized", "finalized", (7, 0), "paid"),
    "paid after it expired": Change(
        [PLACED, LAPSED], PAID, "first_time_finalized", "finalized", (7, 0), "paid", commits=2
    ),
    "paid after it was canceled": Change(
        [PLACED, ENDED], PAID, "first_time_finalized", "finalized", (7, 0), "paid", commits=2
    ),
    "partly refunded": Change([PLACED, PAID], PART_REFUNDED, PARTLY, PARTLY, (8, 0), PARTLY),
    "refunded before the payment": Change([PLACED], ALL_BACK, "refunded", "refunded", (10, 0), "refunded"),
    "refund failed": Change([PLACED, PAID, REFUNDED], REFUND_FAILED, FAILED, "finalized", (7, 0), FAILED),
    "cancelled by its customer": Change([PLACED], CANCEL, "cancelled", "cancelled", (10, 0), "cancelled"),
    "cancelled too late": Change([PLACED, PAID], CANCEL, TOO_LATE, "finalized", (7, 0), "cancel_requested"),
    "expired": Change([PLACED], LAPSED, "expired", "expired", (10, 0), "expired"),
    "extended": Change([PLACED], a_processing(), "hold_extended", "reserved", (10, 3), None),
    "declined": Change([PLACED], a_failure(), "payment_failed", "reserved", (10, 3), "payment_failed"),
    "disputed": Change([PLACED, PAID], a_dispute("evt_2"), "dispute_recorded", "finalized", (7, 0), "dispute"),
}


def assert_made_once(change: Change, store: MemoryStore) -> None:
    assert (status_in(store), shirts_in(store)) == (change.status, change.shirts)
    assert audited_in(store) == {event.event_id for event in (*change.before, change.event)}
    assert notices_in(store, of_event=change.event.event_id) == ([change.notice] if change.notice else [])
    assert complaints_in(store) == []


each_commit = pytest.mark.parametrize(
    ("change", "earlier"),
    [
        pytest.param(change, [undisturbed] * number, id=f"{name}, commit {number + 1}")
        for name, change in CHANGES.items()
        for number in range(change.commits)
    ],
)


@each_crash
@each_commit
def test_a_change_that_crashed_is_made_once_by_its_redelivery(
    change: Change, earlier: list[Interference], crash: Interference
) -> None:
    store = a_shop_after(*change.before)
    crash_while_settling(change.event, store, *earlier, crash)
    is_done = crash is crash_after and len(earlier) + 1 == change.commits
    once_done = RESULT_ONCE_DONE.get(change.event.kind, "duplicate_detected")
    assert settled_again(change.event, store).result == (once_done if is_done else change.result)
    assert_made_once(change, store)


@each_commit
@pytest.mark.parametrize("fault", [refused, unanswered, answer_lost])
def test_a_change_whose_commit_failed_or_got_no_answer_is_tried_again_and_made_once(
    change: Change, earlier: list[Interference], fault: Interference
) -> None:
    store, clock = a_shop_after(*change.before), Clock()
    disturbed = DisturbedStore(store, [*earlier, fault], reads_without_answer=1)
    outcome = settled(change.event, disturbed, now=time_of(change.event), clock=clock)
    is_done = fault is answer_lost and len(earlier) + 1 == change.commits
    assert outcome.result == (RESULT_ONCE_DONE.get(change.event.kind, change.result) if is_done else change.result)
    assert clock.pauses[:2] == [0.005, 0.01]
    assert_made_once(change, store)


def test_a_delivery_is_counted_once_although_the_answer_to_that_was_lost() -> None:
    store = a_shop_after(PLACED, PAID)
    for number, commits in enumerate([[answer_lost], [undisturbed, answer_lost]], start=2):
        again = redelivered(PAID, NOW + timedelta(seconds=number))
        assert settled(again, DisturbedStore(store, commits)).result == "duplicate_detected"
        assert document_at(store, "webhookEvents/evt_1")["deliveries"] == number
        # The second time, its claim is missing and has to be restored.
        store.delete("webhookEvents/evt_1")


def test_an_inventory_that_vanishes_during_a_hold_refuses_the_order_and_gives_back_the_rest() -> None:
    order = an_order(items=[{"productId": name, "quantity": 2} for name in ("shirt", "mug")])
    store = a_shop(order, mug={"stock": 5, "reserved": 0})
    crash_while_settling(PLACED, store)
    store.delete("inventory/mug")
    assert settled(PLACED, store).note == "unknown_product: the inventory does not count 'mug'"
    assert (status_in(store), shirts_in(store)) == ("failed", (10, 0))


# --- A late payment ---------------------------------------------------------------------------------------------------

NEXT_EVENTS = {
    str(event.kind): event
    for event in (PLACED, a_failure("evt_failure"), a_dispute("evt_dispute", order_id="order-1"), LAPSED, CANCEL)
}


@pytest.mark.parametrize(("end", "status"), [(LAPSED, "expired"), (CANCEL, "cancelled")], ids=["expired", "cancelled"])
@pytest.mark.parametrize("event", NEXT_EVENTS.values(), ids=NEXT_EVENTS)
def test_whatever_comes_next_gives_back_what_a_late_payment_had_only_counted(
    end: OrderEvent, status: str, event: OrderEvent
) -> None:
    store = a_shop_after(PLACED, end)
    crash_while_settling(PAID, store)
    assert status_in(store) == "reserving"
    settled(event, store, now=time_of(event))
    assert (status_in(store), shirts_in(store)) == (status, (10, 0))
    assert complaints_in(store) == []
    assert settled_again(PAID, store).result == "first_time_finalized"
    assert (status_in(store), shirts_in(store)) == ("finalized", (7, 0))


# --- A payment for which others are parked ----------------------------------------------------------------------------


@each_crash
def test_a_refund_that_crashed_while_it_was_parked_is_parked_once(crash: Interference) -> None:
    store = a_shop_after(PLACED)
    crash_while_settling(REFUNDED, store, crash)
    assert settled_again(REFUNDED, store).result == "payment_not_found"
    assert document_at(store, "payments/pi_1")["waiting"] == ["evt_refund"]
    assert settled(PAID, store).result == "first_time_finalized"
    assert (status_in(store), shirts_in(store)) == ("refunded", (10, 0))
    assert complaints_in(store) == []


PAYMENTS_THAT_RELEASE = [
    pytest.param(before, earlier_commits, id=f"{name}, commit {earlier_commits + 1}")
    # The payment's own commits, and one for each of the two refunds it releases.
    for name, before, commits in (("reserved", (PLACED,), 3), ("pending", (), 4))
    for earlier_commits in range(commits)
]


@each_crash
@pytest.mark.parametrize("next_event", [PAID, a_payment("evt_2")], ids=["its redelivery", "another event"])
@pytest.mark.parametrize(("before", "earlier_commits"), PAYMENTS_THAT_RELEASE)
def test_what_a_payment_had_released_before_it_crashed_is_settled_by_the_next_event_of_the_payment(
    before: Sequence[OrderEvent], earlier_commits: int, next_event: OrderEvent, crash: Interference
) -> None:
    rest_refunded = an_updated_refund("evt_rest", a_refund("re_2", 2_400))
    store = a_shop_after(PART_REFUNDED, rest_refunded, *before)
    crash_while_settling(PAID, store, *[undisturbed] * earlier_commits, crash)
    settled_again(next_event, store)
    assert (status_in(store), shirts_in(store)) == ("refunded", (10, 0))
    for released in "evt_part", "evt_rest":
        assert document_at(store, f"webhookEvents/{released}")["processed"] is True
    assert document_at(store, "payments/pi_1")["waiting"] == []
    assert Counter(notices_in(store)) == Counter(["paid", PARTLY, "refunded", *(["reserved"] if before else [])])


def test_a_refund_that_is_delivered_again_after_its_payment_need_not_be_released() -> None:
    store = a_shop_after(PLACED, REFUNDED)
    crash_while_settling(PAID, store)
    assert settled_again(REFUNDED, store).result == "refunded"
    assert settled_again(PAID, store).result == "duplicate_detected"
    assert (status_in(store), shirts_in(store)) == ("refunded", (10, 0))
