"""The same job as Firestore's documentation shows it: a transaction that reads, decides and writes.

https://firebase.google.com/docs/firestore/manage-data/transactions
"""

from collections.abc import Callable
from datetime import datetime

from google.cloud import firestore

from orders.events import PaymentSucceeded


def textbook_settling(client: firestore.Client) -> Callable[[PaymentSucceeded, datetime], str]:
    """Settle in a read-write transaction with the library's own retries; raises when it gives up."""

    @firestore.transactional
    def settle_in_transaction(transaction: firestore.Transaction, event: PaymentSucceeded, now: datetime) -> str:
        claim = client.document(f"webhookEvents/{event.event_id}")
        order = client.document(f"orders/{event.order_id}")
        if claim.get(transaction=transaction).exists:
            return "duplicate_detected"
        found = order.get(transaction=transaction)
        items = found.get("items")
        inventory = {item["productId"]: client.document(f"inventory/{item['productId']}") for item in items}
        levels = {name: document.get(transaction=transaction) for name, document in inventory.items()}
        first = found.get("status") != "finalized"
        result = "first_time_finalized" if first else "already_finalized"
        transaction.create(claim, {"orderId": event.order_id, "processed": True, "processedAt": now, "result": result})
        transaction.create(client.document(f"auditLog/{event.event_id}"), {"orderId": event.order_id, "result": result})
        if first:
            transaction.update(order, {"status": "finalized", "finalizedAt": now, "webhookEventId": event.event_id})
            for item in items:
                name, quantity = item["productId"], item["quantity"]
                stock, reserved = levels[name].get("stock"), levels[name].get("reserved")
                transaction.update(inventory[name], {"stock": stock - quantity, "reserved": reserved - quantity})
            notice = client.document(f"notifications/{found.get('userId')}/messages/{event.event_id}")
            transaction.create(notice, {"type": "paid", "orderId": event.order_id})
        return result

    def settle(event: PaymentSucceeded, now: datetime) -> str:
        return str(settle_in_transaction(client.transaction(), event, now))

    return settle
