"""An order was created in Firestore: hold its stock, then settle the payments that came before it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from cloudevents.http import CloudEvent
from google.cloud.firestore_v1.types import Document, DocumentChange, Value
from google.protobuf.message import DecodeError

from orders.events import OrderPlaced, PaymentSucceeded
from orders.order import LINES_MAX, is_document_id, is_order_id
from orders.outcome import Settle


@dataclass(frozen=True, slots=True)
class OrderCreatedTrigger:
    """Firestore's `orders/{orderId}` created events, settled. Each may come more than once, and late."""

    settle: Settle
    parked_events: Callable[[str], Iterable[PaymentSucceeded]]
    """The verified events that were parked because this order did not exist."""
    log: Callable[..., None]
    """Takes a severity, a message, and fields by name."""
    now: Callable[[], datetime]

    def receive(self, event: CloudEvent) -> None:
        """Hold the order's stock once, and settle what waited for it.

        Raises:
            Transient: not done in time; Eventarc delivers again, and whatever was begun is finished then.
        """
        created = created_document(event.get_data())
        order_id = _order_id_from(created, header=str(event.get_attributes().get("document", "")))
        if not is_order_id(order_id):
            self.log("ERROR", "an order whose id cannot be handled was left alone", cloudEventId=event["id"])
            return
        self._settle(OrderPlaced(order_id, product_ids_in(created)))
        # Only now is it certain that an event parked for want of this order can be seen.
        for parked in self.parked_events(order_id):
            self._settle(parked)

    def _settle(self, event: OrderPlaced | PaymentSucceeded) -> None:
        outcome = self.settle(event, self.now())
        self.log(
            "WARNING" if outcome.note else "INFO",
            f"{outcome.result}: {outcome.note}" if outcome.note else str(outcome.result),
            eventId=event.event_id,
            eventType=event.event_type,
            orderId=event.order_id,
            result=str(outcome.result),
        )


def created_document(data: object) -> Document:
    """The created document; an empty one if the data cannot be read.

    The event carries a `google.events.cloud.firestore.v1.DocumentEventData`. Its first field is the created document,
    as in Firestore's own `DocumentChange`, which the client library already brings.
    """
    try:
        created: Document = DocumentChange.deserialize(data).document
    except (DecodeError, TypeError):
        return Document()
    return created


def product_ids_in(order: Document) -> tuple[str, ...]:
    """The products that a created order names, as far as they can be read: a hint that saves a read."""
    items = order.fields.get("items", Value()).array_value.values[:LINES_MAX]
    named = (item.map_value.fields.get("productId", Value()).string_value for item in items)
    return tuple(dict.fromkeys(product_id for product_id in named if is_document_id(product_id)))


def _order_id_from(created: Document, *, header: str) -> str:
    """The order's id. The document knows it; an HTTP header mangles what is not ASCII, and drops a space at the end."""
    _, is_named, order_id = created.name.partition("/documents/orders/")
    return order_id if is_named else header.removeprefix("orders/")
