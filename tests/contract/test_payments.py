"""An order is paid: order, stock, audit trail and notice change together, and once, whatever the payment is like."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from orders.events import PaymentSucceeded
from orders.money import Money
from orders.outcome import Outcome, Result
from tests.contract.database import Database
from tests.support.builders import (
    EVENTS_OF_ONE_PAYMENT,
    LATER,
    NOW,
    TERMS,
    a_cancel_request,
    a_catalogue_entry,
    a_lapse,
    a_payment,
    a_placement,
    a_refunded_charge,
    a_reserved_order,
    an_order,
    as_large_as_may_be,
    redelivered,
)
from tests.support.settling import settled
from tests.support.shop import document_at, open_shop, shirts_in, status_in, time_of

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


@pytest.mark.parametrize(
    "events", list(permutations(EVENTS_OF_ONE_PAYMENT)), ids=lambda events: ", ".join(one.event_id for one in events)
)
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
    # A session does not name its charge.
    order: dict[str, Any] = {**before["orders/order-1"], "chargeId": "ch_1"}
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
    assert after == before


def test_a_payment_that_a_wrong_setting_has_set_aside_is_settled_when_it_is_sent_again(database: Database) -> None:
    open_shop(database, a_reserved_order(), reserved=3)
    live_only = replace(TERMS, expected_livemode=True)
    assert settled(a_payment(), database.store, terms=live_only).result == "livemode_mismatch"
    assert settled(redelivered(a_payment()), database.store).result == "first_time_finalized"
    assert shirts_in(database) == (7, 0)
    assert document_at(database, "auditLog/evt_1")["result"] == "first_time_finalized"
    assert document_at(database, "webhookEvents/evt_1")["deliveries"] == 2
    assert document_at(database, "auditLog/evt_1/deliveries/2")["result"] == "first_time_finalized"


def test_an_order_as_large_as_may_be_is_paid_and_refunded_like_any_other(database: Database) -> None:
    open_shop(database, as_large_as_may_be())
    settled(a_placement(), database.store)
    assert settled(a_payment("evt_1"), database.store).result == "first_time_finalized"
    assert settled(a_refunded_charge("evt_2"), database.store).result == "refunded"
    assert shirts_in(database) == (10, 0)


# --- Another payment, another order -----------------------------------------------------------------------------------


def test_operators_are_notified_of_a_second_payment_of_a_paid_order_once(database: Database) -> None:
    open_shop(database, a_reserved_order(), reserved=3)
    settled(a_payment(), database.store)
    outcome = settled(a_payment("evt_2", payment_intent_id="pi_2"), database.store)
    assert outcome.result == "already_finalized"
    assert outcome.note == "second_payment: pi_2 (3600 eur) is not needed: pi_1 has paid the order"
    assert document_at(database, "auditLog/evt_2")["note"] == outcome.note
    assert database.get("payments/pi_2") == {"orderId": "order-1"}
    notice = document_at(database, "notifications/system/messages/evt_2")
    assert (notice["type"], notice["reason"]) == ("second_payment", outcome.note)
    settled(a_payment("evt_3", payment_intent_id="pi_2", charge_id=None), database.store)
    assert database.get("notifications/system/messages/evt_3") is None


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


# --- Late, or after all -----------------------------------------------------------------------------------------------


def test_an_order_that_was_cancelled_and_then_paid_is_sold_and_operators_know_of_the_cancel_request(
    database: Database,
) -> None:
    open_shop(database, a_reserved_order(), reserved=3)
    assert settled(a_cancel_request(), database.store).result == "cancelled"
    assert settled(a_payment(), database.store).result == "first_time_finalized"
    assert document_at(database, "notifications/alice/messages/evt_1")["type"] == "paid"
    assert document_at(database, "notifications/system/messages/evt_1")["type"] == "cancel_requested"


@pytest.mark.parametrize("status", ["failed", "expired", "cancelled"])
def test_late_money_gets_the_units_if_they_are_there(database: Database, status: str) -> None:
    open_shop(database, an_order(status=status))
    assert settled(a_payment(), database.store).result == "first_time_finalized"
    assert (status_in(database), shirts_in(database)) == ("finalized", (7, 0))


@pytest.mark.parametrize("status", ["pending", "failed", "expired", "cancelled"])
def test_a_payment_that_cannot_be_fulfilled_is_due_for_refund(database: Database, status: str) -> None:
    open_shop(database, an_order(status=status), stock=2)
    assert settled(a_payment(), database.store).result == "refund_due"
    order = document_at(database, "orders/order-1")
    assert (order["status"], order["amountReceived"]) == ("refund_due", 3_600)
    assert order["failureReason"] == "insufficient_stock: not enough is left of 'shirt'"
    figures = "insufficient_stock: 3 of 'shirt' ordered, 2 available"
    assert document_at(database, "notifications/system/messages/evt_1")["reason"] == figures
    assert shirts_in(database) == (2, 0)
    assert document_at(database, "notifications/alice/messages/evt_1")["type"] == "refund_due"


def test_a_late_payment_is_compared_with_what_was_asked_and_not_with_todays_price(database: Database) -> None:
    open_shop(database, an_order())
    for event in (a_placement(), a_lapse()):
        settled(event, database.store, now=time_of(event))
    database.put("products/shirt", a_catalogue_entry(unitAmount=9_900))
    assert settled(a_payment(), database.store).result == "first_time_finalized"


def test_a_late_payment_never_takes_back_a_refund(database: Database) -> None:
    open_shop(database, a_reserved_order(status="refunded", paymentIntentId="pi_1"))
    assert settled(a_payment(), database.store).result == "already_finalized"
    assert (status_in(database), shirts_in(database)) == ("refunded", (10, 0))


# --- Not as expected --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("money", [Money(3_599, "eur"), Money(3_600, "usd")], ids=["amount", "currency"])
def test_wrong_money_is_quarantined_and_moves_nothing(database: Database, money: Money) -> None:
    open_shop(database, a_reserved_order(), reserved=3)
    assert settled(a_payment(money=money), database.store).result == "quarantined"
    order = document_at(database, "orders/order-1")
    assert order["status"] == "review"
    assert (order["amountTotal"], order["currency"]) == (3_600, "eur")
    assert shirts_in(database) == (10, 3)
    assert settled(a_payment("evt_2", money=money), database.store).result == "already_quarantined"


def test_a_payment_of_the_amount_that_a_client_wrote_is_quarantined_with_its_hold(database: Database) -> None:
    open_shop(database, an_order(amountTotal=1, currency="eur"))
    assert settled(a_payment(money=Money(1, "eur")), database.store).result == "quarantined"
    assert (status_in(database), shirts_in(database)) == ("review", (10, 3))


def test_a_product_that_vanished_after_the_hold_does_not_stop_the_payment(database: Database) -> None:
    items = [{"productId": "shirt", "quantity": 3}, {"productId": "hat", "quantity": 2}]
    open_shop(database, a_reserved_order(items=items), reserved=3)
    outcome = settled(a_payment(), database.store)
    assert outcome.result == "first_time_finalized"
    assert outcome.note == "inventory_gone: 2 of 'hat' could not be counted"
    assert (status_in(database), shirts_in(database)) == ("finalized", (7, 0))
    assert database.get("inventory/hat") is None
    entry = document_at(database, "auditLog/evt_1")
    assert entry["uncounted"] == [{"productId": "hat", "quantity": 2}]
    assert entry["stock"] == [{"productId": "shirt", "stock": -3, "reserved": -3}]
