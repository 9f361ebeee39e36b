"""What was read + an event + the time → what to do next, as data. Pure: every write the service makes is decided here.

An event that finds its order goes the way the lifecycle says, in `settlement.steps`. Here stands what comes before:
duplicates, events that must wait for their order, and events that nobody could read.
"""

from datetime import datetime

from orders.events import NotUnderstood, OrderEvent, OrderPlaced, PaymentSucceeded, StripeDelivery
from orders.lifecycle import step_for
from orders.outcome import OrderNotThereYet, Outcome, Result
from settlement.claims import Claim, further_delivery, parked_claim, restored_claim, understood_claim
from settlement.seen import Seen
from settlement.steps import PLAN_FOR, Case, Finish, Look, Plan, StartOver, Terms


def make_plan(event: OrderEvent | NotUnderstood, seen: Seen, terms: Terms, now: datetime) -> Plan:
    """Decide the next step towards settling the event.

    Raises:
        OrderNotThereYet: the order does not exist, and the event is young enough to wait for it.
    """
    match event:
        case NotUnderstood():
            return _keep_for_a_person(event, seen, now)
        case OrderPlaced():
            if seen.order is None:
                return Finish((), Outcome(Result.ALREADY_PLACED, event.order_id, "no_order: it does not exist"))
            if seen.audited:
                return Finish((), Outcome(Result.ALREADY_PLACED, event.order_id))
        case PaymentSucceeded():
            if seen.audited or (seen.claim and seen.claim.processed):
                return _count_duplicate(event, seen, terms, now)
            if seen.order is None:
                return _wait_for_order(event, seen, terms, now)
    return PLAN_FOR[step_for(seen.order.status, event.kind)](Case(event, seen.order, seen, terms, now))


def _count_duplicate(event: PaymentSucceeded, seen: Seen, terms: Terms, now: datetime) -> Plan:
    if seen.claim:
        return _count_delivery(event.delivery, event.order_id, seen.claim, Result.DUPLICATE_DETECTED)
    # The claim has lived out its time, but the audit entry stays: put the claim back, and count on from there.
    # The first delivery has no record of its own, and this one is the next.
    deliveries = 1 + seen.deliveries_on_record + 1
    writes = restored_claim(event.delivery, event.order_id, deliveries, now, terms.claim_lifetime)
    return Finish(writes, Outcome(Result.DUPLICATE_DETECTED, event.order_id))


def _wait_for_order(event: PaymentSucceeded, seen: Seen, terms: Terms, now: datetime) -> Plan:
    reason = "the order does not exist"
    if seen.claim and seen.claim.result is Result.ERROR:
        return StartOver(understood_claim(event.delivery, event.order_id, reason, seen.claim, event))
    if seen.claim:
        return _count_delivery(event.delivery, event.order_id, seen.claim, Result.ORDER_NOT_FOUND)
    if now - event.delivery.created_at < terms.order_wait:
        raise OrderNotThereYet(f"order {event.order_id} does not exist yet")
    if seen.audited is None:
        # Settled long ago, it may be that only its claim has expired and its order been deleted.
        return Look(audit_entry=True)
    claim = parked_claim(event.delivery, event.order_id, Result.ORDER_NOT_FOUND, reason, now, event)
    # Look again afterwards: an order created in between has already asked for parked events, and found none.
    return StartOver((claim,))


def _keep_for_a_person(event: NotUnderstood, seen: Seen, now: datetime) -> Plan:
    if seen.claim:
        result = Result.DUPLICATE_DETECTED if seen.claim.processed else Result.ERROR
        return _count_delivery(event.delivery, event.order_id, seen.claim, result)
    claim = parked_claim(event.delivery, event.order_id, Result.ERROR, event.reason, now)
    return Finish((claim,), Outcome(Result.ERROR, event.order_id, event.reason))


def _count_delivery(delivery: StripeDelivery, order_id: str | None, claim: Claim, result: Result) -> Finish:
    if claim.has_counted(delivery):
        return Finish((), Outcome(claim.result if claim.was_settled_by(delivery) else result, order_id))
    return Finish(further_delivery(delivery, order_id, claim, result), Outcome(result, order_id))
