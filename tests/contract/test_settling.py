"""The main job as a shop sees it: what stands in the database before, and after."""

from dataclasses import replace
from datetime import timedelta

import pytest

from orders.events import NotUnderstood, OrderEvent
from orders.order import Money
from orders.outcome import OrderNotThereYet, Outcome
from settlement.decisions import Terms
from settlement.settle import Patience, settle
from tests.contract.database import Database
from tests.support.builders import (
    LATER,
    NOW,
    TERMS,
    a_cancel_request,
    a_catalogue_entry,
    a_payment,
    a_placement,
    a_reserved_order,
    an_order,
    something_not_understood,
)

PATIENCE = Patience(monotonic=lambda: 0.0, sleep=lambda seconds: None, random=lambda: 0.5)


def settled(database: Database, event: OrderEvent | NotUnderstood, *, terms: Terms = TERMS) -> Outcome:
    return settle(event, NOW, store=database.store, terms=terms, patience=PATIENCE)


def with_order(database: Database, **fields: object) -> None:
    database.put("inventory/shirt", {"stock": 10, "reserved": 0})
    database.put("products/shirt", a_catalogue_entry())
    database.put("orders/order-1", an_order(**fields))


def with_reserved_order(database: Database, **fields: object) -> None:
    database.put("inventory/shirt", {"stock": 10, "reserved": 3})
    database.put("orders/order-1", a_reserved_order(**fields))


def fields_at(database: Database, path: str) -> dict[str, object]:
    fields = database.get(path)
    assert fields is not None, f"{path} does not exist"
    return dict(fields)


# --- Holding ---------------------------------------------------------------------------------------------------------


def test_a_placed_order_is_held_and_priced(database: Database) -> None:
    with_order(database)
    assert settled(database, a_placement()).result == "reserved"
    assert database.get("inventory/shirt") == {"stock": 10, "reserved": 3}
    order = fields_at(database, "orders/order-1")
    assert (order["status"], order["amountTotal"], order["currency"]) == ("reserved", 3_600, "eur")
    assert order["reservedAt"] == NOW
    assert order["reservationExpiresAt"] == NOW + timedelta(minutes=30)


def test_holding_leaves_one_audit_entry(database: Database) -> None:
    with_order(database)
    settled(database, a_placement())
    entry = fields_at(database, "auditLog/placed_order-1")
    assert (entry["statusBefore"], entry["statusAfter"], entry["result"]) == ("pending", "reserved", "reserved")
    assert entry["stock"] == [{"productId": "shirt", "stock": 0, "reserved": 3}]


def test_a_hint_that_names_the_wrong_products_does_no_harm(database: Database) -> None:
    with_order(database)
    assert settled(database, a_placement(product_ids=("hat",))).result == "reserved"
    assert database.get("inventory/shirt") == {"stock": 10, "reserved": 3}


def test_the_same_product_on_two_lines_is_held_for_both(database: Database) -> None:
    with_order(database, items=[{"productId": "shirt", "quantity": 3}, {"productId": "shirt", "quantity": 4}])
    settled(database, a_placement())
    assert database.get("inventory/shirt") == {"stock": 10, "reserved": 7}


def test_an_order_is_held_whole_or_not_at_all(database: Database) -> None:
    items = [{"productId": "shirt", "quantity": 3}, {"productId": "hat", "quantity": 2}]
    with_order(database, items=items)
    database.put("inventory/hat", {"stock": 1, "reserved": 0})
    assert settled(database, a_placement()).result == "reservation_failed"
    assert database.get("inventory/shirt") == {"stock": 10, "reserved": 0}
    assert database.get("inventory/hat") == {"stock": 1, "reserved": 0}
    assert (
        fields_at(database, "orders/order-1")["failureReason"] == "insufficient_stock: 2 of 'hat' ordered, 1 available"
    )


def test_units_promised_to_others_are_not_available(database: Database) -> None:
    with_order(database)
    database.put("inventory/shirt", {"stock": 10, "reserved": 8})
    assert settled(database, a_placement()).result == "reservation_failed"
    assert database.get("inventory/shirt") == {"stock": 10, "reserved": 8}


def test_an_amount_written_by_the_client_is_never_believed(database: Database) -> None:
    with_order(database, amountTotal=1, currency="eur")
    settled(database, a_placement())
    assert fields_at(database, "orders/order-1")["amountTotal"] == 3_600


def test_an_order_without_catalogue_prices_stays_unpriced(database: Database) -> None:
    with_order(database, amountTotal=1, currency="eur")
    database.delete("products/shirt")
    settled(database, a_placement())
    order = fields_at(database, "orders/order-1")
    assert (order["status"], order["amountTotal"], order["currency"]) == ("reserved", None, None)


BROKEN = {
    "items missing": {"items": None},
    "items not a list": {"items": {"productId": "shirt", "quantity": 1}},
    "no items": {"items": []},
    "a line that is no object": {"items": ["shirt"]},
    "quantity zero": {"items": [{"productId": "shirt", "quantity": 0}]},
    "quantity negative": {"items": [{"productId": "shirt", "quantity": -3}]},
    "quantity fractional": {"items": [{"productId": "shirt", "quantity": 1.5}]},
    "quantity boolean": {"items": [{"productId": "shirt", "quantity": True}]},
    "quantity text": {"items": [{"productId": "shirt", "quantity": "3"}]},
    "quantity absurd": {"items": [{"productId": "shirt", "quantity": 10**15}]},
    "unknown product": {"items": [{"productId": "unicorn", "quantity": 1}]},
    "malformed product": {"items": [{"productId": "a/b", "quantity": 1}]},
    "reserved product id": {"items": [{"productId": "__all__", "quantity": 1}]},
    "too many lines": {"items": [{"productId": f"p{n}", "quantity": 1} for n in range(101)]},
    "no user": {"userId": None},
    "malformed user": {"userId": "a/b"},
    "a status of its own": {"status": "paid"},
    "a hold of its own": {"status": "reserving", "items": []},
}


@pytest.mark.parametrize("fields", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_order_fails_for_good_and_touches_no_stock(database: Database, fields: dict[str, object]) -> None:
    with_order(database, **fields)
    assert settled(database, a_placement()).result == "reservation_failed"
    order = fields_at(database, "orders/order-1")
    assert order["status"] == "failed"
    assert isinstance(order["failureReason"], str) and len(order["failureReason"]) > 20
    assert database.get("inventory/shirt") == {"stock": 10, "reserved": 0}
    assert settled(database, a_placement()).result == "already_placed"


def test_mixed_currencies_cannot_be_ordered_together(database: Database) -> None:
    with_order(database, items=[{"productId": "shirt", "quantity": 1}, {"productId": "hat", "quantity": 1}])
    database.put("inventory/hat", {"stock": 5})
    database.put("products/hat", a_catalogue_entry(currency="usd"))
    settled(database, a_placement())
    reason = fields_at(database, "orders/order-1")["failureReason"]
    assert reason == "mixed_currencies: the products are priced in eur and usd"


def test_the_trigger_again_changes_nothing(database: Database) -> None:
    with_order(database)
    settled(database, a_placement())
    before = database.dump()
    assert settled(database, a_placement()).result == "already_placed"
    assert database.dump() == before


def test_the_trigger_again_after_finalization_changes_nothing(database: Database) -> None:
    with_order(database)
    settled(database, a_placement())
    settled(database, a_payment())
    before = database.dump()
    assert settled(database, a_placement()).result == "already_placed"
    assert database.dump() == before


def test_a_trigger_for_a_deleted_order_changes_nothing(database: Database) -> None:
    assert settled(database, a_placement()).result == "already_placed"
    assert database.dump() == {}


@pytest.mark.parametrize("cause", [a_placement(), a_payment()], ids=["the trigger", "the payment"])
def test_a_hold_left_by_a_crash_is_finished(database: Database, cause: OrderEvent) -> None:
    with_order(database, status="reserving", amountTotal=3_600, currency="eur")
    database.put("inventory/shirt", {"stock": 10, "reserved": 3})
    settled(database, cause)
    assert fields_at(database, "orders/order-1")["status"] in ("reserved", "finalized")
    assert database.get("inventory/shirt") in ({"stock": 10, "reserved": 3}, {"stock": 7, "reserved": 0})


def test_a_hold_left_by_a_crash_is_given_back_if_it_is_not_covered(database: Database) -> None:
    with_order(database, status="reserving")
    database.put("inventory/shirt", {"stock": 4, "reserved": 5})
    assert settled(database, a_placement()).result == "reservation_failed"
    assert database.get("inventory/shirt") == {"stock": 4, "reserved": 2}


# --- Paying ----------------------------------------------------------------------------------------------------------


def test_a_payment_settles_order_stock_audit_and_notice_together(database: Database) -> None:
    with_reserved_order(database)
    assert settled(database, a_payment()).result == "first_time_finalized"
    order = fields_at(database, "orders/order-1")
    assert order["status"] == "finalized"
    assert (order["amountReceived"], order["paymentIntentId"], order["chargeId"]) == (3_600, "pi_1", "ch_1")
    assert (order["finalizedAt"], order["webhookEventId"]) == (NOW, "evt_1")
    assert database.get("inventory/shirt") == {"stock": 7, "reserved": 0}
    assert database.get("payments/pi_1") == {"orderId": "order-1"}
    notice = fields_at(database, "notifications/alice/messages/evt_1")
    assert (notice["type"], notice["orderId"], notice["amount"], notice["currency"]) == (
        "paid",
        "order-1",
        3_600,
        "eur",
    )
    entry = fields_at(database, "auditLog/evt_1")
    assert (entry["statusBefore"], entry["statusAfter"]) == ("reserved", "finalized")
    assert entry["stock"] == [{"productId": "shirt", "stock": -3, "reserved": -3}]
    assert (entry["result"], entry["webhookProcessed"]) == ("first_time_finalized", True)
    claim = fields_at(database, "webhookEvents/evt_1")
    assert (claim["processed"], claim["result"], claim["deliveries"]) == (True, "first_time_finalized", 1)
    assert claim["expireAt"] == NOW + timedelta(days=7)


def test_a_second_delivery_changes_nothing_and_is_on_record(database: Database) -> None:
    with_reserved_order(database)
    settled(database, a_payment())
    before = database.dump()
    assert settled(database, a_payment(delivered_at=LATER)).result == "duplicate_detected"
    after = database.dump()
    delivery = after.pop("auditLog/evt_1/deliveries/2")
    assert (delivery["result"], delivery["orderId"], delivery["createdAt"]) == ("duplicate_detected", "order-1", LATER)
    counted = {"deliveries": 2, "lastDeliveryAt": LATER}
    assert after == {**before, "webhookEvents/evt_1": {**before["webhookEvents/evt_1"], **counted}}


def test_another_event_of_a_settled_payment_only_adds_its_own_record(database: Database) -> None:
    with_reserved_order(database)
    settled(database, a_payment())
    before = database.dump()
    outcome = settled(database, a_payment("evt_2", event_type="charge.succeeded"))
    assert outcome.result == "already_finalized"
    after = database.dump()
    added = {path: after.pop(path) for path in ("auditLog/evt_2", "webhookEvents/evt_2")}
    assert after == before
    assert added["auditLog/evt_2"]["stock"] == []
    assert added["auditLog/evt_2"]["statusAfter"] == "finalized"


def test_a_second_payment_of_a_paid_order_is_pointed_out(database: Database) -> None:
    with_reserved_order(database)
    settled(database, a_payment())
    outcome = settled(database, a_payment("evt_2", payment_intent_id="pi_2"))
    assert outcome.result == "already_finalized"
    assert outcome.note == "second_payment: pi_2 paid an order that pi_1 had paid"
    assert fields_at(database, "auditLog/evt_2")["note"] == outcome.note
    assert database.get("payments/pi_2") == {"orderId": "order-1"}
    notice = fields_at(database, "notifications/system/messages/evt_2")
    assert (notice["type"], notice["reason"]) == ("second_payment", outcome.note)
    settled(database, a_payment("evt_3", payment_intent_id="pi_2", charge_id=None))
    assert database.get("notifications/system/messages/evt_3") is None


def test_operators_are_told_of_a_payment_that_has_paid_two_orders(database: Database) -> None:
    with_reserved_order(database)
    database.put("orders/order-2", a_reserved_order())
    assert settled(database, a_payment()).result == "first_time_finalized"
    assert settled(database, a_payment("evt_2", order_id="order-2")).result == "first_time_finalized"
    told = fields_at(database, "notifications/system/messages/evt_2")
    assert (told["type"], told["orderId"]) == ("shared_payment", "order-2")
    assert told["reason"] == "shared_payment: pi_1 has also paid order order-1"
    assert database.get("payments/pi_1") == {"orderId": "order-1"}


def test_a_payment_that_a_wrong_setting_has_set_aside_is_settled_when_it_is_sent_again(database: Database) -> None:
    with_reserved_order(database)
    assert settled(database, a_payment(), terms=replace(TERMS, expected_livemode=True)).result == "livemode_mismatch"
    assert settled(database, a_payment(delivered_at=LATER)).result == "first_time_finalized"
    assert database.get("inventory/shirt") == {"stock": 7, "reserved": 0}
    assert fields_at(database, "auditLog/evt_1")["result"] == "first_time_finalized"
    assert fields_at(database, "webhookEvents/evt_1")["deliveries"] == 2
    assert fields_at(database, "auditLog/evt_1/deliveries/2")["result"] == "first_time_finalized"


def test_an_order_that_was_cancelled_and_then_paid_is_sold_and_operators_know_the_wish(database: Database) -> None:
    with_reserved_order(database)
    assert settled(database, a_cancel_request()).result == "cancelled"
    assert settled(database, a_payment()).result == "first_time_finalized"
    assert fields_at(database, "notifications/alice/messages/evt_1")["type"] == "paid"
    assert fields_at(database, "notifications/system/messages/evt_1")["type"] == "cancel_requested"


def test_a_payment_that_outruns_the_trigger_holds_first_and_then_settles(database: Database) -> None:
    with_order(database)
    assert settled(database, a_payment()).result == "first_time_finalized"
    assert database.get("inventory/shirt") == {"stock": 7, "reserved": 0}
    entry = fields_at(database, "auditLog/evt_1")
    assert (entry["statusBefore"], entry["statusAfter"]) == ("pending", "finalized")
    assert entry["stock"] == [{"productId": "shirt", "stock": -3, "reserved": 0}]
    before = database.dump()
    assert settled(database, a_placement()).result == "already_placed"
    assert database.dump() == before


def test_a_payment_that_cannot_be_fulfilled_is_due_for_refund(database: Database) -> None:
    with_order(database)
    database.put("inventory/shirt", {"stock": 2, "reserved": 0})
    assert settled(database, a_payment()).result == "refund_due"
    order = fields_at(database, "orders/order-1")
    assert (order["status"], order["amountReceived"]) == ("refund_due", 3_600)
    assert order["failureReason"] == "insufficient_stock: 3 of 'shirt' ordered, 2 available"
    assert database.get("inventory/shirt") == {"stock": 2, "reserved": 0}
    assert fields_at(database, "notifications/alice/messages/evt_1")["type"] == "refund_due"


@pytest.mark.parametrize("status", ["failed", "expired", "cancelled"])
def test_late_money_gets_the_units_if_they_are_there(database: Database, status: str) -> None:
    with_order(database, status=status)
    assert settled(database, a_payment()).result == "first_time_finalized"
    assert database.get("inventory/shirt") == {"stock": 7, "reserved": 0}


def test_a_late_payment_never_takes_back_a_refund(database: Database) -> None:
    with_reserved_order(database, status="refunded", paymentIntentId="pi_1")
    assert settled(database, a_payment()).result == "already_finalized"
    assert fields_at(database, "orders/order-1")["status"] == "refunded"
    assert database.get("inventory/shirt") == {"stock": 10, "reserved": 3}


@pytest.mark.parametrize("money", [Money(3_599, "eur"), Money(3_600, "usd")], ids=["amount", "currency"])
def test_wrong_money_is_quarantined_and_moves_nothing(database: Database, money: Money) -> None:
    with_reserved_order(database)
    assert settled(database, a_payment(money=money)).result == "quarantined"
    order = fields_at(database, "orders/order-1")
    assert order["status"] == "review"
    assert (order["amountTotal"], order["currency"]) == (3_600, "eur")
    assert database.get("inventory/shirt") == {"stock": 10, "reserved": 3}
    assert settled(database, a_payment("evt_2")).result == "already_quarantined"


def test_wrong_money_for_an_order_not_yet_held_is_quarantined_with_its_hold(database: Database) -> None:
    with_order(database)
    assert settled(database, a_payment(money=Money(1, "eur"))).result == "quarantined"
    assert database.get("inventory/shirt") == {"stock": 10, "reserved": 3}


def test_a_product_that_vanished_after_the_hold_does_not_stop_the_payment(database: Database) -> None:
    items = [{"productId": "shirt", "quantity": 3}, {"productId": "hat", "quantity": 2}]
    database.put("inventory/shirt", {"stock": 10, "reserved": 3})
    database.put("orders/order-1", a_reserved_order(items=items))
    outcome = settled(database, a_payment())
    assert outcome.result == "first_time_finalized"
    assert outcome.note == "inventory_gone: 2 of 'hat' could not be counted"
    assert fields_at(database, "orders/order-1")["status"] == "finalized"
    assert database.get("inventory/shirt") == {"stock": 7, "reserved": 0}
    assert database.get("inventory/hat") is None
    entry = fields_at(database, "auditLog/evt_1")
    assert entry["uncounted"] == [{"productId": "hat", "quantity": 2}]
    assert entry["stock"] == [{"productId": "shirt", "stock": -3, "reserved": -3}]


def test_the_audit_entry_outlives_the_claim_and_still_stops_a_duplicate(database: Database) -> None:
    with_reserved_order(database)
    settled(database, a_payment())
    settled(database, a_payment(delivered_at=LATER))
    database.delete("webhookEvents/evt_1")
    before = database.dump()
    late = LATER + timedelta(days=10)
    assert settled(database, a_payment(delivered_at=late)).result == "duplicate_detected"
    after = database.dump()
    assert after.pop("webhookEvents/evt_1")["deliveries"] == 3
    assert after.pop("auditLog/evt_1/deliveries/3")["createdAt"] == late
    assert after == before


def test_one_payment_that_pays_two_orders_is_pointed_out(database: Database) -> None:
    with_reserved_order(database)
    database.put("orders/order-2", a_reserved_order())
    settled(database, a_payment())
    outcome = settled(database, a_payment("evt_2", order_id="order-2"))
    assert outcome.note == "shared_payment: pi_1 has also paid order order-1"
    assert fields_at(database, "auditLog/evt_2")["note"] == outcome.note
    assert database.get("payments/pi_1") == {"orderId": "order-1"}


def test_an_order_too_large_to_be_written_to_is_refused_while_it_still_can_be(database: Database) -> None:
    padding = "x" * 1_047_900
    with_order(database, items=[{"productId": "shirt", "quantity": 3, "note": padding}])
    assert settled(database, a_placement()).result == "reservation_failed"
    order = fields_at(database, "orders/order-1")
    assert (order["status"], order["items"]) == ("failed", [])
    assert order["failureReason"] == "invalid_order: the order is larger than 524288 bytes"
    assert database.get("inventory/shirt") == {"stock": 10, "reserved": 0}
    assert settled(database, a_payment()).result == "refund_due"


def test_stock_that_lost_its_meaning_after_the_hold_is_released_all_the_same(database: Database) -> None:
    with_order(database, status="reserving")
    database.put("inventory/shirt", {"stock": "ten", "reserved": 3})
    assert settled(database, a_placement()).result == "reservation_failed"
    assert database.get("inventory/shirt") == {"stock": "ten", "reserved": 0}


# --- Waiting for the order -------------------------------------------------------------------------------------------


def test_an_event_may_outrun_its_order_and_nothing_is_claimed(database: Database) -> None:
    with pytest.raises(OrderNotThereYet):
        settled(database, a_payment(created_at=NOW - timedelta(minutes=59, seconds=59)))
    assert database.dump() == {}


def test_an_event_whose_order_never_came_is_parked_without_expiry(database: Database) -> None:
    outcome = settled(database, a_payment(created_at=NOW - timedelta(hours=1)))
    assert outcome.result == "order_not_found"
    claim = fields_at(database, "webhookEvents/evt_1")
    assert (claim["processed"], claim["result"], claim["orderId"]) == (False, "order_not_found", "order-1")
    assert "expireAt" not in claim
    assert list(database.dump()) == ["webhookEvents/evt_1"]


def test_a_parked_event_delivered_again_is_counted_and_stays_parked(database: Database) -> None:
    long_ago = NOW - timedelta(hours=2)
    settled(database, a_payment(created_at=long_ago))
    assert settled(database, a_payment(created_at=long_ago, delivered_at=LATER)).result == "order_not_found"
    claim = fields_at(database, "webhookEvents/evt_1")
    assert (claim["processed"], claim["deliveries"]) == (False, 2)


def test_a_parked_event_is_settled_when_its_order_appears(database: Database) -> None:
    settled(database, a_payment(created_at=NOW - timedelta(hours=2)))
    with_order(database)
    settled(database, a_placement())
    (parked,) = database.parked_events("order-1")
    assert settled(database, parked).result == "first_time_finalized"
    assert fields_at(database, "orders/order-1")["status"] == "finalized"
    claim = fields_at(database, "webhookEvents/evt_1")
    assert (claim["processed"], claim["deliveries"]) == (True, 1)
    assert claim["expireAt"] == NOW + timedelta(days=7)
    assert database.parked_events("order-1") == ()


def test_an_order_that_appears_while_its_event_is_being_parked_is_settled_at_once(database: Database) -> None:
    class AppearsWhileParking:
        """The order is created, and its trigger finds nothing parked, just before the claim is written."""

        read = staticmethod(database.store.read)
        count = staticmethod(database.store.count)

        @staticmethod
        def commit(writes: object, *, timeout_seconds: float) -> object:
            if database.get("orders/order-1") is None:
                with_order(database)
            return database.store.commit(writes, timeout_seconds=timeout_seconds)  # type: ignore[arg-type]

    event = a_payment(created_at=NOW - timedelta(hours=2))
    outcome = settle(event, NOW, store=AppearsWhileParking(), terms=TERMS, patience=PATIENCE)  # type: ignore[arg-type]
    assert outcome.result == "first_time_finalized"


def test_every_delivery_of_a_parked_event_is_on_record_even_after_its_claim_expired(
    database: Database,
) -> None:
    long_ago = NOW - timedelta(hours=2)
    moments = [LATER + timedelta(minutes=minute) for minute in range(4)]
    settled(database, a_payment(created_at=long_ago, delivered_at=moments[0]))
    with_reserved_order(database)
    assert settled(database, a_payment(created_at=long_ago, delivered_at=moments[1])).result == "first_time_finalized"
    assert settled(database, a_payment(created_at=long_ago, delivered_at=moments[2])).result == "duplicate_detected"
    database.delete("webhookEvents/evt_1")
    assert settled(database, a_payment(created_at=long_ago, delivered_at=moments[3])).result == "duplicate_detected"
    records = [fields_at(database, f"auditLog/evt_1/deliveries/{number}") for number in (2, 3, 4)]
    assert [record["createdAt"] for record in records] == moments[1:]
    assert fields_at(database, "webhookEvents/evt_1")["deliveries"] == 4


def test_an_event_settled_long_ago_is_not_parked_when_its_order_is_deleted(database: Database) -> None:
    with_reserved_order(database)
    settled(database, a_payment())
    database.delete("orders/order-1")
    database.delete("webhookEvents/evt_1")
    late = a_payment(created_at=NOW - timedelta(days=30), delivered_at=LATER)
    assert settled(database, late).result == "duplicate_detected"
    assert fields_at(database, "webhookEvents/evt_1")["processed"] is True


def test_an_event_that_could_not_be_read_is_kept_and_settled_by_a_release_that_can(database: Database) -> None:
    with_reserved_order(database)
    assert settled(database, something_not_understood()).result == "error"
    claim = fields_at(database, "webhookEvents/evt_1")
    assert (claim["processed"], claim["result"]) == (False, "error")
    assert claim["reason"] == "amount_received must be an amount"
    assert settled(database, a_payment(delivered_at=LATER)).result == "first_time_finalized"
    assert fields_at(database, "webhookEvents/evt_1")["processed"] is True


def test_an_event_read_by_a_later_release_before_its_order_exists_is_settled_when_the_order_appears(
    database: Database,
) -> None:
    settled(database, something_not_understood())
    assert settled(database, a_payment(delivered_at=LATER)).result == "order_not_found"
    assert fields_at(database, "webhookEvents/evt_1")["deliveries"] == 2
    with_order(database)
    (parked,) = database.parked_events("order-1")
    assert settled(database, parked).result == "first_time_finalized"
