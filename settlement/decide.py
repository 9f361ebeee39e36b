"""What was read + an event + the time → what to do next, as data. Pure: every write the service makes is decided here.

An event that finds its order goes the way the lifecycle says, in `settlement.holding`. Here stands what comes before:
duplicates, events of the other mode, events that must wait for their order or payment, and events that nobody could
read.
"""

from datetime import datetime

from audit.entry import AuditEntry
from database.documents.webhook_events import count_delivery, parked_claim, settled_claim
from database.store import Create, Write
from orders.events import CarriesPayment, EventKind, NotUnderstood, OrderEvent, ShopEvent, StripeEvent
from orders.lifecycle import step_for
from orders.order import CLOSED, Order, OrderStatus
from orders.outcome import Outcome, Result
from settlement.decisions import Case, Finish, Look, Plan, Terms
from settlement.holding import PLAN_FOR, give_back
from settlement.parking import released_by, wait_for_order, wait_for_payment
from settlement.snapshot import Seen

_DONE_BEFORE = {
    EventKind.ORDER_PLACED: Result.ALREADY_PLACED,
    EventKind.RESERVATION_LAPSED: Result.NOT_EXPIRED,
    EventKind.CANCEL_REQUESTED: Result.ALREADY_RECORDED,
}


def make_plan(event: OrderEvent | NotUnderstood, seen: Seen, terms: Terms, now: datetime) -> Plan:
    """Decide the next step towards settling the event.

    Raises:
        OrderNotThereYet: the order does not exist, and the event is young enough to wait for it.
    """
    if isinstance(event, NotUnderstood):
        return _keep_for_a_person(event, seen, terms, now)
    if isinstance(event, ShopEvent):
        return _plan_for_the_shop(event, seen, terms, now)
    if plan := _plan_without_an_order(event, seen, terms, now):
        return plan
    order_id = event.order_id or seen.order_id
    if order_id is None:
        return wait_for_payment(event, seen, now)
    if seen.is_order_unread:
        return Look(order_id=order_id)
    if seen.order is None:
        return wait_for_order(event, order_id, seen, terms, now)
    return _next_step(event, seen.order, seen, terms, now)


def _plan_for_the_shop(event: ShopEvent, seen: Seen, terms: Terms, now: datetime) -> Plan:
    if seen.order is None:
        note = "no_order: it does not exist"
        return Finish((), Outcome(_DONE_BEFORE[event.kind], event.order_id, note))
    # A hold that a late payment began and nobody finished is not done with, however long ago the order was placed.
    if seen.audited and seen.order.status is not OrderStatus.RESERVING:
        return Finish((), Outcome(_DONE_BEFORE[event.kind], event.order_id))
    return _next_step(event, seen.order, seen, terms, now)


def _plan_without_an_order(event: StripeEvent, seen: Seen, terms: Terms, now: datetime) -> Plan | None:
    """For duplicates, and events of the other mode: no order need be looked at. None for all others."""
    claim, is_of_other_mode = seen.claim, terms.expected_livemode not in (None, event.delivery.livemode)
    if is_of_other_mode and claim and not claim.processed:
        # What was parked stays so: the setting may be what is wrong.
        return Finish(*count_delivery(event.delivery, event.order_id, claim, claim.result, now))
    is_done = seen.audited or (claim is not None and claim.processed)
    if is_of_other_mode and not is_done:
        return _set_aside(event, terms, now)
    if is_done and (is_of_other_mode or not seen.was_set_aside):
        return _count_duplicate(event, seen, terms, now)
    if is_done and seen.audited is None:
        # A wrong setting had set it aside, and is corrected: it is settled in the place of its audit entry.
        return Look(audit_entry=True)
    return None


def _next_step(event: OrderEvent, order: Order, seen: Seen, terms: Terms, now: datetime) -> Plan:
    case = Case(event, order, seen, terms, now)
    if order.held_from in CLOSED and not isinstance(event, CarriesPayment):
        # A late payment is at it, or died at it. To all others the order is what it was; the payment comes again.
        return give_back(case)
    return PLAN_FOR[step_for(order.stands_as, event.kind)](case)


def _count_duplicate(event: StripeEvent, seen: Seen, terms: Terms, now: datetime) -> Plan:
    order_id, result = event.order_id or seen.order_id, Result.DUPLICATE_DETECTED
    # Whoever settled the event may have died before what it released was settled too.
    released = released_by(event, seen)
    if seen.claim:
        return Finish(*count_delivery(event.delivery, order_id, seen.claim, result, now), released)
    if event.delivery.is_replay:
        # Taken up again, it was settled by someone else meanwhile, and outlived its claim: nothing was delivered.
        return Finish((), Outcome(result, order_id), released)
    return Finish(_restored_claim(event, order_id, seen, terms, now), Outcome(result, order_id), released)


def _restored_claim(
    event: StripeEvent | NotUnderstood, order_id: str | None, seen: Seen, terms: Terms, now: datetime
) -> tuple[Write, ...]:
    """The claim has lived out its time, but the audit entry stays: put the claim back, and count on from there."""
    result = Result.LIVEMODE_MISMATCH if seen.was_set_aside else Result.DUPLICATE_DETECTED
    lifetime, before = terms.claim_lifetime, seen.deliveries_before
    return settled_claim(event.delivery, order_id, result, None, now, lifetime, deliveries_before=before)


def _set_aside(event: StripeEvent, terms: Terms, now: datetime) -> Plan:
    """Put an event of the other mode on record. It touches no order and waits for none."""
    result, mode = Result.LIVEMODE_MISMATCH, "live" if event.delivery.livemode else "test"
    note = f"livemode_mismatch: an event of {mode} mode"
    entry = AuditEntry(
        kind=event.kind,
        event_id=event.event_id,
        event_type=event.event_type,
        order_id=event.order_id,
        webhook_processed=False,
        result=result,
        status_before=None,
        status_after=None,
        created_at=now,
        payment_intent_id=event.payment_intent_id,
        note=note,
    )
    claim = settled_claim(event.delivery, event.order_id, result, None, now, terms.claim_lifetime)
    return Finish((Create(entry.path, entry.fields()), *claim), Outcome(result, event.order_id, note))


def _keep_for_a_person(event: NotUnderstood, seen: Seen, terms: Terms, now: datetime) -> Plan:
    if seen.claim:
        result = Result.DUPLICATE_DETECTED if seen.claim.processed else Result.ERROR
        return Finish(*count_delivery(event.delivery, event.order_id, seen.claim, result, now))
    if seen.audited and not seen.was_set_aside:
        # A release that could read it has settled it, and only its claim has lived out its time.
        claim = _restored_claim(event, event.order_id, seen, terms, now)
        return Finish(claim, Outcome(Result.DUPLICATE_DETECTED, event.order_id))
    before = seen.deliveries_before
    claim = parked_claim(event.delivery, event.order_id, Result.ERROR, event.reason, now, deliveries_before=before)
    return Finish(claim, Outcome(Result.ERROR, event.order_id, event.reason))
