"""What is never short, and what is sold before it is there, from order to refund, on the emulator."""

from tests.emulator.ordering_shop import PAID, REFUNDED, Shop, ShopWith
from tests.support.auditor import complaints
from tests.support.builders import NOW, Fields, a_placement, an_order
from tests.support.emulated_shop import documents_in, settle_in
from tests.support.stripe_objects import the_event


def a_shop(shop_with: ShopWith, shirts: Fields, hats: Fields) -> Shop:
    """Alice has ordered two shirts and a hat, and nobody has seen that yet."""
    shop = shop_with(stock={})
    items = [{"productId": "shirt", "quantity": 2}, {"productId": "hat", "quantity": 1}]
    shop.write("orders/order-1", an_order(items=items))
    shop.write("inventory/shirt", shirts)
    shop.write("inventory/hat", hats)
    return shop


def place(shop: Shop, order_id: str = "order-1") -> str:
    return str(settle_in(shop.client)(a_placement(order_id), NOW).result)


def test_an_order_of_digital_goods_is_sold_and_refunded_without_a_write_to_the_inventory(shop_with: ShopWith) -> None:
    shop = a_shop(shop_with, {"stock": None, "reserved": 0}, {"stock": None, "reserved": 0})
    inventory = [shop.client.document(f"inventory/{product_id}") for product_id in ("shirt", "hat")]
    written_at = [document.get().update_time for document in inventory]
    assert place(shop) == "reserved"
    assert shop.deliver(the_event(PAID, event_id="evt_paid")) == "first_time_finalized"
    assert shop.deliver(the_event(REFUNDED, event_id="evt_refunded")) == "refunded"
    assert (shop.order["unlimited"], shop.order["status"]) == (["hat", "shirt"], "refunded")
    assert [document.get().update_time for document in inventory] == written_at
    assert complaints(documents_in(shop.client), {"shirt": None, "hat": None}) == []


def test_a_pre_order_is_sold_below_zero_and_refunded_and_no_more_than_may_be(shop_with: ShopWith) -> None:
    shop = a_shop(shop_with, {"stock": 1, "reserved": 0, "backorder": 1}, {"stock": 0, "reserved": 0, "backorder": 9})
    shop.write("orders/order-2", an_order(items=[{"productId": "shirt", "quantity": 1}]))
    assert (place(shop), place(shop, "order-2")) == ("reserved", "reservation_failed")
    assert shop.stock == {"shirt": (1, 2), "hat": (0, 1)}
    assert shop.deliver(the_event(PAID, event_id="evt_paid")) == "first_time_finalized"
    assert shop.stock == {"shirt": (-1, 0), "hat": (-1, 0)}
    assert shop.read("inventory/shirt")["backorder"] == 1
    assert complaints(documents_in(shop.client), {"shirt": 1, "hat": 0}) == []
    assert shop.deliver(the_event(REFUNDED, event_id="evt_refunded")) == "refunded"
    assert shop.stock == {"shirt": (1, 0), "hat": (0, 0)}
