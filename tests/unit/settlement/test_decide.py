"""What is planned before the lifecycle is asked: duplicates, orders that are not there yet, events nobody can read."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from database.documents.wanted import Wanted
from database.store import Create, Increase, Update
from orders.events import CarriesPayment, OrderEvent
from orders.outcome import OrderNotThereYet, Outcome, Result
from settlement.decisions import Look
from settlement.snapshot import Snapshot
from tests.support.builders import (
    LATER,
    NOW,
    ONE_OF_EACH_KIND,
    TERMS,
    Fields,
    a_payment,
    a_placement,
    a_reserved_order,
    an_order,
    something_not_understood,
)
from tests.unit.settlement.planning import (
    Finish,
    StartOver,
    as_read,
    by_path,
    fields_at,
    finish,
    make_plan,
    planned,
    seen,
)

ORDER, CLAIM, AUDIT = "orders/order-1", "webhookEvents/evt_1", "auditLog/evt_1"
PAYMENT = "payments/pi_1"
FIRST_RECORD, SECOND_RECORD = f"{AUDIT}/deliveries/2", f"{AUDIT}/deliveries/3"


def a_settled_claim(**fields: object) -> Fields:
    return {
        "eventType": "payment_intent.succeeded",
        "orderId": "order-1",
        "processed": True,
        "result": "first_time_finalized",
        "deliveries": 1,
        "lastDeliveryAt": NOW,
        **fields,
    }


def a_parked_claim(**fields: object) -> Fields:
    return a_settled_claim(**{"processed": False, "result": "order_not_found", **fields})


FINALIZED = a_reserved_order(status="finalized", paymentIntentId="pi_1")

# --- Duplicates -------------------------------------------------------------------------------------------------------


def test_a_second_delivery_is_counted_and_recorded_and_changes_nothing_else() -> None:
    plan = finish(a_payment(delivered_at=LATER), {ORDER: FINALIZED, CLAIM: a_settled_claim(), AUDIT: {}})
    assert by_path(plan.writes) == {
        CLAIM: Update(CLAIM, {"deliveries": 2, "lastDeliveryAt": LATER}, as_read(CLAIM)),
        FIRST_RECORD: Create(
            FIRST_RECORD,
            {
                "eventId": "evt_1",
                "eventType": "payment_intent.succeeded",
                "orderId": "order-1",
                "webhookProcessed": False,
                "result": "duplicate_detected",
                "createdAt": LATER,
            },
        ),
    }
    assert plan.outcome == Outcome(Result.DUPLICATE_DETECTED, "order-1")


def test_the_first_read_of_a_duplicate_needs_no_audit_entry() -> None:
    plan = finish(a_payment(delivered_at=LATER), {ORDER: FINALIZED, CLAIM: a_settled_claim()})
    assert plan.outcome.result == "duplicate_detected"


def test_nothing_more_is_read_for_a_payment_than_what_settling_it_needs() -> None:
    paths = Wanted(a_payment()).paths
    assert set(paths) == {CLAIM, ORDER, PAYMENT, "payments/ch_1"}


def test_every_further_delivery_has_its_own_record() -> None:
    plan = finish(a_payment(delivered_at=LATER), {ORDER: FINALIZED, CLAIM: a_settled_claim(deliveries=2)})
    assert set(by_path(plan.writes)) == {CLAIM, SECOND_RECORD}
    assert fields_at(CLAIM, plan.writes)["deliveries"] == 3


@pytest.mark.parametrize("order", [an_order(), a_reserved_order(), a_reserved_order(status="cancelled")])
def test_a_claimed_event_is_a_duplicate_whatever_its_order_looks_like_now(order: Fields) -> None:
    plan = finish(a_payment(delivered_at=LATER), {ORDER: order, CLAIM: a_settled_claim()})
    assert plan.outcome.result == "duplicate_detected"
    assert ORDER not in by_path(plan.writes)


def test_a_duplicate_of_an_order_that_was_deleted_is_a_duplicate() -> None:
    assert finish(a_payment(delivered_at=LATER), {CLAIM: a_settled_claim()}).outcome.result == "duplicate_detected"


def test_a_lost_answer_is_not_counted_as_a_second_delivery() -> None:
    claim = a_settled_claim(result="quarantined", lastDeliveryAt=NOW, processedAt=NOW)
    plan = finish(a_payment(delivered_at=NOW), {ORDER: FINALIZED, CLAIM: claim})
    assert plan == Finish((), Outcome(Result.QUARANTINED, "order-1"))


def test_a_duplicate_whose_answer_was_lost_is_still_a_duplicate() -> None:
    claim = a_settled_claim(receivedAt=NOW, processedAt=NOW, lastDeliveryAt=LATER, deliveries=2)
    plan = finish(a_payment(delivered_at=LATER), {ORDER: FINALIZED, CLAIM: claim})
    assert plan == Finish((), Outcome(Result.DUPLICATE_DETECTED, "order-1"))


def test_a_first_delivery_whose_answer_was_lost_is_not_counted_after_a_duplicate_came_in_between() -> None:
    claim = a_settled_claim(receivedAt=NOW, processedAt=NOW, lastDeliveryAt=LATER, deliveries=2)
    plan = finish(a_payment(delivered_at=NOW), {ORDER: FINALIZED, CLAIM: claim})
    assert plan == Finish((), Outcome(Result.FIRST_TIME_FINALIZED, "order-1"))


def test_a_parked_event_taken_up_again_whose_answer_was_lost_ended_as_it_did() -> None:
    claim = a_settled_claim(result="refund_due", processedAt=NOW)
    plan = finish(a_payment(delivered_at=LATER, is_replay=True), {ORDER: FINALIZED, CLAIM: claim})
    assert plan == Finish((), Outcome(Result.REFUND_DUE, "order-1"))


def test_a_parked_event_taken_up_again_after_another_delivery_settled_it_counts_nothing() -> None:
    plan = finish(a_payment(is_replay=True), {ORDER: FINALIZED, CLAIM: a_settled_claim(deliveries=2)})
    assert plan == Finish((), Outcome(Result.DUPLICATE_DETECTED, "order-1"))


def test_before_an_event_is_parked_its_audit_entry_is_looked_for() -> None:
    old = a_payment(created_at=NOW - timedelta(hours=2))
    assert make_plan(old, Snapshot(order_id="order-1"), TERMS, NOW) == Look(audit_entry=True)
    assert finish(old, {AUDIT: {}}).outcome.result == "duplicate_detected"


def test_an_audited_event_whose_claim_has_lived_out_its_time_is_still_a_duplicate() -> None:
    plan = finish(a_payment(delivered_at=LATER), {ORDER: FINALIZED, AUDIT: {}})
    assert by_path(plan.writes) == {
        CLAIM: Create(
            CLAIM,
            {
                "eventType": "payment_intent.succeeded",
                "orderId": "order-1",
                "livemode": False,
                "apiVersion": "2026-02-25.clover",
                "receivedAt": LATER,
                "lastDeliveryAt": LATER,
                "deliveries": 2,
                "processed": True,
                "processedAt": NOW,
                "result": "duplicate_detected",
                "expireAt": NOW + timedelta(days=7),
            },
        ),
        FIRST_RECORD: Create(
            FIRST_RECORD,
            {
                "eventId": "evt_1",
                "eventType": "payment_intent.succeeded",
                "orderId": "order-1",
                "webhookProcessed": False,
                "result": "duplicate_detected",
                "createdAt": LATER,
            },
        ),
    }
    assert plan.outcome == Outcome(Result.DUPLICATE_DETECTED, "order-1")


def test_a_claim_is_put_back_with_the_deliveries_that_are_on_record() -> None:
    plan = finish(a_payment(), {ORDER: FINALIZED, AUDIT: {}}, deliveries_on_record=4)
    assert fields_at(CLAIM, plan.writes)["deliveries"] == 6
    assert f"{AUDIT}/deliveries/6" in by_path(plan.writes)


def test_a_parked_event_that_outlived_its_claim_is_no_delivery_and_still_releases_what_waits_for_it() -> None:
    payment = a_payment(payment_intent_id="pi_1")
    taken_up = replace(payment, delivery=replace(payment.delivery, is_replay=True))
    known = {"orderId": "order-1", "waiting": ["evt_7"]}
    plan = finish(taken_up, {ORDER: FINALIZED, AUDIT: {}, "payments/pi_1": known})
    assert (plan.writes, plan.released) == ((), ("evt_7",))
    assert plan.outcome == Outcome(Result.DUPLICATE_DETECTED, "order-1")


@pytest.mark.parametrize("status", ["reserved", "pending", "expired", "cancelled"])
def test_an_audited_event_never_takes_stock_again_whatever_the_order_became(status: str) -> None:
    plan = finish(a_payment(), {ORDER: a_reserved_order(status=status), AUDIT: {}}, products=("shirt",))
    assert {ORDER, "inventory/shirt"}.isdisjoint(by_path(plan.writes))


# --- The order is not there yet ---------------------------------------------------------------------------------------

ALMOST_AN_HOUR = timedelta(minutes=59, seconds=59)


@pytest.mark.parametrize("age", [timedelta(0), ALMOST_AN_HOUR, -timedelta(minutes=3)], ids=str)
def test_a_young_event_waits_for_its_order_and_claims_nothing(age: timedelta) -> None:
    with pytest.raises(OrderNotThereYet, match="order-1"):
        planned(a_payment(created_at=NOW - age), {})


def test_an_event_from_the_far_future_does_not_wait_for_ever() -> None:
    assert isinstance(planned(a_payment(created_at=NOW + timedelta(days=3_000)), {}), StartOver)


def test_an_old_event_without_an_order_is_parked_with_all_that_settles_it_later() -> None:
    hour_ago = NOW - timedelta(hours=1)
    event = a_payment(created_at=hour_ago, delivered_at=LATER)
    assert planned(event, {}) == StartOver(
        (
            Create(
                CLAIM,
                {
                    "eventType": "payment_intent.succeeded",
                    "orderId": "order-1",
                    "livemode": False,
                    "apiVersion": "2026-02-25.clover",
                    "receivedAt": LATER,
                    "lastDeliveryAt": LATER,
                    "deliveries": 1,
                    "processed": False,
                    "parkedAt": NOW,
                    "result": "order_not_found",
                    "reason": "the order does not exist",
                    "event": {
                        "kind": "payment_succeeded",
                        "createdAt": hour_ago,
                        "amount": 3_600,
                        "currency": "eur",
                        "paymentIntentId": "pi_1",
                        "chargeId": "ch_1",
                    },
                },
            ),
        ),
        # From then on it is taken up again: this delivery of it is counted.
        replace(event, delivery=replace(event.delivery, is_replay=True)),
    )


def test_a_parked_event_never_expires() -> None:
    plan = planned(a_payment(created_at=NOW - timedelta(days=1)), {})
    assert isinstance(plan, StartOver)
    assert "expireAt" not in fields_at(CLAIM, plan.writes)


def test_the_delivery_that_parked_an_event_ends_there() -> None:
    plan = finish(a_payment(delivered_at=NOW), {CLAIM: a_parked_claim(lastDeliveryAt=NOW)})
    assert plan == Finish((), Outcome(Result.ORDER_NOT_FOUND, "order-1"))


def test_a_further_delivery_of_a_parked_event_is_counted_and_says_that_the_order_is_missing() -> None:
    plan = finish(a_payment(delivered_at=LATER), {CLAIM: a_parked_claim()})
    assert set(by_path(plan.writes)) == {CLAIM, FIRST_RECORD}
    assert fields_at(FIRST_RECORD, plan.writes)["result"] == "order_not_found"
    assert plan.outcome.result == "order_not_found"


def test_a_parked_event_is_settled_when_its_order_is_there() -> None:
    plan = finish(a_payment(delivered_at=NOW), {ORDER: a_reserved_order(), CLAIM: a_parked_claim(lastDeliveryAt=NOW)})
    assert plan.outcome.result == "first_time_finalized"
    assert by_path(plan.writes)[CLAIM] == Update(
        CLAIM,
        {
            "orderId": "order-1",
            "processed": True,
            "processedAt": NOW,
            "result": "first_time_finalized",
            "expireAt": NOW + timedelta(days=7),
        },
        as_read(CLAIM),
    )


def test_a_new_delivery_that_settles_a_parked_event_is_counted() -> None:
    plan = finish(a_payment(delivered_at=LATER), {ORDER: a_reserved_order(), CLAIM: a_parked_claim(deliveries=4)})
    written = fields_at(CLAIM, plan.writes)
    assert (written["deliveries"], written["lastDeliveryAt"]) == (5, LATER)
    assert fields_at("auditLog/evt_1/deliveries/5", plan.writes)["result"] == "first_time_finalized"


def test_a_parked_event_that_finds_its_order_settled_changes_nothing_but_its_claim() -> None:
    known: Fields = {"orderId": "order-1"}
    documents: dict[str, Fields] = {
        ORDER: FINALIZED,
        CLAIM: a_parked_claim(),
        PAYMENT: known,
        "payments/ch_1": known,
    }
    plan = finish(a_payment(is_replay=True), documents)
    assert set(by_path(plan.writes)) == {CLAIM, AUDIT}
    assert fields_at(CLAIM, plan.writes)["result"] == "already_finalized"


# --- Nobody can read it -----------------------------------------------------------------------------------------------


def test_an_event_that_is_not_understood_is_kept_with_the_reason_and_touches_nothing_else() -> None:
    plan = finish(something_not_understood(), {ORDER: a_reserved_order()})
    assert by_path(plan.writes) == {
        CLAIM: Create(
            CLAIM,
            {
                "eventType": "payment_intent.succeeded",
                "orderId": "order-1",
                "livemode": False,
                "apiVersion": "2026-02-25.clover",
                "receivedAt": NOW,
                "lastDeliveryAt": NOW,
                "deliveries": 1,
                "processed": False,
                "parkedAt": NOW,
                "result": "error",
                "reason": "amount_received must be an amount",
            },
        )
    }
    assert plan.outcome == Outcome(Result.ERROR, "order-1", "amount_received must be an amount")


def test_a_further_delivery_of_what_is_not_understood_is_counted() -> None:
    parked = a_parked_claim(result="error")
    plan = finish(something_not_understood(delivered_at=LATER), {CLAIM: parked})
    assert set(by_path(plan.writes)) == {CLAIM, FIRST_RECORD}
    assert fields_at(FIRST_RECORD, plan.writes)["orderId"] == "order-1"
    assert plan.outcome == Outcome(Result.ERROR, "order-1")


def test_what_an_older_release_settled_is_a_duplicate_even_to_a_release_that_cannot_read_it() -> None:
    plan = finish(something_not_understood(delivered_at=LATER), {CLAIM: a_settled_claim()})
    assert set(by_path(plan.writes)) == {CLAIM, FIRST_RECORD}
    assert plan.outcome.result == "duplicate_detected"


def test_the_same_is_true_when_only_its_audit_entry_tells() -> None:
    documents: dict[str, Fields] = {AUDIT: {"result": "first_time_finalized"}}
    plan = finish(something_not_understood(delivered_at=LATER), documents, deliveries_on_record=1)
    assert plan.outcome == Outcome(Result.DUPLICATE_DETECTED, "order-1")
    assert set(by_path(plan.writes)) == {CLAIM, "auditLog/evt_1/deliveries/3"}
    claim = fields_at(CLAIM, plan.writes)
    assert (claim["processed"], claim["result"], claim["deliveries"]) == (True, "duplicate_detected", 3)
    assert claim["orderId"] == fields_at("auditLog/evt_1/deliveries/3", plan.writes)["orderId"] == "order-1"


def test_what_was_only_set_aside_and_cannot_be_read_now_is_kept_for_a_person() -> None:
    documents: dict[str, Fields] = {AUDIT: {"result": "livemode_mismatch"}}
    plan = finish(something_not_understood(delivered_at=LATER), documents, deliveries_on_record=1)
    assert plan.outcome.result == "error"
    claim = fields_at(CLAIM, plan.writes)
    assert (claim["processed"], claim["result"], claim["deliveries"]) == (False, "error", 3)


def test_a_release_that_understands_a_parked_event_settles_it_and_names_its_order() -> None:
    parked = a_parked_claim(result="error", orderId=None)
    plan = finish(a_payment(delivered_at=LATER), {ORDER: a_reserved_order(), CLAIM: parked})
    assert plan.outcome.result == "first_time_finalized"
    assert fields_at(CLAIM, plan.writes)["orderId"] == fields_at(FIRST_RECORD, plan.writes)["orderId"] == "order-1"


@pytest.mark.parametrize("delivered_at", [NOW, LATER], ids=["the same delivery", "a further one"])
def test_what_is_understood_now_and_has_no_order_stays_parked_if_its_claim_has_not_changed(
    delivered_at: datetime,
) -> None:
    parked = a_parked_claim(result="error", orderId=None)
    event = a_payment(delivered_at=delivered_at)
    plan = planned(event, {CLAIM: parked})
    assert isinstance(plan, StartOver)
    assert plan.event == replace(event, delivery=replace(event.delivery, is_replay=True))
    claim, *record = plan.writes
    assert isinstance(claim, Update)
    assert (claim.version, claim.fields["orderId"]) == (as_read(CLAIM), "order-1")
    assert [fields_at(one.path, plan.writes)["orderId"] for one in record] == ["order-1"] * (delivered_at == LATER)


# --- Placements -------------------------------------------------------------------------------------------------------


def test_a_placement_of_an_order_that_is_gone_writes_nothing() -> None:
    note = "no_order: it does not exist"
    assert finish(a_placement(), {}) == Finish((), Outcome(Result.ALREADY_PLACED, "order-1", note))


def test_a_placement_that_was_audited_never_holds_again() -> None:
    documents = {ORDER: an_order(), "auditLog/placed_order-1": {}}
    assert finish(a_placement(), documents) == Finish((), Outcome(Result.ALREADY_PLACED, "order-1"))


WITHOUT_A_PAYMENT = [event for event in ONE_OF_EACH_KIND.values() if not isinstance(event, CarriesPayment)]


@pytest.mark.parametrize("was", ["failed", "expired", "cancelled"])
@pytest.mark.parametrize("event", WITHOUT_A_PAYMENT, ids=lambda event: str(event.kind))
def test_to_all_but_payments_an_order_that_a_late_payment_began_to_hold_is_what_it_was(
    event: OrderEvent, was: str
) -> None:
    order = a_reserved_order(status="reserving", heldFrom=was)
    what = replace(seen(event, {ORDER: order, "inventory/shirt": {"stock": 10, "reserved": 3}}), audited=False)
    plan = make_plan(event, what, TERMS, NOW)
    assert isinstance(plan, StartOver)
    assert fields_at(ORDER, plan.writes) == {"status": was, "heldFrom": None, "updatedAt": NOW}
    assert by_path(plan.writes)["inventory/shirt"] == Increase("inventory/shirt", {"reserved": -3})


@pytest.mark.parametrize("was", ["pending", "failed", "expired", "cancelled"])
def test_a_placement_that_was_audited_gives_back_the_hold_that_a_late_payment_left_behind(was: str) -> None:
    documents: dict[str, Fields] = {
        ORDER: an_order(status="reserving", heldFrom=was),
        "auditLog/placed_order-1": {},
        "inventory/shirt": {"stock": 10, "reserved": 3},
    }
    plan = planned(a_placement(), documents, products=("shirt",))
    assert isinstance(plan, StartOver)
    assert fields_at(ORDER, plan.writes)["status"] == was
    assert by_path(plan.writes)["inventory/shirt"] == Increase("inventory/shirt", {"reserved": -3})


@pytest.mark.parametrize("event", [a_placement(), a_payment()], ids=["placed", "paid"])
def test_the_same_reading_gives_the_same_plan(event: OrderEvent) -> None:
    what = seen(event, {ORDER: a_reserved_order()})
    assert make_plan(event, what, TERMS, NOW) == make_plan(event, what, TERMS, NOW)
