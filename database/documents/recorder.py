"""Turns a decision into the writes of one commit. Pure; only this module knows what is written where."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, assert_never

from audit.entry import AuditEntry
from database.documents.asking import answer_to, asked_by, asked_in
from database.documents.audit_heads import acts_head_write, head_fields
from database.documents.audit_log import act_write, entry_write, unchained_write
from database.documents.cancel_requests import settled_request
from database.documents.checkouts import checkout_write
from database.documents.disputes import dispute_write
from database.documents.effects import effect_write, tried_again
from database.documents.effects import handled as handled_effect
from database.documents.findings import handled as handled_finding
from database.documents.inventory import adjusted, hold_writes, move_writes
from database.documents.notifications import notice_write
from database.documents.orders import WENT_UNCOUNTED, changed_fields, held_fields, order_path
from database.documents.payments import index_writes, listed_as_waiting
from database.documents.takings import taking_write
from database.documents.webhook_events import counted_delivery, handled_claim, parked_claim, settled_claim
from database.store import Update, Write
from effects.effect import StoredEffect
from orders.events import Cause, NotUnderstood, OrderEvent, StripeEvent
from orders.operator_events import MarkedAsHandled, OfNoOrder, OperatorEvent, OrderAccepted
from orders.order import Order
from orders.outcome import Result
from orders.shop_events import CancelRequested
from settlement.decisions import (
    Adjustment,
    Change,
    CountDelivery,
    Decision,
    GiveBack,
    Hold,
    Look,
    Notify,
    Park,
    Replay,
    SetAside,
    Unchanged,
)
from settlement.snapshot import EventOnRecord, KnownFinding, Snapshot
from settlement.terms import Terms

_UNREAD: Final = "not_understood"
"""The kind of an event that was set aside although nobody could read it."""


def writes_for(decision: Decision, event: Cause, snapshot: Snapshot, terms: Terms, now: datetime) -> tuple[Write, ...]:
    """All writes of the decision, with preconditions on everything it depends on.

    Empty for a decision that writes nothing.
    """
    match decision:
        case Look() | Replay() | Unchanged():
            return ()
        case Hold(order=held, moves=moves):
            # The price is written even if unknown: an amount written by a client never counts.
            fields = {**_changed(snapshot, held), **held_fields(held, now)}
            return _order_write(snapshot, fields, now), *hold_writes(moves, snapshot)
        case GiveBack(order=order, moves=moves):
            return _order_write(snapshot, _changed(snapshot, order), now), *move_writes(moves, snapshot)
        case Change() if not isinstance(event, NotUnderstood | OfNoOrder):
            return _writes_for_change(decision, event, snapshot, terms, now)
        case Adjustment() if asked := asked_in(event):
            return _writes_for_adjustment(decision, asked, snapshot, terms, now)
        case Notify() if isinstance(event, StripeEvent):
            return _writes_for_notify(decision, event, snapshot, terms, now)
        case Park() | SetAside() | CountDelivery() if isinstance(event, StripeEvent | NotUnderstood):
            return _writes_for_delivery(decision, event, snapshot, terms, now)
        case Change() | Notify() | Park() | SetAside() | CountDelivery() | Adjustment():
            raise TypeError(f"a {type(event).__name__} cannot lead to a {type(decision).__name__}")
        case _:
            assert_never(decision)


def _writes_for_delivery(
    decision: Park | SetAside | CountDelivery,
    event: StripeEvent | NotUnderstood,
    snapshot: Snapshot,
    terms: Terms,
    now: datetime,
) -> tuple[Write, ...]:
    """The writes for a Stripe event that changes no order."""
    match decision:
        case Park(result=Result.PAYMENT_NOT_FOUND) if isinstance(event, StripeEvent):
            return *parked_claim(decision, event, snapshot, now), listed_as_waiting(event, snapshot)
        case Park():
            return parked_claim(decision, event, snapshot, now)
        case SetAside():
            return _writes_for_set_aside(decision, event, snapshot, terms, now)
        case CountDelivery():
            return counted_delivery(decision, event.delivery, snapshot, now, terms.claim_lifetime)


def _writes_for_change(
    change: Change, event: OrderEvent, snapshot: Snapshot, terms: Terms, now: datetime
) -> tuple[Write, ...]:
    """Claim, order, stock, audit entry, notices, effects and whatever else changes, in one commit."""
    order = change.order
    entry = entry_write(_entry_for_change(change, event, now), snapshot)
    uncounted = {WENT_UNCOUNTED: True} if change.uncounted else {}
    writes: list[Write] = [
        entry,
        *move_writes(change.moves, snapshot),
        # Even if nothing else changes: the order's chain now ends with this entry.
        _order_write(snapshot, {**_changed(snapshot, order), **head_fields(entry.fields), **uncounted}, now),
    ]
    if change.later:
        writes.append(taking_write(order.order_id, change.later))
    if change.dispute:
        writes.append(dispute_write(change.dispute, order.order_id, snapshot))
    if change.checkout:
        writes.append(checkout_write(change.checkout, order, snapshot, now))
    if isinstance(event, StripeEvent):
        writes += settled_claim(event.delivery, order.order_id, change.result, snapshot, now, terms.claim_lifetime)
        writes += index_writes(event, order.order_id, snapshot)
    if isinstance(event, CancelRequested) and (request := snapshot.cancel_request):
        writes.append(settled_request(order.order_id, request, now, terms.notice_lifetime))
    if isinstance(event, OrderAccepted) and order.payments.find(event.payment_id):
        writes += index_writes(event, order.order_id, snapshot)
    if asked := asked_in(event):
        writes.append(answer_to(asked, change.outcome, snapshot, terms, now))
    writes += (
        notice_write(notice, change.entry_id, order.order_id, now, terms.notice_lifetime) for notice in change.notices
    )
    writes += (effect_write(effect, now) for effect in change.effects)
    return tuple(writes)


def _writes_for_notify(
    decision: Notify, event: StripeEvent, snapshot: Snapshot, terms: Terms, now: datetime
) -> tuple[Write, ...]:
    """Everything but an order. The entry begins a chain: the deleted order's chain ended with the order."""
    order_id, event_id = decision.order_id, event.event_id
    entry = AuditEntry(
        kind=event.kind,
        event_id=event_id,
        event_type=event.event_type,
        order_id=order_id,
        webhook_processed=True,
        result=decision.result,
        created_at=now,
        money=decision.money,
        payment_intent_id=event.payment_intent_id,
        account=event.delivery.account,
        note=decision.note,
        **asked_by(event),
    )
    asked = asked_in(event)
    return (
        entry_write(entry, snapshot),
        *settled_claim(event.delivery, order_id, decision.result, snapshot, now, terms.claim_lifetime),
        *((dispute_write(decision.dispute, order_id, snapshot),) if decision.dispute else ()),
        *((answer_to(asked, decision.outcome, snapshot, terms, now),) if asked else ()),
        *(notice_write(notice, event_id, order_id, now, terms.notice_lifetime) for notice in decision.notices),
        *(effect_write(effect, now) for effect in decision.effects),
    )


def _entry_for_change(change: Change, event: OrderEvent, now: datetime) -> AuditEntry:
    return AuditEntry(
        kind=event.kind,
        event_id=change.entry_id,
        event_type=event.event_type,
        order_id=change.order.order_id,
        webhook_processed=isinstance(event, StripeEvent),
        result=change.result,
        status_before=change.status_before,
        status_after=change.order.status,
        created_at=now,
        moves=change.moved,
        uncounted=change.uncounted,
        money=change.money,
        adjustments=change.order.adjustments,
        payment_intent_id=event.payment_intent_id if isinstance(event, StripeEvent) else None,
        account=event.delivery.account if isinstance(event, StripeEvent) else None,
        note=change.note,
        **asked_by(event),
    )


def _writes_for_adjustment(
    decision: Adjustment, event: OperatorEvent, snapshot: Snapshot, terms: Terms, now: datetime
) -> tuple[Write, ...]:
    entry = AuditEntry(
        kind=event.kind,
        event_id=event.event_id,
        event_type=event.event_type,
        # An order that does not exist has no history, and a later order with this id has its own.
        order_id=None,
        result=decision.result,
        created_at=now,
        moves=(decision.move,) if decision.move and not decision.move.changes_nothing else (),
        note=decision.note,
        **asked_by(event),
    )
    answer = answer_to(event, decision.outcome, snapshot, terms, now)
    again = _writes_for_retried(decision.retried, event, snapshot, now) if decision.retried else ()
    handled = _writes_for_handled(decision.handled, event, terms, now) if isinstance(event, MarkedAsHandled) else ()
    written = act_write(entry, snapshot)
    head = acts_head_write(written.fields, snapshot.acts_version)
    return written, *adjusted(decision, snapshot), *again, *handled, answer, head


def _writes_for_retried(
    retried: StoredEffect, event: OperatorEvent, snapshot: Snapshot, now: datetime
) -> tuple[Update, ...]:
    again = tried_again(retried, event.operator, event.reason, now)
    # Every refund that is ordered also writes the order, so of two that send back the same money, one finds the other.
    return (again, _order_write(snapshot, {}, now)) if snapshot.order else (again,)


def _writes_for_handled(
    handled: StoredEffect | KnownFinding | EventOnRecord | None, event: MarkedAsHandled, terms: Terms, now: datetime
) -> tuple[Write, ...]:
    match handled:
        case StoredEffect():
            return (handled_effect(handled, event.operator, event.reason, now, now + terms.notice_lifetime),)
        case KnownFinding():
            return (handled_finding(handled, event.operator, event.reason, now),)
        case EventOnRecord(claim=claim) if claim:
            entry = unchained_write(_entry_for_handled(handled, event, now), handled.set_aside)
            return entry, handled_claim(event, claim, now, terms.claim_lifetime)
        case _:
            return ()


def _entry_for_handled(handled: EventOnRecord, event: MarkedAsHandled, now: datetime) -> AuditEntry:
    kept = handled.event
    return AuditEntry(
        kind=kept.kind if kept else _UNREAD,
        event_id=handled.event_id,
        event_type=handled.event_type,
        order_id=handled.order_id,
        result=Result.HANDLED,
        created_at=now,
        payment_intent_id=kept.payment_intent_id if kept else None,
        account=handled.account,
        note=f"it was parked as {handled.result}",
        **asked_by(event),
    )


def _writes_for_set_aside(
    decision: SetAside, event: StripeEvent | NotUnderstood, snapshot: Snapshot, terms: Terms, now: datetime
) -> tuple[Write, ...]:
    entry = AuditEntry(
        kind=event.kind if isinstance(event, StripeEvent) else _UNREAD,
        event_id=event.event_id,
        event_type=event.event_type,
        order_id=decision.order_id,
        result=decision.result,
        created_at=now,
        payment_intent_id=event.payment_intent_id if isinstance(event, StripeEvent) else None,
        account=event.delivery.account,
        note=decision.note,
    )
    claim = settled_claim(event.delivery, decision.order_id, decision.result, snapshot, now, terms.claim_lifetime)
    return unchained_write(entry), *claim


def _order_write(snapshot: Snapshot, changed: Mapping[str, object], now: datetime) -> Update:
    """The changes of the order, unless it has changed since it was read."""
    order = _order_in(snapshot)
    # Makes room for the service's own fields.
    emptied: Mapping[str, object] = {"items": []} if order.is_oversized else {}
    return Update(order_path(order.order_id), {**changed, **emptied, "updatedAt": now}, snapshot.order_version)


def _changed(snapshot: Snapshot, order: Order) -> dict[str, object]:
    return changed_fields(_order_in(snapshot), order)


def _order_in(snapshot: Snapshot) -> Order:
    if snapshot.order is None:
        raise ValueError("no order was read that could be changed")
    return snapshot.order
