"""Sets aside what waits for a payment of another shop that shares the Stripe account.

A refund or a dispute does not name its shop, but its PaymentIntent does, and Stripe shows that to whoever asks.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from database.documents.operator_requests import operator_request_from, operator_request_path
from database.documents.values import text_or_none
from database.store import Create, Document, DocumentStore, Fields, Moment
from orders.operator_events import REASON_CHARACTERS_MAX, HandledKind
from orders.outcome import Settle, StoreContended
from reconciliation.guarding import Guard
from reconciliation.records import parked_between
from reconciliation.walking import PacedLists
from service.logs import Log
from webhooks.ownership import Naming, is_of_another_shop

OPERATOR: Final = "reconciliation"
"""Who has handled these, in the trail."""
ASKED_AGAIN_FOR: Final = timedelta(days=3)
"""How long each run asks about an event that is not another shop's: that seldom changes."""
_SECONDS_MAX: Final = 10.0


@dataclass(slots=True)
class OtherShops:
    lists: PacedLists
    store: DocumentStore
    moment: Callable[[], Moment]
    settle: Settle
    naming: Naming
    guard: Guard
    log: Log
    now: Callable[[], datetime]

    def set_aside(self) -> None:
        """Mark as handled every parked event whose payment is another shop's, as an operator would.

        Nothing where the account serves one shop, since then no payment can be another's.

        Raises OutOfTime, Transient, StripeRefused.
        """
        if self.naming.shop_id is None:
            return
        for (event_id, _), problem in self.guard.each(list(self._waiting()), self._look_at):
            self.guard.note(problem, "not_compared", eventId=event_id)

    def _waiting(self) -> Iterator[tuple[str, str]]:
        """The ids of parked events, each with that of its PaymentIntent."""
        now = self.now()
        for batch in self.moment().find(parked_between(now - ASKED_AGAIN_FOR, now)):
            for event_id, fields in batch:
                if payment_id := _payment_id_in(fields):
                    yield event_id, payment_id

    def _look_at(self, waiting: Sequence[tuple[str, str]]) -> None:
        for event_id, payment_id in waiting:
            intent = self.lists.payment_intent(payment_id)
            if intent and is_of_another_shop({"metadata": intent.metadata}, self.naming):
                self._handle(event_id, f"{payment_id} is a payment of another shop: {intent.metadata['shop']}")

    def _handle(self, event_id: str, reason: str) -> None:
        """By a request as operators write it: whoever comes first, its trigger or this, answers it."""
        now, request_id = self.now(), f"other_shop_{event_id}"
        said = {"operator": OPERATOR, "reason": reason[:REASON_CHARACTERS_MAX], "createdAt": now}
        fields = {"kind": "handle", "target": event_id, "of": str(HandledKind.EVENT), **said}
        # An earlier run may have asked for it, and died before it was answered.
        with suppress(StoreContended):
            self.store.commit((Create(operator_request_path(request_id), fields),), timeout_seconds=_SECONDS_MAX)
        request = operator_request_from(request_id, Document(fields, None))
        if request.event:
            outcome = self.settle(request.event, now)
            self.log("INFO", reason, eventId=event_id, result=str(outcome.result))


def _payment_id_in(fields: Fields) -> str | None:
    event = fields.get("event")
    return text_or_none(event.get("paymentIntentId")) if isinstance(event, Mapping) else None
