"""An effect was added to the outbox: perform it."""

from collections.abc import Callable

from cloudevents.http import CloudEvent

from database.ids import is_document_id
from orders.frozen import frozen
from service.logs import Log
from triggers.document_event import document_id, written_document


@frozen
class EffectCreatedTrigger:
    """Firestore's `effects/{effectId}` created events. Each may come more than once, and late."""

    perform: Callable[[str], object]
    """Performs the effect with this id if it is due. Raises Transient."""
    log: Log

    def receive(self, event: CloudEvent) -> None:
        """Perform the effect that the event names. Everything else is read from its document.

        Raises:
            Transient: the database failed; Eventarc delivers the event again.
        """
        effect_id = document_id(event, written_document(event.get_data()), "effects")
        if not is_document_id(effect_id):
            self.log("ERROR", "an effect with an unusable id was left alone", cloudEventId=event["id"])
            return
        self.perform(effect_id)
