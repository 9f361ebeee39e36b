"""An event that is delivered twice is settled once."""

from concurrent.futures import ThreadPoolExecutor

from tests.e2e.running_shop import RunningShop
from tests.support.stripe_objects import an_event_for, three_events_of_one_payment


def test_a_duplicate_delivery_is_detected_and_changes_nothing(shop: RunningShop) -> None:
    product_id = shop.seed_product("shirt", stock=50)
    order_id = shop.place_order("order", shirt=3)
    shop.await_status(order_id, "reserved")
    event = an_event_for(order_id, "charge.succeeded")
    event_id = event["id"]

    assert shop.deliver(event) == (200, "first_time_finalized")
    assert shop.deliver(event) == (200, "duplicate_detected")

    assert shop.get(f"inventory/{product_id}") == {"stock": 47, "reserved": 0}
    claim = shop.get(f"webhookEvents/{event_id}")
    assert (claim["processed"], claim["deliveries"], claim["orderId"]) == (True, 2, order_id)
    assert [key for key, entry in shop.audit_entries(order_id).items() if entry["eventId"] == event_id] == [event_id]
    assert shop.get(f"auditLog/{event_id}/deliveries/2")["result"] == "duplicate_detected"
    assert shop.notices() == ["reserved", "paid"]
    assert shop.get(f"orders/{order_id}")["webhookEventId"] == event_id


def test_three_events_of_one_payment_and_a_duplicate_at_once_settle_it_once(shop: RunningShop) -> None:
    product_id = shop.seed_product("shirt", stock=50)
    order_id = shop.place_order("order", shirt=3)
    events = three_events_of_one_payment(order_id)
    shop.await_status(order_id, "reserved")
    with ThreadPoolExecutor(4) as stripe:
        answers = sorted(stripe.map(shop.deliver, [*events, events[0]]))
    assert answers == [
        (200, "already_finalized"),
        (200, "already_finalized"),
        (200, "duplicate_detected"),
        (200, "first_time_finalized"),
    ]
    assert shop.get(f"inventory/{product_id}") == {"stock": 47, "reserved": 0}
    assert shop.notices() == ["reserved", "paid"]
