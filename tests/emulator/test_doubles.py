"""Whole numbers that are stored as doubles, as apps in JavaScript, Dart and Unity write them, on the emulator."""

import pytest
from google.cloud import firestore

from tests.emulator.ordering_shop import HELD, ON_THE_SHELF, PAID, REFUNDED, SOLD, Shop, ShopWith
from tests.support.builders import NOW, a_catalogue_entry, a_placement, an_order
from tests.support.emulated_shop import settle_in


@pytest.fixture
def shop(firestore_client: firestore.Client, shop_with: ShopWith) -> Shop:
    """Nothing in it is an integer."""
    shop = shop_with(stock={"shirt": (10.0, 0.0), "hat": (5.0, 0.0)})
    for product_id in ("shirt", "hat"):
        shop.write(f"products/{product_id}", a_catalogue_entry(unitAmount=1_200.0))
    items = [{"productId": "shirt", "quantity": 2.0}, {"productId": "hat", "quantity": 1.0}]
    shop.write("orders/order-1", an_order(items=items))
    return shop


def test_an_order_is_held_paid_and_refunded_in_doubles_also_of_what_the_service_has_written(shop: Shop) -> None:
    assert settle_in(shop.client)(a_placement(), NOW).result == "reserved"
    assert (shop.order["status"], shop.order["amountTotal"], shop.stock) == ("reserved", 3_600, HELD)
    shop.client.document("orders/order-1").update({"amountTotal": 3_600.0})
    # It need not say what was received.
    assert shop.report(PAID, "evt_paid", amount_received=None) == "first_time_finalized"
    assert shop.stock == SOLD
    assert shop.report(REFUNDED, "evt_partial", amount_refunded=1_200) == "partially_refunded"
    doubles = {"amountReceived": 3_600.0, "chargeAmountRefunded": 1_200.0}
    shop.client.document("orders/order-1").update(doubles)
    assert shop.report(REFUNDED, "evt_refunded") == "refunded"
    assert (shop.order["status"], shop.order["amountRefunded"], shop.stock) == ("refunded", 3_600, ON_THE_SHELF)
