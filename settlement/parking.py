"""Events whose order or payment is not there yet: kept, never lost, and found again by what they wait for. Pure.

What waits for an order is found by the order's id. What waits for a payment is listed with the payment, which the
payment's own events read and write anyway: of the two commits, the later one always sees the earlier.
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
NO_PAYMENT = "no order is known that this payment has paid for"


def wait_for_order(event: StripeEvent, order_id: str, snapshot: Snapshot, terms: Terms, now: datetime) -> Decision:
    """Ask Stripe to come back while a payment is young; park it when it is not. Nothing else waits for an order.

    Raises:
        OrderNotThereYet: the event is young enough to wait for its order.
    """
    if isinstance(event, RefundUpdated | DisputeChanged) and not any(p.leads_to for p in snapshot.payments.values()):
        # The order may come with the payment, which says more than this does.
        return wait_for_payment(event, snapshot, now)
    result, claim = Result.ORDER_NOT_FOUND, snapshot.claim
    waits_already = claim and not claim.processed and not isinstance(event, CarriesPayment)
    if claim and (claim.result is result or waits_already):
        return count_delivery(event, claim, order_id, claim.result, now)
    if not isinstance(event, CarriesPayment):
        return Unchanged(Outcome(Result.IGNORED, order_id, f"no_order: {NO_ORDER}"))
    if claim is None or claim.processed:
        # An event from far in the future would never become old; and what a person had set aside nobody brings again.
        if snapshot.record is not Record.HANDLED and abs(now - event.delivery.created_at) < terms.order_wait:
            raise OrderNotThereYet(f"order {order_id} does not exist yet")
        if snapshot.audited is None:
            # Settled long ago, it may be that only its claim has expired and its order been deleted.
            return Look(audit_entry=True)
    return Park(result, order_id, NO_ORDER)


def wait_for_payment(event: StripeEvent, snapshot: Snapshot, now: datetime) -> Decision:
    """Park the event until its payment has settled an order. It may also be a payment for none of our orders.

    Stripe is not asked to come back: only the payment's own event can show whose it is.
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
    """Record one more delivery; if it is on record already, not even that."""
    delivery = event.delivery
    if claim.has_counted(delivery):
        return Unchanged(Outcome(claim.result if claim.was_settled_by(delivery, now) else result, order_id), released)
    return CountDelivery(result, order_id, recorded_as=result, released=released)


def claim_put_back(
    event: StripeEvent | NotUnderstood, snapshot: Snapshot, released: tuple[str, ...] = ()
) -> CountDelivery | Unchanged:
    """The claim has expired, but the audit entry stays: put the claim back, and count on from there."""
    if event.delivery.is_replay:
        # Nothing was delivered that could be counted.
        return Unchanged(Outcome(Result.DUPLICATE_DETECTED, snapshot.order_id), released)
    recorded_as = snapshot.set_aside_as or Result.DUPLICATE_DETECTED
    return CountDelivery(Result.DUPLICATE_DETECTED, snapshot.order_id, recorded_as, released)


def taken_up(event: StripeEvent) -> StripeEvent:
    """The event once it is parked: this delivery of it is counted, and is not counted again."""
    return replace(event, delivery=replace(event.delivery, is_replay=True))


def released_by(event: OrderEvent, snapshot: Snapshot) -> tuple[str, ...]:
    """The ids of the parked events that need wait no longer, once this event is settled."""
    known = snapshot.payments.values()
    if not isinstance(event, CarriesPayment | PaymentCanceled | OrderAccepted) and not any(p.leads_to for p in known):
        return ()
    waiting = (event_id for payment in known for event_id in payment.waiting)
    return tuple(dict.fromkeys(event_id for event_id in waiting if event_id != event.event_id))
