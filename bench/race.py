"""Three events and a duplicate for each paid order, eight at once: ours against the textbook's transaction."""

import functools
import random
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from google.api_core.exceptions import GoogleAPICallError
from google.cloud import firestore

from bench.textbook import textbook_settling
from orders.events import PaymentSucceeded, StripeDelivery
from orders.order import Money
from settlement.cases import Terms
from settlement.firestore_ledger import FirestoreLedger
from settlement.settle import Patience, settle

CLIENTS = 8
ORDERS_OURS = 100
# The textbook's orders wait seconds for each other's locks; a few are enough to see the rate.
ORDERS_TEXTBOOK = 8
VOICES = ("charge.succeeded", "payment_intent.succeeded", "checkout.session.completed", "charge.succeeded")

SettleEvent = Callable[[PaymentSucceeded, datetime], object]


@dataclass(frozen=True, slots=True)
class Race:
    orders: int
    events_per_second: float
    failed_deliveries: int
    """Deliveries that ended in an error, and would have to come again."""
    orders_not_finalized: int
    units_miscounted: int
    """By how much stock differs from one unit sold an order."""


def race_ours(*, one_product: bool) -> Race:
    client = _a_database()
    patience = Patience(time.monotonic, time.sleep, random.random)
    settle_event = functools.partial(settle, ledger=FirestoreLedger(client), terms=Terms(), patience=patience)
    return _race(client, settle_event, ORDERS_OURS, one_product=one_product)


def race_textbook(*, one_product: bool) -> Race:
    client = _a_database()
    return _race(client, textbook_settling(client), ORDERS_TEXTBOOK, one_product=one_product)


def _race(client: firestore.Client, settle_event: SettleEvent, orders: int, *, one_product: bool) -> Race:
    for number in range(orders):
        product_id = "p-0" if one_product else f"p-{number}"
        client.document(f"inventory/{product_id}").set({"stock": 1_000, "reserved": orders if one_product else 1})
        items = [{"productId": product_id, "quantity": 1}]
        client.document(f"orders/o-{number}").set({"userId": "alice", "items": items, "status": "reserved"})

    def deliver(number: int, voice: str) -> bool:
        now = datetime.now(UTC)
        delivery = StripeDelivery(f"evt_{voice}_{number}", voice, now, now, livemode=False, api_version=None)
        payment = PaymentSucceeded(
            delivery=delivery,
            order_id=f"o-{number}",
            payment_intent_id=f"pi_{number}",
            charge_id=None,
            money=Money(100, "eur"),
        )
        try:
            settle_event(payment, now)
        except (GoogleAPICallError, ValueError):  # The library raises ValueError when it gives up.
            return False
        return True

    jobs = [(number, voice) for number in range(orders) for voice in VOICES]
    started = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        done = list(pool.map(lambda job: deliver(*job), jobs))
    seconds = time.perf_counter() - started
    finalized = sum(order.get("status") == "finalized" for order in client.collection("orders").stream())
    sold = sum(1_000 - inventory.get("stock") for inventory in client.collection("inventory").stream())
    return Race(orders, len(jobs) / seconds, done.count(False), orders - finalized, abs(sold - orders))


def _a_database() -> firestore.Client:
    return firestore.Client(project=f"demo-{uuid.uuid4().hex[:12]}")
