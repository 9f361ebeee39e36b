"""A shop with one order, held or paid, and the production server."""

from collections.abc import Iterator

import pytest
from google.cloud import firestore

from tests.emulator.ordering_shop import HELD, PAID, SOLD, Shop
from tests.support.builders import TERMS, a_reserved_order
from tests.support.production_server import Server, production_server


@pytest.fixture
def shop(firestore_client: firestore.Client) -> Shop:
    """The order is held, but not paid."""
    shop = Shop(firestore_client, TERMS)
    for product_id, (on_hand, reserved) in HELD.items():
        shop.write(f"inventory/{product_id}", {"stock": on_hand, "reserved": reserved})
    items = [{"productId": "shirt", "quantity": 2}, {"productId": "hat", "quantity": 1}]
    shop.write("orders/order-1", a_reserved_order(items=items))
    return shop


@pytest.fixture
def paid_shop(shop: Shop) -> Shop:
    """The order is paid and finalized."""
    assert shop.report(PAID, "evt_paid") == "first_time_finalized"
    assert shop.stock == SOLD
    return shop


@pytest.fixture(scope="session")
def running_server(
    own_database: firestore.Client, firestore_host: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Started once for all tests, since not every test has to show that it starts."""
    with production_server(own_database.project, firestore_host, tmp_path_factory.mktemp("server")) as serving:
        yield serving


@pytest.fixture
def server(running_server: Server, firestore_client: firestore.Client) -> Server:
    """The production server on the test's database, with an empty log."""
    running_server.log.write_bytes(b"")
    return running_server
