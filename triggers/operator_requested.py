"""An operator's request was written, `operatorRequests/{id}`: do what it asks for, or say on it why not."""

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
    """Answers the request of this id once. Raises Transient."""
    log: Log
    now: Callable[[], datetime]

    def receive(self, event: CloudEvent) -> None:
        """Answer the request that the event names: its document says all else, and not the event.

        Raises:
            Transient: not done in time; Eventarc delivers again.
        """
        request_id = document_id(event, written_document(event.get_data()), "operatorRequests")
        # The ids of audit entries and effects are made of it: it may be no longer than an order's.
        if not is_order_id(request_id):
            self.log(
                "ERROR", "an operator's request whose id cannot be handled was left alone", cloudEventId=event["id"]
            )
            return
        log_answered(self.log, request_id, self.answer(request_id, self.now()))
