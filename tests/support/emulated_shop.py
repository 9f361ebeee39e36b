"""A shop on the real Firestore emulator, and many hands working in it at once."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

from google.cloud import firestore

from database.connection import Connection, connect
from database.firestore_store import FirestoreStore
from database.store import Fields
from orders.outcome import Outcome, Settle
from service.settings import settings_from
from service.wiring import Service, patience, service_on, settling
from tests.support.builders import TERMS, an_order


def service_in(client: firestore.Client) -> Service:
    """The service as it is deployed, on this database; it logs nothing."""
    return service_over(connect(client.project))


def service_over(connection: Connection, *, seconds: float = 8.0) -> Service:
    """The same over a connection of the test's own.

    Args:
        seconds: for how long it tries to settle an event.
    """
    service = service_on(connection, settings_from({}), silent)
    return replace(service, settle=settling(FirestoreStore(connection), TERMS, silent, patience(total_seconds=seconds)))


def settle_in(client: firestore.Client) -> Settle:
    return service_in(client).settle


def silent(*_line: object, **_fields: object) -> None:
    """A log that nobody reads."""


def stock_up(client: firestore.Client, stock: int, product_id: str = "shirt") -> None:
    client.document(f"inventory/{product_id}").set({"stock": stock, "reserved": 0})


def write_orders(client: firestore.Client, order_ids: Iterable[str], quantity: int = 1, **fields: object) -> None:
    items = [{"productId": "shirt", "quantity": quantity}]
    batch = client.batch()
    for order_id in order_ids:
        batch.set(client.document(f"orders/{order_id}"), an_order(items=items, **fields))
    batch.commit()


def inventory_of(client: firestore.Client, product_id: str = "shirt") -> tuple[int, int]:
    """Stock and reserved."""
    fields = client.document(f"inventory/{product_id}").get().to_dict() or {}
    return fields["stock"], fields["reserved"]


def order_in(client: firestore.Client, order_id: str) -> Fields:
    return client.document(f"orders/{order_id}").get().to_dict() or {}


def statuses(client: firestore.Client) -> Counter[str]:
    return Counter(order.get("status") for order in client.collection("orders").select(["status"]).stream())


def documents_in(client: firestore.Client) -> dict[str, Fields]:
    """Every document of the shop, by path."""
    found = [client.collection(name).stream() for name in _COLLECTIONS]
    found += [client.collection_group(name).stream() for name in ("messages", "deliveries")]
    return {document.reference.path: document.to_dict() or {} for documents in found for document in documents}


_COLLECTIONS = ("orders", "inventory", "products", "payments", "webhookEvents", "auditLog")


def told(client: firestore.Client, user_id: str = "alice") -> Counter[str]:
    """How often each type of notice stands in the user's outbox."""
    return Counter(message.get("type") for message in client.collection(f"notifications/{user_id}/messages").stream())


def all_at_once(jobs: Iterable[Callable[[], Outcome]], *, hands: int) -> Counter[str]:
    """Do the jobs with so many threads, which start together; tells how often each result came."""
    start = threading.Barrier(hands)

    def first_wait(jobs_of_one_hand: list[Callable[[], Outcome]]) -> list[str]:
        start.wait(timeout=10)
        return [str(job().result) for job in jobs_of_one_hand]

    every = list(jobs)
    with ThreadPoolExecutor(hands) as pool:
        results = pool.map(first_wait, [every[hand::hands] for hand in range(hands)])
    return Counter(result for of_one_hand in results for result in of_one_hand)


def now() -> datetime:
    return datetime.now(UTC)
