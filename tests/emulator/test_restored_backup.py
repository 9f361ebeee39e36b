"""The drill for a lost database: Stripe's events restore what the backup lacks, exactly once."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from google.cloud import firestore

from orders.events import StripeEvent
from tests.contract.database import InFirestore
from tests.support.auditor import complaints, leftovers
from tests.support.builders import NOW, a_placement, an_order
from tests.support.emulated_shop import (
    a_project,
    documents_in,
    inventory_of,
    list_in_catalogue,
    order_in,
    service_in,
    stock_up,
    write_all,
)
from tests.support.payments import a_payment
from tests.support.refunds import a_refunded_charge

STOCK = {"shirt": 20}
BEFORE, AFTER = ("paid", "refunded", "held"), ("new",)
"""The orders in the backup, and those placed after it."""
PAYMENTS = {
    order_id: a_payment(f"evt_{order_id}", order_id=order_id, payment_intent_id=f"pi_{order_id}", charge_id=None)
    for order_id in (*BEFORE, *AFTER)
}
REFUND = a_refunded_charge("evt_refund", order_id=None, payment_intent_id="pi_refunded", charge_id="ch_refunded")


class Shop:
    """The shop on the database of this project."""

    def __init__(self, project: str) -> None:
        self.client = firestore.Client(project=project)
        self.service = service_in(self.client)

    def place(self, order_ids: Sequence[str]) -> None:
        for order_id in order_ids:
            write_all(self.client, {f"orders/{order_id}": an_order(userId=f"buyer of {order_id}")})
            self.service.order_created_trigger().place(a_placement(order_id))

    def deliver(self, events: Sequence[StripeEvent]) -> Mapping[str, str]:
        long_after = NOW + timedelta(hours=1)
        return {event.event_id: str(self.service.settle(event, long_after).result) for event in events}

    def books(self) -> Mapping[str, object]:
        """The final state of money and stock."""
        statuses = {order_id: order_in(self.client, order_id).get("status") for order_id in (*BEFORE, *AFTER)}
        return {**statuses, "shirt": inventory_of(self.client)}


def test_after_a_restore_the_events_of_the_lost_hours_bring_everything_back(firestore_client: firestore.Client) -> None:
    shop = Shop(firestore_client.project)
    stock_up(shop.client, STOCK["shirt"])
    list_in_catalogue(shop.client, STOCK)
    shop.place(BEFORE)
    shop.deliver([PAYMENTS["paid"], PAYMENTS["refunded"]])
    backup = InFirestore(shop.client).dump()
    shop.place(AFTER)
    shop.deliver([REFUND, PAYMENTS["held"], PAYMENTS["new"]])

    restored = Shop(a_project())
    write_all(restored.client, backup)
    sent_again: list[StripeEvent] = [REFUND, *PAYMENTS.values()]
    assert restored.deliver(sent_again) == {
        **dict.fromkeys(["evt_paid", "evt_refunded"], "duplicate_detected"),
        "evt_held": "first_time_finalized",
        "evt_refund": "refunded",
        "evt_new": "order_not_found",
    }
    # The payment is parked until somebody writes its order again.
    restored.place(AFTER)

    assert restored.books() == shop.books()
    assert restored.deliver(sent_again) == {event.event_id: "duplicate_detected" for event in sent_again}
    documents = documents_in(restored.client)
    assert [*complaints(documents, STOCK), *leftovers(documents)] == []
