"""A payment posted to the webhook finalizes the order that the trigger has held."""

import pytest

from tests.e2e.running_shop import RunningShop
from tests.support.stripe_objects import (
    a_charge,
    a_checkout_session,
    a_declined_intent,
    a_payment_intent,
    a_stripe_event,
)

PAID = {
    "payment_intent.succeeded": a_payment_intent,
    "charge.succeeded": a_charge,
    "checkout.session.completed": a_checkout_session,
    "checkout.session.async_payment_succeeded": a_checkout_session,
}


@pytest.mark.parametrize("event_type", PAID)
def test_each_event_of_a_successful_payment_finalizes_the_order(shop: RunningShop, event_type: str) -> None:
    product_id = shop.seed_product("shirt", stock=10)
    order_id = shop.place_order("order", shirt=3)
    shop.await_status(order_id, "reserved")
    assert shop.get(f"inventory/{product_id}") == {"stock": 10, "reserved": 3}
    paid = PAID[event_type](metadata={"orderId": order_id})
    assert shop.deliver(a_stripe_event(paid, event_type, shop.id("evt"))) == (200, "first_time_finalized")
    assert shop.get(f"orders/{order_id}")["status"] == "finalized"
    assert shop.get(f"inventory/{product_id}") == {"stock": 7, "reserved": 0}


def test_a_decline_and_then_a_success_on_the_same_payment_intent_finalizes_the_order(shop: RunningShop) -> None:
    shop.seed_product("shirt", stock=10)
    order_id = shop.place_order("order", shirt=3)
    shop.await_status(order_id, "reserved")
    intent_id, metadata = shop.id("pi"), {"orderId": order_id}
    declined = a_declined_intent(id=intent_id, metadata=metadata)
    event = a_stripe_event(declined, "payment_intent.payment_failed", shop.id("evt1"))
    assert shop.deliver(event) == (200, "payment_failed")
    paid = a_payment_intent(id=intent_id, metadata=metadata)
    event = a_stripe_event(paid, "payment_intent.succeeded", shop.id("evt2"))
    assert shop.deliver(event) == (200, "first_time_finalized")


def test_a_forged_payment_is_refused_and_changes_nothing(shop: RunningShop) -> None:
    product_id = shop.seed_product("shirt", stock=10)
    order_id = shop.place_order("order", shirt=3)
    shop.await_status(order_id, "reserved")
    forged = a_stripe_event(a_charge(metadata={"orderId": order_id}), "charge.succeeded", shop.id("evt"))
    assert shop.deliver(forged, secret="whsec_of_a_forger") == (400, "signature verification failed")
    assert shop.get(f"orders/{order_id}")["status"] == "reserved"
    assert shop.get(f"inventory/{product_id}") == {"stock": 10, "reserved": 3}
    assert shop.get(f"webhookEvents/{shop.id('evt')}") == {}


def test_an_event_that_is_not_ours_is_accepted_and_ignored(shop: RunningShop) -> None:
    assert shop.deliver(a_stripe_event(event_type="customer.created", event_id=shop.id("evt"))) == (200, "ignored")
    assert shop.get(f"webhookEvents/{shop.id('evt')}") == {}


def test_a_payment_parked_for_want_of_its_order_is_settled_by_the_orders_trigger(shop: RunningShop) -> None:
    product_id = shop.seed_product("shirt", stock=10)
    order_id = shop.id("order")
    event_id = shop.id("evt")
    early = a_stripe_event(a_charge(metadata={"orderId": order_id}), "charge.succeeded", event_id)
    assert shop.deliver(early) == (200, "order_not_found")
    assert shop.get(f"webhookEvents/{event_id}")["processed"] is False
    shop.place_order("order", shirt=3)
    shop.await_status(order_id, "finalized")
    assert shop.get(f"inventory/{product_id}") == {"stock": 7, "reserved": 0}
    assert shop.get(f"webhookEvents/{event_id}")["processed"] is True
