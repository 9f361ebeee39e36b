"""Whole numbers that are stored as doubles, as apps in JavaScript, Dart and Unity write them, on the emulator."""

import pytest
from google.cloud import firestore

from tests.emulator.ordering_shop import PAID, REFUNDED, Shop, ShopWith
from tests.support.builders import NOW, a_catalogue_entry, a_lapse, a_placement, an_order
from tests.support.emulated_shop import settle_in
from tests.support.shop import MUCH_LATER
from tests.support.stripe_objects import a_refunded_charge_object, an_event, the_event


@pytest.fixture
def shop(firestore_client: firestore.Client, shop_with: ShopWith) -> Shop:
    """Nothing in it is an integer."""
    shop = shop_with(stock={"shirt": (10.0, 0.0), "hat": (5.0, 0.0)})
    for product_id in ("shirt", "hat"):
        shop.write(f"products/{product_id}", a_catalogue_entry(unitAmount=1_200.0))
    items = [{"productId": "shirt", "quantity": 2.0}, {"productId": "hat", "quantity": 1.0}]
    shop.write("orders/order-1", an_order(items=items))
    return shop


def test_an_order_is_held_paid_and_refunded_in_doubles_as_in_integers(shop: Shop) -> None:
    assert settle_in(shop.client)(a_placement(), NOW).result == "reserved"
    assert shop.stock == {"shirt": (10, 2), "hat": (5, 1)}
    assert (shop.order["status"], shop.order["amountTotal"]) == ("reserved", 3_600)
    assert shop.deliver(the_event(PAID, event_id="evt_paid")) == "first_time_finalized"
    assert shop.stock == {"shirt": (8, 0), "hat": (4, 0)}
    assert shop.deliver(the_event(REFUNDED, event_id="evt_refunded")) == "refunded"
    assert shop.stock == {"shirt": (10, 0), "hat": (5, 0)}


def test_a_double_that_is_held_is_released(shop: Shop) -> None:
    settle_in(shop.client)(a_placement(), NOW)
    assert settle_in(shop.client)(a_lapse(), MUCH_LATER).result == "expired"
    assert shop.stock == {"shirt": (10, 0), "hat": (5, 0)}


def test_what_the_service_has_written_may_become_doubles_before_the_money_comes_and_goes(shop: Shop) -> None:
    settle_in(shop.client)(a_placement(), NOW)
    shop.client.document("orders/order-1").update({"amountTotal": 3_600.0})
    assert shop.deliver(the_event(PAID, event_id="evt_paid")) == "first_time_finalized"
    partial = an_event(REFUNDED, a_refunded_charge_object(amount_refunded=1_200, refunded=False), "evt_partial")
    assert shop.deliver(partial) == "partially_refunded"
    doubles = {"amountReceived": 3_600.0, "chargeAmountRefunded": 1_200.0}
    shop.client.document("orders/order-1").update(doubles)
    assert shop.deliver(the_event(REFUNDED, event_id="evt_refunded")) == "refunded"
    assert (shop.order["status"], shop.order["amountRefunded"]) == ("refunded", 3_600)


@pytest.mark.parametrize("figures", [{"stock": 10.5}, {"reserved": 0.5}, {"stock": float("nan")}, {"stock": 2.0**53}])
def test_what_is_no_whole_number_counts_nothing_and_is_no_zero(shop: Shop, figures: dict[str, object]) -> None:
    shop.client.document("inventory/shirt").update(figures)
    assert settle_in(shop.client)(a_placement(), NOW).result == "reservation_failed"
    assert shop.order["failureReason"] == "unknown_product: the inventory does not count 'shirt'"


def test_the_last_unit_is_sold_once_where_it_is_a_double(shop: Shop) -> None:
    shop.write("inventory/hat", {"stock": 1.0})
    shop.write("orders/order-2", an_order(items=[{"productId": "hat", "quantity": 1}]))
    results = [settle_in(shop.client)(a_placement(order_id), NOW).result for order_id in ("order-1", "order-2")]
    assert results == ["reserved", "reservation_failed"]
    assert shop.stock["hat"] == (1, 1)


def test_a_payment_that_does_not_say_what_was_received_pays_for_its_order(shop: Shop) -> None:
    settle_in(shop.client)(a_placement(), NOW)
    assert shop.deliver(the_event(PAID, amount_received=None)) == "first_time_finalized"
