"""The stand-in for Stripe beside the emulators sends webhooks to the functions, which settle them."""

from stripe_api.client import StripeClient
from stripe_api.keys import EMULATORS_KEY, stripe_key_from
from tests.e2e.running_shop import RunningShop
from tests.support.stripe_requests import a_session_request
from tools.stripe_stand_in.control import StandIn


def test_a_session_that_a_customer_pays_and_the_shop_refunds_settles_its_order_by_events_in_both_forms_in_any_order(
    shop: RunningShop,
) -> None:
    stand_in = StandIn.of_the_emulators()
    stripe = StripeClient(stripe_key_from(EMULATORS_KEY), stand_in.origin)
    product_id = shop.seed_product("shirt", stock=10)
    order_id = shop.place_order("order", shirt=3)
    shop.await_status(order_id, "reserved")
    session = stripe.create_session(a_session_request(order_id), key=f"{order_id}/1")
    stand_in.send_webhooks(order_id, order="shuffled", copies=2, forms=["thin", "snapshot"])
    paid = stand_in.complete(session.session_id)
    assert {delivery["status"] for delivery in stand_in.deliveries(order_id)} == {200}
    assert shop.get(f"orders/{order_id}")["status"] == "finalized"
    assert shop.get(f"inventory/{product_id}") == {"stock": 7, "reserved": 0}
    stand_in.send_webhooks(paid["payment_intent"], order="at_once")
    stripe.create_refund({"payment_intent": paid["payment_intent"]}, key=f"{order_id}/refund")
    assert {delivery["status"] for delivery in stand_in.deliveries(paid["payment_intent"])} == {200}
    assert shop.get(f"orders/{order_id}")["status"] == "refunded"
    assert shop.get(f"inventory/{product_id}") == {"stock": 10, "reserved": 0}
