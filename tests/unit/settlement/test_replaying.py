"""An operator has Stripe's event settled again: in one commit with the answer, which otherwise says why not."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orders.events import CarriesPayment, NotUnderstood, OrderEvent
from orders.outcome import Outcome, Result
from service.wiring import answering
from settlement.terms import Terms
from tests.support.builders import NOW, TERMS, Fields, a_placement, an_order, something_not_understood
from tests.support.interference import (
    Crash,
    DisturbedStore,
    Interference,
    answer_lost,
    crash_after,
    crash_before,
    someone_first,
    undisturbed,
)
from tests.support.memory_store import MemoryStore
from tests.support.operators import OPERATORS_REQUESTS, an_operators_request
from tests.support.payments import a_payment
from tests.support.refunds import a_refunded_charge, an_updated_refund
from tests.support.settling import settled, settling_on
from tests.support.shop import a_shop, audited_in, complaints_in, document_at, shirts_in, status_in

AT_NIGHT = NOW + timedelta(hours=3)
BY_OLGA = {"operator": "olga", "reason": "as agreed"}
CLAIM, REQUEST = "webhookEvents/evt_1", "operatorRequests/replay-1"


def a_shop_with_parked(event: OrderEvent | NotUnderstood, *asked: str, **order: Any) -> MemoryStore:
    """It waits for its order, which came unnoticed; these requests ask to settle it."""
    store = a_shop()
    settled(event, store, now=AT_NIGHT)
    store.put("orders/order-1", an_order(**order))
    settled(a_placement(), store, now=AT_NIGHT)
    assert document_at(store, CLAIM)["processed"] is False
    for request_id in asked or ("replay-1",):
        store.put(f"operatorRequests/{request_id}", OPERATORS_REQUESTS["replay-1"])
    return store


def answered(store: Any, request_id: str = "replay-1", terms: Terms = TERMS) -> Outcome:
    return answering(store, settling_on(store, terms=terms), terms).answer(request_id, AT_NIGHT)


def refused(store: MemoryStore, terms: Terms = TERMS) -> str:
    """The reason; the answered request is in the trail, and nothing else is written."""
    before = store.dump()
    outcome = answered(store, terms=terms)
    assert (outcome.result, outcome.order_id) == ("not_replayed", None)
    after = store.dump()
    assert after[REQUEST]["result"] == "not_replayed"
    assert after["auditLog/operator_replay-1"]["operator"] == "olga"
    for path in REQUEST, "auditLog/operator_replay-1", "chains/operators":
        before.pop(path, None)
        after.pop(path)
    assert after == before
    assert answered(store) == outcome
    return outcome.note or ""


def test_what_is_parked_is_settled_as_its_delivery_would_be_and_says_who_wanted_it() -> None:
    store = a_shop_with_parked(a_payment())
    assert answered(store) == Outcome(Result.FIRST_TIME_FINALIZED, "order-1")
    assert (status_in(store), shirts_in(store)) == ("finalized", (7, 0))
    entry, claim = document_at(store, "auditLog/evt_1"), document_at(store, CLAIM)
    assert {name: entry[name] for name in BY_OLGA} == claim["askedBy"] == BY_OLGA
    assert (claim["processed"], claim["deliveries"]) == (True, 1)
    request = document_at(store, REQUEST)
    assert (request["result"], request["settledAt"]) == ("first_time_finalized", AT_NIGHT)
    assert "operator_replay-1" not in audited_in(store)
    assert complaints_in(store) == []
    before = store.dump()
    assert answered(store).result == "first_time_finalized"
    assert store.dump() == before


def test_what_it_was_waited_for_with_is_settled_too() -> None:
    store = a_shop()
    settled(an_updated_refund("evt_refund"), store, now=AT_NIGHT)
    settled(a_payment(), store, now=AT_NIGHT)
    store.put("orders/order-1", an_order())
    settled(a_placement(), store, now=AT_NIGHT)
    store.put(REQUEST, OPERATORS_REQUESTS["replay-1"])
    assert answered(store).result == "first_time_finalized"
    assert status_in(store) == "refunded"
    assert complaints_in(store) == []


@pytest.mark.parametrize("commits", [[crash_before], [crash_after], [answer_lost]])
def test_it_is_settled_once_and_answered_together_wherever_a_process_dies(commits: list[Interference]) -> None:
    store = a_shop_with_parked(a_payment())
    disturbed = DisturbedStore(store, commits)
    try:
        answered(disturbed)
    except Crash:
        assert (document_at(store, REQUEST).get("result") is None) == (status_in(store) == "reserved")
    assert answered(store) == Outcome(Result.FIRST_TIME_FINALIZED, None if commits != [crash_before] else "order-1")
    assert (status_in(store), shirts_in(store), complaints_in(store)) == ("finalized", (7, 0), [])


def test_one_of_two_simultaneous_operators_settles_it_and_the_other_is_told() -> None:
    store = a_shop_with_parked(a_payment(), "replay-1", "replay-2")
    overtaken = DisturbedStore(store, [someone_first(lambda: answered(store, "replay-2"))])
    outcome = answered(overtaken)
    assert (outcome.result, outcome.note) == ("not_replayed", "settled_already: somebody else was faster")
    assert document_at(store, "operatorRequests/replay-2")["result"] == "first_time_finalized"
    assert (shirts_in(store), complaints_in(store)) == ((7, 0), [])


def test_two_simultaneous_answers_to_one_request_are_the_same() -> None:
    store = a_shop_with_parked(a_payment())
    overtaken = DisturbedStore(store, [someone_first(lambda: answered(store))])
    assert answered(overtaken).result == "first_time_finalized"
    assert (shirts_in(store), complaints_in(store)) == ((7, 0), [])


def test_a_request_that_says_something_else_by_now_settles_nothing() -> None:
    store = a_shop_with_parked(a_payment())
    other = {**OPERATORS_REQUESTS["replay-1"], "target": "evt_2"}
    overtaken = DisturbedStore(store, [someone_first(lambda: store.put(REQUEST, other))])
    assert answered(overtaken).result == "ignored"
    assert (status_in(store), document_at(store, REQUEST)) == ("reserved", other)


def test_a_refund_that_says_nothing_new_is_answered_too() -> None:
    store = a_shop_with_parked(an_updated_refund("evt_1", order_id=None))
    settled(a_payment("evt_2"), DisturbedStore(store, [undisturbed]), now=AT_NIGHT)
    store.put(CLAIM, {**document_at(store, CLAIM), "processed": False})
    store.delete("auditLog/evt_1")
    store.put("orders/order-1", {**document_at(store, "orders/order-1"), "auditHead": None, "auditCount": None})
    assert answered(store).result == "already_recorded"
    assert document_at(store, REQUEST)["result"] == "already_recorded"


# --- Why not ----------------------------------------------------------------------------------------------------------


def test_what_still_waits_for_its_order_or_payment_says_so() -> None:
    store = a_shop_with_parked(a_payment())
    store.delete("orders/order-1")
    assert refused(store) == "order_not_found: the order does not exist (order-1)"
    store = a_shop_with_parked(an_updated_refund("evt_1", order_id=None))
    assert refused(store) == "payment_not_found: no known order was paid with this payment"


def test_what_waits_for_something_else_from_then_on_is_found_by_that() -> None:
    charge = a_refunded_charge("evt_1", order_id=None)
    assert isinstance(charge, CarriesPayment)
    store = a_shop_with_parked(charge)
    store.put("payments/pi_1", {"orderId": "order-9", "waiting": ["evt_1"]})
    outcome = answered(store)
    assert outcome.note == "order_not_found: the order does not exist (order-9)"
    assert (document_at(store, CLAIM)["orderId"], document_at(store, CLAIM)["processed"]) == ("order-9", False)
    assert document_at(store, REQUEST)["result"] == "not_replayed"


def test_what_waits_for_its_payment_from_then_on_is_answered_too() -> None:
    store = a_shop_with_parked(an_updated_refund("evt_1", order_id=None))
    store.put(CLAIM, {**document_at(store, CLAIM), "result": "order_not_found"})
    assert answered(store).note == "payment_not_found: no known order was paid with this payment"
    assert document_at(store, CLAIM)["result"] == "payment_not_found"
    assert document_at(store, REQUEST)["result"] == "not_replayed"


def test_what_is_settled_already_says_as_what_and_when() -> None:
    store = a_shop_with_parked(a_payment())
    settled(a_payment(is_replay=True), store, now=AT_NIGHT)
    assert refused(store) == "settled_already: it was settled as first_time_finalized on 2026-03-14 at 18:09:26 UTC"
    store.delete(CLAIM)
    store.put(REQUEST, OPERATORS_REQUESTS["replay-1"])
    assert answered(store).result == "already_recorded"


def test_what_nobody_can_read_here_is_for_the_command_line() -> None:
    store = a_shop_with_parked(something_not_understood())
    why = "not_kept: it was parked as error on 2026-03-14 at 18:09:26 UTC, and what is stored of it is unreadable"
    assert refused(store) == f"{why}; `./shop replay evt_1` asks Stripe for it"
    store.put(CLAIM, {**document_at(store, CLAIM), "parkedAt": "soon"})
    store.put("operatorRequests/replay-2", OPERATORS_REQUESTS["replay-1"])
    assert (answered(store, "replay-2").note or "").startswith("not_kept: it was parked as error, and what is stored")
    store = MemoryStore({REQUEST: OPERATORS_REQUESTS["replay-1"]})
    assert refused(store) == "no_event: nothing is on record of evt_1; `./shop replay evt_1` asks Stripe for it"
    store = a_shop()
    live_only = replace(TERMS, expected_livemode=True)
    settled(a_payment(), store, terms=live_only)
    store.put(REQUEST, OPERATORS_REQUESTS["replay-1"])
    assert refused(store, live_only).startswith("not_kept: it was set aside as livemode_mismatch on 2026-03-14")


def test_what_the_terms_do_not_take_stays_parked() -> None:
    store = a_shop_with_parked(a_payment())
    live_only = replace(TERMS, expected_livemode=True)
    assert refused(store, live_only) == "livemode_mismatch: an event of test mode (order-1)"


def test_a_rehearsal_says_what_would_change_and_changes_nothing() -> None:
    store = a_shop_with_parked(a_payment())
    store.put(REQUEST, an_operators_request("replay", target="evt_1", rehearse=True))
    before = store.dump()
    assert answered(store) == Outcome(Result.REHEARSED, "order-1", "it would end as first_time_finalized")
    request: Fields = document_at(store, REQUEST)
    differences: Any = request["differences"]
    assert {"document": "orders/order-1", "field": "status", "before": "reserved", "after": "finalized"} in differences
    assert {**store.dump(), REQUEST: before[REQUEST]} == before
