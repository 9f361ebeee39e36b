"""Read, plan, commit: what stands afterwards, whoever interferes and wherever a process dies."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations

import pytest

from orders.events import (
    EventKind,
    NotUnderstood,
    OrderEvent,
    PaymentSucceeded,
    ReservationLapsed,
    StripeEvent,
)
from orders.order import Money, OrderStatus
from orders.outcome import OrderNotThereYet, Outcome, Result, StoreContended, StoreUnavailable
from settlement.decisions import Terms
from settlement.settle import settle
from tests.support.auditor import complaints
from tests.support.builders import (
    LATER,
    NOW,
    ONE_OF_EACH_KIND,
    TERMS,
    Fields,
    a_cancel_request,
    a_cancellation,
    a_catalogue_entry,
    a_dispute,
    a_failure,
    a_lapse,
    a_payment,
    a_placement,
    a_processing,
    a_refund,
    a_refunded_charge,
    a_reserved_order,
    an_order,
    an_updated_refund,
    as_large_as_may_be,
    something_not_understood,
)
from tests.support.interference import (
    Clock,
    Crash,
    Interfered,
    Interference,
    answer_lost,
    crash_after,
    crash_before,
    patience_of,
    refused,
    someone_after,
    someone_first,
    unanswered,
    undisturbed,
)
from tests.support.memory_store import MemoryStore


def a_store(order: Fields | None = None, *, stock: int = 10, reserved: int = 0, **more: Fields) -> MemoryStore:
    """A shop with shirts, and one order unless it is None."""
    store = MemoryStore({"inventory/shirt": {"stock": stock, "reserved": reserved}})
    store.put("products/shirt", a_catalogue_entry())
    if order is not None:
        store.put("orders/order-1", order)
    for product_id, level in more.items():
        store.put(f"inventory/{product_id}", level)
        store.put(f"products/{product_id}", a_catalogue_entry())
    return store


def a_store_with_a_hold() -> MemoryStore:
    return a_store(a_reserved_order(), reserved=3)


def settled(
    event: OrderEvent | NotUnderstood,
    store: MemoryStore | Interfered,
    clock: Clock | None = None,
    *,
    now: datetime = NOW,
    terms: Terms = TERMS,
) -> Outcome:
    patience = patience_of(clock or Clock())
    return settle(event, now, store=store, terms=terms, patience=patience)


def status_in(store: MemoryStore, order_id: str = "order-1") -> object:
    order = store.get(f"orders/{order_id}")
    assert order is not None
    return order["status"]


def shirts_in(store: MemoryStore) -> tuple[object, object]:
    """Shirts on hand, and shirts held."""
    shirts = store.get("inventory/shirt")
    assert shirts is not None
    return shirts["stock"], shirts["reserved"]


def audit_ids(store: MemoryStore) -> set[str]:
    return {path for path in store.dump() if path.startswith("auditLog/") and "/deliveries/" not in path}


def notices_in(store: MemoryStore) -> list[object]:
    return [fields["type"] for path, fields in store.dump().items() if path.startswith("notifications/")]


# --- Every event in every status --------------------------------------------------------------------------------------

# Of each kind of event, by the order's status: result, status afterwards, by how much stock and held units change.
# The order is a reservation for three shirts whose time is out, and three shirts are held.

Story = tuple[str, str, tuple[int, int]]


def unchanged(result: str, *statuses: str) -> dict[str, Story]:
    return {status: (result, status, (0, 0)) for status in statuses}


PAID = ("finalized", "partially_refunded", "refunded")
ALREADY: dict[str, Story] = {
    **unchanged("already_finalized", *PAID),
    **unchanged("already_failed", "failed"),
    **unchanged("already_expired", "expired"),
    **unchanged("already_cancelled", "cancelled"),
    **unchanged("already_refund_due", "refund_due"),
    **unchanged("already_quarantined", "review"),
    **unchanged("unknown_status", "unknown"),
}

STORIES_BY_KIND: dict[EventKind, dict[str, Story]] = {
    EventKind.ORDER_PLACED: {
        **unchanged("already_placed", *OrderStatus),
        "pending": ("reserved", "reserved", (0, 3)),
        "reserving": ("reserved", "reserved", (0, 0)),
        "unknown": ("reservation_failed", "failed", (0, 0)),
    },
    EventKind.PAYMENT_PROCESSING: {
        **ALREADY,
        "pending": ("reserved", "reserved", (0, 3)),
        "reserving": ("reserved", "reserved", (0, 0)),
        "reserved": ("hold_extended", "reserved", (0, 0)),
    },
    EventKind.PAYMENT_SUCCEEDED: {
        **ALREADY,
        "pending": ("first_time_finalized", "finalized", (-3, 0)),
        "reserving": ("first_time_finalized", "finalized", (-3, -3)),
        "reserved": ("first_time_finalized", "finalized", (-3, -3)),
        "failed": ("first_time_finalized", "finalized", (-3, 0)),
        "expired": ("first_time_finalized", "finalized", (-3, 0)),
        "cancelled": ("first_time_finalized", "finalized", (-3, 0)),
        "unknown": ("quarantined", "review", (0, 0)),
    },
    EventKind.PAYMENT_FAILED: {
        **ALREADY,
        **unchanged("payment_failed", "pending", "reserving", "reserved", "failed", "expired", "cancelled"),
    },
    EventKind.PAYMENT_CANCELED: {
        **ALREADY,
        "pending": ("cancelled", "cancelled", (0, 0)),
        "reserving": ("cancelled", "cancelled", (0, -3)),
        "reserved": ("cancelled", "cancelled", (0, -3)),
    },
    # All that was paid is refunded: what was taken comes back, and what was never taken stays.
    EventKind.CHARGE_REFUNDED: {
        "pending": ("refunded", "refunded", (0, 0)),
        "reserving": ("refunded", "refunded", (0, -3)),
        "reserved": ("refunded", "refunded", (0, -3)),
        "finalized": ("refunded", "refunded", (3, 0)),
        "partially_refunded": ("refunded", "refunded", (3, 0)),
        "refunded": ("refunded", "refunded", (0, 0)),
        "failed": ("refunded", "refunded", (0, 0)),
        "expired": ("refunded", "refunded", (0, 0)),
        "cancelled": ("refunded", "refunded", (0, 0)),
        "refund_due": ("refunded", "refunded", (0, 0)),
        "review": ("refunded", "refunded", (0, 0)),
        "unknown": ("refunded", "refunded", (0, 0)),
    },
    EventKind.REFUND_UPDATED: {
        **unchanged("payment_not_found", "pending", "reserving", "reserved"),
        **unchanged("payment_not_found", "failed", "expired", "cancelled", "unknown"),
        "finalized": ("refunded", "refunded", (3, 0)),
        "partially_refunded": ("refunded", "refunded", (3, 0)),
        "refunded": ("refunded", "refunded", (0, 0)),
        "refund_due": ("refunded", "refunded", (0, 0)),
        "review": ("refunded", "refunded", (0, 0)),
    },
    EventKind.DISPUTE_CHANGED: unchanged("dispute_recorded", *OrderStatus),
    EventKind.RESERVATION_LAPSED: {
        **unchanged("not_expired", *OrderStatus),
        "reserved": ("expired", "expired", (0, -3)),
    },
    EventKind.CANCEL_REQUESTED: {
        **ALREADY,
        "pending": ("cancelled", "cancelled", (0, 0)),
        "reserving": ("cancelled", "cancelled", (0, -3)),
        "reserved": ("cancelled", "cancelled", (0, -3)),
        **unchanged("cancel_request_recorded", "finalized", "partially_refunded", "refund_due", "review"),
    },
}

STORIES = [
    pytest.param(ONE_OF_EACH_KIND[kind], status, *story, id=f"{kind}-{status}")
    for kind, stories in STORIES_BY_KIND.items()
    for status, story in stories.items()
]
each_story = pytest.mark.parametrize(("event", "before", "result", "after", "change"), STORIES)


def a_shop_with(status: str) -> MemoryStore:
    return a_store(a_reserved_order(status=status, reservationExpiresAt=NOW), stock=10, reserved=3)


def test_the_stories_are_told_for_every_event_in_every_status() -> None:
    assert set(STORIES_BY_KIND) == set(EventKind)
    for kind, stories in STORIES_BY_KIND.items():
        assert set(stories) == set(OrderStatus), kind


@each_story
def test_what_an_event_makes_of_an_order_and_its_stock(
    event: OrderEvent, before: str, result: str, after: str, change: tuple[int, int]
) -> None:
    store = a_shop_with(before)
    assert settled(event, store).result == result
    assert status_in(store) == after
    assert shirts_in(store) == (10 + change[0], 3 + change[1])


@each_story
def test_whatever_it_made_the_same_event_again_changes_nothing_more(
    event: OrderEvent, before: str, result: str, after: str, change: tuple[int, int]
) -> None:
    store = a_shop_with(before)
    settled(event, store)
    once = store.dump()
    settled(event, store)
    assert store.dump() == once


@each_story
def test_a_second_delivery_of_it_is_counted_and_changes_nothing_more(
    event: OrderEvent, before: str, result: str, after: str, change: tuple[int, int]
) -> None:
    store = a_shop_with(before)
    settled(event, store)
    once = store.dump()
    settled(delivered_later(event), store)
    again = store.dump()
    counted = {f"webhookEvents/{event.event_id}", f"auditLog/{event.event_id}/deliveries/2"}
    assert {path for path in again if again[path] != once.get(path)} == (
        counted if isinstance(event, StripeEvent) else set()
    )


def delivered_later(event: OrderEvent) -> OrderEvent:
    if not isinstance(event, StripeEvent):
        return event
    return replace(event, delivery=replace(event.delivery, delivered_at=LATER))


@each_story
def test_the_audit_entry_tells_just_what_moved(
    event: OrderEvent, before: str, result: str, after: str, change: tuple[int, int]
) -> None:
    store = a_shop_with(before)
    settled(event, store)
    entry = store.get(f"auditLog/{event.event_id}")
    is_remembered = event.kind is EventKind.CANCEL_REQUESTED and before in ("failed", "expired", "cancelled")
    is_remembered = is_remembered or result == "cancel_request_recorded"
    has_done_nothing = (before, change) == (after, (0, 0)) and not is_remembered
    if result == "payment_not_found" or (has_done_nothing and not isinstance(event, StripeEvent)):
        assert entry is None
        return
    assert entry is not None
    assert (entry["result"], entry["statusBefore"], entry["statusAfter"]) == (result, before, after)
    # A hold that was counted before this event is part of what this event brings to its end.
    counted_before = 3 if before == "reserving" and after != before else 0
    moves = [{"productId": "shirt", "stock": change[0], "reserved": change[1] + counted_before}]
    assert entry["stock"] == (moves if moves[0]["stock"] or moves[0]["reserved"] else [])


# --- The budget -------------------------------------------------------------------------------------------------------


def calls_to_settle(event: OrderEvent | NotUnderstood, store: MemoryStore) -> list[str]:
    counted = Interfered(store)
    settled(event, counted)
    return counted.calls


def test_a_first_delivery_takes_one_read_and_one_commit() -> None:
    assert calls_to_settle(a_payment(), a_store_with_a_hold()) == ["read", "commit"]


def test_another_event_for_a_settled_order_takes_one_read_and_one_commit() -> None:
    store = a_store_with_a_hold()
    settled(a_payment("evt_1"), store)
    assert calls_to_settle(a_payment("evt_2"), store) == ["read", "commit"]


def test_a_duplicate_takes_one_read_and_one_commit() -> None:
    store = a_store_with_a_hold()
    settled(a_payment(), store)
    assert calls_to_settle(a_payment(delivered_at=LATER), store) == ["read", "commit"]


def test_holding_takes_one_read_and_two_commits() -> None:
    assert calls_to_settle(a_placement(), a_store(an_order())) == ["read", "commit", "commit"]


def test_the_trigger_delivered_again_takes_one_read() -> None:
    assert calls_to_settle(a_placement(), a_store_with_a_hold()) == ["read"]


def test_parking_what_waits_for_its_payment_takes_two_reads_and_one_commit() -> None:
    refund = an_updated_refund(order_id="order-1")
    assert calls_to_settle(refund, a_store_with_a_hold()) == ["read", "read", "commit"]


def test_a_hint_that_names_the_wrong_products_costs_one_read_and_misleads_nobody() -> None:
    store = a_store(an_order(), mug={"stock": 5, "reserved": 0})
    assert calls_to_settle(a_placement(product_ids=("mug",)), store) == ["read", "read", "commit", "commit"]
    assert (status_in(store), shirts_in(store)) == ("reserved", (10, 3))
    assert store.get("inventory/mug") == {"stock": 5, "reserved": 0}


# --- Voices and duplicates --------------------------------------------------------------------------------------------

VOICES = (
    a_payment("evt_charge", event_type="charge.succeeded"),
    a_payment("evt_intent", event_type="payment_intent.succeeded"),
    a_payment("evt_session", event_type="checkout.session.completed", charge_id=None),
)


@pytest.mark.parametrize("order_status", ["pending", "reserved"])
@pytest.mark.parametrize("voices", list(permutations(VOICES)), ids=lambda voices: "-".join(v.event_id for v in voices))
def test_several_voices_of_one_payment_settle_it_once_in_any_order(
    voices: tuple[PaymentSucceeded, ...], order_status: str
) -> None:
    store = a_store(a_reserved_order(status=order_status), reserved=3 if order_status == "reserved" else 0)
    outcomes = [settled(voice, store) for voice in voices]
    assert [outcome.result for outcome in outcomes] == [
        "first_time_finalized",
        "already_finalized",
        "already_finalized",
    ]
    assert [outcome.note for outcome in outcomes] == [None, None, None]
    assert shirts_in(store) == (7, 0)
    assert len(audit_ids(store)) == 3
    assert [path for path in store.dump() if path.startswith("notifications/")] == [
        f"notifications/alice/messages/{voices[0].event_id}"
    ]


def test_two_endpoints_for_one_url_settle_each_event_once_and_record_both_deliveries() -> None:
    store = a_store_with_a_hold()
    for voice in VOICES:
        first, second = settled(voice, store), settled(voice_again(voice), store)
        assert first.result != "duplicate_detected"
        assert second.result == "duplicate_detected"
        assert store.get(f"auditLog/{voice.event_id}/deliveries/2") is not None
    assert shirts_in(store) == (7, 0)
    assert len(audit_ids(store)) == 3


def voice_again(voice: PaymentSucceeded) -> PaymentSucceeded:
    return a_payment(voice.event_id, event_type=voice.event_type, charge_id=voice.charge_id, delivered_at=LATER)


def test_a_second_delivery_of_a_payment_changes_nothing_but_its_count() -> None:
    store = a_store_with_a_hold()
    settled(a_payment(), store)
    before = store.dump()
    settled(a_payment(delivered_at=LATER), store)
    after = store.dump()
    changed = {path for path in after if after[path] != before.get(path)}
    assert changed == {"webhookEvents/evt_1", "auditLog/evt_1/deliveries/2"}
    assert after["webhookEvents/evt_1"] == {
        **before["webhookEvents/evt_1"],
        "deliveries": 2,
        "lastDeliveryAt": LATER,
    }


def test_events_of_the_same_second_are_told_apart_by_their_ids() -> None:
    store = a_store_with_a_hold()
    settled(a_payment("evt_1", created_at=NOW), store)
    assert settled(a_payment("evt_2", created_at=NOW), store).result == "already_finalized"
    assert audit_ids(store) == {"auditLog/evt_1", "auditLog/evt_2"}


@pytest.mark.parametrize("status", ["refunded", "partially_refunded"])
def test_a_late_payment_after_a_refund_flips_nothing_and_takes_nothing(status: str) -> None:
    store = a_store(a_reserved_order(status=status, paymentIntentId="pi_1"))
    assert settled(a_payment(), store).result == "already_finalized"
    assert (status_in(store), shirts_in(store)) == (status, (10, 0))


def test_a_late_payment_after_a_cancellation_takes_stock_only_if_it_is_there() -> None:
    store = a_store(a_reserved_order(status="cancelled"), stock=2)
    assert settled(a_payment(), store).result == "refund_due"
    assert (status_in(store), shirts_in(store)) == ("refund_due", (2, 0))


def test_a_claim_that_has_lived_out_its_time_does_not_settle_its_event_again() -> None:
    store = a_store_with_a_hold()
    settled(a_payment(), store)
    store.delete("webhookEvents/evt_1")
    assert settled(a_payment(delivered_at=LATER), store).result == "duplicate_detected"
    assert shirts_in(store) == (7, 0)
    claim = store.get("webhookEvents/evt_1")
    assert claim is not None
    assert (claim["processed"], claim["deliveries"]) == (True, 2)


def test_a_parked_event_that_was_taken_up_and_outlived_its_claim_is_no_delivery() -> None:
    store = a_store_with_a_hold()
    event = a_payment()
    settled(event, store)
    store.delete("webhookEvents/evt_1")
    before = store.dump()
    taken_up = replace(event, delivery=replace(event.delivery, is_replay=True))
    assert settled(taken_up, store).result == "duplicate_detected"
    assert store.dump() == before


def test_a_claim_that_is_put_back_counts_on_from_the_deliveries_on_record() -> None:
    store = a_store_with_a_hold()
    for second in range(3):
        settled(a_payment(delivered_at=NOW + timedelta(seconds=second)), store)
    store.delete("webhookEvents/evt_1")
    settled(a_payment(delivered_at=NOW + timedelta(days=9)), store)
    claim = store.get("webhookEvents/evt_1")
    assert claim is not None
    assert claim["deliveries"] == 4
    assert store.get("auditLog/evt_1/deliveries/4") is not None


# --- The same product, the last unit ----------------------------------------------------------------------------------


def test_the_same_product_on_two_lines_is_held_and_taken_with_both_quantities() -> None:
    items = [{"productId": "shirt", "quantity": 1}, {"productId": "shirt", "quantity": 2}]
    store = a_store(an_order(items=items))
    settled(a_placement(), store)
    assert shirts_in(store) == (10, 3)
    settled(a_payment(), store)
    assert shirts_in(store) == (7, 0)


def test_the_last_units_go_to_one_of_two_buyers_and_stock_never_falls_below_nothing() -> None:
    store = a_store(an_order(), stock=3)
    store.put("orders/order-2", an_order())
    assert settled(a_placement("order-1"), store).result == "reserved"
    assert settled(a_placement("order-2"), store).result == "reservation_failed"
    assert shirts_in(store) == (3, 3)


def test_a_buyer_who_was_faster_gets_the_last_units() -> None:
    store = a_store(an_order(), stock=3)
    store.put("orders/order-2", an_order())
    overtaken = Interfered(store, [someone_first(lambda: settled(a_placement("order-2"), store))])
    assert settled(a_placement("order-1"), overtaken).result == "reservation_failed"
    assert status_in(store, "order-2") == "reserved"
    assert shirts_in(store) == (3, 3)


def test_an_order_does_not_fail_for_units_that_another_held_for_a_moment_only() -> None:
    store = a_store(an_order(), stock=3)

    def another_holds_one() -> None:
        store.put("inventory/shirt", {"stock": 3, "reserved": 1})

    def another_gives_it_back() -> None:
        store.put("inventory/shirt", {"stock": 3, "reserved": 3})

    disturbed = Interfered(store, [someone_first(another_holds_one), someone_first(another_gives_it_back)])
    assert settled(a_placement(), disturbed).result == "reserved"
    assert (status_in(store), shirts_in(store)) == ("reserved", (3, 3))
    assert disturbed.calls == ["read", "commit", "commit", "read", "commit", "commit"]


def test_all_lines_of_an_order_are_held_or_none() -> None:
    order = an_order(items=[{"productId": name, "quantity": 2} for name in ("shirt", "mug")])
    store = a_store(order, mug={"stock": 1, "reserved": 0})
    assert settled(a_placement(), store).result == "reservation_failed"
    assert (shirts_in(store), store.get("inventory/mug")) == ((10, 0), {"stock": 1, "reserved": 0})


# --- The trigger and the payment in any order -------------------------------------------------------------------------


def test_a_payment_that_outruns_the_trigger_holds_and_settles_and_the_trigger_changes_nothing() -> None:
    store = a_store(an_order())
    assert settled(a_payment(), store).result == "first_time_finalized"
    before = store.dump()
    assert settled(a_placement(), store).result == "already_placed"
    assert store.dump() == before
    assert shirts_in(store) == (7, 0)


def test_the_trigger_delivered_again_after_finalization_reserves_nothing_and_resets_nothing() -> None:
    store = a_store(an_order())
    settled(a_placement(), store)
    settled(a_payment(), store)
    before = store.dump()
    settled(a_placement(), store)
    assert store.dump() == before
    assert (status_in(store), shirts_in(store)) == ("finalized", (7, 0))


def test_the_trigger_delivered_again_holds_nothing_even_if_somebody_reset_the_status() -> None:
    store = a_store(an_order())
    settled(a_placement(), store)
    store.put("orders/order-1", an_order())
    assert calls_to_settle(a_placement(), store) == ["read"]
    assert (status_in(store), shirts_in(store)) == ("pending", (10, 3))


@pytest.mark.parametrize("nth_commit", [0, 1])
def test_the_trigger_that_loses_against_a_payment_leaves_a_paid_order_paid(nth_commit: int) -> None:
    store = a_store(an_order())
    pays_first: Interference = someone_first(lambda: settled(a_payment(), store))
    overtaken = Interfered(store, [*[undisturbed] * nth_commit, pays_first])
    assert settled(a_placement(), overtaken).result == "already_placed"
    assert (status_in(store), shirts_in(store)) == ("finalized", (7, 0))


@pytest.mark.parametrize("nth_commit", [0, 1])
def test_the_payment_that_loses_against_the_trigger_is_settled_all_the_same(nth_commit: int) -> None:
    store = a_store(an_order())
    trigger_first = someone_first(lambda: settled(a_placement(), store))
    overtaken = Interfered(store, [*[undisturbed] * nth_commit, trigger_first])
    assert settled(a_payment(), overtaken).result == "first_time_finalized"
    assert (status_in(store), shirts_in(store)) == ("finalized", (7, 0))


@pytest.mark.parametrize("nth_commit", [0, 1])
def test_the_voice_that_loses_the_race_never_marks_a_paid_order_failed(nth_commit: int) -> None:
    """Stock for one order only: the loser must not conclude from the winner's hold that nothing is left."""
    store = a_store(an_order(), stock=3)
    winner_first = someone_first(lambda: settled(a_payment("evt_2"), store))
    overtaken = Interfered(store, [*[undisturbed] * nth_commit, winner_first])
    assert settled(a_payment("evt_1"), overtaken).result == "already_finalized"
    assert (status_in(store), shirts_in(store)) == ("finalized", (0, 0))


def test_the_same_delivery_settled_by_another_in_between_is_a_duplicate() -> None:
    store = a_store_with_a_hold()
    overtaken = Interfered(store, [someone_first(lambda: settled(a_payment(delivered_at=LATER), store))])
    assert settled(a_payment(), overtaken).result == "duplicate_detected"
    assert shirts_in(store) == (7, 0)


@pytest.mark.parametrize("first", [a_payment("evt_2"), a_payment(delivered_at=LATER)], ids=["another voice", "itself"])
def test_a_race_is_lost_at_the_price_of_one_read_and_one_commit(first: OrderEvent) -> None:
    store = a_store_with_a_hold()
    overtaken = Interfered(store, [someone_first(lambda: settled(first, store))])
    settled(a_payment(), overtaken)
    assert overtaken.calls == ["read", "commit", "read", "commit"]


def test_a_race_that_wrote_nothing_to_the_order_is_lost_at_the_same_price() -> None:
    store = a_store_with_a_hold()
    settled(a_payment("evt_2"), store)
    overtaken = Interfered(store, [someone_first(lambda: settled(a_payment(delivered_at=LATER), store))])
    settled(a_payment(), overtaken)
    assert overtaken.calls == ["read", "commit", "read", "commit"]


def test_only_a_commit_that_nobody_seems_to_have_overtaken_makes_look_at_the_inventory() -> None:
    store = a_store_with_a_hold()
    store.delete("inventory/shirt")
    assert calls_to_settle(a_payment(), store) == ["read", "commit", "read", "read", "commit"]


def test_a_payment_that_loses_against_a_release_holds_again_before_it_takes() -> None:
    """The hold was released while the payment was read: taking it all the same would release it twice."""
    store = a_store_with_a_hold()

    def expire() -> None:
        store.put("orders/order-1", a_reserved_order(status="expired"))
        store.put("inventory/shirt", {"stock": 10, "reserved": 0})

    assert settled(a_payment(), Interfered(store, [someone_first(expire)])).result == "first_time_finalized"
    assert shirts_in(store) == (7, 0)


def test_a_late_payment_is_compared_with_what_was_asked_and_not_with_todays_price() -> None:
    store = a_shop_told(a_placement(), a_lapse())
    store.put("products/shirt", a_catalogue_entry(unitAmount=9_900))
    assert settled(a_payment(), store).result == "first_time_finalized"


def test_the_price_that_holds_is_the_price_that_is_compared() -> None:
    store = a_store(an_order(amountTotal=1, currency="eur"))
    assert settled(a_payment(money=Money(1, "eur")), store).result == "quarantined"
    assert status_in(store) == "review"


# --- Lost answers and contention --------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [refused, unanswered])
@pytest.mark.parametrize("event", [a_placement(), a_payment()], ids=["placed", "paid"])
def test_a_commit_that_failed_is_tried_again(event: OrderEvent, fault: Interference) -> None:
    store = a_store(an_order())
    clock = Clock()
    assert settled(event, Interfered(store, [fault, fault]), clock).result in ("reserved", "first_time_finalized")
    assert clock.pauses == [0.005, 0.01]
    assert shirts_in(store) == ((10, 3) if event == a_placement() else (7, 0))


@pytest.mark.parametrize("nth_commit", [0, 1])
@pytest.mark.parametrize("event", [a_placement(), a_payment()], ids=["placed", "paid"])
def test_a_commit_whose_answer_was_lost_is_not_done_twice(event: OrderEvent, nth_commit: int) -> None:
    store = a_store(an_order())
    outcome = settled(event, Interfered(store, [*[undisturbed] * nth_commit, answer_lost]))
    assert outcome.result in ("reserved", "already_placed", "first_time_finalized")
    assert shirts_in(store) == ((10, 3) if event == a_placement() else (7, 0))
    assert len(audit_ids(store)) == 1
    assert status_in(store) in ("reserved", "finalized")


def test_a_payment_whose_answer_was_lost_is_told_as_settled_and_not_as_a_duplicate() -> None:
    store = a_store_with_a_hold()
    assert settled(a_payment(), Interfered(store, [answer_lost])).result == "first_time_finalized"
    assert "auditLog/evt_1/deliveries/2" not in store.dump()


def test_a_duplicate_whose_answer_was_lost_is_recorded_once() -> None:
    store = a_store_with_a_hold()
    settled(a_payment(), store)
    settled(a_payment(delivered_at=LATER), Interfered(store, [answer_lost]))
    claim = store.get("webhookEvents/evt_1")
    assert claim is not None
    assert claim["deliveries"] == 2
    assert "auditLog/evt_1/deliveries/3" not in store.dump()


def test_a_restored_claim_whose_answer_was_lost_is_recorded_once() -> None:
    store = a_store_with_a_hold()
    settled(a_payment(), store)
    store.delete("webhookEvents/evt_1")
    disturbed = Interfered(store, [undisturbed, answer_lost])
    assert settled(a_payment(delivered_at=LATER), disturbed).result == "duplicate_detected"
    assert "auditLog/evt_1/deliveries/3" not in store.dump()


def test_a_read_without_an_answer_is_tried_again() -> None:
    store = a_store_with_a_hold()
    assert settled(a_payment(), Interfered(store, reads_without_answer=2)).result == "first_time_finalized"


def test_it_gives_up_with_the_last_error_when_its_time_is_out() -> None:
    store = a_store_with_a_hold()
    before = store.dump()
    clock = Clock()
    began = clock.seconds
    with pytest.raises(StoreUnavailable, match="unanswered"):
        settled(a_payment(), Interfered(store, [refused, *[unanswered] * 1_000]), clock)
    assert 8.0 <= clock.seconds - began <= 8.5
    assert store.dump() == before


def test_contention_without_end_is_told_as_contention() -> None:
    with pytest.raises(StoreContended, match="refused"):
        settled(a_payment(), Interfered(a_store_with_a_hold(), [refused] * 1_000))


def test_stock_that_others_keep_taking_for_eight_seconds_is_contention_and_never_a_failed_order() -> None:
    store = a_store(an_order(), stock=3)

    def others_count() -> None:
        store.put("inventory/shirt", {"stock": 3, "reserved": 1})

    def others_give_back() -> None:
        store.put("inventory/shirt", {"stock": 3, "reserved": 3})

    busy = [someone_first(others_count), someone_first(others_give_back)] * 1_000
    with pytest.raises(StoreContended):
        settled(a_placement(), Interfered(store, busy))
    assert status_in(store) == "pending"
    assert shirts_in(store) == (3, 0)


def test_no_call_may_take_longer_than_the_time_that_is_left() -> None:
    clock = Clock(per_look=0.5)
    store = Interfered(a_store_with_a_hold(), [refused] * 1_000)
    with pytest.raises(StoreContended):
        settled(a_payment(), store, clock)
    assert all(0 < timeout <= 8 for timeout in store.timeouts)
    assert store.timeouts == sorted(store.timeouts, reverse=True)


def test_a_fault_is_raised_as_it_is_and_never_taken_for_contention() -> None:
    def fault(_commit: object) -> None:
        raise ZeroDivisionError

    store = a_store_with_a_hold()
    with pytest.raises(ZeroDivisionError):
        settled(a_payment(), Interfered(store, [fault]))  # type: ignore[list-item]


# --- Crashes ----------------------------------------------------------------------------------------------------------

CRASHES = [
    pytest.param([*[undisturbed] * nth, crash], id=f"{crash.__name__} {nth}")
    for nth in range(2)
    for crash in (crash_before, crash_after)
]


@pytest.mark.parametrize("commits", CRASHES)
def test_a_trigger_that_crashed_anywhere_is_finished_by_its_redelivery(commits: list[Interference]) -> None:
    store = a_store(an_order())
    with pytest.raises(Crash):
        settled(a_placement(), Interfered(store, list(commits)))
    assert settled(a_placement(), store).result in ("reserved", "already_placed")
    assert (status_in(store), shirts_in(store)) == ("reserved", (10, 3))
    assert audit_ids(store) == {"auditLog/placed_order-1"}


@pytest.mark.parametrize("commits", CRASHES)
def test_a_trigger_that_crashed_anywhere_is_finished_by_the_payment(commits: list[Interference]) -> None:
    store = a_store(an_order())
    with pytest.raises(Crash):
        settled(a_placement(), Interfered(store, list(commits)))
    assert settled(a_payment(), store).result == "first_time_finalized"
    assert settled(a_placement(), store).result == "already_placed"
    assert (status_in(store), shirts_in(store)) == ("finalized", (7, 0))


@pytest.mark.parametrize("commits", CRASHES)
def test_a_payment_that_crashed_anywhere_is_settled_by_its_redelivery_and_never_lost(
    commits: list[Interference],
) -> None:
    store = a_store(an_order())
    with pytest.raises(Crash):
        settled(a_payment(), Interfered(store, list(commits)))
    outcome = settled(a_payment(delivered_at=LATER), store)
    assert outcome.result in ("first_time_finalized", "duplicate_detected")
    assert (status_in(store), shirts_in(store)) == ("finalized", (7, 0))
    assert audit_ids(store) == {"auditLog/evt_1"}
    assert "notifications/alice/messages/evt_1" in store.dump()


def test_a_hold_left_uncovered_by_a_crash_is_given_back_before_the_order_fails() -> None:
    store = a_store(an_order(), stock=3)

    def sell_elsewhere() -> None:
        store.put("inventory/shirt", {"stock": 2, "reserved": 0})

    with pytest.raises(Crash):
        settled(a_placement(), Interfered(store, [someone_first(sell_elsewhere), crash_before]))
    assert status_in(store) == "reserving"
    assert settled(a_placement(), store).result == "reservation_failed"
    assert shirts_in(store) == (2, 0)


# --- Paid and never fulfilled -----------------------------------------------------------------------------------------


def a_short_shop(**catalogue: object) -> MemoryStore:
    store = a_store(an_order(), stock=2)
    store.put("products/shirt", a_catalogue_entry(**catalogue))
    return store


def an_expired_order_whose_units_are_gone() -> MemoryStore:
    store = a_shop_told(a_placement(), a_lapse())
    store.put("inventory/shirt", {"stock": 2, "reserved": 0})
    return store


def a_reserved_order_that_somebody_broke() -> MemoryStore:
    store = a_shop_told(a_placement())
    store.put("orders/order-1", {**store.dump()["orders/order-1"], "items": []})
    return store


NEVER_FULFILLED: dict[str, tuple[Callable[[], MemoryStore], int]] = {
    # what is the matter: the shop, and what is paid
    "short": (a_short_shop, 3_600),
    "short and unpriced": (lambda: a_short_shop(unitAmount=None, currency=None), 3_600),
    "wrong amount": (lambda: a_shop_told(a_placement()), 3_500),
    "wrong amount and short": (an_expired_order_whose_units_are_gone, 3_500),
    "broken": (lambda: a_store(an_order(items=[])), 3_600),
    "broken after it was reserved": (a_reserved_order_that_somebody_broke, 3_600),
    "strange status": (lambda: a_store(an_order(status="shipped")), 3_600),
}


@pytest.mark.parametrize(("shop", "paid"), NEVER_FULFILLED.values(), ids=NEVER_FULFILLED)
def test_a_refund_that_failed_ends_the_same_whether_its_success_or_its_failure_was_told_first(
    shop: Callable[[], MemoryStore], paid: int
) -> None:
    payment = a_payment(money=Money(paid, "eur"))
    made = an_updated_refund("evt_made", a_refund(amount=paid))
    failed = an_updated_refund("evt_failed", a_refund(amount=paid, status="failed"))
    one, other = shop(), shop()
    for event in (payment, made, failed):
        settled(event, one)
    for event in (payment, failed, made):
        settled(event, other)
    assert status_in(one) == status_in(other)
    assert status_in(one) in ("refund_due", "review")


# --- Crashes after the payment ----------------------------------------------------------------------------------------

A_DAY_LATER = NOW + timedelta(days=1)


def crash_at(nth_commit: int, crash: Interference) -> list[Interference]:
    return [*[undisturbed] * nth_commit, crash]


def complaints_about(store: MemoryStore) -> list[str]:
    return complaints(store.dump(), {"shirt": 10})


def settled_twice_with_a_crash(
    event: OrderEvent, store: MemoryStore, nth_commit: int, crash: Interference, *, now: datetime = NOW
) -> Outcome:
    """The process dies at this commit; then the event is delivered again. The books are in order all the time."""
    with pytest.raises(Crash):
        settled(event, Interfered(store, crash_at(nth_commit, crash)), now=now)
    assert complaints_about(store) == []
    outcome = settled(delivered_later(event), store, now=now)
    assert complaints_about(store) == []
    return outcome


def a_shop_told(*events: OrderEvent) -> MemoryStore:
    """A shop with ten shirts and an order for three, told all this. Reservations lapse a day later."""
    store = a_store(an_order())
    for event in events:
        settled(event, store, now=A_DAY_LATER if isinstance(event, ReservationLapsed) else NOW)
    return store


def waiting_for(store: MemoryStore, payment_id: str) -> object:
    payment = store.get(f"payments/{payment_id}")
    return payment and payment.get("waiting", [])


def is_processed(store: MemoryStore, event_id: str) -> object:
    claim = store.get(f"webhookEvents/{event_id}")
    return claim and claim["processed"]


each_crash = pytest.mark.parametrize("crash", [crash_before, crash_after], ids=lambda crash: str(crash.__name__))
REFUND = an_updated_refund("evt_refund")
A_THIRD = an_updated_refund("evt_third", a_refund("re_1", 1_200, restock={"shirt": 1}))


@each_crash
def test_a_refund_that_crashed_while_it_was_parked_is_parked_once(crash: Interference) -> None:
    store = a_shop_told(a_placement())
    assert settled_twice_with_a_crash(REFUND, store, 0, crash).result == "payment_not_found"
    assert waiting_for(store, "pi_1") == ["evt_refund"]
    assert settled(a_payment(), store).result == "first_time_finalized"
    assert (status_in(store), shirts_in(store)) == ("refunded", (10, 0))
    assert complaints_about(store) == []


PAYMENTS_THAT_RELEASE = [
    pytest.param(placed, nth, id=f"{name} {nth}")
    # The payment's own commits, and one for each of the two refunds that it releases.
    for name, placed, commits in (("reserved", (a_placement(),), 3), ("pending", (), 4))
    for nth in range(commits)
]


@each_crash
@pytest.mark.parametrize(("told", "nth_commit"), PAYMENTS_THAT_RELEASE)
def test_what_a_payment_released_is_settled_by_its_redelivery_wherever_the_process_died(
    told: tuple[OrderEvent, ...], nth_commit: int, crash: Interference
) -> None:
    rest = an_updated_refund("evt_rest", a_refund("re_2", 2_400))
    store = a_shop_told(A_THIRD, rest, *told)
    settled_twice_with_a_crash(a_payment(), store, nth_commit, crash)
    assert (status_in(store), shirts_in(store)) == ("refunded", (10, 0))
    assert is_processed(store, "evt_third") and is_processed(store, "evt_rest")
    assert waiting_for(store, "pi_1") == []
    assert sorted(map(str, notices_in(store))) == sorted(
        ["paid", "partially_refunded", "refunded", *(["reserved"] if told else [])]
    )


@each_crash
@pytest.mark.parametrize("nth_commit", [0, 1])
def test_the_next_voice_of_a_payment_settles_what_the_first_one_did_not_live_to_settle(
    nth_commit: int, crash: Interference
) -> None:
    store = a_shop_told(a_placement(), REFUND)
    with pytest.raises(Crash):
        settled(a_payment(), Interfered(store, crash_at(nth_commit, crash)))
    settled(a_payment("evt_2", event_type="charge.succeeded"), store)
    assert (status_in(store), shirts_in(store)) == ("refunded", (10, 0))
    assert is_processed(store, "evt_refund")
    assert complaints_about(store) == []


def test_a_refund_delivered_again_after_its_payment_needs_nobody_to_release_it() -> None:
    store = a_shop_told(a_placement(), REFUND)
    with pytest.raises(Crash):
        settled(a_payment(), Interfered(store, [crash_after]))
    assert settled(delivered_later(REFUND), store).result == "refunded"
    assert settled(delivered_later(a_payment()), store).result == "duplicate_detected"
    assert (status_in(store), shirts_in(store)) == ("refunded", (10, 0))
    assert complaints_about(store) == []


def test_a_refund_and_its_payment_that_do_not_see_each_other_are_both_settled() -> None:
    store = a_shop_told(a_placement())
    overtaken = Interfered(store, [someone_first(lambda: settled(a_payment(), store))])
    assert settled(REFUND, overtaken).result == "refunded"
    overtaken = Interfered(other := a_shop_told(a_placement()), [someone_first(lambda: settled(REFUND, other))])
    assert settled(a_payment(), overtaken).result == "first_time_finalized"
    for shop in (store, other):
        assert (status_in(shop), shirts_in(shop)) == ("refunded", (10, 0))
        assert waiting_for(shop, "pi_1") == []
        assert complaints_about(shop) == []


def test_whoever_asks_is_told_what_became_of_each_event_that_a_payment_released() -> None:
    store = a_shop_told(a_placement(), A_THIRD, a_dispute("evt_dispute"))
    told: list[tuple[str, Outcome]] = []

    def tell(event: StripeEvent, outcome: Outcome) -> None:
        told.append((event.event_id, outcome))

    for payment in (a_payment(), delivered_later(a_payment())):
        settle(payment, NOW, store=store, terms=TERMS, patience=patience_of(Clock()), report=tell)
    assert told == [
        ("evt_third", Outcome(Result.PARTIALLY_REFUNDED, "order-1")),
        ("evt_dispute", Outcome(Result.DISPUTE_RECORDED, "order-1", "dispute: dp_1 is needs_response")),
    ]


def test_of_what_still_waits_and_of_what_others_have_settled_nobody_is_told() -> None:
    store, told = a_shop_told(a_placement(), REFUND), list[str]()
    overtaken = Interfered(store, [undisturbed, someone_first(lambda: settled(a_payment("evt_2"), store, now=LATER))])
    settle(
        a_payment(),
        NOW,
        store=overtaken,
        terms=TERMS,
        patience=patience_of(Clock()),
        report=lambda event, outcome: told.extend([event.event_id] if outcome.ends_wait else []),
    )
    assert is_processed(store, "evt_refund")
    assert told == []


def test_what_was_settled_although_the_answer_was_lost_is_told_as_it_ended() -> None:
    store, told = a_shop_told(a_placement(), A_THIRD), list[Outcome]()
    settle(
        a_payment(),
        NOW,
        store=Interfered(store, [undisturbed, answer_lost]),
        terms=TERMS,
        patience=patience_of(Clock()),
        report=lambda _, outcome: told.append(outcome),
    )
    assert told == [Outcome(Result.PARTIALLY_REFUNDED, "order-1")]


def test_what_was_settled_before_the_time_was_out_is_told() -> None:
    store = a_shop_told(a_placement(), A_THIRD, a_dispute("evt_dispute"))
    told: list[str] = []
    with pytest.raises(StoreUnavailable):
        settle(
            a_payment(),
            NOW,
            store=Interfered(store, [undisturbed, undisturbed, *[unanswered] * 1_000]),
            terms=TERMS,
            patience=patience_of(Clock()),
            report=lambda event, outcome: told.extend([event.event_id] if outcome.ends_wait else []),
        )
    assert told == ["evt_third"]


def test_what_a_released_event_could_not_do_in_time_is_done_when_the_payment_comes_again() -> None:
    store = a_shop_told(a_placement(), REFUND)
    with pytest.raises(StoreUnavailable):
        settled(a_payment(), Interfered(store, [undisturbed, *[unanswered] * 1_000]))
    assert status_in(store) == "finalized"
    settled(delivered_later(a_payment()), store)
    assert (status_in(store), shirts_in(store)) == ("refunded", (10, 0))


def test_what_a_payment_releases_is_settled_in_the_payments_own_time() -> None:
    clock = Clock(per_look=0.1)
    began = clock.seconds
    store = Interfered(a_shop_told(a_placement(), REFUND), [*[refused] * 5, undisturbed, *[unanswered] * 1_000])
    with pytest.raises(StoreUnavailable):
        settled(a_payment(), store, clock)
    assert 8.0 <= clock.seconds - began <= 9.0


def test_no_call_for_what_a_payment_releases_may_take_longer_than_the_time_that_is_left() -> None:
    store = Interfered(a_shop_told(a_placement(), REFUND), [*[refused] * 5, undisturbed])
    settled(a_payment(), store, Clock(per_look=0.1))
    assert store.timeouts == sorted(store.timeouts, reverse=True)


CLOSED: dict[str, tuple[OrderEvent, ...]] = {
    "expired": (a_placement(), a_lapse()),
    "cancelled": (a_placement(), a_cancel_request()),
    "cancelled before it was placed": (a_cancel_request(),),
}
each_closed_order = pytest.mark.parametrize("told", CLOSED.values(), ids=CLOSED)


@each_crash
@each_closed_order
@pytest.mark.parametrize("nth_commit", [0, 1])
def test_a_late_payment_that_crashed_anywhere_is_settled_by_its_redelivery(
    told: tuple[OrderEvent, ...], nth_commit: int, crash: Interference
) -> None:
    store = a_shop_told(*told)
    settled_twice_with_a_crash(a_payment(), store, nth_commit, crash)
    assert (status_in(store), shirts_in(store)) == ("finalized", (7, 0))
    assert notices_in(store).count("paid") == 1


NEXT_CAUSES = {
    str(event.kind): event
    for event in (
        a_placement(),
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
@pytest.mark.parametrize("next_cause", NEXT_CAUSES.values(), ids=NEXT_CAUSES)
def test_whatever_comes_between_a_late_payments_hold_and_its_redelivery_leaves_the_order_closed(
    told: tuple[OrderEvent, ...], next_cause: OrderEvent
) -> None:
    store = a_shop_told(*told)
    closed = status_in(store)
    with pytest.raises(Crash):
        settled(a_payment(), Interfered(store, [crash_after]))
    assert status_in(store) == "reserving"
    settled(next_cause, store)
    assert status_in(store) in ("reserving", closed)
    assert complaints_about(store) == []
    assert settled(delivered_later(a_payment()), store).result == "first_time_finalized"
    assert (status_in(store), shirts_in(store)) == ("finalized", (7, 0))
    assert complaints_about(store) == []


@each_closed_order
def test_no_hold_of_a_late_payment_that_never_comes_again_lasts(told: tuple[OrderEvent, ...]) -> None:
    store = a_shop_told(*told)
    with pytest.raises(Crash):
        settled(a_payment(), Interfered(store, [crash_after]))
    settled(a_processing("evt_processing"), store)
    for sweep in (a_lapse(), a_placement()):
        settled(sweep, store, now=NOW + timedelta(days=30))
    assert shirts_in(store) == (10, 0)


CHANGES_OF_A_LIFE = {
    "full refund": ((a_placement(), a_payment()), a_refunded_charge("evt_2"), ("refunded", (10, 0))),
    "partial refund": ((a_placement(), a_payment()), A_THIRD, ("partially_refunded", (8, 0))),
    "full refund before the payment": ((a_placement(),), a_refunded_charge("evt_2"), ("refunded", (10, 0))),
    "cancelled by Stripe": ((a_placement(),), a_cancellation(), ("cancelled", (10, 0))),
    "cancelled by its customer": ((a_placement(),), a_cancel_request(), ("cancelled", (10, 0))),
    "cancelled too late": ((a_placement(), a_payment()), a_cancel_request(), ("finalized", (7, 0))),
    "expired": ((a_placement(),), a_lapse(), ("expired", (10, 0))),
    "extended": ((a_placement(),), a_processing(), ("reserved", (10, 3))),
    "declined": ((a_placement(),), a_failure(), ("reserved", (10, 3))),
    "disputed": ((a_placement(), a_payment()), a_dispute("evt_2"), ("finalized", (7, 0))),
    "refund failed": (
        (a_placement(), a_payment(), REFUND),
        an_updated_refund("evt_2", a_refund(status="failed")),
        ("finalized", (7, 0)),
    ),
}


@each_crash
@pytest.mark.parametrize(("told", "event", "end"), CHANGES_OF_A_LIFE.values(), ids=CHANGES_OF_A_LIFE)
def test_a_change_that_crashed_is_made_once_by_its_redelivery(
    told: tuple[OrderEvent, ...], event: OrderEvent, end: tuple[str, tuple[int, int]], crash: Interference
) -> None:
    store = a_shop_told(*told)
    settled_twice_with_a_crash(
        event, store, 0, crash, now=A_DAY_LATER if event.event_type == "reservation.lapsed" else NOW
    )
    assert (status_in(store), shirts_in(store)) == end
    assert store.get(f"auditLog/{event.event_id}") is not None
    told_of_it = [path for path in store.dump() if path.startswith("notifications/") and path.endswith(event.event_id)]
    assert len(told_of_it) == (0 if event.event_type == "payment_intent.processing" else 1)


@each_crash
@pytest.mark.parametrize("nth_commit", [0, 1])
def test_a_refunded_charge_that_outran_all_others_and_crashed_is_settled_by_its_redelivery(
    nth_commit: int, crash: Interference
) -> None:
    store = a_shop_told()
    outcome = settled_twice_with_a_crash(a_refunded_charge(total=1_200), store, nth_commit, crash)
    assert outcome.result in ("partially_refunded", "duplicate_detected")
    assert (status_in(store), shirts_in(store)) == ("partially_refunded", (7, 0))
    assert settled(a_placement(), store).result == "already_placed"
    assert settled(a_payment("evt_2"), store).result == "already_finalized"
    assert (status_in(store), shirts_in(store)) == ("partially_refunded", (7, 0))
    assert complaints_about(store) == []


def test_units_that_somebody_bought_while_a_failed_refund_was_read_are_not_taken_from_them() -> None:
    store = a_shop_told(a_placement(), a_payment(), REFUND)

    def sell_eight() -> None:
        store.put("orders/order-2", an_order(items=[{"productId": "shirt", "quantity": 8}]))
        settled(a_placement("order-2"), store)

    failed = an_updated_refund("evt_failed", a_refund(status="failed"))
    # One read to find the order, one for it, one for its shirts: by the commit they are promised to somebody.
    assert settled(failed, Interfered(store, [someone_first(sell_eight)])).result == "refund_failed"
    assert (status_in(store), shirts_in(store)) == ("refund_due", (10, 8))
    assert complaints_about(store) == []


def test_an_order_that_expires_while_its_payment_is_on_its_way_loses_against_it() -> None:
    store = a_shop_told(a_placement())
    overtaken = Interfered(store, [someone_first(lambda: settled(a_payment(), store))])
    assert settled(a_lapse(), overtaken, now=A_DAY_LATER).result == "not_expired"
    assert (status_in(store), shirts_in(store)) == ("finalized", (7, 0))


def test_a_hold_is_released_once_though_two_events_and_a_sweep_say_so() -> None:
    store = a_shop_told(a_placement())
    session_expired = a_cancellation("evt_2", event_type="checkout.session.expired")
    releasing: list[OrderEvent] = [a_cancellation("evt_1"), session_expired, a_lapse()]
    for event in releasing:
        settled(event, store, now=A_DAY_LATER)
    assert (status_in(store), shirts_in(store)) == ("cancelled", (10, 0))
    assert complaints_about(store) == []


# --- Orders as large as may be ---------------------------------------------------------------------------------------


def test_an_order_as_large_as_may_be_is_held_and_released_like_any_other() -> None:
    store = a_store(as_large_as_may_be())
    assert settled(a_placement(), store).result == "reserved"
    assert shirts_in(store) == (10, 3)
    assert settled(a_lapse(), store, now=NOW + timedelta(hours=1)).result == "expired"
    assert shirts_in(store) == (10, 0)


def test_an_order_as_large_as_may_be_is_paid_and_refunded_like_any_other() -> None:
    store = a_store(as_large_as_may_be())
    settled(a_placement(), store)
    assert settled(a_payment("evt_1"), store).result == "first_time_finalized"
    assert settled(a_refunded_charge("evt_2"), store).result == "refunded"
    assert shirts_in(store) == (10, 0)


# --- Inventory that vanished ------------------------------------------------------------------------------------------


def test_a_paid_order_whose_inventory_vanished_is_finalized_and_the_audit_entry_says_what_was_not_counted() -> None:
    store = a_store_with_a_hold()
    store.delete("inventory/shirt")
    outcome = settled(a_payment(), store)
    assert outcome.result == "first_time_finalized"
    assert outcome.note == "inventory_gone: 3 of 'shirt' could not be counted"
    entry = store.get("auditLog/evt_1")
    assert entry is not None
    assert (entry["stock"], entry["uncounted"]) == ([], [{"productId": "shirt", "quantity": 3}])
    assert "inventory/shirt" not in store.dump()


def test_an_inventory_that_vanishes_during_a_hold_refuses_the_order_and_gives_back_the_rest() -> None:
    order = an_order(items=[{"productId": name, "quantity": 2} for name in ("shirt", "mug")])
    store = a_store(order, mug={"stock": 5, "reserved": 0})
    with pytest.raises(Crash):
        settled(a_placement(), Interfered(store, [crash_after]))
    store.delete("inventory/mug")
    outcome = settled(a_placement(), store)
    assert outcome.note == "unknown_product: the inventory does not count 'mug'"
    assert (status_in(store), shirts_in(store)) == ("failed", (10, 0))


def test_an_inventory_that_vanishes_between_read_and_hold_refuses_the_order() -> None:
    store = a_store(an_order())
    vanishing = Interfered(store, [someone_first(lambda: store.delete("inventory/shirt"))])
    assert settled(a_placement(), vanishing).result == "reservation_failed"


# --- Orders that are not there yet ------------------------------------------------------------------------------------


def test_an_order_that_is_not_there_yet_leaves_no_trace_of_its_payment() -> None:
    store = a_store()
    before = store.dump()
    with pytest.raises(OrderNotThereYet):
        settled(a_payment(), store)
    assert store.dump() == before


AN_HOUR_AGO = NOW - timedelta(hours=1)


def test_a_payment_whose_order_never_came_is_parked_where_a_person_sees_it() -> None:
    store = a_store()
    assert settled(a_payment(created_at=AN_HOUR_AGO), store).result == "order_not_found"
    claim = store.get("webhookEvents/evt_1")
    assert claim is not None
    assert claim["processed"] is False
    assert claim["deliveries"] == 1
    assert audit_ids(store) == set()


def test_a_parked_payment_is_settled_once_when_its_order_appears() -> None:
    store = a_store()
    settled(a_payment(created_at=AN_HOUR_AGO), store)
    store.put("orders/order-1", an_order())
    settled(a_placement(), store)
    (parked,) = store.parked_events("order-1")
    assert settled(parked, store).result == "first_time_finalized"
    assert store.parked_events("order-1") == ()
    assert shirts_in(store) == (7, 0)


def test_an_order_that_appears_while_its_payment_is_being_parked_is_settled_at_once() -> None:
    store = a_store()

    def create() -> None:
        store.put("orders/order-1", an_order())
        settled(a_placement(), store)

    disturbed = Interfered(store, [someone_first(create)])
    assert settled(a_payment(created_at=AN_HOUR_AGO), disturbed).result == "first_time_finalized"
    assert store.parked_events("order-1") == ()
    assert shirts_in(store) == (7, 0)


def test_a_parked_payment_whose_answer_was_lost_is_parked_once() -> None:
    store = a_store()
    payment = a_payment(created_at=AN_HOUR_AGO)
    assert settled(payment, Interfered(store, [answer_lost])).result == "order_not_found"
    assert "auditLog/evt_1/deliveries/2" not in store.dump()


# --- Events that a wrong setting has set aside ------------------------------------------------------------------------

LIVE_ONLY = replace(TERMS, expected_livemode=True)
AS_SET_ASIDE: tuple[StripeEvent, ...] = (a_payment(), an_updated_refund("evt_refund", a_refund(amount=1_200)))


def a_shop_that_set_aside(*events: StripeEvent) -> MemoryStore:
    store = a_shop_told(a_placement())
    for event in events:
        assert settled(event, store, terms=LIVE_ONLY).result == "livemode_mismatch"
    assert (status_in(store), shirts_in(store)) == ("reserved", (10, 3))
    return store


@pytest.mark.parametrize("order", list(permutations(AS_SET_ASIDE)), ids=["payment first", "refund first"])
def test_what_was_set_aside_by_a_wrong_setting_is_settled_once_when_it_is_sent_again(
    order: tuple[StripeEvent, ...],
) -> None:
    store = a_shop_that_set_aside(*AS_SET_ASIDE)
    for event in order:
        settled(delivered_later(event), store)
    assert (status_in(store), shirts_in(store)) == ("partially_refunded", (7, 0))
    assert complaints_about(store) == []
    once = store.dump()
    for event in order:
        assert settled(delivered_later(event), store).result in ("first_time_finalized", "duplicate_detected")
    assert store.dump() == once
    assert notices_in(store).count("paid") == 1


def test_what_is_sent_again_while_the_setting_is_still_wrong_is_a_duplicate() -> None:
    store = a_shop_that_set_aside(a_payment())
    assert settled(delivered_later(a_payment()), store, terms=LIVE_ONLY).result == "duplicate_detected"
    assert (status_in(store), shirts_in(store)) == ("reserved", (10, 3))
    much_later = a_payment(delivered_at=NOW + timedelta(minutes=1))
    assert settled(much_later, store).result == "first_time_finalized"
    assert complaints_about(store) == []


def test_what_was_set_aside_is_settled_even_after_its_claim_has_lived_out_its_time() -> None:
    store = a_shop_that_set_aside(a_payment())
    settled(delivered_later(a_payment()), store, terms=LIVE_ONLY)
    store.delete("webhookEvents/evt_1")
    assert settled(a_payment(delivered_at=NOW + timedelta(days=9)), store).result == "first_time_finalized"
    assert settled(a_payment(delivered_at=NOW + timedelta(days=10)), store).result == "duplicate_detected"
    assert (status_in(store), shirts_in(store)) == ("finalized", (7, 0))
    assert complaints_about(store) == []


def test_a_resend_to_a_setting_that_is_still_wrong_costs_nothing_however_late_it_is() -> None:
    store = a_shop_that_set_aside(a_payment())
    store.delete("webhookEvents/evt_1")
    much_later = NOW + timedelta(days=9)
    assert settled(a_payment(delivered_at=much_later), store, terms=LIVE_ONLY).result == "duplicate_detected"
    assert settled(a_payment(delivered_at=much_later + timedelta(days=1)), store).result == "first_time_finalized"
    assert (status_in(store), shirts_in(store)) == ("finalized", (7, 0))
    assert complaints_about(store) == []


@pytest.mark.parametrize("status", ["expired", "cancelled"])
def test_what_was_set_aside_holds_again_what_is_over_by_now(status: str) -> None:
    store = a_shop_that_set_aside(a_payment())
    settled(a_lapse() if status == "expired" else a_cancel_request(), store, now=A_DAY_LATER)
    assert status_in(store) == status
    assert settled(delivered_later(a_payment()), store, now=A_DAY_LATER).result == "first_time_finalized"
    assert (status_in(store), shirts_in(store)) == ("finalized", (7, 0))
    assert complaints_about(store) == []


@each_crash
def test_what_was_set_aside_and_crashed_is_settled_by_its_redelivery(crash: Interference) -> None:
    store = a_shop_that_set_aside(a_payment())
    with pytest.raises(Crash):
        settled(delivered_later(a_payment()), Interfered(store, [crash]))
    settled(a_payment(delivered_at=NOW + timedelta(minutes=1)), store)
    assert (status_in(store), shirts_in(store)) == ("finalized", (7, 0))
    assert complaints_about(store) == []


def test_a_delivery_that_parks_what_was_set_aside_is_counted_once_though_others_come_in_between() -> None:
    store = a_store()
    early = a_payment(created_at=NOW - timedelta(hours=2))
    settled(early, store, terms=LIVE_ONLY)
    third = a_payment(created_at=early.delivery.created_at, delivered_at=NOW + timedelta(minutes=1))
    overtaken = Interfered(store, [someone_after(lambda: settled(third, store))])
    second = a_payment(created_at=early.delivery.created_at, delivered_at=LATER)
    assert settled(second, overtaken).result == "order_not_found"
    claim = store.get("webhookEvents/evt_1")
    assert claim is not None
    assert claim["deliveries"] == 3
    assert complaints_about(store) == []


def test_what_was_set_aside_before_its_order_was_there_is_settled_when_the_order_appears() -> None:
    store = a_store()
    early = a_payment(created_at=NOW - timedelta(hours=2))
    assert settled(early, store, terms=LIVE_ONLY).result == "livemode_mismatch"
    again = replace(early, delivery=replace(early.delivery, delivered_at=LATER))
    assert settled(again, store).result == "order_not_found"
    store.put("orders/order-1", an_order())
    settled(a_placement(), store)
    taken_up = replace(again, delivery=replace(again.delivery, is_replay=True))
    # No commit is refused first: whoever takes it up may have little time left.
    assert calls_to_settle(taken_up, store) == ["read", "commit"]
    assert (status_in(store), shirts_in(store)) == ("finalized", (7, 0))
    assert complaints_about(store) == []


# --- Events that nobody could read ------------------------------------------------------------------------------------


def test_what_is_not_understood_is_parked_in_two_calls_and_touches_no_order() -> None:
    store = a_store_with_a_hold()
    before = store.dump()
    assert calls_to_settle(something_not_understood(), store) == ["read", "commit"]
    assert {path for path in store.dump() if path not in before} == {"webhookEvents/evt_1"}
    assert (status_in(store), shirts_in(store)) == ("reserved", (10, 3))


def test_what_was_settled_long_ago_and_cannot_be_read_any_more_is_a_duplicate_however_often_it_comes() -> None:
    store = a_shop_told(a_placement(), a_payment(), a_payment(delivered_at=LATER))
    store.delete("webhookEvents/evt_1")
    for day in range(9, 11):
        again = something_not_understood(delivered_at=NOW + timedelta(days=day))
        assert settled(again, store).result == "duplicate_detected"
    assert complaints_about(store) == []


def test_a_release_that_understands_what_an_older_one_parked_settles_it_on_redelivery() -> None:
    store = a_store_with_a_hold()
    settled(something_not_understood(), store)
    assert settled(a_payment(delivered_at=LATER), store).result == "first_time_finalized"
    claim = store.get("webhookEvents/evt_1")
    assert claim is not None
    assert (claim["processed"], claim["deliveries"]) == (True, 2)


# --- Anything at all --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(100))
def test_whatever_interferes_one_order_is_settled_exactly_once(seed: int) -> None:
    """Every event is delivered until it is answered; faults strike at random, crashes included."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    faults: list[Interference] = [undisturbed, refused, unanswered, answer_lost, crash_before, crash_after]
    store = a_store(an_order())
    deliveries: list[OrderEvent] = [a_placement(), a_placement(), *VOICES, *map(voice_again, VOICES)]
    dice.shuffle(deliveries)
    for event in deliveries:
        for _ in range(2):
            try:
                settled(event, Interfered(store, dice.choices(faults, k=3)))
            except Crash:
                settled(event, store)
    assert (status_in(store), shirts_in(store)) == ("finalized", (7, 0))
    assert audit_ids(store) - {"auditLog/placed_order-1"} == {f"auditLog/{voice.event_id}" for voice in VOICES}
    assert notices_in(store).count("paid") == 1
    assert set(notices_in(store)) <= {"reserved", "paid"}
    taken = [store.get(path) for path in audit_ids(store)]
    moved = [move for entry in taken if entry for move in entry["stock"]]  # type: ignore[attr-defined]
    assert (sum(m["stock"] for m in moved), sum(m["reserved"] for m in moved)) == (-3, 0)
