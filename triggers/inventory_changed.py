"""Somebody wrote `inventory/{productId}`: its product says how much of it is left."""

from collections.abc import Callable, Mapping, Sequence

from cloudevents.http import CloudEvent

from database.ids import is_document_id
from orders.frozen import frozen
from service.logs import Log, log_shown
from triggers.document_event import document_id, written_document


@frozen
class InventoryChangedTrigger:
    """Firestore's `inventory/{productId}` written events. Each may come more than once, late, and in any order."""

    show: Callable[[Sequence[str]], Mapping[str, str]]
    """Makes the products say how much of them is left. Returns what was written, by product."""
    log: Log

    def receive(self, event: CloudEvent) -> None:
        """Look at the product that the event names: its documents say all else, and not the event.

        Raises:
            Transient: not done in time; Eventarc delivers again.
        """
        product_id = document_id(event, written_document(event.get_data()), "inventory")
        if not is_document_id(product_id):
            self.log("ERROR", "an inventory whose id cannot be handled was left alone", cloudEventId=event["id"])
            return
        log_shown(self.log, self.show([product_id]))
