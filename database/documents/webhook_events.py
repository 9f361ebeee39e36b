"""`webhookEvents/{eventId}` ↔ the claim: makes an event settle only once, and counts its deliveries."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from database.documents.audit_log import account_fields, delivery_write, set_aside_from
from database.documents.parked_events import Parkable, parked_event_fields, parked_event_from
from database.documents.values import text_or_none, time_or_none
from database.store import Create, Document, Update, Write
from orders.events import NotUnderstood, StripeDelivery, StripeEvent
from orders.numbers import whole_number
from orders.operator_events import MarkedAsHandled
from orders.outcome import Result
from settlement.decisions import CountDelivery, Park
from settlement.snapshot import Claim, EventOnRecord, Snapshot

_RESULTS: Final = frozenset(Result)


def claim_path(event_id: str) -> str:
    return f"webhookEvents/{event_id}"


def claim_from(document: Document) -> Claim:
    fields = document.fields
    result = fields.get("result")
    return Claim(
        processed=fields.get("processed") is True,
        result=Result(result) if isinstance(result, str) and result in _RESULTS else Result.ERROR,
        deliveries=_deliveries_from(fields.get("deliveries")),
        first_delivery_at=time_or_none(fields.get("receivedAt")),
        last_delivery_at=time_or_none(fields.get("lastDeliveryAt")),
        processed_at=time_or_none(fields.get("processedAt")),
        version=document.version,
    )


def _deliveries_from(value: object) -> int:
    number = whole_number(value)
    # 0 if it was only ever replayed.
    return number if number is not None and number >= 0 else 1


def event_on_record_from(event_id: str, claim: Document | None, entry: Document | None) -> EventOnRecord:
    """All that is on record of a named event."""
    kept, audited = claim.fields if claim else {}, entry.fields if entry else {}
    said = {**audited, **kept}
    set_aside = set_aside_from(entry)
    is_parked = kept.get("processed") is False and (entry is None or set_aside is not None)
    # A claim that was put back after expiry says less than the entry.
    how, at = (kept, kept.get("parkedAt")) if is_parked else (audited or kept, audited.get("createdAt"))
    return EventOnRecord(
        event_id=event_id,
        event_type=str(said.get("eventType")),
        order_id=text_or_none(said.get("orderId")),
        account=text_or_none(said.get("account")),
        event=parked_event_from(event_id, kept),
        claim=claim_from(claim) if claim else None,
        audited=entry is not None,
        set_aside=set_aside,
        result=text_or_none(how.get("result")),
        since=time_or_none(at or kept.get("processedAt")),
    )


def settled_claim(
    delivery: StripeDelivery,
    order_id: str | None,
    result: Result,
    snapshot: Snapshot,
    now: datetime,
    lifetime: timedelta,
) -> tuple[Write, ...]:
    """Claim the event as settled: create its claim, or update the existing one."""
    done = {"processed": True, "processedAt": now, "result": str(result), "expireAt": now + lifetime}
    if snapshot.claim is None:
        return _new_claim(delivery, order_id, result, snapshot, done)
    # An event that could not be read when parked may only now name its order.
    return _changed_claim(delivery, order_id, result, snapshot.claim, {**done, "orderId": order_id})


def parked_claim(
    park: Park, event: StripeEvent | NotUnderstood, snapshot: Snapshot, now: datetime
) -> tuple[Write, ...]:
    """Keep a verified event that cannot be settled now. Without `expireAt`, it stays until it is settled."""
    reason: dict[str, object] = {"result": str(park.result), "reason": park.note}
    kept = {"event": parked_event_fields(event)} if isinstance(event, Parkable) else {}
    parked: dict[str, object] = {"processed": False, "parkedAt": now}
    claim = snapshot.claim
    if claim is None:
        return _new_claim(event.delivery, park.order_id, park.result, snapshot, {**parked, **reason, **kept})
    # It waited for something else, could not be read, or was set aside.
    again = {**parked, "expireAt": None} if claim.processed else {}
    fields = {"orderId": park.order_id, **reason, **kept, **again}
    return _changed_claim(event.delivery, park.order_id, park.result, claim, fields)


def handled_claim(event: MarkedAsHandled, claim: Claim, now: datetime, lifetime: timedelta) -> Update:
    """The event is neither parked nor settled; what is kept of it stays for a later replay."""
    over = {"processed": True, "processedAt": now, "result": str(Result.HANDLED), "expireAt": now + lifetime}
    asked_by = {"operator": event.operator, "reason": event.reason}
    return Update(claim_path(event.target_id), {**over, "askedBy": asked_by}, claim.version)


def counted_delivery(
    count: CountDelivery, delivery: StripeDelivery, snapshot: Snapshot, now: datetime, lifetime: timedelta
) -> tuple[Write, ...]:
    """Record one more delivery; put an expired claim back."""
    if snapshot.claim is None:
        return settled_claim(delivery, count.order_id, count.recorded_as, snapshot, now, lifetime)
    return _changed_claim(delivery, count.order_id, count.recorded_as, snapshot.claim, {})


def _new_claim(
    delivery: StripeDelivery,
    order_id: str | None,
    result: Result,
    snapshot: Snapshot,
    fields: Mapping[str, object],
) -> tuple[Write, ...]:
    before = snapshot.deliveries_before
    number = before if delivery.is_replay else before + 1
    received = {
        "eventType": delivery.event_type,
        "orderId": order_id,
        "livemode": delivery.livemode,
        "apiVersion": delivery.api_version,
        "receivedAt": delivery.delivered_at,
        "lastDeliveryAt": delivery.delivered_at,
        "deliveries": number,
        **account_fields(delivery.account),
        **_asked_by(delivery),
    }
    claim = Create(claim_path(delivery.event_id), {**received, **fields})
    return (claim, *_record_of(delivery, order_id, number, result)) if number > before else (claim,)


def _changed_claim(
    delivery: StripeDelivery, order_id: str | None, result: Result, claim: Claim, fields: Mapping[str, object]
) -> tuple[Write, ...]:
    """The changes of the claim; this delivery is counted unless it is already, so that the numbers have no gaps."""
    path = claim_path(delivery.event_id)
    if claim.has_counted(delivery):
        return (Update(path, {**fields, **_asked_by(delivery)}, claim.version),)
    number = claim.deliveries + 1
    counted = {"deliveries": number, "lastDeliveryAt": delivery.delivered_at}
    return Update(path, {**fields, **counted}, claim.version), *_record_of(delivery, order_id, number, result)


def _record_of(delivery: StripeDelivery, order_id: str | None, number: int, result: Result) -> tuple[Write, ...]:
    """The record of this delivery; the first one has none."""
    return (delivery_write(delivery, order_id, number, result),) if number > 1 else ()


def _asked_by(delivery: StripeDelivery) -> dict[str, object]:
    """Who had the event taken up. Until it is settled, no chained audit entry says so."""
    asked_by = delivery.asked_by
    return {"askedBy": {"operator": asked_by.operator, "reason": asked_by.reason}} if asked_by else {}
