"""An order was deleted, and its money goes on: operators are notified, since no order says so any more."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from audit.links import Entry
from audit.verification import Ends, verified
from database.documents.audit_heads import head_from
from effects.effect import EffectKind
from orders.events import OrderEvent
from orders.outcome import Outcome, Result
from service.wiring import answering
from tests.support.auditor import complaints
from tests.support.builders import LATER, NOW, TERMS, Fields, a_placement, an_order, redelivered
from tests.support.memory_store import MemoryStore
from tests.support.operators import OPERATORS_REQUESTS
from tests.support.payments import a_payment
from tests.support.refunds import a_dispute, a_refund, a_refunded_charge, an_updated_refund
from tests.support.settling import settled, settling_on
from tests.support.shop import a_shop_after, audited_in, document_at, notices_in

GONE = "deleted_order: order-1 no longer exists"
DISPUTED = f"dispute: dp_1 is needs_response, evidence due by 2026-03-21 15:09 UTC; {GONE}"
NOT_BACK = f"refund_failed: 3600 eur of pi_1 did not go back with re_1; {GONE}"
FAILED = an_updated_refund("evt_9", a_refund(status="failed"))
ORDER = "orders/order-1"
INBOX = "notifications/system/messages/"


def a_shop_without_its_order(*events: OrderEvent) -> MemoryStore:
    """Paid, whatever happened then, and deleted."""
    store = a_shop_after(a_placement(), a_payment("evt_paid"), *events)
    delete_order(store)
    return store


def delete_order(store: MemoryStore) -> Fields:
    order = document_at(store, ORDER)
    store.delete(ORDER)
    return order


def notice_of(store: MemoryStore, event_id: str) -> Fields:
    return document_at(store, f"{INBOX}{event_id}")


def test_operators_are_notified_of_a_dispute_with_its_deadline_and_nothing_is_parked() -> None:
    store = a_shop_after(a_placement(), a_payment("evt_paid"))
    order = delete_order(store)
    assert settled(a_dispute("evt_9"), store) == Outcome(Result.DISPUTE_RECORDED, "order-1", DISPUTED)
    notice = notice_of(store, "evt_9")
    assert [notice[name] for name in ("type", "amount", "currency", "reason", "orderId", "userId")] == [
        *("dispute", 3_600, "eur", DISPUTED, "order-1", None)
    ]
    dispute = document_at(store, "disputes/dp_1")
    said = "order-1", "needs_response", a_dispute().dispute.due_by
    assert (dispute["orderId"], dispute["status"], dispute["dueBy"]) == said
    claim, entry = (document_at(store, f"{collection}/evt_9") for collection in ("webhookEvents", "auditLog"))
    assert (claim["processed"], claim["result"], claim["orderId"]) == (True, "dispute_recorded", "order-1")
    assert (entry["webhookProcessed"], entry["amount"], entry["note"]) == (True, 3_600, DISPUTED)
    assert entry["paymentIntentId"] == "pi_1"
    assert complaints(store.dump(), {"shirt": 10}, deleted={"order-1": order}) == []


def test_the_record_names_the_connected_account_that_an_event_is_of() -> None:
    store = a_shop_without_its_order()
    settled(a_dispute("evt_9", account="acct_1"), store, terms=replace(TERMS, accounts=frozenset({"acct_1"})))
    assert document_at(store, "auditLog/evt_9")["account"] == "acct_1"


def test_each_is_put_on_record_once_however_often_it_is_delivered() -> None:
    for event in a_dispute("evt_9"), FAILED:
        store = a_shop_without_its_order()
        settled(event, store)
        once = notices_in(store)
        assert settled(redelivered(event), store).result == "duplicate_detected"
        assert notices_in(store) == once


@pytest.mark.parametrize("named", [None, "order-1", "order-2"], ids=str)
@pytest.mark.parametrize("paid", ["order-2", None], ids=["paid for another", "unknown"])
def test_operators_hear_of_a_dispute_that_a_deleted_order_had_whatever_it_names_later(
    named: str | None, paid: str | None
) -> None:
    store = a_shop_after(a_placement(), a_dispute("evt_8", order_id="order-1"))
    store.put("orders/order-2", an_order())
    delete_order(store)
    settled(a_placement("order-2"), store)
    if paid:
        settled(a_payment("evt_paid", order_id=paid), store)
    lost = a_dispute("evt_9", "lost", order_id=named, created_at=LATER)
    assert settled(lost, store) == Outcome(Result.DISPUTE_RECORDED, "order-1", f"dispute: dp_1 is lost; {GONE}")
    assert notices_in(store, of_event="evt_9") == ["dispute"]
    assert (document_at(store, "disputes/dp_1")["status"], "disputed" in document_at(store, "orders/order-2")) == (
        "lost", False
    )  # fmt: skip


def test_a_dispute_is_in_its_latest_state_and_news_only_in_a_new_one_in_any_order_of_events() -> None:
    opened, won = a_dispute("evt_8"), a_dispute("evt_9", "won", created_at=LATER)
    again = a_dispute("evt_7", created_at=NOW.replace(second=NOW.second + 1))
    for events in permutations([opened, again, won]):
        store = a_shop_without_its_order()
        for event in events:
            settled(event, store)
        assert document_at(store, "disputes/dp_1")["status"] == "won"
        assert notice_of(store, "evt_9")["reason"] == f"dispute: dp_1 is won; {GONE}"
        assert sum(f"{INBOX}{event.event_id}" in store.dump() for event in (opened, again)) <= 1
    # What an order knew of it before is known.
    store = a_shop_without_its_order(opened)
    assert settled(again, store).result == "dispute_recorded"
    assert "dispute" not in notices_in(store, of_event="evt_7")
    assert settled(a_dispute("evt_6"), store) == Outcome(
        Result.IGNORED, "order-1", "no_order: the order does not exist"
    )


def test_operators_are_notified_of_a_refund_that_came_to_nothing() -> None:
    store = a_shop_without_its_order(a_refunded_charge("evt_8"))
    assert settled(FAILED, store) == Outcome(Result.REFUND_FAILED, "order-1", NOT_BACK)
    notice = notice_of(store, "evt_9")
    assert (notice["type"], notice["amount"], notice["reason"]) == ("refund_failed", None, NOT_BACK)
    assert document_at(store, "auditLog/evt_9")["amount"] == 3_600


NOBODY_ACTS: dict[str, OrderEvent] = {
    "the refund is made": an_updated_refund("evt_9"),
    "it is on its way": an_updated_refund("evt_9", a_refund(status="pending")),
}


@pytest.mark.parametrize("event", NOBODY_ACTS.values(), ids=NOBODY_ACTS)
def test_what_nobody_has_to_act_on_is_only_logged(event: OrderEvent) -> None:
    store = a_shop_without_its_order()
    before = store.dump()
    assert settled(event, store).note == "no_order: the order does not exist"
    assert store.dump() == before


@pytest.mark.parametrize("event", [a_dispute("evt_9"), FAILED], ids=["dispute", "refund"])
def test_events_of_an_order_that_never_existed_wait_for_their_payments(event: Any) -> None:
    store = MemoryStore()
    for order_id in None, "order-1":
        assert settled(replace(event, order_id=order_id), store).result == "payment_not_found"


def test_what_was_parked_waits_no_longer() -> None:
    store = a_shop_without_its_order()
    # By what leads to its order, which came while nobody looked.
    payments = {path: store.get(path) for path in ("payments/pi_1", "payments/ch_1")}
    for path in payments:
        store.delete(path)
    assert settled(a_dispute("evt_9"), store).result == "payment_not_found"
    for path, fields in payments.items():
        store.put(path, fields or {})
    assert settled(redelivered(a_dispute("evt_9")), store).result == "dispute_recorded"
    assert document_at(store, "webhookEvents/evt_9")["processed"] is True


def test_a_replay_that_an_operator_has_asked_for_is_answered_by_it() -> None:
    store = a_shop_without_its_order()
    payments = {path: store.get(path) for path in ("payments/pi_1", "payments/ch_1")}
    for path in payments:
        store.delete(path)
    settled(a_dispute(), store)
    for path, fields in payments.items():
        store.put(path, fields or {})
    store.put("operatorRequests/replay-1", OPERATORS_REQUESTS["replay-1"])
    outcome = answering(store, settling_on(store), TERMS).answer("replay-1", NOW)
    assert outcome.result == document_at(store, "operatorRequests/replay-1")["result"] == "dispute_recorded"
    assert document_at(store, "auditLog/evt_1")["operator"] == "olga"


def test_operators_have_the_messages_that_they_have_of_other_notices() -> None:
    terms = replace(TERMS, operator_channels=frozenset({EffectKind.MAIL}))
    for event in a_dispute("evt_9"), FAILED:
        store = a_shop_without_its_order()
        settled(event, store, terms=terms)
        effects = [fields for path, fields in store.dump().items() if path.startswith("effects/")]
        assert [(each["kind"], each["recipient"], each["causeId"]) for each in effects] == [
            ("mail", "operator", "evt_9")
        ]


def test_the_trail_is_whole_also_once_another_order_has_the_id() -> None:
    store = a_shop_without_its_order()
    for event in a_dispute("evt_8"), FAILED:
        settled(event, store)
    assert {"evt_8", "evt_9"} <= audited_in(store)
    assert findings_in(store, Ends("order-1")) == ()
    store.put(ORDER, an_order(createdAt=LATER))
    settled(a_placement(), store, now=LATER)
    order = document_at(store, ORDER)
    ends = Ends("order-1", exists=True, created_at=LATER, head=head_from(order))
    assert findings_in(store, ends) == ()


def findings_in(store: MemoryStore, ends: Ends) -> tuple[object, ...]:
    entries = [
        Entry(path.removeprefix("auditLog/"), "order-1", fields)
        for path, fields in store.dump().items()
        if path.startswith("auditLog/") and fields["orderId"] == "order-1" and path.count("/") == 1
    ]
    return verified(ends, entries).findings


# --- Another order has its id by now ----------------------------------------------------------------------------------

BELONGS = "earlier_order: pi_1 belongs to an order that had the same id, and was deleted"


@pytest.mark.parametrize(
    ("event", "money", "reason"),
    [(a_dispute("evt_9"), (3_600, "eur"), DISPUTED), (FAILED, (None, None), NOT_BACK)],
    ids=["dispute", "refund"],
)
def test_operators_are_notified_likewise_and_the_order_that_has_the_id_now_stays_as_it_is(
    event: OrderEvent, money: tuple[object, ...], reason: str
) -> None:
    store = a_shop_without_its_order()
    store.put(ORDER, an_order(createdAt=LATER))
    said = reason.replace(GONE, BELONGS)
    assert settled(event, store) == Outcome(Result.EARLIER_ORDER, "order-1", said)
    notice = notice_of(store, "evt_9")
    assert ((notice["amount"], notice["currency"]), notice["reason"]) == (money, said)
    assert document_at(store, ORDER)["status"] == "pending"
