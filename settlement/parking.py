"""Events whose order, or whose payment, is not there yet: kept, never lost, and found again by what they wait for.

What waits for an order is found by the order's id. What waits for a payment is listed in `payments/{paymentId}`, which
the payment's own events read and write anyway: of the two commits, the later one always sees the earlier.
"""

from dataclasses import replace
from datetime import datetime

from database.documents.orders import payment_path
from database.documents.webhook_events import count_delivery, parked_again, parked_claim
from database.store import Create, Update, Write
from orders.events import CarriesPayment, OrderEvent, StripeEvent
from orders.outcome import OrderNotThereYet, Outcome, Result
from settlement.decisions import Finish, Look, Plan, StartOver, Terms
from settlement.snapshot import Seen

_NO_ORDER = "the order does not exist"
_NO_PAYMENT = "no order is known that this payment has paid for"


def wait_for_order(event: StripeEvent, order_id: str, seen: Seen, terms: Terms, now: datetime) -> Plan:
    """Ask Stripe to come back while the event is young; park it when it is not.

    Raises:
        OrderNotThereYet: the event is young enough to wait for its order.
    """
    result, claim = Result.ORDER_NOT_FOUND, seen.claim
    if claim and claim.result is result:
        return Finish(*count_delivery(event.delivery, order_id, claim, result, now))
    if claim and not claim.processed:
        return StartOver(parked_again(event, order_id, result, _NO_ORDER, claim, now), _taken_up(event))
    # A time far in the future is none that could ever grow old.
    if abs(now - event.delivery.created_at) < terms.order_wait:
        raise OrderNotThereYet(f"order {order_id} does not exist yet")
    if seen.audited is None:
        # Settled long ago, it may be that only its claim has expired and its order been deleted.
        return Look(audit_entry=True)
    # Look again afterwards: an order created in between has already asked for parked events, and found none.
    return StartOver(_parked(event, order_id, result, _NO_ORDER, seen, now), _taken_up(event))


def wait_for_payment(event: StripeEvent, seen: Seen, now: datetime) -> Plan:
    """Park the event until its payment has settled an order. It may also be a payment that is none of our business.

    Stripe is not asked to come back: whose payment it is, nothing but the payment's own event can tell.
    """
    result = Result.PAYMENT_NOT_FOUND
    claim = seen.claim
    if claim and claim.result is result:
        return Finish(*count_delivery(event.delivery, event.order_id, claim, result, now))
    if seen.audited is None:
        return Look(audit_entry=True)
    parked = _parked(event, event.order_id, result, _NO_PAYMENT, seen, now)
    return Finish((*parked, _listed(event, seen)), Outcome(result, event.order_id, _NO_PAYMENT))


def payment_index(event: StripeEvent, order_id: str, seen: Seen) -> tuple[Write, ...]:
    """What the event changes in `payments/{paymentId}`: refunds and disputes, which name no order, find it there."""
    writes: list[Write] = []
    for payment_id in event.payment_ids:
        known = seen.payments.get(payment_id)
        names_order = isinstance(event, CarriesPayment) and (known is None or known.order_id is None)
        fields: dict[str, object] = {"orderId": order_id} if names_order else {}
        if known is None:
            writes += [Create(payment_path(payment_id), fields)] if fields else []
            continue
        if event.event_id in known.waiting:
            fields["waiting"] = [waiting for waiting in known.waiting if waiting != event.event_id]
        if fields:
            writes.append(Update(payment_path(payment_id), fields, known.version))
    return tuple(writes)


def released_by(event: OrderEvent, seen: Seen) -> tuple[str, ...]:
    """The parked events that need wait no longer, once this event is settled."""
    known = seen.payments.values()
    if not isinstance(event, CarriesPayment) and not any(payment.order_id for payment in known):
        return ()
    waiting = (event_id for payment in known for event_id in payment.waiting)
    return tuple(dict.fromkeys(event_id for event_id in waiting if event_id != event.event_id))


def _parked(
    event: StripeEvent, order_id: str | None, result: Result, reason: str, seen: Seen, now: datetime
) -> tuple[Write, ...]:
    if seen.claim:
        return parked_again(event, order_id, result, reason, seen.claim, now)
    return parked_claim(event.delivery, order_id, result, reason, now, event, deliveries_before=seen.deliveries_before)


def _taken_up(event: StripeEvent) -> StripeEvent:
    """The event once it is parked: this delivery of it is counted, and is not counted again."""
    return replace(event, delivery=replace(event.delivery, is_replay=True))


def _listed(event: StripeEvent, seen: Seen) -> Write:
    payment_id = event.payment_ids[0]
    known = seen.payments.get(payment_id)
    if known is None:
        return Create(payment_path(payment_id), {"orderId": None, "waiting": [event.event_id]})
    return Update(payment_path(payment_id), {"waiting": [*known.waiting, event.event_id]}, known.version)
