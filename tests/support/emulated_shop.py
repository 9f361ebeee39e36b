"""A shop on the Firestore emulator, and many threads that work in it at once."""

import os
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, cast

from flask import Flask, Response, request
from google.cloud import firestore
from google.cloud.firestore import FieldFilter
from google.cloud.firestore_v1._helpers import decode_dict

from database.connection import Connection, connect
from database.firestore_store import FirestoreStore
from database.store import Fields
from orders.events import PaymentSucceeded
from orders.money import Money
from orders.outcome import Outcome, Settle
from service.entry_points import Service
from service.secrets import STRIPE_WEBHOOK_SECRET
from service.settings import settings_from
from service.wiring import patience, service_on, settling
from settlement.terms import Terms
from tests.support import http_client
from tests.support.builders import NOW, TERMS, a_catalogue_entry, an_order
from tests.support.payments import a_payment
from tests.support.recording import silent
from tests.support.signing import SECRET, body_of, signature_of
from webhooks.endpoint import WebhookEndpoint

WRITES_PER_COMMIT: Final = 400
_app: Final = Flask("shop")


# --- The service -----------------------------------------------------------------------------------------------------


def a_project() -> str:
    """A new name: the emulator makes a database for every project that is named."""
    return f"demo-{uuid.uuid4().hex[:12]}"


def a_database() -> firestore.Client:
    """A new, empty database."""
    return firestore.Client(project=a_project())


def emptied(client: firestore.Client) -> firestore.Client:
    """The same database, without any document."""
    url = f"http://{os.environ['FIRESTORE_EMULATOR_HOST']}/emulator/v1/{client._database_string}/documents"
    assert http_client.request(url, method="DELETE").status == 200
    return client


def service_in(client: firestore.Client, terms: Terms = TERMS) -> Service:
    """The service as deployed, on this database, without a log."""
    return service_over(connect(client.project), terms)


def service_over(connection: Connection, terms: Terms = TERMS) -> Service:
    """The same, over the caller's connection."""
    settings = settings_from({STRIPE_WEBHOOK_SECRET: SECRET, "FUNCTIONS_EMULATOR": "true"})
    return service_on(connection, replace(settings, terms=terms), silent)


def settle_in(client: firestore.Client) -> Settle:
    """`settle` on this database, as if every event came to another instance: events of one order do not wait."""
    return settling(FirestoreStore(connect(client.project)), TERMS, silent, patience())


def delivered_to(endpoint: WebhookEndpoint, event: Mapping[str, object], *, at: datetime = NOW) -> Response:
    """The endpoint's answer, in this process, to a delivery signed at that time."""
    body = body_of(event)
    with _app.test_request_context(method="POST", data=body, headers={"Stripe-Signature": signature_of(body, at=at)}):
        return endpoint.respond(request)


# --- What is written to the shop -------------------------------------------------------------------------------------


def write_all(client: firestore.Client, documents: Mapping[str, Mapping[str, object]]) -> None:
    """Write the documents, by path."""
    paths = list(documents)
    for first in range(0, len(paths), WRITES_PER_COMMIT):
        batch = client.batch()
        for path in paths[first : first + WRITES_PER_COMMIT]:
            batch.set(client.document(path), dict(documents[path]))
        batch.commit()


def stock_up(
    client: firestore.Client, stock: int, product_ids: Iterable[str] = ("shirt",), *, reserved: int = 0
) -> None:
    """Set the stock of each product to this many units."""
    level = {"stock": stock, "reserved": reserved}
    write_all(client, {f"inventory/{product_id}": level for product_id in product_ids})


def list_in_catalogue(client: firestore.Client, product_ids: Iterable[str]) -> None:
    """Each product at the catalogue's usual price; a product that is not listed has none."""
    write_all(client, {f"products/{product_id}": a_catalogue_entry(name=product_id) for product_id in product_ids})


def write_orders(client: firestore.Client, order_ids: Iterable[str], quantity: int = 1, **fields: object) -> None:
    """Each order has its own customer, named after it."""
    order = an_order(**{"items": [{"productId": "shirt", "quantity": quantity}], **fields})
    write_all(client, {f"orders/{order_id}": {**order, "userId": f"buyer of {order_id}"} for order_id in order_ids})


def a_payment_now(order_id: str) -> PaymentSucceeded:
    """A payment of one euro, delivered now: an order without a price takes any amount."""
    moment = now()
    return a_payment(
        f"evt_paid_{order_id}",
        order_id=order_id,
        money=Money(100, "eur"),
        payment_intent_id=f"pi_{order_id}",
        charge_id=None,
        created_at=moment,
        delivered_at=moment,
    )


# --- What is found there ---------------------------------------------------------------------------------------------


def inventory_of(client: firestore.Client, product_id: str = "shirt") -> tuple[int, int]:
    """Units in stock, and units reserved."""
    fields = client.document(f"inventory/{product_id}").get().to_dict() or {}
    return fields["stock"], fields["reserved"]


def order_in(client: firestore.Client, order_id: str) -> Fields:
    return client.document(f"orders/{order_id}").get().to_dict() or {}


def statuses(client: firestore.Client) -> Counter[str]:
    return Counter(order.get("status") for order in client.collection("orders").select(["status"]).stream())


def documents_in(client: firestore.Client) -> dict[str, Fields]:
    """Every document of the shop, by path."""
    # The client's own API queries one collection at a time.
    everywhere = {"from_": [{"all_descendants": True}]}
    root = f"{client._database_string}/documents"
    found = client._firestore_api.run_query(
        {"parent": root, "structured_query": everywhere}, metadata=client._rpc_metadata
    )
    documents = (answer.document for answer in found if answer.document.name)
    return {each.name.removeprefix(f"{root}/"): cast("Fields", decode_dict(each.fields, client)) for each in documents}


def notices_to_customers(client: firestore.Client) -> Counter[str]:
    """The number of notices to customers, by type."""
    messages = client.collection_group("messages").where(filter=FieldFilter("audience", "==", "customer"))
    return Counter(message.get("type") for message in messages.stream())


# --- Many at once ----------------------------------------------------------------------------------------------------


def all_at_once(jobs: Iterable[Callable[[], Outcome]], *, threads: int) -> Counter[str]:
    """Do the jobs in this many threads, started together. Returns how often each result occurred."""
    start = threading.Barrier(threads)

    def work(jobs_of_one_thread: list[Callable[[], Outcome]]) -> list[str]:
        start.wait(timeout=10)
        return [str(job().result) for job in jobs_of_one_thread]

    every = list(jobs)
    with ThreadPoolExecutor(threads) as pool:
        results = pool.map(work, [every[number::threads] for number in range(threads)])
    return Counter(result for of_one_thread in results for result in of_one_thread)


def now() -> datetime:
    return datetime.now(UTC)
