"""Refunds and disputes that wait for their payment, and orders that wait for their money, document by document."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from database.store import Create, Increase, Update
from orders.events import EventKind, OrderEvent, StripeEvent
from orders.order import OrderStatus
from orders.outcome import OrderNotThereYet, Outcome, Result
from settlement.decisions import Look, Terms
from settlement.snapshot import Snapshot
from tests.support.builders import (
    LATER,
    NOW,
    TERMS,
    Fields,
    a_cancel_request,
    a_cancellation,
    a_dispute,
    a_failure,
    a_lapse,
    a_payment,
    a_processing,
    a_refund,
    a_refunded_charge,
    a_reserved_order,
    an_order,
    an_updated_refund,
)
from tests.unit.settlement.planning import (
    Finish,
    Plan,
    StartOver,
    as_read,
    by_path,
    fields_at,
    finish,
    make_plan,
    planned,
    seen,
)

ORDER, INVENTORY, PRODUCT = "orders/order-1", "inventory/shirt", "products/shirt"
CLAIM, AUDIT, SECOND_DELIVERY = "webhookEvents/evt_1", "auditLog/evt_1", "auditLog/evt_1/deliveries/2"
PAYMENT, CHARGE = "payments/pi_1", "payments/ch_1"
NOTICE = "notifications/alice/messages/evt_1"
SHIRT = ("shirt",)
WEEK = timedelta(days=7)

WITHOUT_AN_ORDER = {
    "refund": an_updated_refund(),
    "refunded charge": a_refunded_charge(order_id=None),
    "dispute": a_dispute(),
}
each_event = pytest.mark.parametrize("event", WITHOUT_AN_ORDER.values(), ids=WITHOUT_AN_ORDER)


def a_parked_claim(**fields: object) -> Fields:
    """The claim of a refund that waits for its payment."""
    return {
        "eventType": "refund.updated",
        "orderId": None,
        "processed": False,
        "result": "payment_not_found",
        "deliveries": 1,
        "receivedAt": NOW,
        "lastDeliveryAt": NOW,
        **fields,
    }


def known_payment(*waiting: str, order_id: str | None = "order-1") -> Fields:
    return {"orderId": order_id, "waiting": list(waiting)}


def planned_on(terms: Terms, event: OrderEvent, documents: dict[str, Fields]) -> Plan:
    return make_plan(event, seen(event, documents), terms, NOW)


# --- Parked until the payment is known --------------------------------------------------------------------------------


WAITING_CLAIMS: dict[str, dict[str, Fields]] = {
    "told first": {},
    "told again": {CLAIM: a_parked_claim(orderId="order-1")},
    "waited for its order until now": {CLAIM: a_parked_claim(orderId="order-1", result="order_not_found")},
}


@pytest.mark.parametrize("claim", WAITING_CLAIMS.values(), ids=WAITING_CLAIMS)
def test_a_refund_that_names_its_order_keeps_that_name_while_it_waits_for_the_payment(claim: dict[str, Fields]) -> None:
    plan = finish(an_updated_refund(order_id="order-1", delivered_at=LATER), {ORDER: a_reserved_order()} | claim)
    assert (plan.outcome.result, plan.outcome.order_id) == ("payment_not_found", "order-1")
    if claim:
        assert fields_at(SECOND_DELIVERY, plan.writes)["orderId"] == "order-1"


def test_a_duplicate_of_what_names_no_order_belongs_to_the_one_that_its_payment_has_paid() -> None:
    shop = {CLAIM: a_parked_claim(processed=True), PAYMENT: known_payment(), AUDIT: {}}
    plan = finish(an_updated_refund(delivered_at=LATER), shop)
    assert plan.outcome == Outcome(Result.DUPLICATE_DETECTED, "order-1")


def test_a_refund_of_an_unknown_payment_is_parked_with_all_that_settles_it_later() -> None:
    event = an_updated_refund(refund=a_refund("re_1", 1_200, restock={"shirt": 1}), delivered_at=LATER)
    plan = finish(event, {})
    assert by_path(plan.writes) == {
        CLAIM: Create(
            CLAIM,
            {
                "eventType": "refund.updated",
                "orderId": None,
                "livemode": False,
                "apiVersion": "2026-02-25.clover",
                "receivedAt": LATER,
                "lastDeliveryAt": LATER,
                "deliveries": 1,
                "processed": False,
                "parkedAt": NOW,
                "result": "payment_not_found",
                "reason": "no order is known that this payment has paid for",
                "event": {
                    "kind": "refund_updated",
                    "createdAt": NOW,
                    "paymentIntentId": "pi_1",
                    "chargeId": "ch_1",
                    "amount": 1_200,
                    "currency": "eur",
                    "chargeAmountRefunded": 0,
                    "refunds": {
                        "re_1": {
                            "amount": 1_200,
                            "status": "succeeded",
                            "restock": [{"productId": "shirt", "quantity": 1}],
                        }
                    },
                    "restockDefect": None,
                },
            },
        ),
        PAYMENT: Create(PAYMENT, {"orderId": None, "waiting": ["evt_1"]}),
    }
    note = "no order is known that this payment has paid for"
    assert plan == Finish(plan.writes, Outcome(Result.PAYMENT_NOT_FOUND, None, note))


@each_event
def test_whatever_names_only_its_payment_waits_for_it(event: StripeEvent) -> None:
    plan = finish(event, {})
    assert set(by_path(plan.writes)) == {CLAIM, PAYMENT}
    assert plan.outcome.result == "payment_not_found"


@each_event
def test_before_it_is_parked_its_audit_entry_is_looked_for(event: StripeEvent) -> None:
    assert make_plan(event, Snapshot(order_id=event.order_id), TERMS, NOW) == Look(audit_entry=True)
    assert finish(event, {AUDIT: {}}).outcome.result == "duplicate_detected"


@each_event
def test_it_waits_for_nothing_once_its_payment_leads_to_an_order(event: StripeEvent) -> None:
    assert planned(event, {PAYMENT: known_payment()}) == Look(order_id="order-1")


def test_a_charge_leads_to_the_order_just_as_well() -> None:
    assert planned(an_updated_refund(), {CHARGE: known_payment()}) == Look(order_id="order-1")


def test_a_payment_that_nobody_knows_but_those_who_wait_leads_nowhere() -> None:
    documents = {PAYMENT: known_payment("evt_7", order_id=None), CHARGE: known_payment()}
    assert planned(an_updated_refund(), documents) == Look(order_id="order-1")


def test_a_second_event_of_an_unknown_payment_is_listed_after_the_first_if_the_list_is_as_it_was_read() -> None:
    plan = finish(a_dispute(), {PAYMENT: known_payment("evt_7", order_id=None)})
    assert by_path(plan.writes)[PAYMENT] == Update(PAYMENT, {"waiting": ["evt_7", "evt_1"]}, as_read(PAYMENT))
    assert plan.released == ()


def test_a_refund_without_an_intent_waits_for_its_charge() -> None:
    plan = finish(an_updated_refund(payment_intent_id=None), {})
    assert by_path(plan.writes)[CHARGE] == Create(CHARGE, {"orderId": None, "waiting": ["evt_1"]})


def test_a_further_delivery_of_what_waits_is_counted_and_nothing_else() -> None:
    documents = {CLAIM: a_parked_claim(), PAYMENT: known_payment("evt_1", order_id=None)}
    plan = finish(an_updated_refund(delivered_at=LATER), documents)
    assert by_path(plan.writes) == {
        CLAIM: Update(CLAIM, {"deliveries": 2, "lastDeliveryAt": LATER}, as_read(CLAIM)),
        SECOND_DELIVERY: Create(
            SECOND_DELIVERY,
            {
                "eventId": "evt_1",
                "eventType": "refund.updated",
                "orderId": None,
                "webhookProcessed": False,
                "result": "payment_not_found",
                "createdAt": LATER,
            },
        ),
    }
    assert plan.outcome == Outcome(Result.PAYMENT_NOT_FOUND, None)


def test_the_delivery_that_parked_it_is_not_counted_twice() -> None:
    documents = {CLAIM: a_parked_claim(), PAYMENT: known_payment("evt_1", order_id=None)}
    assert finish(an_updated_refund(), documents) == Finish((), Outcome(Result.PAYMENT_NOT_FOUND, None))


UNPAID = ["pending", "reserving", "reserved", "failed", "expired", "cancelled", "unknown"]


@pytest.mark.parametrize("status", UNPAID)
def test_a_refund_that_names_its_order_waits_until_that_is_paid(status: str) -> None:
    plan = finish(an_updated_refund(order_id="order-1"), {ORDER: a_reserved_order(status=status)})
    assert set(by_path(plan.writes)) == {CLAIM, PAYMENT}
    assert fields_at(CLAIM, plan.writes)["orderId"] == "order-1"
    # That the payment has paid this order, only the payment's own event can say.
    assert by_path(plan.writes)[PAYMENT] == Create(PAYMENT, {"orderId": None, "waiting": ["evt_1"]})
    assert plan.outcome.result == "payment_not_found"


@pytest.mark.parametrize("status", sorted(set(OrderStatus) - set(UNPAID)))
def test_a_refund_of_an_order_that_is_paid_waits_for_nothing(status: str) -> None:
    plan = finish(an_updated_refund(order_id="order-1"), {ORDER: a_reserved_order(status=status)}, products=SHIRT)
    assert fields_at(CLAIM, plan.writes)["processed"] is True


@pytest.mark.parametrize("waited_for", ["error", "order_not_found"])
def test_what_was_parked_for_another_reason_now_waits_for_its_payment(waited_for: str) -> None:
    plan = finish(an_updated_refund(), {CLAIM: a_parked_claim(result=waited_for)})
    written = fields_at(CLAIM, plan.writes)
    assert isinstance(by_path(plan.writes)[CLAIM], Update)
    assert (written["result"], written["reason"]) == (
        "payment_not_found",
        "no order is known that this payment has paid for",
    )
    assert "event" in written
    assert "deliveries" not in written
    assert by_path(plan.writes)[PAYMENT] == Create(PAYMENT, {"orderId": None, "waiting": ["evt_1"]})
    assert plan.outcome.result == "payment_not_found"


def test_what_was_parked_for_another_reason_is_counted_when_it_is_delivered_again() -> None:
    plan = finish(an_updated_refund(delivered_at=LATER), {CLAIM: a_parked_claim(result="error", deliveries=4)})
    assert (fields_at(CLAIM, plan.writes)["deliveries"], fields_at(CLAIM, plan.writes)["lastDeliveryAt"]) == (5, LATER)
    assert fields_at("auditLog/evt_1/deliveries/5", plan.writes)["result"] == "payment_not_found"


def test_a_refund_whose_order_is_gone_waits_for_the_order() -> None:
    young = an_updated_refund(order_id="order-1")
    with pytest.raises(OrderNotThereYet):
        planned(young, {PAYMENT: known_payment()})
    old = an_updated_refund(order_id="order-1", created_at=NOW - timedelta(hours=1))
    plan = planned(old, {PAYMENT: known_payment()})
    assert isinstance(plan, StartOver)
    assert fields_at(CLAIM, plan.writes)["result"] == "order_not_found"


def test_what_waited_for_a_payment_whose_order_is_gone_waits_for_that_order_from_then_on() -> None:
    plan = planned(an_updated_refund(order_id="order-1"), {CLAIM: a_parked_claim(), PAYMENT: known_payment("evt_1")})
    assert isinstance(plan, StartOver)
    assert (fields_at(CLAIM, plan.writes)["result"], fields_at(CLAIM, plan.writes)["orderId"]) == (
        "order_not_found",
        "order-1",
    )


# --- Released by the payment ------------------------------------------------------------------------------------------


def test_a_payment_names_its_order_and_releases_all_that_waited_for_it() -> None:
    documents = {ORDER: a_reserved_order(), PAYMENT: known_payment("evt_7", "evt_8", order_id=None)}
    plan = finish(a_payment(), documents)
    assert by_path(plan.writes)[PAYMENT] == Update(PAYMENT, {"orderId": "order-1"}, as_read(PAYMENT))
    assert by_path(plan.writes)[CHARGE] == Create(CHARGE, {"orderId": "order-1"})
    assert plan.released == ("evt_7", "evt_8")


def test_a_refunded_charge_does_so_too() -> None:
    documents = {ORDER: a_reserved_order(), PAYMENT: known_payment("evt_7", order_id=None)}
    plan = finish(a_refunded_charge(), documents)
    assert by_path(plan.writes)[PAYMENT] == Update(PAYMENT, {"orderId": "order-1"}, as_read(PAYMENT))
    assert plan.released == ("evt_7",)


def test_what_waits_under_the_intent_and_under_the_charge_is_released_once() -> None:
    documents = {
        ORDER: a_reserved_order(),
        PAYMENT: known_payment("evt_7", "evt_8", order_id=None),
        CHARGE: known_payment("evt_8", "evt_9", order_id=None),
    }
    assert finish(a_payment(), documents).released == ("evt_7", "evt_8", "evt_9")


def test_the_payments_next_voice_releases_what_nobody_has_settled_yet() -> None:
    paid = a_reserved_order(status="finalized", paymentIntentId="pi_1", chargeId="ch_1")
    plan = finish(a_payment(), {ORDER: paid, PAYMENT: known_payment("evt_7"), CHARGE: known_payment()})
    assert set(by_path(plan.writes)) == {CLAIM, AUDIT}
    assert plan.released == ("evt_7",)


@pytest.mark.parametrize("found", [{CLAIM: a_parked_claim(processed=True)}, {AUDIT: {}}], ids=["claimed", "audited"])
def test_a_duplicate_releases_what_whoever_settled_it_did_not_live_to_settle(found: dict[str, Fields]) -> None:
    plan = finish(a_payment(delivered_at=LATER), {PAYMENT: known_payment("evt_7"), **found})
    assert plan.outcome.result == "duplicate_detected"
    assert plan.released == ("evt_7",)


def test_what_was_released_leaves_the_list_in_the_commit_that_settles_it() -> None:
    documents = {
        ORDER: a_reserved_order(status="finalized", paymentIntentId="pi_1"),
        CLAIM: a_parked_claim(),
        PAYMENT: known_payment("evt_7", "evt_1", "evt_8"),
    }
    plan = finish(an_updated_refund(order_id="order-1", is_replay=True), documents)
    assert by_path(plan.writes)[PAYMENT] == Update(PAYMENT, {"waiting": ["evt_7", "evt_8"]}, as_read(PAYMENT))
    assert CHARGE not in by_path(plan.writes)
    assert plan.outcome.result == "refunded"
    assert plan.released == ("evt_7", "evt_8")


def test_what_was_released_is_settled_by_turning_its_claim_into_a_settled_one() -> None:
    documents = {
        ORDER: a_reserved_order(status="finalized", paymentIntentId="pi_1"),
        CLAIM: a_parked_claim(),
        PAYMENT: known_payment("evt_1"),
    }
    plan = finish(an_updated_refund(order_id="order-1", is_replay=True), documents)
    assert by_path(plan.writes)[CLAIM] == Update(
        CLAIM,
        {
            "processed": True,
            "processedAt": NOW,
            "result": "refunded",
            "expireAt": NOW + timedelta(days=7),
            "orderId": "order-1",
        },
        as_read(CLAIM),
    )


def test_a_refund_does_not_say_whose_payment_it_is() -> None:
    documents = {
        ORDER: a_reserved_order(status="finalized"),
        PAYMENT: known_payment("evt_1", "evt_7", order_id=None),
    }
    plan = finish(an_updated_refund(order_id="order-1"), documents)
    assert by_path(plan.writes)[PAYMENT] == Update(PAYMENT, {"waiting": ["evt_7"]}, as_read(PAYMENT))
    assert plan.released == ()


def test_a_refund_of_a_payment_that_nobody_knows_makes_it_known_to_nobody() -> None:
    plan = finish(an_updated_refund(order_id="order-1"), {ORDER: a_reserved_order(status="finalized")})
    assert {PAYMENT, CHARGE}.isdisjoint(by_path(plan.writes))


def test_an_order_that_a_payment_has_paid_before_stays_the_one_it_leads_to() -> None:
    documents = {ORDER: a_reserved_order(), PAYMENT: known_payment("evt_1", order_id="order-7")}
    plan = finish(a_payment(), documents)
    assert by_path(plan.writes)[PAYMENT] == Update(PAYMENT, {"waiting": []}, as_read(PAYMENT))
    assert plan.outcome.note == "shared_payment: pi_1 has also paid order order-7"


@pytest.mark.parametrize("event", [a_processing(), a_failure(), a_cancellation()], ids=lambda event: str(event.kind))
def test_what_does_not_say_that_money_came_releases_nothing(event: StripeEvent) -> None:
    documents = {ORDER: a_reserved_order(), PAYMENT: known_payment("evt_7")}
    plan = finish(event, documents)
    assert {PAYMENT, CHARGE, "payments/ch_0"}.isdisjoint(by_path(plan.writes))
    assert plan.released == ()


# --- Events of the other mode -----------------------------------------------------------------------------------------

EVERYTHING_IS_THERE: dict[str, Fields] = {ORDER: a_reserved_order(), PAYMENT: known_payment("evt_7")}


@pytest.mark.parametrize(("expected", "livemode", "mode"), [(True, False, "test"), (False, True, "live")])
def test_an_event_of_the_other_mode_is_put_on_record_and_touches_nothing(
    *, expected: bool, livemode: bool, mode: str
) -> None:
    terms = replace(TERMS, expected_livemode=expected)
    plan = planned_on(terms, a_payment(livemode=livemode), EVERYTHING_IS_THERE)
    note = f"livemode_mismatch: an event of {mode} mode"
    assert isinstance(plan, Finish)
    assert by_path(plan.writes) == {
        AUDIT: Create(
            AUDIT,
            {
                "kind": "payment_succeeded",
                "eventId": "evt_1",
                "eventType": "payment_intent.succeeded",
                "orderId": "order-1",
                "webhookProcessed": False,
                "result": "livemode_mismatch",
                "statusBefore": None,
                "statusAfter": None,
                "stock": [],
                "uncounted": [],
                "amount": None,
                "currency": None,
                "paymentIntentId": "pi_1",
                "note": note,
                "createdAt": NOW,
            },
        ),
        CLAIM: Create(
            CLAIM,
            {
                "eventType": "payment_intent.succeeded",
                "orderId": "order-1",
                "livemode": livemode,
                "apiVersion": "2026-02-25.clover",
                "receivedAt": NOW,
                "lastDeliveryAt": NOW,
                "deliveries": 1,
                "processed": True,
                "processedAt": NOW,
                "result": "livemode_mismatch",
                "expireAt": NOW + timedelta(days=7),
            },
        ),
    }
    assert plan == Finish(plan.writes, Outcome(Result.LIVEMODE_MISMATCH, "order-1", note))


@each_event
def test_an_event_of_the_other_mode_waits_for_nothing(event: StripeEvent) -> None:
    plan = planned_on(replace(TERMS, expected_livemode=True), event, {})
    assert isinstance(plan, Finish)
    assert set(by_path(plan.writes)) == {CLAIM, AUDIT}


def test_a_young_event_of_the_other_mode_does_not_wait_for_its_order() -> None:
    plan = planned_on(replace(TERMS, expected_livemode=True), a_payment(), {})
    assert isinstance(plan, Finish)
    assert plan.outcome.result == "livemode_mismatch"


@pytest.mark.parametrize(("expected", "livemode"), [(True, True), (False, False), (None, True), (None, False)])
def test_an_event_of_the_expected_mode_is_settled(*, expected: bool | None, livemode: bool) -> None:
    plan = planned_on(replace(TERMS, expected_livemode=expected), a_payment(livemode=livemode), EVERYTHING_IS_THERE)
    assert isinstance(plan, Finish)
    assert plan.outcome.result == "first_time_finalized"


def test_a_second_delivery_of_an_event_of_the_other_mode_is_a_duplicate() -> None:
    documents = {CLAIM: a_parked_claim(processed=True, result="livemode_mismatch")}
    plan = planned_on(replace(TERMS, expected_livemode=True), a_payment(delivered_at=LATER), documents)
    assert isinstance(plan, Finish)
    assert plan.outcome.result == "duplicate_detected"


@pytest.mark.parametrize("is_audited", [False, True], ids=["never seen here", "set aside before"])
def test_what_was_parked_stays_so_where_it_is_of_the_other_mode(*, is_audited: bool) -> None:
    entry: dict[str, Fields] = {AUDIT: {"result": "livemode_mismatch"}} if is_audited else {}
    documents = {CLAIM: a_parked_claim(), PAYMENT: known_payment("evt_1", order_id="order-1")} | entry
    event = an_updated_refund(order_id="order-1", delivered_at=LATER)
    plan = planned_on(replace(TERMS, expected_livemode=True), event, documents)
    assert isinstance(plan, Finish)
    assert plan.outcome == Outcome(Result.PAYMENT_NOT_FOUND, "order-1")
    assert fields_at(SECOND_DELIVERY, plan.writes)["orderId"] == "order-1"
    assert set(by_path(plan.writes)) == {CLAIM, SECOND_DELIVERY}
    assert fields_at(CLAIM, plan.writes) == {"deliveries": 2, "lastDeliveryAt": LATER}


# --- Set aside by a wrong setting, which is corrected -----------------------------------------------------------------


SET_ASIDE: dict[str, Fields] = {
    CLAIM: a_parked_claim(processed=True, result="livemode_mismatch", processedAt=NOW, expireAt=NOW + WEEK),
    AUDIT: {"result": "livemode_mismatch", "createdAt": NOW},
}
WAS_SET_ASIDE = "set_aside: taken for an event of the other mode"
ON_PI_DAY = f"{WAS_SET_ASIDE}, on 2026-03-14 at 15:09:26 UTC"


def test_an_event_that_was_set_aside_is_settled_when_it_comes_again() -> None:
    plan = finish(a_payment(delivered_at=LATER), {ORDER: a_reserved_order()} | SET_ASIDE)
    assert plan.outcome == Outcome(Result.FIRST_TIME_FINALIZED, "order-1", ON_PI_DAY)
    assert set(by_path(plan.writes)) == {ORDER, INVENTORY, CLAIM, AUDIT, SECOND_DELIVERY, NOTICE, PAYMENT, CHARGE}
    entry = by_path(plan.writes)[AUDIT]
    assert isinstance(entry, Update)
    assert entry.version == as_read(AUDIT)
    assert (entry.fields["result"], entry.fields["webhookProcessed"]) == ("first_time_finalized", True)
    assert (entry.fields["note"], entry.fields["createdAt"]) == (ON_PI_DAY, NOW)
    claim = fields_at(CLAIM, plan.writes)
    assert (claim["result"], claim["deliveries"]) == ("first_time_finalized", 2)
    assert fields_at(SECOND_DELIVERY, plan.writes)["result"] == "first_time_finalized"


def test_it_is_looked_at_what_its_audit_entry_says_first() -> None:
    event = a_payment(delivered_at=LATER)
    what = seen(event, {ORDER: a_reserved_order()} | SET_ASIDE)
    unread = replace(what, audited=None, set_aside=None)
    assert make_plan(event, unread, TERMS, NOW) == Look(audit_entry=True)


def test_what_was_settled_whatever_its_claim_says_is_a_duplicate() -> None:
    documents = {ORDER: a_reserved_order()} | SET_ASIDE | {AUDIT: {"result": "first_time_finalized"}}
    assert finish(a_payment(delivered_at=LATER), documents).outcome.result == "duplicate_detected"


def test_an_event_whose_audit_entry_is_gone_is_settled_all_the_same() -> None:
    documents = {ORDER: a_reserved_order(), CLAIM: SET_ASIDE[CLAIM]}
    plan = finish(a_payment(delivered_at=LATER), documents)
    assert plan.outcome == Outcome(Result.FIRST_TIME_FINALIZED, "order-1", WAS_SET_ASIDE)
    assert isinstance(by_path(plan.writes)[AUDIT], Create)


def test_an_event_whose_claim_has_lived_out_its_time_is_settled_and_counted_on() -> None:
    documents = {ORDER: a_reserved_order(), AUDIT: SET_ASIDE[AUDIT]}
    plan = finish(a_payment(delivered_at=LATER), documents, deliveries_on_record=2)
    assert plan.outcome.result == "first_time_finalized"
    claim = by_path(plan.writes)[CLAIM]
    assert isinstance(claim, Create)
    assert (claim.fields["result"], claim.fields["deliveries"]) == ("first_time_finalized", 4)
    record = fields_at("auditLog/evt_1/deliveries/4", plan.writes)
    assert (record["result"], record["createdAt"]) == ("first_time_finalized", LATER)


def test_a_claim_that_is_put_back_where_the_setting_is_still_wrong_says_that_nothing_was_done() -> None:
    plan = planned_on(replace(TERMS, expected_livemode=True), a_payment(delivered_at=LATER), {AUDIT: SET_ASIDE[AUDIT]})
    assert isinstance(plan, Finish)
    assert plan.outcome.result == "duplicate_detected"
    assert set(by_path(plan.writes)) == {CLAIM, SECOND_DELIVERY}
    assert fields_at(CLAIM, plan.writes)["result"] == "livemode_mismatch"


def test_a_young_event_that_was_set_aside_waits_for_its_order_and_stays_as_it_is() -> None:
    with pytest.raises(OrderNotThereYet):
        planned(a_payment(delivered_at=LATER), SET_ASIDE)


WAITS_NOW = {"processed": False, "parkedAt": NOW, "expireAt": None, "deliveries": 2}


def test_an_old_one_is_parked_until_its_order_is_there() -> None:
    plan = planned(a_payment(created_at=NOW - timedelta(hours=2), delivered_at=LATER), SET_ASIDE)
    assert isinstance(plan, StartOver)
    assert set(by_path(plan.writes)) == {CLAIM, SECOND_DELIVERY}
    claim = fields_at(CLAIM, plan.writes)
    assert claim["result"] == "order_not_found"
    assert claim.items() >= WAITS_NOW.items()


def test_an_old_one_whose_claim_has_lived_out_its_time_is_parked_and_counted_on() -> None:
    event = a_payment(created_at=NOW - timedelta(hours=2), delivered_at=LATER)
    plan = planned(event, {AUDIT: SET_ASIDE[AUDIT]}, deliveries_on_record=1)
    assert isinstance(plan, StartOver)
    assert set(by_path(plan.writes)) == {CLAIM, "auditLog/evt_1/deliveries/3"}
    assert isinstance(by_path(plan.writes)[CLAIM], Create)
    assert fields_at(CLAIM, plan.writes)["deliveries"] == 3


def test_a_refund_that_was_set_aside_waits_for_its_payment() -> None:
    plan = finish(an_updated_refund(delivered_at=LATER), SET_ASIDE)
    assert plan.outcome.result == "payment_not_found"
    assert set(by_path(plan.writes)) == {CLAIM, SECOND_DELIVERY, PAYMENT}
    assert fields_at(CLAIM, plan.writes).items() >= WAITS_NOW.items()


def test_a_parked_event_that_was_set_aside_once_is_settled_with_what_it_waited_for() -> None:
    waiting = a_parked_claim(parkedAt=NOW)
    documents: dict[str, Fields] = {
        ORDER: a_reserved_order(status="finalized", finalizedAt=NOW, paymentIntentId="pi_1", amountReceived=3_600),
        CLAIM: waiting,
        AUDIT: SET_ASIDE[AUDIT],
        PAYMENT: known_payment("evt_1"),
    }
    plan = finish(an_updated_refund(order_id="order-1", is_replay=True), documents)
    assert plan.outcome == Outcome(Result.REFUNDED, "order-1", ON_PI_DAY)
    assert isinstance(by_path(plan.writes)[AUDIT], Update)


# --- Waiting for the money --------------------------------------------------------------------------------------------


def test_money_on_its_way_keeps_the_units_held_for_longer() -> None:
    plan = finish(a_processing(), {ORDER: a_reserved_order()})
    assert set(by_path(plan.writes)) == {ORDER, CLAIM, AUDIT}
    assert by_path(plan.writes)[ORDER] == Update(
        ORDER, {"reservationExpiresAt": NOW + WEEK, "updatedAt": NOW}, as_read(ORDER)
    )
    assert plan.outcome == Outcome(Result.HOLD_EXTENDED, "order-1")


def test_a_hold_is_extended_from_when_stripe_said_so_and_not_from_when_we_heard_of_it() -> None:
    plan = finish(a_processing(created_at=NOW - timedelta(days=2)), {ORDER: a_reserved_order()})
    assert fields_at(ORDER, plan.writes)["reservationExpiresAt"] == NOW + timedelta(days=5)


@pytest.mark.parametrize("told", [NOW + timedelta(days=2), datetime.max.replace(tzinfo=UTC)])
def test_nothing_that_is_told_of_the_future_extends_a_hold_any_further(told: datetime) -> None:
    plan = finish(a_processing(created_at=told), {ORDER: a_reserved_order()})
    assert fields_at(ORDER, plan.writes)["reservationExpiresAt"] == NOW + WEEK


def test_a_hold_is_never_shortened() -> None:
    held_for_long = a_reserved_order(reservationExpiresAt=NOW + timedelta(days=30))
    plan = finish(a_processing(), {ORDER: held_for_long})
    assert set(by_path(plan.writes)) == {CLAIM, AUDIT}
    assert plan.outcome == Outcome(Result.HOLD_EXTENDED, "order-1")


def test_a_hold_without_an_end_gets_one() -> None:
    plan = finish(a_processing(), {ORDER: a_reserved_order(reservationExpiresAt=None)})
    assert fields_at(ORDER, plan.writes)["reservationExpiresAt"] == NOW + WEEK


def test_the_shops_terms_say_for_how_long_a_hold_is_extended() -> None:
    terms = replace(TERMS, async_reservation=timedelta(days=14))
    plan = planned_on(terms, a_processing(), {ORDER: a_reserved_order()})
    assert isinstance(plan, Finish)
    assert fields_at(ORDER, plan.writes)["reservationExpiresAt"] == NOW + timedelta(days=14)


@pytest.mark.parametrize(
    ("told", "held_until"), [(NOW, NOW + WEEK), (NOW - timedelta(days=9), NOW + timedelta(minutes=30))]
)
def test_money_on_its_way_that_finds_its_order_counted_reserves_it_for_the_longer_of_both(
    told: object, held_until: object
) -> None:
    counted = an_order(status="reserving", heldFrom="pending")
    documents: dict[str, Fields] = {ORDER: counted, INVENTORY: {"stock": 10, "reserved": 3}}
    plan = finish(a_processing(created_at=told), documents, products=SHIRT)
    assert fields_at(ORDER, plan.writes)["reservationExpiresAt"] == held_until
    assert plan.outcome == Outcome(Result.RESERVED, "order-1")


@pytest.mark.parametrize("was", ["failed", "expired", "cancelled"])
def test_money_on_its_way_does_not_reserve_an_order_that_was_closed(was: str) -> None:
    """The hold is a late payment's, and nothing but a payment may go on with it."""
    counted = a_reserved_order(status="reserving", heldFrom=was)
    documents: dict[str, Fields] = {ORDER: counted, INVENTORY: {"stock": 10, "reserved": 3}}
    plan = planned(a_processing(), documents, products=SHIRT)
    assert not isinstance(plan, Look)
    assert fields_at(ORDER, plan.writes).get("status", was) == was


# --- Past its time ----------------------------------------------------------------------------------------------------

LAPSED, TO_ALICE = "auditLog/lapsed_order-1", "notifications/alice/messages/lapsed_order-1"


def test_a_reservation_past_its_time_gives_its_units_back_in_one_commit() -> None:
    plan = finish(a_lapse(), {ORDER: a_reserved_order(reservationExpiresAt=NOW)})
    assert set(by_path(plan.writes)) == {ORDER, INVENTORY, LAPSED, TO_ALICE}
    assert by_path(plan.writes)[ORDER] == Update(ORDER, {"status": "expired", "updatedAt": NOW}, as_read(ORDER))
    assert by_path(plan.writes)[INVENTORY] == Increase(INVENTORY, {"reserved": -3})
    entry = fields_at(LAPSED, plan.writes)
    assert (entry["kind"], entry["statusBefore"], entry["statusAfter"]) == ("reservation_lapsed", "reserved", "expired")
    assert entry["stock"] == [{"productId": "shirt", "stock": 0, "reserved": -3}]
    assert entry["webhookProcessed"] is False
    assert fields_at(TO_ALICE, plan.writes)["type"] == "expired"
    assert plan.outcome == Outcome(Result.EXPIRED, "order-1")


@pytest.mark.parametrize("end", [NOW + timedelta(microseconds=1), None], ids=["time left", "no end"])
def test_a_reservation_that_has_time_left_is_not_touched(end: object) -> None:
    plan = finish(a_lapse(), {ORDER: a_reserved_order(reservationExpiresAt=end)})
    assert plan == Finish((), Outcome(Result.NOT_EXPIRED, "order-1"))


@pytest.mark.parametrize("status", [status for status in OrderStatus if status is not OrderStatus.RESERVED])
def test_only_what_is_reserved_expires(status: OrderStatus) -> None:
    plan = finish(a_lapse(), {ORDER: a_reserved_order(status=str(status), reservationExpiresAt=NOW)})
    assert plan == Finish((), Outcome(Result.NOT_EXPIRED, "order-1"))


def test_a_reservation_lapses_once() -> None:
    documents = {ORDER: a_reserved_order(reservationExpiresAt=NOW), LAPSED: {}}
    assert finish(a_lapse(), documents) == Finish((), Outcome(Result.NOT_EXPIRED, "order-1"))


def test_a_reservation_of_an_order_that_is_gone_has_nothing_to_give_back() -> None:
    assert finish(a_lapse(), {}) == Finish((), Outcome(Result.NOT_EXPIRED, "order-1", "no_order: it does not exist"))


# --- Cancelled --------------------------------------------------------------------------------------------------------

REQUESTED = "auditLog/cancel_order-1"
ASKED, ASKED_OPERATORS = (f"notifications/{who}/messages/cancel_order-1" for who in ("alice", "system"))


@pytest.mark.parametrize("event", [a_cancellation(), a_cancel_request()], ids=["by Stripe", "by its customer"])
@pytest.mark.parametrize(
    ("status", "counted", "told"),
    [("pending", False, []), ("reserving", True, []), ("reserved", True, [{"stock": 0, "reserved": -3}])],
)
def test_a_cancelled_order_gives_back_what_it_holds_and_tells_just_what_moved(
    event: OrderEvent, status: str, told: list[Fields], *, counted: bool
) -> None:
    plan = finish(event, {ORDER: a_reserved_order(status=status)})
    entry = fields_at(f"auditLog/{event.event_id}", plan.writes)
    wish = {"cancelRequestedAt": NOW} if event.kind is EventKind.CANCEL_REQUESTED else {}
    assert fields_at(ORDER, plan.writes) == {"status": "cancelled", **wish, "updatedAt": NOW}
    assert by_path(plan.writes).get(INVENTORY) == (Increase(INVENTORY, {"reserved": -3}) if counted else None)
    assert entry["stock"] == [{"productId": "shirt", **move} for move in told]
    assert (entry["statusBefore"], entry["statusAfter"]) == (status, "cancelled")
    assert fields_at(f"notifications/alice/messages/{event.event_id}", plan.writes)["type"] == "cancelled"
    assert plan.outcome == Outcome(Result.CANCELLED, "order-1")


def test_a_cancelled_order_whose_hold_was_being_counted_forgets_what_it_was_held_from() -> None:
    plan = finish(a_cancel_request(), {ORDER: a_reserved_order(status="reserving", heldFrom="pending")})
    assert fields_at(ORDER, plan.writes)["heldFrom"] is None
    assert fields_at(REQUESTED, plan.writes)["statusBefore"] == "pending"


def test_what_a_customer_wrote_as_a_price_is_repeated_to_nobody() -> None:
    plan = finish(a_cancel_request(), {ORDER: an_order(amountTotal=1, currency="eur")})
    assert fields_at(REQUESTED, plan.writes)["amount"] is None
    assert fields_at(ASKED, plan.writes)["amount"] is None


NOT_THE_OWNER = "not_the_owner: the request is not the customer's own"


@pytest.mark.parametrize("status", ["pending", "reserving", "reserved", "finalized", "refund_due"])
def test_a_request_by_a_stranger_is_not_heard(status: str) -> None:
    plan = finish(a_cancel_request(user_id="mallory"), {ORDER: a_reserved_order(status=status)})
    assert plan == Finish((), Outcome(Result.IGNORED, "order-1", NOT_THE_OWNER))


def test_a_request_by_nobody_is_not_heard_even_for_an_order_of_nobody() -> None:
    request = a_cancel_request(user_id=None)  # type: ignore[arg-type]
    plan = finish(request, {ORDER: a_reserved_order(userId=None)})
    assert plan == Finish((), Outcome(Result.IGNORED, "order-1", NOT_THE_OWNER))


@pytest.mark.parametrize("status", ["finalized", "partially_refunded", "refund_due", "review"])
def test_a_request_to_cancel_a_paid_order_is_recorded_and_told_to_operators(status: str) -> None:
    plan = finish(a_cancel_request(), {ORDER: a_reserved_order(status=status)})
    note = "cancel_requested: the order is paid"
    assert set(by_path(plan.writes)) == {ORDER, REQUESTED, ASKED_OPERATORS}
    assert by_path(plan.writes)[ORDER] == Update(ORDER, {"cancelRequestedAt": NOW, "updatedAt": NOW}, as_read(ORDER))
    told = fields_at(ASKED_OPERATORS, plan.writes)
    assert (told["type"], told["reason"]) == ("cancel_requested", note)
    entry = fields_at(REQUESTED, plan.writes)
    assert (entry["result"], entry["statusAfter"], entry["stock"]) == ("cancel_request_recorded", status, [])
    assert plan.outcome == Outcome(Result.CANCEL_REQUEST_RECORDED, "order-1", note)


@pytest.mark.parametrize(
    ("status", "result"), [("refunded", Result.ALREADY_FINALIZED), ("shipped", Result.UNKNOWN_STATUS)]
)
def test_a_request_to_cancel_what_nobody_can_cancel_writes_nothing(status: str, result: Result) -> None:
    plan = finish(a_cancel_request(), {ORDER: a_reserved_order(status=status)})
    assert plan == Finish((), Outcome(result, "order-1"))


OVER = {
    "failed": Result.ALREADY_FAILED,
    "expired": Result.ALREADY_EXPIRED,
    "cancelled": Result.ALREADY_CANCELLED,
}


@pytest.mark.parametrize(("status", "result"), OVER.items(), ids=OVER)
def test_a_request_to_cancel_what_is_over_is_only_remembered(status: str, result: Result) -> None:
    plan = finish(a_cancel_request(), {ORDER: a_reserved_order(status=status)})
    assert set(by_path(plan.writes)) == {ORDER, REQUESTED}
    assert by_path(plan.writes)[ORDER] == Update(ORDER, {"cancelRequestedAt": NOW, "updatedAt": NOW}, as_read(ORDER))
    assert fields_at(REQUESTED, plan.writes)["result"] == result
    assert plan.outcome == Outcome(result, "order-1")


def test_a_request_by_a_stranger_to_cancel_what_is_over_is_not_remembered() -> None:
    plan = finish(a_cancel_request(user_id="mallory"), {ORDER: a_reserved_order(status="cancelled")})
    assert plan == Finish((), Outcome(Result.IGNORED, "order-1", NOT_THE_OWNER))


WANTED_CANCELLED = "cancel_requested: its customer had asked to cancel the order before it was paid"


def a_late_payments_hold(asked_at: datetime | None = NOW) -> dict[str, Fields]:
    """A cancelled order for which a payment has come after all, and counted its units."""
    order = a_reserved_order(status="reserving", heldFrom="cancelled", cancelRequestedAt=asked_at)
    return {ORDER: order, INVENTORY: {"stock": 10, "reserved": 3}}


def test_operators_are_told_that_an_order_was_paid_which_its_customer_had_wanted_cancelled() -> None:
    plan = finish(a_payment(), a_late_payments_hold(), products=SHIRT)
    assert plan.outcome == Outcome(Result.FIRST_TIME_FINALIZED, "order-1", WANTED_CANCELLED)
    told = fields_at("notifications/system/messages/evt_1", plan.writes)
    assert (told["type"], told["amount"], told["reason"]) == ("cancel_requested", 3_600, WANTED_CANCELLED)
    assert fields_at(NOTICE, plan.writes)["type"] == "paid"


def test_they_are_told_too_if_a_refund_in_part_tells_of_the_payment() -> None:
    plan = finish(a_refunded_charge(total=1_200), a_late_payments_hold(), products=SHIRT)
    assert plan.outcome == Outcome(Result.PARTIALLY_REFUNDED, "order-1", WANTED_CANCELLED)
    assert fields_at("notifications/system/messages/evt_1", plan.writes)["type"] == "cancel_requested"
    assert fields_at(NOTICE, plan.writes)["type"] == "partially_refunded"


A_WISH_THAT_CAME_LATE = a_reserved_order(
    status="finalized", finalizedAt=NOW, cancelRequestedAt=NOW, paymentIntentId="pi_1"
)


@pytest.mark.parametrize(
    ("event", "documents"),
    [
        (a_refunded_charge(), a_late_payments_hold()),
        (a_payment(), a_late_payments_hold(asked_at=None)),
        (a_payment(), {ORDER: A_WISH_THAT_CAME_LATE}),
    ],
    ids=["it is refunded", "nobody had asked", "it was sold before"],
)
def test_nobody_is_told_of_a_wish_when_there_is_nothing_to_decide(
    event: StripeEvent, documents: dict[str, Fields]
) -> None:
    plan = finish(event, documents, products=SHIRT if INVENTORY in documents else ())
    assert "notifications/system/messages/evt_1" not in by_path(plan.writes)
    assert plan.outcome.note is None


@pytest.mark.parametrize("status", ["pending", "reserved", "finalized", "cancelled"])
def test_a_request_that_was_heard_once_is_not_heard_again(status: str) -> None:
    documents: dict[str, Fields] = {ORDER: a_reserved_order(status=status), REQUESTED: {}}
    assert finish(a_cancel_request(), documents) == Finish((), Outcome(Result.ALREADY_RECORDED, "order-1"))


def test_a_request_that_was_heard_once_is_not_written_down_again_whatever_hold_a_late_payment_counts() -> None:
    documents: dict[str, Fields] = {
        ORDER: a_reserved_order(status="reserving", heldFrom="cancelled"),
        INVENTORY: {"stock": 10, "reserved": 3},
        REQUESTED: {},
    }
    plan = planned(a_cancel_request(), documents, products=SHIRT)
    assert not isinstance(plan, Look)
    assert REQUESTED not in by_path(plan.writes)


def test_a_request_to_cancel_what_is_gone_writes_nothing() -> None:
    note = "no_order: it does not exist"
    assert finish(a_cancel_request(), {}) == Finish((), Outcome(Result.ALREADY_RECORDED, "order-1", note))


# --- Declined ---------------------------------------------------------------------------------------------------------


def a_known_decline(**fields: object) -> Fields:
    return {
        "code": "card_declined",
        "declineCode": "insufficient_funds",
        "at": NOW,
        "paymentIntentId": "pi_1",
        "chargeId": "ch_0",
        **fields,
    }


def test_a_decline_is_recorded_and_told_and_leaves_the_hold() -> None:
    plan = finish(a_failure(), {ORDER: a_reserved_order()})
    assert set(by_path(plan.writes)) == {ORDER, CLAIM, AUDIT, NOTICE}
    assert by_path(plan.writes)[ORDER] == Update(
        ORDER, {"lastPaymentError": a_known_decline(), "updatedAt": NOW}, as_read(ORDER)
    )
    told = fields_at(NOTICE, plan.writes)
    assert (told["type"], told["reason"]) == ("payment_failed", "insufficient_funds")
    assert plan.outcome == Outcome(Result.PAYMENT_FAILED, "order-1")


def test_where_the_bank_gives_no_reason_the_code_is_told() -> None:
    plan = finish(a_failure(decline_code=None), {ORDER: a_reserved_order()})
    assert fields_at(NOTICE, plan.writes)["reason"] == "card_declined"


def test_the_second_voice_of_a_decline_changes_nothing_and_is_told_to_nobody() -> None:
    event = a_failure(event_type="charge.failed", decline_code=None)
    plan = finish(event, {ORDER: a_reserved_order(lastPaymentError=a_known_decline())})
    assert set(by_path(plan.writes)) == {CLAIM, AUDIT}
    assert plan.outcome == Outcome(Result.PAYMENT_FAILED, "order-1")


def test_a_second_voice_that_knows_more_is_recorded_and_told_to_nobody() -> None:
    known = a_known_decline(declineCode=None, chargeId=None)
    plan = finish(a_failure(), {ORDER: a_reserved_order(lastPaymentError=known)})
    assert set(by_path(plan.writes)) == {ORDER, CLAIM, AUDIT}
    assert fields_at(ORDER, plan.writes)["lastPaymentError"] == a_known_decline()


def test_the_next_decline_is_told() -> None:
    event = a_failure(charge_id="ch_1", decline_code="expired_card", created_at=LATER)
    plan = finish(event, {ORDER: a_reserved_order(lastPaymentError=a_known_decline())})
    assert fields_at(NOTICE, plan.writes)["reason"] == "expired_card"
    assert fields_at(ORDER, plan.writes)["lastPaymentError"] == a_known_decline(
        declineCode="expired_card", at=LATER, chargeId="ch_1"
    )


def test_a_decline_that_is_told_after_a_later_one_is_no_news_to_anybody() -> None:
    later = a_known_decline(at=LATER, chargeId="ch_1", declineCode="expired_card")
    plan = finish(a_failure(), {ORDER: a_reserved_order(lastPaymentError=later)})
    assert set(by_path(plan.writes)) == {CLAIM, AUDIT}


@pytest.mark.parametrize("status", ["finalized", "partially_refunded", "refunded", "refund_due", "review"])
def test_a_decline_of_another_attempt_is_nothing_to_an_order_that_is_paid(status: str) -> None:
    plan = finish(a_failure(), {ORDER: a_reserved_order(status=status)})
    assert set(by_path(plan.writes)) == {CLAIM, AUDIT}
