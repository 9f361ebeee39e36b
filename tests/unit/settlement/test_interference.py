"""Others write between a read and the commit that relies on it: whoever is faster, every unit counts once."""

import random
from datetime import timedelta

import pytest

from orders.events import NotUnderstood, OrderEvent
from tests.support.builders import LATER, NOW, a_lapse, a_placement, a_reserved_order, an_order, redelivered
from tests.support.interference import (
    Crash,
    DisturbedStore,
    Interference,
    answer_lost,
    crash_after,
    crash_before,
    overtaken_by,
    refused,
    someone_after,
    someone_first,
    unanswered,
    undisturbed,
)
from tests.support.payments import EVENTS_OF_ONE_PAYMENT, a_payment
from tests.support.refunds import a_dispute, a_refund, an_updated_refund
from tests.support.settling import settled
from tests.support.shop import (
    MUCH_LATER,
    a_shop,
    a_shop_after,
    audited_in,
    complaints_in,
    document_at,
    notices_in,
    shirts_in,
    status_in,
)

# --- For the last units -----------------------------------------------------------------------------------------------


def test_a_buyer_who_was_faster_gets_the_last_units() -> None:
    store = a_shop(an_order(), stock=3)
    store.put("orders/order-2", an_order())
    assert settled(a_placement("order-1"), overtaken_by(a_placement("order-2"), store)).result == "reservation_failed"
    assert (status_in(store, "order-2"), shirts_in(store)) == ("reserved", (3, 3))


def test_an_order_does_not_fail_for_units_that_another_held_for_a_moment_only() -> None:
    store = a_shop(an_order(), stock=3)
    another_holds_one = someone_first(lambda: store.put("inventory/shirt", {"stock": 3, "reserved": 1}))
    another_gives_it_back = someone_first(lambda: store.put("inventory/shirt", {"stock": 3, "reserved": 3}))
    disturbed = DisturbedStore(store, [another_holds_one, another_gives_it_back])
    assert settled(a_placement(), disturbed).result == "reserved"
    assert (status_in(store), shirts_in(store)) == ("reserved", (3, 3))
    assert disturbed.calls == ["read", "count", "commit", "commit"] * 2


def test_a_payment_whose_order_is_created_while_it_is_parked_is_settled_at_once_and_counted_once() -> None:
    store = a_shop(reserved=3)
    created_meanwhile = someone_first(lambda: store.put("orders/order-1", a_reserved_order()))
    event = a_payment(created_at=NOW - timedelta(hours=1))
    assert settled(event, DisturbedStore(store, [created_meanwhile])).result == "first_time_finalized"
    assert (status_in(store), shirts_in(store)) == ("finalized", (7, 0))
    assert document_at(store, "webhookEvents/evt_1")["deliveries"] == 1


def test_a_delivery_that_is_parked_and_taken_up_is_counted_once_whoever_delivers_the_same_meanwhile() -> None:
    store, event = a_shop(reserved=3), a_payment(created_at=NOW - timedelta(hours=1))
    settled(NotUnderstood(event.delivery, "order-1", "an older release could not read it"), store)
    again, last = (redelivered(event, NOW + timedelta(minutes=minutes)) for minutes in (1, 2))

    def interfere() -> None:
        settled(last, store)
        store.put("orders/order-1", a_reserved_order())

    assert settled(again, DisturbedStore(store, [someone_after(interfere)])).result == "first_time_finalized"
    assert document_at(store, "webhookEvents/evt_1")["deliveries"] == 3


def test_units_bought_while_a_failed_refund_was_read_are_not_taken_from_their_buyer() -> None:
    store = a_shop_after(a_placement(), a_payment(), an_updated_refund("evt_refund"))
    store.put("orders/order-2", an_order(items=[{"productId": "shirt", "quantity": 8}]))
    failed = an_updated_refund("evt_failed", a_refund(status="failed"))
    assert settled(failed, overtaken_by(a_placement("order-2"), store)).result == "refund_failed"
    assert (status_in(store), shirts_in(store)) == ("refund_due", (10, 8))
    assert complaints_in(store) == []


FASTER = {
    # the faster event: the slower one's result, open disputes then
    "another": (a_dispute("evt_faster", dispute_id="dp_2"), "dispute_recorded", 2),
    "the same": (a_dispute("evt_faster", "under_review"), "already_recorded", 1),
    "the same, decided": (a_dispute("evt_faster", "lost", created_at=LATER), "already_recorded", 0),
}


@pytest.mark.parametrize(("faster", "result", "open_then"), FASTER.values(), ids=FASTER)
def test_a_dispute_recorded_while_a_report_was_read_is_neither_lost_nor_counted_twice(
    faster: OrderEvent, result: str, open_then: int
) -> None:
    store = a_shop_after(a_placement(), a_payment("evt_paid"))
    assert settled(a_dispute(), overtaken_by(faster, store)).result == result
    assert document_at(store, "orders/order-1")["openDisputes"] == open_then
    assert complaints_in(store) == []


# --- For one order ----------------------------------------------------------------------------------------------------


PLACED, PAID = a_placement(), a_payment()
RACES: dict[str, tuple[OrderEvent, OrderEvent, str]] = {
    # the slower event, the faster one, the slower one's result
    "the trigger against a payment": (PLACED, PAID, "already_placed"),
    "a payment against the trigger": (PAID, PLACED, "first_time_finalized"),
    "an event against another of its payment": (PAID, a_payment("evt_2"), "already_finalized"),
}


@pytest.mark.parametrize("earlier_commits", [0, 1])
@pytest.mark.parametrize(("loser", "winner", "result"), RACES.values(), ids=RACES)
def test_the_loser_of_a_race_leaves_a_paid_order_paid(
    loser: OrderEvent, winner: OrderEvent, result: str, earlier_commits: int
) -> None:
    """There is stock for one order only: the loser must not take the winner's hold for a shortage."""
    store = a_shop(an_order(), stock=3)
    assert settled(loser, overtaken_by(winner, store, earlier_commits)).result == result
    assert (status_in(store), shirts_in(store)) == ("finalized", (0, 0))


def test_a_payment_that_loses_against_a_release_holds_again_before_it_takes() -> None:
    """The hold was released while the payment was read: taking its units would release them twice."""
    store = a_shop_after(a_placement())
    expire = someone_first(lambda: settled(a_lapse(), store, now=MUCH_LATER))
    assert settled(a_payment(), DisturbedStore(store, [expire])).result == "first_time_finalized"
    assert shirts_in(store) == (7, 0)


def test_an_expiry_that_loses_against_the_payment_releases_nothing() -> None:
    store = a_shop_after(a_placement())
    assert settled(a_lapse(), overtaken_by(a_payment(), store), now=MUCH_LATER).result == "not_expired"
    assert (status_in(store), shirts_in(store)) == ("finalized", (7, 0))


# --- Anything at all --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_whatever_interferes_an_order_is_settled_exactly_once(seed: int) -> None:
    """Every event is delivered until it is answered; faults are random, crashes included."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    faults: list[Interference] = [undisturbed, refused, unanswered, answer_lost, crash_before, crash_after]
    store = a_shop(an_order())
    twice = (*EVENTS_OF_ONE_PAYMENT, *map(redelivered, EVENTS_OF_ONE_PAYMENT))
    deliveries: list[OrderEvent] = [a_placement(), a_placement(), *twice]
    dice.shuffle(deliveries)
    for event in deliveries:
        for _ in range(2):
            try:
                settled(event, DisturbedStore(store, dice.choices(faults, k=3)))
            except Crash:
                settled(event, store)
    assert (status_in(store), shirts_in(store)) == ("finalized", (7, 0))
    assert audited_in(store) - {"placed_order-1"} == {"evt_charge", "evt_intent", "evt_session"}
    assert notices_in(store).count("paid") == 1
    assert set(notices_in(store)) <= {"reserved", "paid"}
    assert complaints_in(store) == []
    entries = [document_at(store, f"auditLog/{event_id}") for event_id in audited_in(store)]
    moved = [move for entry in entries for move in entry["stock"]]  # type: ignore[attr-defined]
    assert (sum(m["stock"] for m in moved), sum(m["reserved"] for m in moved)) == (-3, 0)
