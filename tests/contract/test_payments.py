"""An order is paid: order, stock, audit trail and notice change together, and once, whatever the payment is like."""

from datetime import timedelta
from typing import Any

import pytest

from orders.events import PaymentSucceeded
from orders.outcome import Outcome, Result
from tests.contract.database import Database
from tests.support.builders import (
    EVENTS_OF_ONE_PAYMENT,
    LATER,
    NOW,
    Fields,
    a_payment,
    a_placement,
    a_reserved_order,
    an_order,
    redelivered,
)
from tests.support.settling import settled
from tests.support.shop import document_at, open_shop, shirts_in

# --- Once -------------------------------------------------------------------------------------------------------------


def test_a_payment_settles_order_stock_audit_and_notice_together(database: Database) -> None:
    open_shop(database, a_reserved_order(), reserved=3)
    assert settled(a_payment(), database.store).result == "first_time_finalized"
    order = document_at(database, "orders/order-1")
    assert order["status"] == "finalized"
    assert (order["amountReceived"], order["paymentIntentId"], order["chargeId"]) == (3_600, "pi_1", "ch_1")
    assert (order["finalizedAt"], order["webhookEventId"]) == (NOW, "evt_1")
    assert shirts_in(database) == (7, 0)
    assert database.get("payments/pi_1") == {"orderId": "order-1"}
    notice = document_at(database, "notifications/alice/messages/evt_1")
    assert (notice["type"], notice["orderId"]) == ("paid", "order-1")
    assert (notice["amount"], notice["currency"]) == (3_600, "eur")
    entry = document_at(database, "auditLog/evt_1")
    assert (entry["statusBefore"], entry["statusAfter"]) == ("reserved", "finalized")
    assert entry["stock"] == [{"productId": "shirt", "stock": -3, "reserved": -3}]
    assert (entry["result"], entry["webhookProcessed"]) == ("first_time_finalized", True)
    claim = document_at(database, "webhookEvents/evt_1")
    assert (claim["processed"], claim["result"], claim["deliveries"]) == (True, "first_time_finalized", 1)
    assert claim["expireAt"] == NOW + timedelta(days=7)


def test_a_second_delivery_changes_nothing_and_is_on_record(database: Database) -> None:
    open_shop(database, a_reserved_order(), reserved=3)
    settled(a_payment(), database.store)
    before = database.dump()
    assert settled(redelivered(a_payment(), LATER), database.store).result == "duplicate_detected"
    after = database.dump()
    delivery = after.pop("auditLog/evt_1/deliveries/2")
    assert (delivery["result"], delivery["orderId"], delivery["createdAt"]) == ("duplicate_detected", "order-1", LATER)
    counted = {"deliveries": 2, "lastDeliveryAt": LATER}
    assert after == {**before, "webhookEvents/evt_1": {**before["webhookEvents/evt_1"], **counted}}


def test_the_audit_entry_outlives_the_claim_and_still_stops_a_duplicate(database: Database) -> None:
    open_shop(database, a_reserved_order(), reserved=3)
    settled(a_payment(), database.store)
    settled(redelivered(a_payment(), LATER), database.store)
    database.delete("webhookEvents/evt_1")
    before = database.dump()
    much_later = LATER + timedelta(days=10)
    assert settled(redelivered(a_payment(), much_later), database.store).result == "duplicate_detected"
    after = database.dump()
    claim = after.pop("webhookEvents/evt_1")
    assert (claim["processed"], claim["deliveries"]) == (True, 3)
    assert after.pop("auditLog/evt_1/deliveries/3")["createdAt"] == much_later
    assert after == before


@pytest.mark.parametrize("events", [EVENTS_OF_ONE_PAYMENT, EVENTS_OF_ONE_PAYMENT[::-1]], ids=["in turn", "backwards"])
def test_the_first_event_of_a_payment_settles_it_and_the_others_only_add_what_they_know(
    database: Database, events: tuple[PaymentSucceeded, ...]
) -> None:
    open_shop(database, a_reserved_order(), reserved=3)
    first, *others = events
    assert settled(first, database.store) == Outcome(Result.FIRST_TIME_FINALIZED, "order-1")
    before = database.dump()
    for other in others:
        assert settled(other, database.store) == Outcome(Result.ALREADY_FINALIZED, "order-1")
    after = database.dump()
    for other in others:
        entry = after.pop(f"auditLog/{other.event_id}")
        assert (entry["statusBefore"], entry["statusAfter"], entry["stock"]) == ("finalized", "finalized", [])
        assert after.pop(f"webhookEvents/{other.event_id}")["processed"] is True
    # A session does not name its charge; and the order says how far its audit trail has come.
    trail = audit_head_in(after)
    assert trail["auditCount"] == 3
    order: dict[str, Any] = {**before["orders/order-1"], "chargeId": "ch_1", **trail}
    payment = {**order["payments"]["pi_1"], "chargeId": "ch_1"}
    order = {**order, "payments": {"pi_1": payment}}
    assert after == {**before, "orders/order-1": order, "payments/ch_1": {"orderId": "order-1"}}


def test_a_payment_that_outruns_the_trigger_holds_first_and_then_settles(database: Database) -> None:
    open_shop(database, an_order())
    assert settled(a_payment(), database.store).result == "first_time_finalized"
    assert shirts_in(database) == (7, 0)
    entry = document_at(database, "auditLog/evt_1")
    assert (entry["statusBefore"], entry["statusAfter"]) == ("pending", "finalized")
    assert entry["stock"] == [{"productId": "shirt", "stock": -3, "reserved": 0}]
    before = database.dump()
    assert settled(a_placement(), database.store).result == "already_placed"
    after = database.dump()
    entry = after.pop("auditLog/placed_order-1")
    assert (entry["statusBefore"], entry["statusAfter"], entry["stock"]) == ("finalized", "finalized", [])
    assert after == {**before, "orders/order-1": {**before["orders/order-1"], **audit_head_in(after)}}


def audit_head_in(documents: dict[str, Fields]) -> Fields:
    return {name: documents["orders/order-1"][name] for name in ("auditHead", "auditCount")}


# --- Not as expected --------------------------------------------------------------------------------------------------


def test_a_payment_that_names_a_second_order_does_not_pay_for_it_too(database: Database) -> None:
    open_shop(database, a_reserved_order(), reserved=6)
    database.put("orders/order-2", a_reserved_order())
    assert settled(a_payment(), database.store).result == "first_time_finalized"
    outcome = settled(a_payment("evt_2", order_id="order-2"), database.store)
    assert outcome.result == "quarantined"
    assert document_at(database, "auditLog/evt_2")["note"] == outcome.note
    notice = document_at(database, "notifications/system/messages/evt_2")
    assert (notice["type"], notice["orderId"], notice["reason"]) == ("review", "order-2", outcome.note)
    assert "order-1" in str(notice["reason"])
    order = document_at(database, "orders/order-2")
    assert (order["status"], "order-1" in str(order["failureReason"])) == ("review", False)
    assert shirts_in(database) == (7, 3)
    assert database.get("payments/pi_1") == {"orderId": "order-1"}
