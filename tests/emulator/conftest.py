"""A shop with one order, held or paid, and the API versions in which Stripe reports on it."""

import pytest
from google.cloud import firestore

from settlement.decisions import Terms
from tests.emulator.ordering_shop import HELD, PAID, SOLD, Shop, ShopWith
from tests.support.builders import TERMS, a_reserved_order
from tests.support.stripe_objects import API_VERSIONS, the_event


@pytest.fixture
def shop_with(firestore_client: firestore.Client) -> ShopWith:
    def open_with(terms: Terms = TERMS, stock: dict[str, tuple[int, int]] = HELD, **order: object) -> Shop:
        shop = Shop(firestore_client, terms)
        for product_id, (on_hand, reserved) in stock.items():
            shop.write(f"inventory/{product_id}", {"stock": on_hand, "reserved": reserved})
        items = [{"productId": "shirt", "quantity": 2}, {"productId": "hat", "quantity": 1}]
        shop.write("orders/order-1", a_reserved_order(items=items, **order))
        return shop

    return open_with


@pytest.fixture
def shop(shop_with: ShopWith) -> Shop:
    """The order is held and not paid yet."""
    return shop_with()


@pytest.fixture(params=API_VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    """The API version of the events."""
    return str(request.param)


@pytest.fixture
def paid_shop(shop: Shop, version: str) -> Shop:
    """The order is paid and finalized."""
    assert shop.deliver(the_event(PAID, version, "evt_paid")) == "first_time_finalized"
    assert shop.stock == SOLD
    return shop
