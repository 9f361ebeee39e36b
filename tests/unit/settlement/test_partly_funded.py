"""Part of a bank transfer has arrived at Stripe, and the order is over: operators learn of it, and once."""

from dataclasses import replace
from itertools import permutations

from orders.events import OrderEvent
from orders.money import Money
from tests.support.builders import LATER, NOW, a_lapse, a_placement
from tests.support.memory_store import MemoryStore
from tests.support.payments import a_cancellation, a_payment, a_processing
from tests.support.settling import settled
from tests.support.shop import a_shop_after, complaints_in, document_at, time_of

ARRIVED = Money(2_400, "eur")
PART = replace(a_processing("evt_part"), funded=ARRIVED)
SAID = "partly_funded: 2400 eur of pi_1 has arrived at Stripe, and the order is "


def told_in(store: MemoryStore) -> dict[str, tuple[object, object, object]]:
    """What operators read of it, by the event."""
    inbox = "notifications/system/messages/"
    return {
        path.removeprefix(inbox): (fields["type"], fields["amount"], fields["reason"])
        for path, fields in store.dump().items()
        if path.startswith(inbox)
    }


def after(*events: OrderEvent) -> MemoryStore:
    store = a_shop_after(a_placement(), *events)
    assert complaints_in(store) == []
    return store


def test_operators_are_notified_once_the_order_has_expired_or_its_payment_is_over() -> None:
    assert told_in(after(PART)) == {}
    for end, entry, status in (
        (a_lapse(), "lapsed_order-1", "expired"),
        (a_cancellation("evt_end"), "evt_end", "cancelled"),
    ):
        store = after(PART, end)
        assert told_in(store) == {entry: ("partly_funded", 2_400, f"{SAID}{status}")}
        assert document_at(store, f"auditLog/{entry}")["note"] == f"{SAID}{status}"


def test_so_they_are_of_what_arrives_afterwards_and_of_more_of_it_and_of_nothing_twice() -> None:
    more = replace(a_processing("evt_more", created_at=LATER), funded=Money(3_000, "eur"))
    once_more = replace(PART, delivery=replace(PART.delivery, event_id="evt_again"))
    store = after(PART, a_lapse(), once_more, more)
    assert {event_id: amount for event_id, (_, amount, _) in told_in(store).items()} == {
        "lapsed_order-1": 2_400,
        "evt_more": 3_000,
    }
    late = after(a_lapse(), PART)
    # Alerts look for this result: what is told of an order that is over may quote its customer.
    assert document_at(late, "auditLog/evt_part")["result"] == "partly_funded"
    assert told_in(late) == {"evt_part": ("partly_funded", 2_400, f"{SAID}expired")}


def test_parts_of_two_transfers_are_named_in_one_notice() -> None:
    other = replace(a_processing("evt_other", payment_intent_id="pi_2"), funded=Money(500, "eur"))
    ((_, _, reason),) = told_in(after(PART, other, a_lapse())).values()
    assert str(reason).startswith("partly_funded: 2400 eur of pi_1 and 500 eur of pi_2 has arrived")


def test_what_has_arrived_is_known_in_any_order_of_events_and_is_no_more_once_all_of_it_has() -> None:
    more = replace(a_processing("evt_more", created_at=LATER), funded=Money(3_000, "eur"))
    for events in permutations([PART, more]):
        payment = document_at(after(*events), "orders/order-1")["payments"]["pi_1"]  # type: ignore[index]
        assert payment["funded"] == {"amount": 3_000, "currency": "eur"}
    store = a_shop_after(a_placement(), PART)
    settled(a_payment("evt_paid"), store)
    assert told_in(store) == {}
    assert document_at(store, "orders/order-1")["status"] == "finalized"
    store = a_shop_after(a_placement(), a_payment("evt_paid", created_at=NOW), PART)
    assert told_in(store) == {}
    assert time_of(PART) == NOW
