"""Units of an order that its customer cancels are released, and taken again if an operator accepts it."""

from tests.e2e.running_shop import RunningShop


def test_a_customer_cancels_an_unpaid_order_and_its_units_are_released_until_an_operator_accepts_it(
    shop: RunningShop,
) -> None:
    product_id = shop.seed_product("shirt", stock=10)
    order_id = shop.place_order("order", shirt=3)
    shop.await_status(order_id, "reserved")
    shop.request_cancellation(order_id)
    shop.await_status(order_id, "cancelled")
    assert shop.get(f"inventory/{product_id}") == {"stock": 10, "reserved": 0}
    assert shop.audit_entries(order_id)[f"cancel_{order_id}"]["result"] == "cancelled"
    assert shop.notices() == ["reserved", "cancelled"]
    assert shop.ask_as_operator("accept", order_id)["result"] == "accepted"
    assert shop.get(f"orders/{order_id}")["status"] == "finalized"
    assert shop.get(f"inventory/{product_id}") == {"stock": 7, "reserved": 0}
