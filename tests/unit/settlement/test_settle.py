"""Read, plan, commit: what stands afterwards, whoever interferes and wherever a process dies."""

import random
from datetime import timedelta
from itertools import permutations

import pytest

from orders.events import NotUnderstood, OrderEvent, PaymentSucceeded
from orders.order import Money, OrderStatus
from orders.outcome import LedgerContended, LedgerUnavailable, OrderNotThereYet, Outcome
from settlement.cases import Terms
from settlement.settle import settle
from tests.builders import (
    LATER,
    NOW,
    Fields,
    a_catalogue_entry,
    a_payment,
    a_placement,
    a_reserved_order,
    an_order,
    something_not_understood,
)
from tests.memory_ledger import MemoryLedger
from tests.unit.settlement.interference import (
    Clock,
    Crash,
    Interfered,
    Interference,
    answer_lost,
    crash_after,
    crash_before,
    patience_of,
    refused,
    someone_first,
    unanswered,
    undisturbed,
)


def a_ledger(order: Fields | None = None, *, stock: int = 10, reserved: int = 0, **more: Fields) -> MemoryLedger:
    """A shop with shirts, and one order unless it is None."""
    ledger = MemoryLedger({"inventory/shirt": {"stock": stock, "reserved": reserved}})
    ledger.put("products/shirt", a_catalogue_entry())
    if order is not None:
        ledger.put("orders/order-1", order)
    for product_id, level in more.items():
        ledger.put(f"inventory/{product_id}", level)
        ledger.put(f"products/{product_id}", a_catalogue_entry())
    return ledger


def a_ledger_with_a_hold() -> MemoryLedger:
    return a_ledger(a_reserved_order(), reserved=3)


def settled(
    event: OrderEvent | NotUnderstood, ledger: MemoryLedger | Interfered, clock: Clock | None = None
) -> Outcome:
    patience = patience_of(clock or Clock())
    return settle(event, NOW, ledger=ledger, terms=Terms(), patience=patience)


def status_in(ledger: MemoryLedger, order_id: str = "order-1") -> object:
    order = ledger.get(f"orders/{order_id}")
    assert order is not None
    return order["status"]


def shirts_in(ledger: MemoryLedger) -> tuple[object, object]:
    """Shirts on hand, and shirts held."""
    shirts = ledger.get("inventory/shirt")
    assert shirts is not None
    return shirts["stock"], shirts["reserved"]


def audit_ids(ledger: MemoryLedger) -> set[str]:
    return {path for path in ledger.dump() if path.startswith("auditLog/") and "/deliveries/" not in path}


def notices_in(ledger: MemoryLedger) -> list[object]:
    return [fields["type"] for path, fields in ledger.dump().items() if path.startswith("notifications/")]


# --- Every event in every status --------------------------------------------------------------------------------------

STORIES_OF_A_PLACEMENT = {
    # status: result, status afterwards, by how much stock and held units change
    "pending": ("reserved", "reserved", (0, 3)),
    "reserving": ("reserved", "reserved", (0, 0)),
    "reserved": ("already_placed", "reserved", (0, 0)),
    "finalized": ("already_placed", "finalized", (0, 0)),
    "partially_refunded": ("already_placed", "partially_refunded", (0, 0)),
    "refunded": ("already_placed", "refunded", (0, 0)),
    "failed": ("already_placed", "failed", (0, 0)),
    "expired": ("already_placed", "expired", (0, 0)),
    "cancelled": ("already_placed", "cancelled", (0, 0)),
    "refund_due": ("already_placed", "refund_due", (0, 0)),
    "review": ("already_placed", "review", (0, 0)),
    "unknown": ("reservation_failed", "failed", (0, 0)),
}

STORIES_OF_A_PAYMENT = {
    "pending": ("first_time_finalized", "finalized", (-3, 0)),
    "reserving": ("first_time_finalized", "finalized", (-3, -3)),
    "reserved": ("first_time_finalized", "finalized", (-3, -3)),
    "finalized": ("already_finalized", "finalized", (0, 0)),
    "partially_refunded": ("already_finalized", "partially_refunded", (0, 0)),
    "refunded": ("already_finalized", "refunded", (0, 0)),
    "failed": ("first_time_finalized", "finalized", (-3, 0)),
    "expired": ("first_time_finalized", "finalized", (-3, 0)),
    "cancelled": ("first_time_finalized", "finalized", (-3, 0)),
    "refund_due": ("already_refund_due", "refund_due", (0, 0)),
    "review": ("already_quarantined", "review", (0, 0)),
    "unknown": ("quarantined", "review", (0, 0)),
}

STORIES = [
    pytest.param(event, status, *story, id=f"{event.kind}-{status}")
    for event, stories in ((a_placement(), STORIES_OF_A_PLACEMENT), (a_payment(), STORIES_OF_A_PAYMENT))
    for status, story in stories.items()
]


def test_the_stories_are_told_for_every_status() -> None:
    assert set(STORIES_OF_A_PLACEMENT) == set(STORIES_OF_A_PAYMENT) == set(OrderStatus)


@pytest.mark.parametrize(("event", "before", "result", "after", "change"), STORIES)
def test_what_an_event_makes_of_an_order_and_its_stock(
    event: OrderEvent, before: str, result: str, after: str, change: tuple[int, int]
) -> None:
    ledger = a_ledger(a_reserved_order(status=before), stock=10, reserved=3)
    assert settled(event, ledger).result == result
    assert status_in(ledger) == after
    assert shirts_in(ledger) == (10 + change[0], 3 + change[1])


@pytest.mark.parametrize(("event", "before", "result", "after", "change"), STORIES)
def test_whatever_it_made_the_same_event_again_changes_nothing_more(
    event: OrderEvent, before: str, result: str, after: str, change: tuple[int, int]
) -> None:
    del result
    ledger = a_ledger(a_reserved_order(status=before), stock=10, reserved=3)
    settled(event, ledger)
    entries = audit_ids(ledger)
    settled(event, ledger)
    assert (status_in(ledger), audit_ids(ledger)) == (after, entries)
    assert shirts_in(ledger) == (10 + change[0], 3 + change[1])


@pytest.mark.parametrize(("event", "before", "result", "after", "change"), STORIES)
def test_the_audit_entry_tells_just_what_moved(
    event: OrderEvent, before: str, result: str, after: str, change: tuple[int, int]
) -> None:
    ledger = a_ledger(a_reserved_order(status=before), stock=10, reserved=3)
    settled(event, ledger)
    entry = ledger.get(f"auditLog/{event.event_id}")
    if result == "already_placed":
        assert entry is None
        return
    assert entry is not None
    assert (entry["result"], entry["statusBefore"], entry["statusAfter"]) == (result, before, after)
    # A hold that was counted before this event is part of what this event brings to its end.
    counted_before = 3 if before == "reserving" else 0
    moves = [{"productId": "shirt", "stock": change[0], "reserved": change[1] + counted_before}]
    assert entry["stock"] == (moves if moves[0]["stock"] or moves[0]["reserved"] else [])


# --- The budget -------------------------------------------------------------------------------------------------------


def calls_to_settle(event: OrderEvent | NotUnderstood, ledger: MemoryLedger) -> list[str]:
    counted = Interfered(ledger)
    settled(event, counted)
    return counted.calls


def test_a_first_delivery_takes_one_read_and_one_commit() -> None:
    assert calls_to_settle(a_payment(), a_ledger_with_a_hold()) == ["read", "commit"]


def test_another_event_for_a_settled_order_takes_one_read_and_one_commit() -> None:
    ledger = a_ledger_with_a_hold()
    settled(a_payment("evt_1"), ledger)
    assert calls_to_settle(a_payment("evt_2"), ledger) == ["read", "commit"]


def test_a_duplicate_takes_one_read_and_one_commit() -> None:
    ledger = a_ledger_with_a_hold()
    settled(a_payment(), ledger)
    assert calls_to_settle(a_payment(delivered_at=LATER), ledger) == ["read", "commit"]


def test_holding_takes_one_read_and_two_commits() -> None:
    assert calls_to_settle(a_placement(), a_ledger(an_order())) == ["read", "commit", "commit"]


def test_the_trigger_delivered_again_takes_one_read() -> None:
    assert calls_to_settle(a_placement(), a_ledger_with_a_hold()) == ["read"]


def test_a_hint_that_names_the_wrong_products_costs_one_read_and_misleads_nobody() -> None:
    ledger = a_ledger(an_order(), mug={"stock": 5, "reserved": 0})
    assert calls_to_settle(a_placement(product_ids=("mug",)), ledger) == ["read", "read", "commit", "commit"]
    assert (status_in(ledger), shirts_in(ledger)) == ("reserved", (10, 3))
    assert ledger.get("inventory/mug") == {"stock": 5, "reserved": 0}


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
    ledger = a_ledger(a_reserved_order(status=order_status), reserved=3 if order_status == "reserved" else 0)
    outcomes = [settled(voice, ledger) for voice in voices]
    assert [outcome.result for outcome in outcomes] == [
        "first_time_finalized",
        "already_finalized",
        "already_finalized",
    ]
    assert [outcome.note for outcome in outcomes] == [None, None, None]
    assert shirts_in(ledger) == (7, 0)
    assert len(audit_ids(ledger)) == 3
    assert [path for path in ledger.dump() if path.startswith("notifications/")] == [
        f"notifications/alice/messages/{voices[0].event_id}"
    ]


def test_two_endpoints_for_one_url_settle_each_event_once_and_record_both_deliveries() -> None:
    ledger = a_ledger_with_a_hold()
    for voice in VOICES:
        first, second = settled(voice, ledger), settled(voice_again(voice), ledger)
        assert first.result != "duplicate_detected"
        assert second.result == "duplicate_detected"
        assert ledger.get(f"auditLog/{voice.event_id}/deliveries/2") is not None
    assert shirts_in(ledger) == (7, 0)
    assert len(audit_ids(ledger)) == 3


def voice_again(voice: PaymentSucceeded) -> PaymentSucceeded:
    return a_payment(voice.event_id, event_type=voice.event_type, charge_id=voice.charge_id, delivered_at=LATER)


def test_a_second_delivery_of_a_payment_changes_nothing_but_its_count() -> None:
    ledger = a_ledger_with_a_hold()
    settled(a_payment(), ledger)
    before = ledger.dump()
    settled(a_payment(delivered_at=LATER), ledger)
    after = ledger.dump()
    changed = {path for path in after if after[path] != before.get(path)}
    assert changed == {"webhookEvents/evt_1", "auditLog/evt_1/deliveries/2"}
    assert after["webhookEvents/evt_1"] == {
        **before["webhookEvents/evt_1"],
        "deliveries": 2,
        "lastDeliveryAt": LATER,
    }


def test_events_of_the_same_second_are_told_apart_by_their_ids() -> None:
    ledger = a_ledger_with_a_hold()
    settled(a_payment("evt_1", created_at=NOW), ledger)
    assert settled(a_payment("evt_2", created_at=NOW), ledger).result == "already_finalized"
    assert audit_ids(ledger) == {"auditLog/evt_1", "auditLog/evt_2"}


@pytest.mark.parametrize("status", ["refunded", "partially_refunded"])
def test_a_late_payment_after_a_refund_flips_nothing_and_takes_nothing(status: str) -> None:
    ledger = a_ledger(a_reserved_order(status=status, paymentIntentId="pi_1"))
    assert settled(a_payment(), ledger).result == "already_finalized"
    assert (status_in(ledger), shirts_in(ledger)) == (status, (10, 0))


def test_a_late_payment_after_a_cancellation_takes_stock_only_if_it_is_there() -> None:
    ledger = a_ledger(a_reserved_order(status="cancelled"), stock=2)
    assert settled(a_payment(), ledger).result == "refund_due"
    assert (status_in(ledger), shirts_in(ledger)) == ("refund_due", (2, 0))


def test_a_claim_that_has_lived_out_its_time_does_not_settle_its_event_again() -> None:
    ledger = a_ledger_with_a_hold()
    settled(a_payment(), ledger)
    ledger.delete("webhookEvents/evt_1")
    assert settled(a_payment(delivered_at=LATER), ledger).result == "duplicate_detected"
    assert shirts_in(ledger) == (7, 0)
    claim = ledger.get("webhookEvents/evt_1")
    assert claim is not None
    assert (claim["processed"], claim["deliveries"]) == (True, 2)


def test_a_claim_that_is_put_back_counts_on_from_the_deliveries_on_record() -> None:
    ledger = a_ledger_with_a_hold()
    for second in range(3):
        settled(a_payment(delivered_at=NOW + timedelta(seconds=second)), ledger)
    ledger.delete("webhookEvents/evt_1")
    settled(a_payment(delivered_at=NOW + timedelta(days=9)), ledger)
    claim = ledger.get("webhookEvents/evt_1")
    assert claim is not None
    assert claim["deliveries"] == 4
    assert ledger.get("auditLog/evt_1/deliveries/4") is not None


# --- The same product, the last unit ----------------------------------------------------------------------------------


def test_the_same_product_on_two_lines_is_held_and_taken_with_both_quantities() -> None:
    items = [{"productId": "shirt", "quantity": 1}, {"productId": "shirt", "quantity": 2}]
    ledger = a_ledger(an_order(items=items))
    settled(a_placement(), ledger)
    assert shirts_in(ledger) == (10, 3)
    settled(a_payment(), ledger)
    assert shirts_in(ledger) == (7, 0)


def test_the_last_units_go_to_one_of_two_buyers_and_stock_never_falls_below_nothing() -> None:
    ledger = a_ledger(an_order(), stock=3)
    ledger.put("orders/order-2", an_order())
    assert settled(a_placement("order-1"), ledger).result == "reserved"
    assert settled(a_placement("order-2"), ledger).result == "reservation_failed"
    assert shirts_in(ledger) == (3, 3)


def test_a_buyer_who_was_faster_gets_the_last_units() -> None:
    ledger = a_ledger(an_order(), stock=3)
    ledger.put("orders/order-2", an_order())
    overtaken = Interfered(ledger, [someone_first(lambda: settled(a_placement("order-2"), ledger))])
    assert settled(a_placement("order-1"), overtaken).result == "reservation_failed"
    assert status_in(ledger, "order-2") == "reserved"
    assert shirts_in(ledger) == (3, 3)


def test_an_order_does_not_fail_for_units_that_another_held_for_a_moment_only() -> None:
    ledger = a_ledger(an_order(), stock=3)

    def another_holds_one() -> None:
        ledger.put("inventory/shirt", {"stock": 3, "reserved": 1})

    def another_gives_it_back() -> None:
        ledger.put("inventory/shirt", {"stock": 3, "reserved": 3})

    disturbed = Interfered(ledger, [someone_first(another_holds_one), someone_first(another_gives_it_back)])
    assert settled(a_placement(), disturbed).result == "reserved"
    assert (status_in(ledger), shirts_in(ledger)) == ("reserved", (3, 3))
    assert disturbed.calls == ["read", "commit", "commit", "read", "commit", "commit"]


def test_all_lines_of_an_order_are_held_or_none() -> None:
    order = an_order(items=[{"productId": name, "quantity": 2} for name in ("shirt", "mug")])
    ledger = a_ledger(order, mug={"stock": 1, "reserved": 0})
    assert settled(a_placement(), ledger).result == "reservation_failed"
    assert (shirts_in(ledger), ledger.get("inventory/mug")) == ((10, 0), {"stock": 1, "reserved": 0})


# --- The trigger and the payment in any order -------------------------------------------------------------------------


def test_a_payment_that_outruns_the_trigger_holds_and_settles_and_the_trigger_changes_nothing() -> None:
    ledger = a_ledger(an_order())
    assert settled(a_payment(), ledger).result == "first_time_finalized"
    before = ledger.dump()
    assert settled(a_placement(), ledger).result == "already_placed"
    assert ledger.dump() == before
    assert shirts_in(ledger) == (7, 0)


def test_the_trigger_delivered_again_after_finalization_reserves_nothing_and_resets_nothing() -> None:
    ledger = a_ledger(an_order())
    settled(a_placement(), ledger)
    settled(a_payment(), ledger)
    before = ledger.dump()
    settled(a_placement(), ledger)
    assert ledger.dump() == before
    assert (status_in(ledger), shirts_in(ledger)) == ("finalized", (7, 0))


def test_the_trigger_delivered_again_holds_nothing_even_if_somebody_reset_the_status() -> None:
    ledger = a_ledger(an_order())
    settled(a_placement(), ledger)
    ledger.put("orders/order-1", an_order())
    assert calls_to_settle(a_placement(), ledger) == ["read"]
    assert (status_in(ledger), shirts_in(ledger)) == ("pending", (10, 3))


@pytest.mark.parametrize("nth_commit", [0, 1])
def test_the_trigger_that_loses_against_a_payment_leaves_a_paid_order_paid(nth_commit: int) -> None:
    ledger = a_ledger(an_order())
    pays_first: Interference = someone_first(lambda: settled(a_payment(), ledger))
    overtaken = Interfered(ledger, [*[undisturbed] * nth_commit, pays_first])
    assert settled(a_placement(), overtaken).result == "already_placed"
    assert (status_in(ledger), shirts_in(ledger)) == ("finalized", (7, 0))


@pytest.mark.parametrize("nth_commit", [0, 1])
def test_the_payment_that_loses_against_the_trigger_is_settled_all_the_same(nth_commit: int) -> None:
    ledger = a_ledger(an_order())
    trigger_first = someone_first(lambda: settled(a_placement(), ledger))
    overtaken = Interfered(ledger, [*[undisturbed] * nth_commit, trigger_first])
    assert settled(a_payment(), overtaken).result == "first_time_finalized"
    assert (status_in(ledger), shirts_in(ledger)) == ("finalized", (7, 0))


@pytest.mark.parametrize("nth_commit", [0, 1])
def test_the_voice_that_loses_the_race_never_marks_a_paid_order_failed(nth_commit: int) -> None:
    """Stock for one order only: the loser must not conclude from the winner's hold that nothing is left."""
    ledger = a_ledger(an_order(), stock=3)
    winner_first = someone_first(lambda: settled(a_payment("evt_2"), ledger))
    overtaken = Interfered(ledger, [*[undisturbed] * nth_commit, winner_first])
    assert settled(a_payment("evt_1"), overtaken).result == "already_finalized"
    assert (status_in(ledger), shirts_in(ledger)) == ("finalized", (0, 0))


def test_the_same_delivery_settled_by_another_in_between_is_a_duplicate() -> None:
    ledger = a_ledger_with_a_hold()
    overtaken = Interfered(ledger, [someone_first(lambda: settled(a_payment(delivered_at=LATER), ledger))])
    assert settled(a_payment(), overtaken).result == "duplicate_detected"
    assert shirts_in(ledger) == (7, 0)


def test_a_payment_that_loses_against_a_release_holds_again_before_it_takes() -> None:
    """The hold was released while the payment was read: taking it all the same would release it twice."""
    ledger = a_ledger_with_a_hold()

    def expire() -> None:
        ledger.put("orders/order-1", a_reserved_order(status="expired"))
        ledger.put("inventory/shirt", {"stock": 10, "reserved": 0})

    assert settled(a_payment(), Interfered(ledger, [someone_first(expire)])).result == "first_time_finalized"
    assert shirts_in(ledger) == (7, 0)


def test_the_price_that_holds_is_the_price_that_is_compared() -> None:
    ledger = a_ledger(an_order(amountTotal=1, currency="eur"))
    assert settled(a_payment(money=Money(1, "eur")), ledger).result == "quarantined"
    assert status_in(ledger) == "review"


# --- Lost answers and contention --------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [refused, unanswered])
@pytest.mark.parametrize("event", [a_placement(), a_payment()], ids=["placed", "paid"])
def test_a_commit_that_failed_is_tried_again(event: OrderEvent, fault: Interference) -> None:
    ledger = a_ledger(an_order())
    clock = Clock()
    assert settled(event, Interfered(ledger, [fault, fault]), clock).result in ("reserved", "first_time_finalized")
    assert clock.pauses == [0.005, 0.01]
    assert shirts_in(ledger) == ((10, 3) if event == a_placement() else (7, 0))


@pytest.mark.parametrize("nth_commit", [0, 1])
@pytest.mark.parametrize("event", [a_placement(), a_payment()], ids=["placed", "paid"])
def test_a_commit_whose_answer_was_lost_is_not_done_twice(event: OrderEvent, nth_commit: int) -> None:
    ledger = a_ledger(an_order())
    outcome = settled(event, Interfered(ledger, [*[undisturbed] * nth_commit, answer_lost]))
    assert outcome.result in ("reserved", "already_placed", "first_time_finalized")
    assert shirts_in(ledger) == ((10, 3) if event == a_placement() else (7, 0))
    assert len(audit_ids(ledger)) == 1
    assert status_in(ledger) in ("reserved", "finalized")


def test_a_payment_whose_answer_was_lost_is_told_as_settled_and_not_as_a_duplicate() -> None:
    ledger = a_ledger_with_a_hold()
    assert settled(a_payment(), Interfered(ledger, [answer_lost])).result == "first_time_finalized"
    assert "auditLog/evt_1/deliveries/2" not in ledger.dump()


def test_a_duplicate_whose_answer_was_lost_is_recorded_once() -> None:
    ledger = a_ledger_with_a_hold()
    settled(a_payment(), ledger)
    settled(a_payment(delivered_at=LATER), Interfered(ledger, [answer_lost]))
    claim = ledger.get("webhookEvents/evt_1")
    assert claim is not None
    assert claim["deliveries"] == 2
    assert "auditLog/evt_1/deliveries/3" not in ledger.dump()


def test_a_restored_claim_whose_answer_was_lost_is_recorded_once() -> None:
    ledger = a_ledger_with_a_hold()
    settled(a_payment(), ledger)
    ledger.delete("webhookEvents/evt_1")
    disturbed = Interfered(ledger, [undisturbed, answer_lost])
    assert settled(a_payment(delivered_at=LATER), disturbed).result == "duplicate_detected"
    assert "auditLog/evt_1/deliveries/3" not in ledger.dump()


def test_a_read_without_an_answer_is_tried_again() -> None:
    ledger = a_ledger_with_a_hold()
    assert settled(a_payment(), Interfered(ledger, reads_without_answer=2)).result == "first_time_finalized"


def test_it_gives_up_with_the_last_error_when_its_time_is_out() -> None:
    ledger = a_ledger_with_a_hold()
    before = ledger.dump()
    clock = Clock()
    began = clock.seconds
    with pytest.raises(LedgerUnavailable, match="unanswered"):
        settled(a_payment(), Interfered(ledger, [refused, *[unanswered] * 1_000]), clock)
    assert 8.0 <= clock.seconds - began <= 8.5
    assert ledger.dump() == before


def test_contention_without_end_is_told_as_contention() -> None:
    with pytest.raises(LedgerContended, match="refused"):
        settled(a_payment(), Interfered(a_ledger_with_a_hold(), [refused] * 1_000))


def test_stock_that_others_keep_taking_for_eight_seconds_is_contention_and_never_a_failed_order() -> None:
    ledger = a_ledger(an_order(), stock=3)

    def others_count() -> None:
        ledger.put("inventory/shirt", {"stock": 3, "reserved": 1})

    def others_give_back() -> None:
        ledger.put("inventory/shirt", {"stock": 3, "reserved": 3})

    busy = [someone_first(others_count), someone_first(others_give_back)] * 1_000
    with pytest.raises(LedgerContended):
        settled(a_placement(), Interfered(ledger, busy))
    assert status_in(ledger) == "pending"
    assert shirts_in(ledger) == (3, 0)


def test_no_call_may_take_longer_than_the_time_that_is_left() -> None:
    clock = Clock(per_look=0.5)
    ledger = Interfered(a_ledger_with_a_hold(), [refused] * 1_000)
    with pytest.raises(LedgerContended):
        settled(a_payment(), ledger, clock)
    assert all(0 < timeout <= 8 for timeout in ledger.timeouts)
    assert ledger.timeouts == sorted(ledger.timeouts, reverse=True)


def test_a_fault_is_raised_as_it_is_and_never_taken_for_contention() -> None:
    def fault(_commit: object) -> None:
        raise ZeroDivisionError

    ledger = a_ledger_with_a_hold()
    with pytest.raises(ZeroDivisionError):
        settled(a_payment(), Interfered(ledger, [fault]))  # type: ignore[list-item]


# --- Crashes ----------------------------------------------------------------------------------------------------------

CRASHES = [
    pytest.param([*[undisturbed] * nth, crash], id=f"{crash.__name__} {nth}")
    for nth in range(2)
    for crash in (crash_before, crash_after)
]


@pytest.mark.parametrize("commits", CRASHES)
def test_a_trigger_that_crashed_anywhere_is_finished_by_its_redelivery(commits: list[Interference]) -> None:
    ledger = a_ledger(an_order())
    with pytest.raises(Crash):
        settled(a_placement(), Interfered(ledger, list(commits)))
    assert settled(a_placement(), ledger).result in ("reserved", "already_placed")
    assert (status_in(ledger), shirts_in(ledger)) == ("reserved", (10, 3))
    assert audit_ids(ledger) == {"auditLog/placed_order-1"}


@pytest.mark.parametrize("commits", CRASHES)
def test_a_trigger_that_crashed_anywhere_is_finished_by_the_payment(commits: list[Interference]) -> None:
    ledger = a_ledger(an_order())
    with pytest.raises(Crash):
        settled(a_placement(), Interfered(ledger, list(commits)))
    assert settled(a_payment(), ledger).result == "first_time_finalized"
    assert settled(a_placement(), ledger).result == "already_placed"
    assert (status_in(ledger), shirts_in(ledger)) == ("finalized", (7, 0))


@pytest.mark.parametrize("commits", CRASHES)
def test_a_payment_that_crashed_anywhere_is_settled_by_its_redelivery_and_never_lost(
    commits: list[Interference],
) -> None:
    ledger = a_ledger(an_order())
    with pytest.raises(Crash):
        settled(a_payment(), Interfered(ledger, list(commits)))
    outcome = settled(a_payment(delivered_at=LATER), ledger)
    assert outcome.result in ("first_time_finalized", "duplicate_detected")
    assert (status_in(ledger), shirts_in(ledger)) == ("finalized", (7, 0))
    assert audit_ids(ledger) == {"auditLog/evt_1"}
    assert "notifications/alice/messages/evt_1" in ledger.dump()


def test_a_hold_left_uncovered_by_a_crash_is_given_back_before_the_order_fails() -> None:
    ledger = a_ledger(an_order(), stock=3)

    def sell_elsewhere() -> None:
        ledger.put("inventory/shirt", {"stock": 2, "reserved": 0})

    with pytest.raises(Crash):
        settled(a_placement(), Interfered(ledger, [someone_first(sell_elsewhere), crash_before]))
    assert status_in(ledger) == "reserving"
    assert settled(a_placement(), ledger).result == "reservation_failed"
    assert shirts_in(ledger) == (2, 0)


# --- Inventory that vanished ------------------------------------------------------------------------------------------


def test_a_paid_order_whose_inventory_vanished_is_finalized_and_the_audit_entry_says_what_was_not_counted() -> None:
    ledger = a_ledger_with_a_hold()
    ledger.delete("inventory/shirt")
    outcome = settled(a_payment(), ledger)
    assert outcome.result == "first_time_finalized"
    assert outcome.note == "inventory_gone: 3 of 'shirt' could not be counted"
    entry = ledger.get("auditLog/evt_1")
    assert entry is not None
    assert (entry["stock"], entry["uncounted"]) == ([], [{"productId": "shirt", "quantity": 3}])
    assert "inventory/shirt" not in ledger.dump()


def test_an_inventory_that_vanishes_during_a_hold_refuses_the_order_and_gives_back_the_rest() -> None:
    order = an_order(items=[{"productId": name, "quantity": 2} for name in ("shirt", "mug")])
    ledger = a_ledger(order, mug={"stock": 5, "reserved": 0})
    with pytest.raises(Crash):
        settled(a_placement(), Interfered(ledger, [crash_after]))
    ledger.delete("inventory/mug")
    outcome = settled(a_placement(), ledger)
    assert outcome.note == "unknown_product: the inventory does not count 'mug'"
    assert (status_in(ledger), shirts_in(ledger)) == ("failed", (10, 0))


def test_an_inventory_that_vanishes_between_read_and_hold_refuses_the_order() -> None:
    ledger = a_ledger(an_order())
    vanishing = Interfered(ledger, [someone_first(lambda: ledger.delete("inventory/shirt"))])
    assert settled(a_placement(), vanishing).result == "reservation_failed"


# --- Orders that are not there yet ------------------------------------------------------------------------------------


def test_an_order_that_is_not_there_yet_leaves_no_trace_of_its_payment() -> None:
    ledger = a_ledger()
    before = ledger.dump()
    with pytest.raises(OrderNotThereYet):
        settled(a_payment(), ledger)
    assert ledger.dump() == before


AN_HOUR_AGO = NOW - timedelta(hours=1)


def test_a_payment_whose_order_never_came_is_parked_where_a_person_sees_it() -> None:
    ledger = a_ledger()
    assert settled(a_payment(created_at=AN_HOUR_AGO), ledger).result == "order_not_found"
    claim = ledger.get("webhookEvents/evt_1")
    assert claim is not None
    assert claim["processed"] is False
    assert claim["deliveries"] == 1
    assert audit_ids(ledger) == set()


def test_a_parked_payment_is_settled_once_when_its_order_appears() -> None:
    ledger = a_ledger()
    settled(a_payment(created_at=AN_HOUR_AGO), ledger)
    ledger.put("orders/order-1", an_order())
    settled(a_placement(), ledger)
    (parked,) = ledger.parked_events("order-1")
    assert settled(parked, ledger).result == "first_time_finalized"
    assert ledger.parked_events("order-1") == ()
    assert shirts_in(ledger) == (7, 0)


def test_an_order_that_appears_while_its_payment_is_being_parked_is_settled_at_once() -> None:
    ledger = a_ledger()

    def create() -> None:
        ledger.put("orders/order-1", an_order())
        settled(a_placement(), ledger)

    disturbed = Interfered(ledger, [someone_first(create)])
    assert settled(a_payment(created_at=AN_HOUR_AGO), disturbed).result == "first_time_finalized"
    assert ledger.parked_events("order-1") == ()
    assert shirts_in(ledger) == (7, 0)


def test_a_parked_payment_whose_answer_was_lost_is_parked_once() -> None:
    ledger = a_ledger()
    payment = a_payment(created_at=AN_HOUR_AGO)
    assert settled(payment, Interfered(ledger, [answer_lost])).result == "order_not_found"
    assert "auditLog/evt_1/deliveries/2" not in ledger.dump()


# --- Events that nobody could read ------------------------------------------------------------------------------------


def test_what_is_not_understood_is_parked_in_two_calls_and_touches_no_order() -> None:
    ledger = a_ledger_with_a_hold()
    before = ledger.dump()
    assert calls_to_settle(something_not_understood(), ledger) == ["read", "commit"]
    assert {path for path in ledger.dump() if path not in before} == {"webhookEvents/evt_1"}
    assert (status_in(ledger), shirts_in(ledger)) == ("reserved", (10, 3))


def test_a_release_that_understands_what_an_older_one_parked_settles_it_on_redelivery() -> None:
    ledger = a_ledger_with_a_hold()
    settled(something_not_understood(), ledger)
    assert settled(a_payment(delivered_at=LATER), ledger).result == "first_time_finalized"
    claim = ledger.get("webhookEvents/evt_1")
    assert claim is not None
    assert (claim["processed"], claim["deliveries"]) == (True, 2)


# --- Anything at all --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(100))
def test_whatever_interferes_one_order_is_settled_exactly_once(seed: int) -> None:
    """Every event is delivered until it is answered; faults strike at random, crashes included."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    faults: list[Interference] = [undisturbed, refused, unanswered, answer_lost, crash_before, crash_after]
    ledger = a_ledger(an_order())
    deliveries: list[OrderEvent] = [a_placement(), a_placement(), *VOICES, *map(voice_again, VOICES)]
    dice.shuffle(deliveries)
    for event in deliveries:
        for _ in range(2):
            try:
                settled(event, Interfered(ledger, dice.choices(faults, k=3)))
            except Crash:
                settled(event, ledger)
    assert (status_in(ledger), shirts_in(ledger)) == ("finalized", (7, 0))
    assert audit_ids(ledger) - {"auditLog/placed_order-1"} == {f"auditLog/{voice.event_id}" for voice in VOICES}
    assert notices_in(ledger).count("paid") == 1
    assert set(notices_in(ledger)) <= {"reserved", "paid"}
    taken = [ledger.get(path) for path in audit_ids(ledger)]
    moved = [move for entry in taken if entry for move in entry["stock"]]  # type: ignore[attr-defined]
    assert (sum(m["stock"] for m in moved), sum(m["reserved"] for m in moved)) == (-3, 0)
