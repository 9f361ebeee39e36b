"""`inventory/{productId}` was written: update the availability shown on the product."""

from collections.abc import Callable, Mapping, Sequence

from cloudevents.http import CloudEvent

from database.ids import is_document_id
from orders.frozen import frozen
from service.logs import Log, log_shown
from triggers.document_event import document_id, written_document


@frozen
class InventoryChangedTrigger:
    """Firestore's `inventory/{productId}` written events. Each may come more than once, late, and out of order."""

    show: Callable[[Sequence[str]], Mapping[str, str]]
    """Updates the availability of these products. Returns what was written, by product id."""
    log: Log

    def receive(self, event: CloudEvent) -> None:
        """Update the product that the event names. Everything else is read from its documents.

        Raises:
            Transient: not done in time; Eventarc delivers the event again.
        """
        product_id = document_id(event, written_document(event.get_data()), "inventory")
        if not is_document_id(product_id):
            self.log("ERROR", "an inventory with an unusable id was left alone", cloudEventId=event["id"])
            return
        log_shown(self.log, self.show([product_id]))
