"""A shop in a database of its own: its documents, and how its events are settled, as the deployed functions do it."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from google.cloud import firestore

from database.connection import Connection, connect
from service.settings import settings_from
from service.wiring import Service, service_on

UNIT_AMOUNT: Final = 1_200
CURRENCY: Final = "eur"
STOCK: Final = 1_000_000
WRITES_PER_COMMIT: Final = 400


def a_project() -> str:
    """The emulator makes a database for every project that is named."""
    return f"demo-{uuid.uuid4().hex[:12]}"


def a_database() -> firestore.Client:
    return firestore.Client(project=a_project())


def service_in(client: firestore.Client) -> Service:
    """The service as it is deployed, on this database; it logs nothing."""
    return service_over(connect(client.project))


def service_over(connection: Connection) -> Service:
    """The same over a connection of the bench's own."""
    return service_on(connection, settings_from({}), silent)


def silent(*_line: object, **_fields: object) -> None:
    """A log that nobody reads."""


def stock_up(client: firestore.Client, product_ids: Iterable[str], *, reserved: int = 0) -> None:
    documents: dict[str, Mapping[str, object]] = {}
    for product_id in product_ids:
        documents[f"inventory/{product_id}"] = {"stock": STOCK, "reserved": reserved}
        price = {"name": product_id, "active": True, "unitAmount": UNIT_AMOUNT, "currency": CURRENCY}
        documents[f"products/{product_id}"] = price
    write_all(client, documents)


def a_pending_order(product_ids: Sequence[str]) -> dict[str, object]:
    """As its customer writes it: one unit of each product."""
    return {
        "userId": "alice",
        "items": [{"productId": product_id, "quantity": 1} for product_id in product_ids],
        "status": "pending",
        "createdAt": datetime.now(UTC),
    }


def a_reserved_order(product_ids: Sequence[str]) -> dict[str, object]:
    """As the service has held and priced it."""
    now = datetime.now(UTC)
    return {
        **a_pending_order(product_ids),
        "status": "reserved",
        "amountTotal": amount_of(product_ids),
        "currency": CURRENCY,
        "reservedAt": now,
        "reservationExpiresAt": now + timedelta(minutes=30),
    }


def amount_of(product_ids: Sequence[str]) -> int:
    return UNIT_AMOUNT * len(product_ids)


def write_all(client: firestore.Client, documents: Mapping[str, Mapping[str, object]]) -> None:
    """Write the documents, by path."""
    paths = list(documents)
    for first in range(0, len(paths), WRITES_PER_COMMIT):
        batch = client.batch()
        for path in paths[first : first + WRITES_PER_COMMIT]:
            batch.set(client.document(path), dict(documents[path]))
        batch.commit()


def orders_not_finalized(client: firestore.Client) -> int:
    return sum(order.get("status") != "finalized" for order in client.collection("orders").stream())


def units_sold(client: firestore.Client) -> int:
    return sum(STOCK - inventory.get("stock") for inventory in client.collection("inventory").stream())
