"""`operatorRequests/{id}` was written: do what the operator asks, or write on it why not."""

from collections.abc import Callable
from datetime import datetime

from cloudevents.http import CloudEvent

from database.ids import is_order_id
from orders.frozen import frozen
from orders.outcome import Outcome
from service.logs import Log, log_answered
from triggers.document_event import document_id, written_document


@frozen
class OperatorRequestedTrigger:
    """Firestore's `operatorRequests/{id}` created events. Each may come more than once, and late."""

    answer: Callable[[str, datetime], Outcome]
    """Answers the request with this id, once. Raises Transient."""
    log: Log
    now: Callable[[], datetime]

    def receive(self, event: CloudEvent) -> None:
        """Answer the request that the event names. Everything else is read from its document.

        Raises:
            Transient: not done in time; Eventarc delivers the event again.
        """
        request_id = document_id(event, written_document(event.get_data()), "operatorRequests")
        # Its id becomes part of the ids of audit entries and effects: it may be no longer than an order's.
        if not is_order_id(request_id):
            self.log("ERROR", "an operator's request with an unusable id was left alone", cloudEventId=event["id"])
            return
        log_answered(self.log, request_id, self.answer(request_id, self.now()))
