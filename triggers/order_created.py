"""An order was created: hold its stock, then settle the payments that arrived before it."""

from collections.abc import Callable, Iterable
from datetime import datetime

from cloudevents.http import CloudEvent
from google.cloud.firestore_v1.types import Document, Value

from database.ids import can_be_settled, is_document_id
from orders.events import StripeEvent
from orders.frozen import frozen
from orders.order import LINES_MAX
from orders.outcome import Result, Settle
from orders.shop_events import OrderPlaced
from service.logs import Log, log_settled, log_taken_up
from triggers.document_event import document_id, written_document


@frozen
class OrderCreatedTrigger:
    """Settles Firestore's `orders/{orderId}` created events. Each may come more than once, and late."""

    settle: Settle
    parked_events: Callable[[str], Iterable[StripeEvent]]
    """The verified events that were parked because this order did not exist."""
    log: Log
    now: Callable[[], datetime]

    def receive(self, event: CloudEvent) -> None:
        """Hold the order's stock once, and settle the events that waited for it.

        Raises:
            Transient: not done in time; Eventarc delivers the event again, which finishes what was begun.
        """
        placed = _placed_in(event)
        if not can_be_settled(placed.order_id):
            self.log("ERROR", "an order with an unusable id was left alone", cloudEventId=event["id"])
            return
        self.place(placed)

    def place(self, placed: OrderPlaced) -> Result:
        """The same for an order whose own event may never come. Raises Transient."""
        outcome = self.settle(placed, self.now())
        log_settled(self.log, placed, outcome)
        # Only now are all events that were parked for this order certain to be found.
        for parked in self.parked_events(placed.order_id):
            log_taken_up(self.log, parked, self.settle(parked, self.now()))
        return outcome.result


def _placed_in(event: CloudEvent) -> OrderPlaced:
    """What the event reports. Its document is not kept: parsed, it may take thirteen times its size."""
    created = written_document(event.get_data())
    return OrderPlaced(document_id(event, created, "orders"), product_ids_in(created))


def product_ids_in(order: Document) -> tuple[str, ...]:
    """The products that a created order names, as far as readable: a hint that saves a read."""
    items = order.fields.get("items", Value()).array_value.values[:LINES_MAX]
    named = (item.map_value.fields.get("productId", Value()).string_value for item in items)
    return tuple(dict.fromkeys(product_id for product_id in named if is_document_id(product_id)))
