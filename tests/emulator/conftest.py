"""A shop with one order, held or paid, and the production server for a database that is empty."""

from collections.abc import Iterator

import pytest
from google.cloud import firestore

from settlement.decisions import Terms
from tests.emulator.ordering_shop import HELD, PAID, SOLD, Shop, ShopWith
from tests.support.builders import TERMS, a_reserved_order
from tests.support.emulated_shop import a_database
from tests.support.http_client import request
from tests.support.production_server import Server, production_server


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


@pytest.fixture
def paid_shop(shop: Shop) -> Shop:
    """The order is paid and finalized."""
    assert shop.report(PAID, "evt_paid") == "first_time_finalized"
    assert shop.stock == SOLD
    return shop


@pytest.fixture(scope="session")
def served_client(firestore_host: str) -> firestore.Client:
    """The database of the one production server."""
    return a_database()


@pytest.fixture(scope="session")
def running_server(
    served_client: firestore.Client, firestore_host: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Started once: that it starts is nothing that each test has to prove."""
    with production_server(served_client.project, firestore_host, tmp_path_factory.mktemp("server")) as serving:
        yield serving


@pytest.fixture
def server(running_server: Server, served_client: firestore.Client, firestore_host: str) -> Server:
    """The production server, which finds no documents and has logged nothing yet."""
    emptied = f"http://{firestore_host}/emulator/v1/{served_client._database_string}/documents"
    assert request(emptied, method="DELETE").status == 200
    running_server.log.write_bytes(b"")
    return running_server
