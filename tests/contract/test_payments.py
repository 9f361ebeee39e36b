"""Paying an order changes order, stock, audit trail and notices together, and once."""

from datetime import timedelta

from tests.contract.database import Database
from tests.support.builders import LATER, NOW, a_reserved_order, redelivered
from tests.support.payments import a_payment
from tests.support.settling import settled
from tests.support.shop import document_at, open_shop, shirts_in


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
