"""A payment posted to the webhook finalizes the order that the trigger has held."""

import time

from tests.e2e.running_shop import RunningShop
from tests.support.stripe_objects import an_event_for


def test_a_decline_and_then_a_success_on_the_same_payment_intent_finalizes_the_order_and_all_is_on_record(
    shop: RunningShop,
) -> None:
    product_id = shop.seed_product("shirt", stock=10)
    order_id = shop.place_order("order", shirt=3)
    shop.await_status(order_id, "reserved")
    assert shop.get(f"inventory/{product_id}") == {"stock": 10, "reserved": 3}
    declined, paid = (an_event_for(order_id, f"payment_intent.{name}") for name in ("payment_failed", "succeeded"))
    assert shop.deliver(declined) == (200, "payment_failed")
    before = shop.audit_entries(order_id)
    assert shop.deliver(paid) == (200, "first_time_finalized")
    assert shop.get(f"orders/{order_id}")["status"] == "finalized"
    assert shop.get(f"inventory/{product_id}") == {"stock": 7, "reserved": 0}
    entries = shop.audit_entries(order_id)
    assert before.items() <= entries.items(), "an entry never changes"
    changes = {event_id: (entry["statusBefore"], entry["statusAfter"]) for event_id, entry in entries.items()}
    assert changes == {
        f"placed_{order_id}": ("pending", "reserved"),
        declined["id"]: ("reserved", "reserved"),
        paid["id"]: ("reserved", "finalized"),
    }


def test_a_payment_parked_for_want_of_its_order_is_settled_by_the_orders_trigger(shop: RunningShop) -> None:
    product_id = shop.seed_product("shirt", stock=10)
    order_id = shop.id("order")
    two_hours_ago = int(time.time()) - 2 * 3_600
    early = {**an_event_for(order_id, "charge.succeeded"), "created": two_hours_ago}
    assert shop.deliver(early) == (200, "order_not_found")
    assert shop.get(f"webhookEvents/{early['id']}")["processed"] is False
    shop.place_order("order", shirt=3)
    shop.await_status(order_id, "finalized")
    assert shop.get(f"inventory/{product_id}") == {"stock": 7, "reserved": 0}
    assert shop.get(f"webhookEvents/{early['id']}")["processed"] is True
