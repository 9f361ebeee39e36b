"""Keeps events whose order or payment does not exist yet, so that none is lost. Pure.

An event that waits for its order is found by the order's id. An event that waits for its payment is listed with the
payment, which the payment's own events read and write anyway: of the two commits, the later one always sees the
earlier.
"""

from dataclasses import replace
from datetime import datetime

from orders.events import (
    CarriesPayment,
    DisputeChanged,
    NotUnderstood,
    OrderEvent,
    PaymentCanceled,
    RefundUpdated,
    StripeEvent,
)
from orders.operator_events import OrderAccepted
from orders.outcome import OrderNotThereYet, Outcome, Result
from settlement.decisions import CountDelivery, Decision, Look, Park, Unchanged
from settlement.snapshot import Claim, Record, Snapshot
from settlement.terms import Terms

NO_ORDER = "the order does not exist"
NO_PAYMENT = "no known order was paid with this payment"


def wait_for_order(event: StripeEvent, order_id: str, snapshot: Snapshot, terms: Terms, now: datetime) -> Decision:
    """Ask Stripe to deliver a young payment again, and park an older one. Only payments wait for an order.

    Raises:
        OrderNotThereYet: the event is young enough to wait for its order.
    """
    if isinstance(event, RefundUpdated | DisputeChanged) and not any(p.leads_to for p in snapshot.payments.values()):
        # The payment may still name the order, and it says more than this event.
        return wait_for_payment(event, snapshot, now)
    result, claim = Result.ORDER_NOT_FOUND, snapshot.claim
    waits_already = claim and not claim.processed and not isinstance(event, CarriesPayment)
    if claim and (claim.result is result or waits_already):
        return count_delivery(event, claim, order_id, claim.result, now)
    if not isinstance(event, CarriesPayment):
        return Unchanged(Outcome(Result.IGNORED, order_id, f"no_order: {NO_ORDER}"))
    if claim is None or claim.processed:
        # abs: an event from far in the future would never become old. And nobody delivers again what a person had set
        # aside.
        if snapshot.record is not Record.HANDLED and abs(now - event.delivery.created_at) < terms.order_wait:
            raise OrderNotThereYet(f"order {order_id} does not exist yet")
        if snapshot.audited is None:
            # It may have been settled long ago: then only its claim has expired, and its order was deleted.
            return Look(audit_entry=True)
    return Park(result, order_id, NO_ORDER)


def wait_for_payment(event: StripeEvent, snapshot: Snapshot, now: datetime) -> Decision:
    """Park the event until its payment has settled an order. The payment may also be for none of our orders.

    Stripe is not asked to deliver it again: only the payment's own event shows which order it is for.
    """
    result, claim = Result.PAYMENT_NOT_FOUND, snapshot.claim
    if claim and claim.result is result:
        return count_delivery(event, claim, event.order_id, result, now)
    if snapshot.audited is None:
        return Look(audit_entry=True)
    return Park(result, event.order_id, NO_PAYMENT)


def count_delivery(
    event: StripeEvent | NotUnderstood,
    claim: Claim,
    order_id: str | None,
    result: Result,
    now: datetime,
    released: tuple[str, ...] = (),
) -> CountDelivery | Unchanged:
    """Record one more delivery of the event, unless it is on record already."""
    delivery = event.delivery
    if claim.has_counted(delivery):
        return Unchanged(Outcome(claim.result if claim.was_settled_by(delivery, now) else result, order_id), released)
    return CountDelivery(result, order_id, recorded_as=result, released=released)


def claim_put_back(
    event: StripeEvent | NotUnderstood, snapshot: Snapshot, released: tuple[str, ...] = ()
) -> CountDelivery | Unchanged:
    """Put back a claim that has expired before its audit entry, and go on counting deliveries."""
    if event.delivery.is_replay:
        # A replay is no delivery, so there is nothing to count.
        return Unchanged(Outcome(Result.DUPLICATE_DETECTED, snapshot.order_id), released)
    recorded_as = snapshot.set_aside_as or Result.DUPLICATE_DETECTED
    return CountDelivery(Result.DUPLICATE_DETECTED, snapshot.order_id, recorded_as, released)


def taken_up(event: StripeEvent) -> StripeEvent:
    """The event after it was parked: this delivery of it is counted, and is not counted again."""
    return replace(event, delivery=replace(event.delivery, is_replay=True))


def released_by(event: OrderEvent, snapshot: Snapshot) -> tuple[str, ...]:
    """The ids of the parked events that need not wait any longer once this event is settled."""
    known = snapshot.payments.values()
    if not isinstance(event, CarriesPayment | PaymentCanceled | OrderAccepted) and not any(p.leads_to for p in known):
        return ()
    waiting = (event_id for payment in known for event_id in payment.waiting)
    return tuple(dict.fromkeys(event_id for event_id in waiting if event_id != event.event_id))
