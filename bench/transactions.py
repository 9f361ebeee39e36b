"""The same job in the client library's transactions: read, decide, write.

https://firebase.google.com/docs/firestore/manage-data/transactions

It does less than the service: no price, no index of payments, no record of a second delivery. It makes as few RPCs as
it can.

On the emulator these transactions wait for its own simple locks, which are not Firestore's and may take up to 30
seconds to be released: https://firebase.google.com/docs/emulator-suite/connect_firestore and
https://github.com/firebase/firebase-tools/issues/8300. Their speed there says nothing about Firestore.
"""

from collections.abc import Callable
from datetime import datetime

from google.cloud import firestore

from orders.events import StripeEvent
from orders.shop_events import OrderPlaced

SettlingInTransactions = Callable[[OrderPlaced | StripeEvent, datetime], str]


class GivenUp(Exception):
    """The library has used up its retries of a transaction."""


def settling_in_transactions(client: firestore.Client) -> SettlingInTransactions:
    """Settle in read-write transactions with the library's own retries."""
    pay, place = _paying(client), _placing(client)

    def settle(event: OrderPlaced | StripeEvent, now: datetime) -> str:
        """Raises GivenUp, or the library's other errors."""
        settle_in_transaction = place if isinstance(event, OrderPlaced) else pay
        try:
            return str(settle_in_transaction(client.transaction(), event, now))
        except ValueError as given_up:
            raise GivenUp(event.event_id) from given_up

    return settle


def _paying(client: firestore.Client) -> Callable[..., object]:
    @firestore.transactional
    def pay(transaction: firestore.Transaction, event: StripeEvent, now: datetime) -> str:
        claim, order = client.document(f"webhookEvents/{event.event_id}"), client.document(f"orders/{event.order_id}")
        seen = {found.reference: found for found in transaction.get_all([claim, order])}
        if seen[claim].exists:
            return "duplicate_detected"
        items, first = seen[order].get("items"), seen[order].get("status") != "finalized"
        inventory = [client.document(f"inventory/{item['productId']}") for item in items] if first else []
        levels = {found.reference: found for found in transaction.get_all(inventory)} if first else {}
        result = "first_time_finalized" if first else "already_finalized"
        transaction.create(claim, {"orderId": event.order_id, "processed": True, "processedAt": now, "result": result})
        transaction.create(client.document(f"auditLog/{event.event_id}"), {"orderId": event.order_id, "result": result})
        if first:
            transaction.update(order, {"status": "finalized", "finalizedAt": now, "webhookEventId": event.event_id})
            for document, item in zip(inventory, items, strict=True):
                stock, reserved = levels[document].get("stock"), levels[document].get("reserved")
                figures = {"stock": stock - item["quantity"], "reserved": reserved - item["quantity"]}
                transaction.update(document, figures)
            notice = client.document(f"notifications/{seen[order].get('userId')}/messages/{event.event_id}")
            transaction.create(notice, {"type": "paid", "orderId": event.order_id})
        return result

    return pay


def _placing(client: firestore.Client) -> Callable[..., object]:
    @firestore.transactional
    def place(transaction: firestore.Transaction, event: OrderPlaced, now: datetime) -> str:
        order = client.document(f"orders/{event.order_id}")
        inventory = [client.document(f"inventory/{product_id}") for product_id in event.product_ids]
        seen = {found.reference: found for found in transaction.get_all([order, *inventory])}
        if seen[order].get("status") != "pending":
            return "already_placed"
        items = seen[order].get("items")
        available = [seen[document].get("stock") - seen[document].get("reserved") for document in inventory]
        covered = all(item["quantity"] <= units for item, units in zip(items, available, strict=True))
        result = "reserved" if covered else "reservation_failed"
        transaction.update(order, {"status": "reserved" if covered else "failed", "reservedAt": now})
        transaction.create(client.document(f"auditLog/{event.event_id}"), {"orderId": event.order_id, "result": result})
        if covered:
            for document, item in zip(inventory, items, strict=True):
                transaction.update(document, {"reserved": seen[document].get("reserved") + item["quantity"]})
        notice = client.document(f"notifications/{seen[order].get('userId')}/messages/{event.event_id}")
        transaction.create(notice, {"type": result, "orderId": event.order_id})
        return result

    return place
