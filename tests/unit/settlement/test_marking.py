"""What waits for a person and has no other end is marked as handled: it no longer waits; nothing else changes."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from database.documents.effects import effect_path
from database.documents.findings import noted
from orders.events import NotUnderstood, OrderEvent
from orders.operator_events import AskedBy
from orders.outcome import Outcome
from reconciliation.finding import Finding
from service.wiring import answering
from tests.support.builders import LATER, TERMS, a_placement, an_order, something_not_understood
from tests.support.effects import A_MAIL, Outbox
from tests.support.interference import DisturbedStore, someone_first
from tests.support.memory_store import MemoryStore
from tests.support.operators import OPERATORS_REQUESTS, an_operators_request
from tests.support.payments import a_payment
from tests.support.refunds import an_updated_refund
from tests.support.settling import settled, settling_on
from tests.support.shop import a_shop, complaints_in, document_at, shirts_in, status_in
from tests.unit.settlement.test_replaying import AT_NIGHT, BY_OLGA, a_shop_with_parked

REQUEST = "operatorRequests/handle-1"
ACT = ("auditLog/operator_handle-1", "chains/operators", REQUEST)


def asked_in(store: MemoryStore, of: str, target: str) -> MemoryStore:
    store.put(REQUEST, an_operators_request("handle", target=target, of=of))
    return store


def answered(store: Any, request_id: str = "handle-1") -> Outcome:
    return answering(store, settling_on(store), TERMS).answer(request_id, LATER)


def handled(store: MemoryStore) -> set[str]:
    """What has changed besides the act and its answer."""
    before = store.dump()
    assert answered(store).result == "handled"
    after = store.dump()
    act, chain = after["auditLog/operator_handle-1"], after["chains/operators"]
    assert {name: act[name] for name in BY_OLGA} == BY_OLGA
    assert (act["orderId"], act["hash"], chain["auditCount"]) == (None, chain["auditHead"], act["sequence"])
    assert after[REQUEST]["result"] == "handled"
    assert answered(store).result == "handled"
    assert store.dump() == after
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)} - {*ACT}


def refused(store: MemoryStore) -> str:
    """The reason; nothing else changes."""
    before = store.dump()
    outcome = answered(store)
    assert outcome.result == "not_handled"
    after = store.dump()
    assert {path for path in after if before.get(path) != after[path]} == {*ACT}
    return outcome.note or ""


# --- Effects ----------------------------------------------------------------------------------------------------------


def given_up(state: str | None = "ERROR") -> Outbox:
    outbox = Outbox()
    outbox.put(A_MAIL, state=state, attempts=14, error="refused", nextAttemptAt=None, payload={"to": "alice"})
    asked_in(outbox.store, "effect", A_MAIL.effect_id)
    return outbox


def test_what_was_given_up_and_a_person_has_done_is_over_and_says_who_has_seen_to_it() -> None:
    outbox = given_up()
    before = outbox.fields()
    assert handled(outbox.store) == {effect_path(A_MAIL.effect_id)}
    over = {"state": "SUCCESS", "handledAt": LATER, "payload": None, "expireAt": LATER + TERMS.notice_lifetime}
    assert outbox.fields() == {**before, **over, **BY_OLGA}
    note = f"{A_MAIL.effect_id} of order {A_MAIL.order_id} had been given up"
    assert document_at(outbox.store, REQUEST)["note"] == note
    assert outbox.effects.perform(A_MAIL.effect_id) == "effect_not_due"


@pytest.mark.parametrize("state", ["PENDING", "PROCESSING", "RETRY", "SUCCESS", "a state of tomorrow", None])
def test_what_is_not_given_up_is_not_handled(state: str | None) -> None:
    why = "no_effect" if state in (None, "a state of tomorrow") else "not_given_up"
    assert refused(given_up(state).store).partition(":")[0] == why


@pytest.mark.parametrize(("first", "second"), [("retry-1", "handle-1"), ("handle-1", "retry-1")])
def test_one_of_a_simultaneous_retry_and_mark_wins(first: str, second: str) -> None:
    outbox = given_up()
    outbox.store.put("operatorRequests/retry-1", OPERATORS_REQUESTS["retry-1"])
    overtaken = DisturbedStore(outbox.store, [someone_first(lambda: answered(outbox.store, first))])
    state = {"retry-1": "PENDING", "handle-1": "SUCCESS"}[first]
    assert answered(overtaken, second).note == f"not_given_up: it is {state}; attempts: {outbox.fields()['attempts']}"
    assert outbox.fields()["state"] == state


# --- Findings ---------------------------------------------------------------------------------------------------------

FOUND = Finding("reserved_not_held", "shirt", None, "9 of shirt are reserved, but orders hold 6", "./shop stock shirt")
FINDING = f"findings/{FOUND.finding_id}"


def found(finding: Finding, store: MemoryStore) -> bool:
    """Whether it is new."""
    before = store.get(FINDING)
    write, is_new = noted(finding, store.read((FINDING,), timeout_seconds=1)[FINDING] if before else None, LATER)
    store.commit((write,), timeout_seconds=1)
    return is_new


def a_finding(**changes: object) -> MemoryStore:
    store = MemoryStore()
    found(FOUND, store)
    store.put(FINDING, {**document_at(store, FINDING), **changes})
    return asked_in(store, "finding", FOUND.finding_id)


def test_what_a_person_has_looked_into_is_open_no_more_until_something_else_is_found_there() -> None:
    store = a_finding()
    before = document_at(store, FINDING)
    assert handled(store) == {FINDING}
    after = document_at(store, FINDING)
    assert after == {**before, "state": "handled", "handledAt": LATER, **BY_OLGA}
    assert document_at(store, REQUEST)["note"] == f"{FOUND.finding_id} had found: {FOUND.words}"
    assert (found(FOUND, store), document_at(store, FINDING)) == (False, {**after, "lastSeenAt": LATER})
    assert "difference" not in after
    assert found(replace(FOUND, words="8 of shirt are reserved, but orders hold 6"), store)
    again = document_at(store, FINDING)
    assert (again["state"], again["since"], again["earlier"]) == ("open", LATER, [{"since": LATER, "closedAt": LATER}])
    assert [again[name] for name in ("handledAt", "operator", "reason")] == [None] * 3


def test_what_is_not_open_is_not_handled() -> None:
    assert refused(a_finding(state="closed")) == "not_open: it is closed"
    assert refused(a_finding(state="handled")) == "not_open: it is handled"
    assert refused(asked_in(MemoryStore(), "finding", "nothing_1")) == "no_finding: nothing_1 does not exist"


# --- Events -----------------------------------------------------------------------------------------------------------

CLAIM, ENTRY = "webhookEvents/evt_1", "auditLog/evt_1"
BY_A_PERSON = AskedBy("otto", "the order was restored")
ASKED_AGAIN = a_payment(is_replay=True, asked_by=BY_A_PERSON)


def parked(event: OrderEvent | NotUnderstood, *, is_lost: bool = True) -> MemoryStore:
    """Waits for an order that never comes, or, if not lost, for one that came unnoticed."""
    store = a_shop_with_parked(event)
    if is_lost:
        store.delete("orders/order-1")
    return asked_in(store, "event", "evt_1")


def test_a_parked_event_is_set_aside_by_a_person_and_nothing_takes_it_up_any_more() -> None:
    store = parked(a_payment(), is_lost=False)
    store.put(CLAIM, {**document_at(store, CLAIM), "account": "acct_1"})
    before = document_at(store, CLAIM)
    assert handled(store) == {CLAIM, ENTRY}
    over = {"processed": True, "processedAt": LATER, "result": "handled", "expireAt": LATER + TERMS.claim_lifetime}
    assert document_at(store, CLAIM) == {**before, **over, "askedBy": BY_OLGA}
    note = f"evt_1 was parked as order_not_found on {AT_NIGHT:%Y-%m-%d at %H:%M:%S} UTC"
    assert document_at(store, REQUEST)["note"] == note
    said = {"orderId": "order-1", "webhookProcessed": False, "stock": [], "result": "handled", **BY_OLGA}
    said |= {"kind": "payment_succeeded", "paymentIntentId": "pi_1", "account": "acct_1"}
    said |= {"note": "it was parked as order_not_found"}
    entry = document_at(store, ENTRY)
    assert {name: entry[name] for name in said} == said
    assert complaints_in(store) == []
    after = store.dump()
    assert settled(a_payment(is_replay=True), store).result == "duplicate_detected"
    assert store.dump() == after
    assert settled(a_payment(delivered_at=LATER), store).result == "duplicate_detected"
    assert (status_in(store), document_at(store, CLAIM)["deliveries"]) == ("reserved", 2)


def test_what_waits_for_a_payment_is_not_released_by_one_that_is_handled() -> None:
    store = parked(a_payment(), is_lost=False)
    settled(an_updated_refund("evt_refund", order_id=None), store, now=AT_NIGHT)
    handled(store)
    released: list[str] = []
    settled(a_payment(delivered_at=LATER), store, report=lambda event, _outcome: released.append(event.event_id))
    assert released == []
    assert answered(store, "replay-1").result == "first_time_finalized"
    assert (status_in(store), complaints_in(store)) == ("refunded", [])


@pytest.mark.parametrize("is_claim_there", [True, False])
def test_a_person_can_have_it_settled_after_all_in_the_place_of_its_entry(*, is_claim_there: bool) -> None:
    store = parked(a_payment(), is_lost=False)
    handled(store)
    if not is_claim_there:
        store.delete(CLAIM)
    assert settled(ASKED_AGAIN, store, now=AT_NIGHT).result == "first_time_finalized"
    entry = document_at(store, ENTRY)
    assert (entry["result"], entry["operator"]) == ("first_time_finalized", "otto")
    assert entry["note"] == f"handled: a person had set it aside, on {LATER:%Y-%m-%d at %H:%M:%S} UTC"
    assert (shirts_in(store), complaints_in(store)) == ((7, 0), [])


def test_handled_or_not_a_payment_that_had_waited_too_long_for_its_order_is_kept_for_review() -> None:
    store = parked(a_payment(created_at=AT_NIGHT - timedelta(days=2)), is_lost=False)
    handled(store)
    assert answered(store, "replay-1").result == "quarantined"
    assert (status_in(store), complaints_in(store)) == ("review", [])


def test_what_cannot_be_settled_after_all_stays_handled_however_young_it_is() -> None:
    for event, why in (
        (a_payment(), "order_not_found"),
        (an_updated_refund("evt_1", order_id=None), "payment_not_found"),
    ):
        store = parked(event)
        handled(store)
        before = store.dump()
        again = replace(event, delivery=replace(event.delivery, is_replay=True, asked_by=BY_A_PERSON))
        assert settled(again, store).result == why
        assert store.dump() == before
        assert answered(store, "replay-1").result == "not_replayed"
        assert document_at(store, CLAIM)["result"] == "handled"
    store = parked(an_updated_refund("evt_1", order_id=None))
    handled(store)
    store.put("payments/pi_1", {"orderId": "order-9", "waiting": []})
    assert answered(store, "replay-1").note == "ignored: it cannot be settled now (order-9)"


def test_an_event_that_nobody_can_read_is_handled_and_then_a_duplicate_also_once_its_claim_has_expired() -> None:
    store = parked(something_not_understood(), is_lost=False)
    assert handled(store) == {CLAIM, ENTRY}
    assert document_at(store, ENTRY)["kind"] == "not_understood"
    assert settled(something_not_understood(delivered_at=LATER), store).result == "duplicate_detected"
    store.delete(CLAIM)
    assert settled(something_not_understood(delivered_at=AT_NIGHT), store).result == "duplicate_detected"
    assert document_at(store, CLAIM)["result"] == "handled"
    assert complaints_in(store) == []


def test_what_was_set_aside_before_it_was_parked_has_one_entry_still() -> None:
    store = a_shop()
    settled(a_payment(), store, terms=replace(TERMS, expected_livemode=True))
    settled(a_payment(delivered_at=LATER), store, now=AT_NIGHT)
    asked_in(store, "event", "evt_1")
    assert document_at(store, CLAIM)["processed"] is False
    assert handled(store) == {CLAIM, ENTRY}
    assert (document_at(store, ENTRY)["result"], complaints_in(store)) == ("handled", [])


def test_what_is_not_parked_is_not_handled() -> None:
    store = parked(a_payment())
    handled(store)
    asked_in(store, "event", "evt_1")
    assert answered(store).result == "already_recorded"
    store.put("operatorRequests/handle-2", an_operators_request("handle", target="evt_1", of="event"))
    assert (answered(store, "handle-2").note or "").startswith("not_parked: it was marked as handled on 2026-03-14")
    assert refused(asked_in(MemoryStore(), "event", "evt_9")) == "no_event: nothing is on record of evt_9"
    shop = a_shop(an_order())
    settled(a_placement(), shop)
    settled(a_payment(), shop)
    assert refused(asked_in(shop, "event", "evt_1")).startswith("not_parked: it was settled as first_time_finalized on")


@pytest.mark.parametrize(("first", "second"), [("replay-1", "handle-1"), ("handle-1", "replay-1")])
def test_a_simultaneous_replay_and_mark_are_both_answered_and_the_event_is_settled_once(
    first: str, second: str
) -> None:
    store = parked(a_payment(), is_lost=False)
    overtaken = DisturbedStore(store, [someone_first(lambda: answered(store, first))])
    result = answered(overtaken, second).result
    # A person who replays what was marked meanwhile gets it settled.
    assert result == ("not_handled" if second == "handle-1" else "first_time_finalized")
    assert (status_in(store), shirts_in(store), complaints_in(store)) == ("finalized", (7, 0), [])
