"""Every operation on an order leaves an entry, and entries never change."""

from tests.e2e.running_shop import RunningShop
from tests.support.stripe_objects import an_event_for


def test_reservation_and_payment_are_both_in_the_audit_log(shop: RunningShop) -> None:
    shop.seed_product("shirt", stock=20)
    order_id = shop.place_order("order", shirt=2)
    shop.await_status(order_id, "reserved")
    held = shop.audit_entries(order_id)
    assert [(entry["statusBefore"], entry["statusAfter"]) for entry in held.values()] == [("pending", "reserved")]

    event = an_event_for(order_id, "charge.succeeded")
    event_id = str(event["id"])
    assert shop.deliver(event) == (200, "first_time_finalized")

    entries = shop.audit_entries(order_id)
    assert {key: entry for key, entry in entries.items() if key in held} == held
    paid = entries[event_id]
    assert (paid["eventId"], paid["eventType"], paid["orderId"]) == (event_id, "charge.succeeded", order_id)
    assert (paid["webhookProcessed"], paid["result"]) == (True, "first_time_finalized")
    assert (paid["statusBefore"], paid["statusAfter"]) == ("reserved", "finalized")


def test_an_order_that_cannot_be_held_is_in_the_audit_log_too(shop: RunningShop) -> None:
    product_id = shop.seed_product("shirt", stock=1)
    order_id = shop.place_order("order", shirt=2)
    order = shop.await_status(order_id, "failed")
    assert order["failureReason"] == f"insufficient_stock: not enough is left of '{product_id}'"
    (entry,) = shop.audit_entries(order_id).values()
    assert (entry["result"], entry["stock"]) == ("reservation_failed", [])
    assert shop.get(f"inventory/{product_id}") == {"stock": 1, "reserved": 0}
