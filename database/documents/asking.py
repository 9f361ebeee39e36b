"""Records which operator asked for something, and answers their request. Pure."""

from datetime import datetime
from typing import TypedDict, cast

from database.documents.operator_requests import answered_request
from database.store import Update
from orders.events import Cause, OrderEvent, StripeEvent
from orders.operator_events import EventReplayed, OperatorEvent
from orders.outcome import Outcome
from orders.shop_events import ShopEvent
from settlement.snapshot import OperatorRequest, Snapshot
from settlement.terms import Terms


class _AskedBy(TypedDict, total=False):
    operator: str
    reason: str


def asked_in(event: Cause) -> OperatorEvent | None:
    """The operator's request that the event's outcome answers, if any."""
    if isinstance(event, OperatorEvent):
        return event
    asked_by = None if isinstance(event, ShopEvent) else event.delivery.asked_by
    return asked_by if isinstance(asked_by, EventReplayed) else None


def asked_by(event: OrderEvent | OperatorEvent) -> _AskedBy:
    """The operator and their reason; for a Stripe event, those of the operator who replayed it."""
    if isinstance(event, OperatorEvent):
        return {"operator": event.operator, "reason": event.reason}
    if isinstance(event, StripeEvent) and (asked_by := event.delivery.asked_by):
        return {"operator": asked_by.operator, "reason": asked_by.reason}
    return {}


def answer_to(event: OperatorEvent, outcome: Outcome, snapshot: Snapshot, terms: Terms, now: datetime) -> Update:
    """Writes the outcome to the request."""
    request = cast("OperatorRequest", snapshot.operator_request)  # Nothing is decided without a request.
    return answered_request(event.request_id, request, outcome, now, terms.notice_lifetime)
