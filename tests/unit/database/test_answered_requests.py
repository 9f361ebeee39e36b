"""An operator's request is answered once, in the same commit as its changes, and can be rehearsed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from database.documents.effects import effect_path
from database.documents.inventory import adjusted
from database.documents.operator_requests import operator_request_path
from database.store import Increase, Update
from inventory.stock import StockMove
from orders.outcome import Outcome, Result, StoreContended
from service.wiring import answering
from settlement.decisions import Adjustment
from settlement.requests import Requests
from tests.support.builders import NOW, TERMS, a_placement
from tests.support.effects import A_MAIL, Outbox
from tests.support.interference import DisturbedStore, someone_first
from tests.support.memory_store import MemoryStore
from tests.support.operators import OPERATORS_REQUESTS, an_operators_request, asked_by_operator
from tests.support.payments import a_payment
from tests.support.settling import settled, settling_on
from tests.support.shop import a_shop_after, a_shop_with_a_hold, complaints_in, document_at, shirts_in, status_in
from tests.support.snapshots import a_snapshot

# --- Answered ---------------------------------------------------------------------------------------------------------


def requests_in(store: MemoryStore) -> Requests:
    return answering(store, settling_on(store), TERMS)


def test_an_answer_is_written_in_one_commit_with_who_asked_and_why() -> None:
    store = a_shop_with_a_hold()
    assert requests_in(store).answer("accept-1", NOW) == Outcome(Result.ACCEPTED, "order-1")
    assert (status_in(store), shirts_in(store)) == ("finalized", (7, 0))
    entry, request = document_at(store, "auditLog/operator_accept-1"), document_at(store, "operatorRequests/accept-1")
    assert (entry["operator"], entry["reason"], entry["orderId"]) == ("olga", "as agreed", "order-1")
    answered = {"settledAt": NOW, "result": "accepted", "note": None, "expireAt": NOW + timedelta(days=90)}
    assert request == {**OPERATORS_REQUESTS["accept-1"], **answered}


def test_the_payment_of_an_accepted_order_leads_to_it_and_of_a_refused_one_it_does_not() -> None:
    store = a_shop_with_a_hold()
    store.put("operatorRequests/accept-1", an_operators_request("accept", payment="pi_7"))
    requests_in(store).answer("accept-1", NOW)
    assert store.get("payments/pi_7") == {"orderId": "order-1"}
    store.put("operatorRequests/accept-2", an_operators_request("accept", payment="pi_8"))
    assert requests_in(store).answer("accept-2", NOW).result == "not_accepted"
    assert store.get("payments/pi_8") is None


@pytest.mark.parametrize("request_id", ["extend-1", "stock-1", "refund-1"])
def test_a_second_caller_gets_the_same_answer_and_changes_nothing(request_id: str) -> None:
    store = a_shop_with_a_hold()
    first = requests_in(store).answer(request_id, NOW)
    before = store.dump()
    assert requests_in(store).answer(request_id, NOW + timedelta(minutes=1)) == first
    assert store.dump() == before


def test_a_refusal_is_on_record_like_all_else_and_leaves_the_order_alone() -> None:
    store = a_shop_after(a_placement(), a_payment())
    before = document_at(store, "orders/order-1")
    refused = requests_in(store).answer("release-1", NOW)
    assert refused == Outcome(Result.NOT_RELEASED, "order-1", "finalized: it is paid, and its units are taken")
    after = document_at(store, "orders/order-1")
    # Its chain has one more entry.
    assert {name for name in after if after[name] != before.get(name)} == {"auditHead", "auditCount"}
    assert document_at(store, "operatorRequests/release-1")["note"] == refused.note
    assert document_at(store, "auditLog/operator_release-1")["result"] == "not_released"


def test_an_answer_names_the_order_even_if_it_does_not_exist() -> None:
    store = MemoryStore({"operatorRequests/accept-1": OPERATORS_REQUESTS["accept-1"]})
    nothing_to_accept = Outcome(Result.NOT_ACCEPTED, "order-1", "no_order: order-1 does not exist")
    assert requests_in(store).answer("accept-1", NOW) == nothing_to_accept


def test_what_is_no_request_is_refused_on_the_document_and_what_does_not_exist_is_nothing() -> None:
    store = MemoryStore({"operatorRequests/r": {"kind": "explode"}})
    note = "kind must be one of accept, cancel, extend, handle, refund, release, replay, retry, stock"
    assert requests_in(store).answer("r", NOW) == Outcome(Result.INVALID_REQUEST, None, note)
    assert document_at(store, "operatorRequests/r")["result"] == "invalid_request"
    before = store.dump()
    assert requests_in(store).answer("r", NOW + timedelta(days=1)).result == "invalid_request"
    assert store.dump() == before
    nothing = Outcome(Result.IGNORED, None, "no_request: it does not exist")
    assert requests_in(store).answer("gone", NOW) == nothing


def test_a_request_under_an_id_that_was_used_before_is_refused_on_the_document() -> None:
    store = a_shop_with_a_hold()
    requests_in(store).answer("accept-1", NOW)
    store.put("operatorRequests/accept-1", OPERATORS_REQUESTS["release-1"])
    refused = Outcome(Result.ALREADY_RECORDED, "order-1", "id_used_before: give it another id")
    assert requests_in(store).answer("accept-1", NOW) == refused
    request = document_at(store, "operatorRequests/accept-1")
    assert (request["result"], request["note"]) == (refused.result, refused.note)
    assert (status_in(store), request["expireAt"]) == ("finalized", NOW + timedelta(days=90))


def stock_after(request: dict[str, object], store: MemoryStore) -> object:
    store.put("operatorRequests/stock-2", request)
    result = requests_in(store).answer("stock-2", NOW).result
    assert result == "stock_adjusted", result
    return document_at(store, "inventory/shirt")


def test_what_is_only_added_to_waits_for_nobody_who_writes_there() -> None:
    added = Adjustment(Result.STOCK_ADJUSTED, None, None, StockMove("shirt", 5, 0))
    assert adjusted(added, a_snapshot()) == (Increase("inventory/shirt", {"stock": 5}),)
    as_read = Update("inventory/shirt", {"stock": 15, "reserved": 0}, "shirt as read")
    assert adjusted(replace(added, is_exact=True), a_snapshot()) == (as_read,)


def test_stock_that_an_operator_adjusts_is_in_the_trail() -> None:
    store = a_shop_with_a_hold()
    assert stock_after({**OPERATORS_REQUESTS["stock-1"], "mode": "set", "quantity": 4}, store) == {
        "stock": 4,
        "reserved": 3,
    }
    entry = document_at(store, "auditLog/operator_stock-2")
    assert (entry["orderId"], entry["operator"], entry["reason"]) == (None, "olga", "as agreed")
    assert entry["stock"] == [{"productId": "shirt", "stock": -6, "reserved": 0}]
    store.delete("inventory/shirt")
    store.delete("auditLog/operator_stock-2")
    assert stock_after(OPERATORS_REQUESTS["stock-1"], store) == {"stock": 5, "reserved": 3}


class SoldMeanwhile(MemoryStore):
    """A shirt is sold between the read and the first commit after it."""

    is_sold = False

    def commit(self, writes: Any, *, timeout_seconds: float) -> Any:
        if not self.is_sold:
            self.is_sold = True
            self.put("inventory/shirt", {"stock": 9, "reserved": 0})
        return super().commit(writes, timeout_seconds=timeout_seconds)


@pytest.mark.parametrize(
    ("asked", "left", "moved"),
    [({"mode": "set", "quantity": 12}, 12, 3), ({"mode": "add", "quantity": -9}, 0, -9), ({"quantity": 5}, 14, 5)],
)
def test_what_is_sold_meanwhile_is_counted(asked: dict[str, object], left: int, moved: int) -> None:
    store = SoldMeanwhile({"inventory/shirt": {"stock": 10, "reserved": 0}})
    store.put("operatorRequests/stock-1", {**OPERATORS_REQUESTS["stock-1"], **asked})
    assert requests_in(store).answer("stock-1", NOW).result == "stock_adjusted"
    assert document_at(store, "inventory/shirt")["stock"] == left
    entry = document_at(store, "auditLog/operator_stock-1")
    assert entry["stock"] == [{"productId": "shirt", "stock": moved, "reserved": 0}]


def given_up(**changes: Any) -> Outbox:
    """The first request asks to retry this mail."""
    outbox = Outbox()
    over: dict[str, Any] = {
        "attempts": 14,
        "nextAttemptAt": None,
        "expireAt": NOW,
        "error": "refused",
        "payload": {"to": "alice"},
    }
    outbox.put(A_MAIL, **{"state": "ERROR", **over, **changes})
    outbox.store.put("operatorRequests/retry-1", OPERATORS_REQUESTS["retry-1"])
    return outbox


def test_what_was_given_up_is_done_after_all_under_the_same_key_and_says_who_wanted_it() -> None:
    outbox = given_up()
    before = outbox.fields()
    note = "evt_1_mail_customer of order order-1 had been given up"
    assert requests_in(outbox.store).answer("retry-1", NOW) == Outcome(Result.RETRY_ORDERED, None, note)
    again = {"state": "PENDING", "attempts": 0, "nextAttemptAt": NOW, "expireAt": None}
    assert outbox.fields() == {**before, **again, "operator": "olga", "reason": "as agreed"}
    entry = document_at(outbox.store, "auditLog/operator_retry-1")
    assert (entry["result"], entry["note"]) == ("retry_ordered", note)
    assert (entry["operator"], entry["reason"]) == ("olga", "as agreed")
    assert outbox.effects.perform(A_MAIL.effect_id) == "effect_done"
    assert outbox.world.asked == [(A_MAIL.key, {"to": "alice"})]  # type: ignore[attr-defined]
    done = outbox.fields()
    assert requests_in(outbox.store).answer("retry-1", NOW) == Outcome(Result.RETRY_ORDERED, None, note)
    assert outbox.fields() == done


@pytest.mark.parametrize("state", ["PENDING", "PROCESSING", "RETRY", "SUCCESS", "a state of tomorrow", None])
def test_nothing_else_is_tried_again(state: str | None) -> None:
    outbox = given_up(state=state)
    before = outbox.fields()
    answered = requests_in(outbox.store).answer("retry-1", NOW)
    why = "no_effect" if state in (None, "a state of tomorrow") else "not_given_up"
    assert (answered.result, (answered.note or "").partition(":")[0]) == ("not_retried", why)
    assert outbox.fields() == before


def test_what_somebody_has_had_tried_again_meanwhile_is_left_to_that() -> None:
    class TriedMeanwhile(MemoryStore):
        def commit(self, writes: Any, *, timeout_seconds: float) -> Any:
            path = effect_path(A_MAIL.effect_id)
            if document_at(self, path)["state"] == "ERROR":
                self.put(path, {**document_at(self, path), "state": "RETRY"})
            return super().commit(writes, timeout_seconds=timeout_seconds)

    store = TriedMeanwhile(given_up().store.dump())
    assert requests_in(store).answer("retry-1", NOW).result == "not_retried"
    assert document_at(store, effect_path(A_MAIL.effect_id))["state"] == "RETRY"


def test_the_auditor_finds_nothing_wrong_with_what_operators_did() -> None:
    store = a_shop_with_a_hold()
    store.put("inventory/shirt", {"stock": 10, "reserved": 0})
    store.put("orders/order-1", {**document_at(store, "orders/order-1"), "status": "pending", "reservedAt": None})
    settled(a_placement(), store)
    for request_id in ("extend-1", "cancel-1", "accept-1", "refund-1", "release-1", "stock-1", "retry-1"):
        requests_in(store).answer(request_id, NOW)
    assert (status_in(store), shirts_in(store)) == ("finalized", (12, 0))
    assert complaints_in(store) == []


def test_a_refusal_that_comes_too_late_is_tried_again() -> None:
    class Changed(MemoryStore):
        def commit(self, writes: Any, *, timeout_seconds: float) -> Any:
            self.put("operatorRequests/r", {"kind": "accept"})
            return super().commit(writes, timeout_seconds=timeout_seconds)

    store = Changed({"operatorRequests/r": {}})
    with pytest.raises(StoreContended):
        requests_in(store).answer("r", NOW)


def test_acts_on_no_order_form_a_chain_that_orders_simultaneous_ones() -> None:
    store = MemoryStore({"inventory/shirt": {"stock": 10, "reserved": 0}})
    events = {each: replace(asked_by_operator("stock-1"), request_id=each) for each in ("s1", "s2", "s3")}
    for request_id in events:
        store.put(operator_request_path(request_id), OPERATORS_REQUESTS["stock-1"])
    settled(events["s1"], store)
    overtaken = DisturbedStore(store, [someone_first(lambda: settled(events["s3"], store))])
    settled(events["s2"], overtaken)
    first, third, second = (document_at(store, f"auditLog/operator_{each}") for each in ("s1", "s3", "s2"))
    assert [each["sequence"] for each in (first, third, second)] == [1, 2, 3]
    assert (first["previousHash"], third["previousHash"], second["previousHash"]) == (
        None,
        first["hash"],
        third["hash"],
    )
    chain = document_at(store, "chains/operators")
    assert (chain["auditHead"], chain["auditCount"]) == (second["hash"], 3)
    assert complaints_in(store) == []


# --- Rehearsed --------------------------------------------------------------------------------------------------------


def test_a_rehearsal_says_what_would_become_of_documents_and_changes_nothing_else() -> None:
    store = a_shop_with_a_hold()
    store.put("operatorRequests/try-1", an_operators_request("accept", rehearse=True))
    before = store.dump()
    answered = requests_in(store).answer("try-1", NOW)
    assert answered == Outcome(Result.REHEARSED, "order-1", "it would end as accepted")
    request = document_at(store, "operatorRequests/try-1")
    shown = cast("list[object]", request["differences"])
    assert {"document": "inventory/shirt", "field": "stock", "before": "10", "after": "7"} in shown
    assert (request["result"], request["expireAt"]) == ("accepted", NOW + timedelta(days=1))
    assert {**store.dump(), "operatorRequests/try-1": before["operatorRequests/try-1"]} == before


def test_a_rehearsal_is_answered_once_and_never_done() -> None:
    store = a_shop_with_a_hold()
    store.put("operatorRequests/try-1", an_operators_request("release", rehearse=True))
    first = requests_in(store).answer("try-1", NOW)
    before = store.dump()
    assert requests_in(store).answer("try-1", NOW + timedelta(minutes=1)) == first
    assert store.dump() == before


def test_a_rehearsal_shows_why_a_request_would_be_refused() -> None:
    store = a_shop_after(a_placement(), a_payment())
    store.put("operatorRequests/try-1", an_operators_request("release", rehearse=True))
    note = "it would end as not_released: finalized: it is paid, and its units are taken"
    assert requests_in(store).answer("try-1", NOW).note == note
    request = document_at(store, "operatorRequests/try-1")
    assert (request["result"], request["differences"]) == ("not_released", [])


def test_what_is_to_be_rehearsed_perhaps_is_neither_rehearsed_nor_done() -> None:
    store = a_shop_with_a_hold()
    store.put("operatorRequests/try-1", an_operators_request("accept", rehearse="yes"))
    refused = Outcome(Result.INVALID_REQUEST, None, "rehearse must be true or false")
    assert [requests_in(store).answer("try-1", NOW) for _ in range(2)] == [refused, refused]
    assert status_in(store) == "reserved"
