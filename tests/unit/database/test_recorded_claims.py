"""The record of an event: its claim, its further deliveries, and what is kept while it waits."""

from datetime import timedelta

import pytest

from database.store import Create, Update
from orders.operator_events import AskedBy
from orders.outcome import Result
from settlement.decisions import Decision, Park, SetAside
from settlement.snapshot import Snapshot
from tests.support.builders import LATER, NOW, Fields
from tests.support.decisions import a_count
from tests.support.orders import a_held_order
from tests.support.payments import a_payment
from tests.support.refunds import a_refund, an_updated_refund
from tests.support.snapshots import SET_ASIDE, a_claim, a_parked_claim, a_snapshot
from tests.support.written import (
    AUDIT,
    CLAIM,
    FINALIZED,
    RESERVED,
    UNREADABLE,
    delivery_record,
    done,
    new_claim,
    new_entry,
    updated_claim,
    written,
)

OF_ANOTHER_MODE = SetAside(Result.LIVEMODE_MISMATCH, "order-1", "livemode_mismatch: an event of test mode")
OLGA: Fields = {"operator": "olga", "reason": "lost"}
KEPT = Park(Result.ERROR, "order-1", "amount_received must be an amount")

# --- Claims ----------------------------------------------------------------------------------------------------------


def test_the_shops_terms_say_how_long_a_claim_is_kept() -> None:
    kept = done("first_time_finalized") | {"expireAt": NOW + timedelta(days=30)}
    assert written(FINALIZED, RESERVED, claim_lifetime=timedelta(days=30))[CLAIM] == new_claim(**kept)[CLAIM]


SETTLED = {"orderId": "order-1", **done("first_time_finalized")}


@pytest.mark.parametrize("claim", [a_parked_claim(deliveries=4), a_claim("livemode_mismatch", deliveries=4)])
def test_an_event_that_was_parked_or_set_aside_is_settled_by_turning_its_claim_into_a_settled_one(
    claim: object,
) -> None:
    known = a_snapshot(a_held_order(), claim=claim)
    again, fifth = written(FINALIZED, known), delivery_record(5, "first_time_finalized")
    assert (updated_claim(deliveries=5, lastDeliveryAt=LATER, **SETTLED) | fifth).items() <= again.items()
    replay = written(FINALIZED, known, a_payment(delivered_at=LATER, is_replay=True))
    assert replay[CLAIM] == updated_claim(**SETTLED)[CLAIM]
    assert fifth.keys().isdisjoint(replay)


@pytest.mark.parametrize(
    ("decision", "known", "path", "asked"),
    [
        (FINALIZED, RESERVED, AUDIT, OLGA),
        (FINALIZED, RESERVED, CLAIM, {"askedBy": OLGA}),
        (OF_ANOTHER_MODE, RESERVED, CLAIM, {"askedBy": OLGA}),
        (KEPT, a_snapshot(), CLAIM, {"askedBy": OLGA}),
        (KEPT, a_snapshot(claim=a_claim("livemode_mismatch")), CLAIM, {"askedBy": OLGA}),
    ],
)
def test_who_has_had_an_event_settled_again_and_why_is_on_record(
    decision: Decision, known: Snapshot, path: str, asked: Fields
) -> None:
    replayed = a_payment(is_replay=True, asked_by=AskedBy("olga", "lost"))
    write = written(decision, known, replayed)[path]
    assert isinstance(write, Create | Update)
    assert asked.items() <= write.fields.items()


@pytest.mark.parametrize("number", [2, 3])
def test_a_further_delivery_is_counted_and_recorded_and_nothing_else(number: int) -> None:
    assert written(a_count(), a_snapshot(claim=a_claim(deliveries=number - 1))) == {
        **updated_claim(deliveries=number, lastDeliveryAt=LATER),
        **delivery_record(number, "duplicate_detected"),
    }


@pytest.mark.parametrize(("on_record", "number"), [(0, 2), (4, 6)])
def test_a_claim_that_has_expired_is_put_back_and_counted_on(on_record: int, number: int) -> None:
    put_back = a_count(recorded_as=Result.LIVEMODE_MISMATCH)
    known = a_snapshot(audited=True, deliveries_on_record=on_record)
    assert written(put_back, known) == {
        **new_claim(deliveries=number, **done("livemode_mismatch")),
        **delivery_record(number, "livemode_mismatch"),
    }
    replayed = a_payment(delivered_at=LATER, is_replay=True)
    assert written(put_back, known, replayed) == new_claim(deliveries=number - 1, **done("livemode_mismatch"))


def test_an_event_of_the_other_mode_is_put_on_record_and_touches_nothing() -> None:
    untouched: Fields = {"statusBefore": None, "statusAfter": None, "stock": [], "amount": None, "currency": None}
    set_aside = {"result": "livemode_mismatch", "note": OF_ANOTHER_MODE.note, "webhookProcessed": False}
    assert written(OF_ANOTHER_MODE, RESERVED) == {
        **new_entry(**untouched, **set_aside),
        **new_claim(**done("livemode_mismatch")),
    }


def test_whose_event_it_is_is_on_record_where_it_is_not_our_own() -> None:
    foreign = a_payment(delivered_at=LATER, account="acct_1")
    again = a_snapshot(claim=a_claim())
    for decision, snapshot, records in (
        (OF_ANOTHER_MODE, RESERVED, {CLAIM, AUDIT}),
        (FINALIZED, RESERVED, {CLAIM, AUDIT}),
        (KEPT, RESERVED, {CLAIM}),
        (a_count(), again, {f"{AUDIT}/deliveries/2"}),
    ):
        made = [write for write in written(decision, snapshot, foreign).values() if isinstance(write, Create)]
        assert {write.path for write in made if write.fields.get("account") == "acct_1"} == records


# --- Parked ----------------------------------------------------------------------------------------------------------

NO_ORDER = Park(Result.ORDER_NOT_FOUND, "order-1", "the order does not exist")
EVENT: Fields = {
    "kind": "payment_succeeded",
    "createdAt": NOW,
    "amount": 3_600,
    "currency": "eur",
    "sessionId": None,
    "paymentIntentId": "pi_1",
    "chargeId": "ch_1",
    "attempt": None,
}
FOR_ITS_ORDER: Fields = {"result": "order_not_found", "reason": "the order does not exist", "event": EVENT}
FOR_A_PERSON: Fields = {"result": "error", "reason": "amount_received must be an amount"}
PARKED = {"processed": False, "parkedAt": NOW}


def test_an_event_is_parked_with_all_that_settles_it_later_and_never_expires() -> None:
    assert written(NO_ORDER) == new_claim(**PARKED, **FOR_ITS_ORDER)


def test_an_event_that_waits_for_its_payment_is_listed_with_it() -> None:
    third = a_refund("re_1", 1_200, restock={"shirt": 1})
    restock = [{"productId": "shirt", "quantity": 1}]
    refund: Fields = {
        **{name: value for name, value in EVENT.items() if name != "sessionId"},
        "kind": "refund_updated",
        "amount": 1_200,
        "refunds": {"re_1": {"amount": 1_200, "status": "succeeded", "restock": restock, "paymentId": "pi_1"}},
        "restockDefect": None,
    }
    waits: Fields = {"orderId": None, "result": "payment_not_found", "reason": "nobody knows it", "event": refund}
    park = Park(Result.PAYMENT_NOT_FOUND, None, "nobody knows it")
    assert written(park, event=an_updated_refund(refund=third, delivered_at=LATER)) == {
        **new_claim(eventType="refund.updated", **PARKED, **waits),
        "payments/pi_1": Create("payments/pi_1", {"orderId": None, "waiting": ["evt_1"]}),
    }


def test_an_event_that_nobody_can_read_is_parked_with_the_reason_alone() -> None:
    assert written(KEPT, event=UNREADABLE) == new_claim(**PARKED, **FOR_A_PERSON)


def test_an_event_that_has_outlived_its_claim_is_parked_and_counted_on() -> None:
    set_aside = a_snapshot(set_aside=SET_ASIDE, deliveries_on_record=1)
    third = delivery_record(3, "error")
    assert written(KEPT, set_aside, UNREADABLE) == new_claim(deliveries=3, **PARKED, **FOR_A_PERSON) | third


@pytest.mark.parametrize(
    ("claim", "again"),
    [(a_parked_claim("error"), {}), (a_claim("livemode_mismatch"), {**PARKED, "expireAt": None})],
    ids=["not understood before", "set aside before"],
)
def test_what_had_another_claim_waits_under_it_from_now_on(claim: object, again: Fields) -> None:
    known, waits = a_snapshot(claim=claim), {"orderId": "order-1", **FOR_ITS_ORDER, **again}
    assert written(NO_ORDER, known) == {
        **updated_claim(**waits, deliveries=2, lastDeliveryAt=LATER),
        **delivery_record(2, "order_not_found"),
    }
    assert written(NO_ORDER, known, a_payment()) == updated_claim(**waits)
