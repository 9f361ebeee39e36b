"""A customer created `cancelRequests/{orderId}`: cancel the order, or record that it is paid."""

from collections.abc import Callable
from datetime import datetime

from cloudevents.http import CloudEvent

from database.ids import can_be_settled
from orders.frozen import frozen
from orders.outcome import Settle
from orders.shop_events import CancelRequested
from service.logs import Log, log_settled
from triggers.document_event import document_id, written_document


@frozen
class CancelRequestedTrigger:
    """Settles Firestore's `cancelRequests/{orderId}` created events. Each may come more than once, and late."""

    settle: Settle
    log: Log
    now: Callable[[], datetime]

    def receive(self, event: CloudEvent) -> None:
        """Cancel the order once, if the request's document, not the event, says that its customer asks for it.

        Raises:
            Transient: not done in time; Eventarc delivers the event again.
        """
        created = written_document(event.get_data())
        order_id = document_id(event, created, "cancelRequests")
        if not can_be_settled(order_id):
            self.log("ERROR", "a cancel request with an unusable id was left alone", cloudEventId=event["id"])
            return
        requested = CancelRequested(order_id)
        log_settled(self.log, requested, self.settle(requested, self.now()))
