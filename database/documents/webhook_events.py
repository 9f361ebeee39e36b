"""The claim `webhookEvents/{eventId}`: what makes an event ours, once, and keeps count of its deliveries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from audit.entry import deliveries_path
from database.documents.orders import time_or_none
from database.documents.parked_events import facts_of
from database.store import Create, Document, Update, Write
from orders.events import StripeDelivery, StripeEvent
from orders.outcome import Outcome, Result

_RESULTS: Final = frozenset(Result)


@dataclass(frozen=True, slots=True)
class Claim:
    processed: bool
    """False while parked: the event is on record, and its work is still to do."""
    result: Result
    deliveries: int
    first_delivery_at: datetime | None
    last_delivery_at: datetime | None
    processed_at: datetime | None
    version: object

    def has_counted(self, delivery: StripeDelivery) -> bool:
        """Whether this very delivery is on record: its commit was done, and only the answer lost on the way."""
        return delivery.is_replay or delivery.delivered_at in (self.first_delivery_at, self.last_delivery_at)

    def was_settled_by(self, delivery: StripeDelivery, now: datetime) -> bool:
        """Whether whoever asks has settled it: its commit was done, and only the answer lost on the way."""
        return self.processed_at == (now if delivery.is_replay else delivery.delivered_at)


def claim_path(event_id: str) -> str:
    return f"webhookEvents/{event_id}"


def claim_from(document: Document) -> Claim:
    fields = document.fields
    result, deliveries = fields.get("result"), fields.get("deliveries")
    return Claim(
        processed=fields.get("processed") is True,
        result=Result(result) if isinstance(result, str) and result in _RESULTS else Result.ERROR,
        deliveries=deliveries if type(deliveries) is int else 1,
        first_delivery_at=time_or_none(fields.get("receivedAt")),
        last_delivery_at=time_or_none(fields.get("lastDeliveryAt")),
        processed_at=time_or_none(fields.get("processedAt")),
        version=document.version,
    )


def settled_claim(
    delivery: StripeDelivery,
    order_id: str | None,
    result: Result,
    claim: Claim | None,
    now: datetime,
    lifetime: timedelta,
    *,
    deliveries_before: int = 0,
) -> tuple[Write, ...]:
    """Claim the event as done: create its claim, or turn the one that is there into a settled one.

    Args:
        claim: is there if the event was parked, or set aside.
        deliveries_before: of an event whose claim has lived out its time, and whose audit entry is there.
    """
    done = {"processed": True, "processedAt": now, "result": str(result), "expireAt": now + lifetime}
    if claim is None:
        return _new_claim(delivery, order_id, result, deliveries_before, done)
    # An event that could not be read when it was parked may only now have told its order.
    return _changed_claim(delivery, order_id, result, claim, {**done, "orderId": order_id})


def parked_claim(
    delivery: StripeDelivery,
    order_id: str | None,
    result: Result,
    reason: str,
    now: datetime,
    event: StripeEvent | None = None,
    *,
    deliveries_before: int = 0,
) -> tuple[Write, ...]:
    """Keep a verified event whose work cannot be done now. It has no `expireAt`: it stays until it is settled."""
    parked = {"processed": False, "parkedAt": now, "result": str(result), "reason": reason}
    facts = {"event": facts_of(event)} if event else {}
    return _new_claim(delivery, order_id, result, deliveries_before, {**parked, **facts})


def parked_again(
    event: StripeEvent, order_id: str | None, result: Result, reason: str, claim: Claim, now: datetime
) -> tuple[Write, ...]:
    """Keep an event that waited for something else until now, that nobody could read before, or that was set aside."""
    facts: dict[str, object] = {"orderId": order_id, "result": str(result), "reason": reason, "event": facts_of(event)}
    if claim.processed:
        facts |= {"processed": False, "parkedAt": now, "expireAt": None}
    return _changed_claim(event.delivery, order_id, result, claim, facts)


def count_delivery(
    delivery: StripeDelivery, order_id: str | None, claim: Claim, result: Result, now: datetime
) -> tuple[tuple[Write, ...], Outcome]:
    """Put one more delivery of an event on record, and nothing else; if it is on record already, not even that."""
    if claim.has_counted(delivery):
        return (), Outcome(claim.result if claim.was_settled_by(delivery, now) else result, order_id)
    counted, record = _one_more(delivery, order_id, claim, result)
    return (Update(claim_path(delivery.event_id), counted, claim.version), record), Outcome(result, order_id)


def _new_claim(
    delivery: StripeDelivery,
    order_id: str | None,
    result: Result,
    deliveries_before: int,
    fields: Mapping[str, object],
) -> tuple[Write, ...]:
    number = deliveries_before + 1
    received = {
        "eventType": delivery.event_type,
        "orderId": order_id,
        "livemode": delivery.livemode,
        "apiVersion": delivery.api_version,
        "receivedAt": delivery.delivered_at,
        "lastDeliveryAt": delivery.delivered_at,
        "deliveries": number,
    }
    claim = Create(claim_path(delivery.event_id), {**received, **fields})
    return (claim, _delivery_record(delivery, order_id, number, result)) if deliveries_before else (claim,)


def _changed_claim(
    delivery: StripeDelivery, order_id: str | None, result: Result, claim: Claim, fields: Mapping[str, object]
) -> tuple[Write, ...]:
    """What changes in a claim, with this delivery counted if it is not yet."""
    path = claim_path(delivery.event_id)
    if claim.has_counted(delivery):
        return (Update(path, fields, claim.version),)
    counted, record = _one_more(delivery, order_id, claim, result)
    return Update(path, {**fields, **counted}, claim.version), record


def _one_more(
    delivery: StripeDelivery, order_id: str | None, claim: Claim, result: Result
) -> tuple[dict[str, object], Create]:
    """One more on the claim's count, and the record under that number: the records have no gaps."""
    number = claim.deliveries + 1
    counted: dict[str, object] = {"deliveries": number, "lastDeliveryAt": delivery.delivered_at}
    return counted, _delivery_record(delivery, order_id, number, result)


def _delivery_record(delivery: StripeDelivery, order_id: str | None, number: int, result: Result) -> Create:
    return Create(
        f"{deliveries_path(delivery.event_id)}/{number}",
        {
            "eventId": delivery.event_id,
            "eventType": delivery.event_type,
            "orderId": order_id,
            "webhookProcessed": False,
            "result": str(result),
            "createdAt": delivery.delivered_at,
        },
    )
