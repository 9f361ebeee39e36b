"""A payment that arrives before its order is parked, and settled by the order's trigger."""

import time

from tests.e2e.running_shop import RunningShop
from tests.support.stripe_objects import an_event_for


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
