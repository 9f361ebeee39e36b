"""The process dies before or after any commit: whoever comes next finishes what it began, once."""

from collections.abc import Sequence
from typing import NamedTuple

import pytest

from orders.events import EventKind, OrderEvent
from orders.outcome import Outcome
from tests.support.builders import (
    a_cancel_request,
    a_cancellation,
    a_dispute,
    a_failure,
    a_lapse,
    a_payment,
    a_placement,
    a_processing,
    a_refund,
    a_refunded_charge,
    an_order,
    an_updated_refund,
    redelivered,
)
from tests.support.interference import Crash, DisturbedStore, Interference, crash_after, crash_before, undisturbed
from tests.support.memory_store import MemoryStore
from tests.support.settling import settled
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
PLACED, PAID, CANCEL = a_placement(), a_payment(), a_cancel_request()
ALL_BACK, PART_BACK = a_refunded_charge("evt_2"), a_refunded_charge("evt_2", total=1_200)
REFUNDED, REFUND_FAILED = an_updated_refund("evt_refund"), an_updated_refund("evt_2", a_refund(status="failed"))
PART_REFUNDED = an_updated_refund("evt_part", a_refund("re_1", 1_200, restock={"shirt": 1}))

each_crash = pytest.mark.parametrize("crash", [crash_before, crash_after], ids=lambda crash: str(crash.__name__))
in_the_first_or_second_commit = pytest.mark.parametrize("earlier_commits", [0, 1])


def crash_while_settling(
    event: OrderEvent, store: MemoryStore, crash: Interference = crash_after, earlier_commits: int = 0
) -> None:
    """The process dies at this commit. Even then the auditor finds nothing wrong."""
    with pytest.raises(Crash):
        settled(event, DisturbedStore(store, [*[undisturbed] * earlier_commits, crash]), now=time_of(event))
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


CHANGES = {
    "placed": Change([], PLACED, "reserved", "reserved", (10, 3), "reserved", commits=2),
    "paid at once": Change([], PAID, "first_time_finalized", "finalized", (7, 0), "paid", commits=2),
    "partly refunded at once": Change([], PART_BACK, PARTLY, PARTLY, (7, 0), PARTLY, commits=2),
    "paid": Change([PLACED], PAID, "first_time_finalized", "finalized", (7, 0), "paid"),
    "refunded": Change([PLACED, PAID], ALL_BACK, "refunded", "refunded", (10, 0), "refunded"),
    "partly refunded": Change([PLACED, PAID], PART_REFUNDED, PARTLY, PARTLY, (8, 0), PARTLY),
    "refunded before the payment": Change([PLACED], ALL_BACK, "refunded", "refunded", (10, 0), "refunded"),
    "refund failed": Change([PLACED, PAID, REFUNDED], REFUND_FAILED, FAILED, "finalized", (7, 0), FAILED),
    "cancelled by Stripe": Change([PLACED], a_cancellation(), "cancelled", "cancelled", (10, 0), "cancelled"),
    "cancelled by its customer": Change([PLACED], CANCEL, "cancelled", "cancelled", (10, 0), "cancelled"),
    "cancelled too late": Change([PLACED, PAID], CANCEL, TOO_LATE, "finalized", (7, 0), "cancel_requested"),
    "expired": Change([PLACED], a_lapse(), "expired", "expired", (10, 0), "expired"),
    "extended": Change([PLACED], a_processing(), "hold_extended", "reserved", (10, 3), None),
    "declined": Change([PLACED], a_failure(), "payment_failed", "reserved", (10, 3), "payment_failed"),
    "disputed": Change([PLACED, PAID], a_dispute("evt_2"), "dispute_recorded", "finalized", (7, 0), "dispute"),
}
RESULT_ONCE_DONE = {
    EventKind.ORDER_PLACED: "already_placed",
    EventKind.RESERVATION_LAPSED: "not_expired",
    EventKind.CANCEL_REQUESTED: "already_recorded",
}
"""Of what happens in the shop. Of Stripe's events a second delivery is detected."""


@each_crash
@pytest.mark.parametrize(
    ("change", "earlier_commits"),
    [
        pytest.param(change, earlier_commits, id=f"{name}, commit {earlier_commits + 1}")
        for name, change in CHANGES.items()
        for earlier_commits in range(change.commits)
    ],
)
def test_a_change_that_crashed_is_made_once_by_its_redelivery(
    change: Change, earlier_commits: int, crash: Interference
) -> None:
    store = a_shop_after(*change.before)
    crash_while_settling(change.event, store, crash, earlier_commits)
    is_done = crash is crash_after and earlier_commits + 1 == change.commits
    once_done = RESULT_ONCE_DONE.get(change.event.kind, "duplicate_detected")
    assert settled_again(change.event, store).result == (once_done if is_done else change.result)
    assert (status_in(store), shirts_in(store)) == (change.status, change.shirts)
    assert audited_in(store) == {event.event_id for event in (*change.before, change.event)}
    assert notices_in(store, of_event=change.event.event_id) == ([change.notice] if change.notice else [])


@each_crash
@in_the_first_or_second_commit
def test_a_trigger_that_crashed_is_finished_by_the_payment(earlier_commits: int, crash: Interference) -> None:
    store = a_shop_after()
    crash_while_settling(PLACED, store, crash, earlier_commits)
    assert settled(PAID, store).result == "first_time_finalized"
    assert settled_again(PLACED, store).result == "already_placed"
    assert (status_in(store), shirts_in(store)) == ("finalized", (7, 0))


def test_an_inventory_that_vanishes_during_a_hold_refuses_the_order_and_gives_back_the_rest() -> None:
    order = an_order(items=[{"productId": name, "quantity": 2} for name in ("shirt", "mug")])
    store = a_shop(order, mug={"stock": 5, "reserved": 0})
    crash_while_settling(PLACED, store)
    store.delete("inventory/mug")
    assert settled(PLACED, store).note == "unknown_product: the inventory does not count 'mug'"
    assert (status_in(store), shirts_in(store)) == ("failed", (10, 0))


# --- A late payment ---------------------------------------------------------------------------------------------------

CLOSED: dict[str, tuple[Sequence[OrderEvent], str]] = {
    "expired": ([PLACED, a_lapse()], "expired"),
    "cancelled": ([PLACED, a_cancel_request()], "cancelled"),
    "cancelled before it was placed": ([a_cancel_request()], "cancelled"),
}
each_closed_order = pytest.mark.parametrize(("before", "status"), CLOSED.values(), ids=CLOSED)


@each_crash
@each_closed_order
@in_the_first_or_second_commit
def test_a_late_payment_that_crashed_is_settled_by_its_redelivery(
    before: Sequence[OrderEvent], status: str, crash: Interference, earlier_commits: int
) -> None:
    store = a_shop_after(*before)
    crash_while_settling(PAID, store, crash, earlier_commits)
    settled_again(PAID, store)
    assert (status_in(store), shirts_in(store)) == ("finalized", (7, 0))
    assert notices_in(store).count("paid") == 1


NEXT_EVENTS = {
    str(event.kind): event
    for event in (
        PLACED,
        a_processing("evt_processing"),
        a_failure("evt_failure"),
        a_cancellation("evt_cancellation"),
        a_dispute("evt_dispute", order_id="order-1"),
        an_updated_refund("evt_refund", a_refund(status="pending"), order_id="order-1"),
        a_lapse(),
        a_cancel_request(),
    )
}


@each_closed_order
@pytest.mark.parametrize("event", NEXT_EVENTS.values(), ids=NEXT_EVENTS)
def test_whatever_comes_next_gives_back_what_a_late_payment_had_only_counted(
    before: Sequence[OrderEvent], status: str, event: OrderEvent
) -> None:
    store = a_shop_after(*before)
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
    # The payment's own commits, and one for each of the two refunds that it releases.
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
    crash_while_settling(PAID, store, crash, earlier_commits)
    settled_again(next_event, store)
    assert (status_in(store), shirts_in(store)) == ("refunded", (10, 0))
    assert document_at(store, "webhookEvents/evt_part")["processed"] is True
    assert document_at(store, "webhookEvents/evt_rest")["processed"] is True
    assert document_at(store, "payments/pi_1")["waiting"] == []
    expected = ["paid", PARTLY, "refunded", *(["reserved"] if before else [])]
    assert sorted(map(str, notices_in(store))) == sorted(expected)


def test_a_refund_that_is_delivered_again_after_its_payment_need_not_be_released() -> None:
    store = a_shop_after(PLACED, REFUNDED)
    crash_while_settling(PAID, store)
    assert settled_again(REFUNDED, store).result == "refunded"
    assert settled_again(PAID, store).result == "duplicate_detected"
    assert (status_in(store), shirts_in(store)) == ("refunded", (10, 0))
