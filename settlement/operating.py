"""Decides what an operator's request does to an order; a request that is turned down is put on record, too. Pure.

The operator knows more than the service: that a bank transfer has arrived, or that the customer agreed. So their word
is taken for money, but not for units: units that are not in stock are not sold.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from inventory.reservation import Refused, as_counted, price_to_hold
from inventory.stock import put_back
from orders.event_kinds import EventKind
from orders.money import Money
from orders.operator_events import HoldProlonged, OperatorOrderEvent, OrderAccepted
from orders.order import INVALID_ORDER, Order, OrderStatus
from orders.outcome import Result, in_words
from orders.payments import Payment, PaymentState, sum_of
from settlement.decisions import Case, Decision, Look, Proposal
from settlement.ending import lapsed
from settlement.paying import finalized, with_held_units
from settlement.refunding import unavailable, with_refunds


def accept(case: Case) -> Decision | Proposal:
    """Finalize the order at what was paid; if nothing was, at what it asks, since it was paid elsewhere."""
    order = case.order
    if order.defect:
        return turned_down(case, f"{INVALID_ORDER}: {order.defect}")
    if order.sold:
        return _take_again(case)
    received = _received_for(order)
    payment_id = case.event_as(OrderAccepted).payment_id
    if why := _why_not_paid_with(case, received) or why_to_name(order.paid_with, payment_id):
        return turned_down(case, why)
    order = replace(order, total=received or order.asked)
    if order.holds_units:
        return _accepted(case, order, with_held_units)
    return _accepted_unheld(case, order)


def _accepted(case: Case, order: Order, with_units: Callable[[Proposal], Proposal]) -> Proposal | Look:
    payment_id = case.event_as(OrderAccepted).payment_id
    if payment_id and order.asked is None:
        return turned_down(case, f"no_price: the order has no price, so it is unknown what {payment_id} brought")
    if payment_id and order.payments.find(payment_id) is None:
        charge_id = None if payment_id.startswith("pi_") else payment_id
        named = Payment(payment_id, PaymentState.SUCCEEDED, case.now, order.asked, charge_id)
        order = replace(order, payments=order.payments.with_report(named))
    note = _under_way_note(order, "that money is not needed")
    return with_refunds(
        case, replace(with_units(finalized(case, order, order.total)), result=Result.ACCEPTED, note=note)
    )


def _received_for(order: Order) -> Money | None:
    """All that its payments have brought, even if it is not what the order asks; None if nothing."""
    return order.received or sum_of(each for each in order.payments.succeeded if not each.is_free)


def _why_not_paid_with(case: Case, received: Money | None) -> str | None:
    """Human-readable reason why the named payment cannot have paid the order; None if it can."""
    payment_id = case.event_as(OrderAccepted).payment_id
    if payment_id is None:
        return None
    if named := case.order.payments.find(payment_id):
        return None if named.state is PaymentState.SUCCEEDED else _why_too_early(named)
    known = case.snapshot.payments.get(payment_id)
    if known and known.is_of_another_than(case.order.order_id):
        return f"shared_payment: {payment_id} has paid order {known.order_id}"
    return (
        "other_payment: other payments have arrived for it; accept it with those, or refund them first"
        if received
        else None
    )


def why_to_name(payments: Iterable[Payment], named: str | None) -> str | None:
    """Human-readable reason to name one of these payments; None if one is named, or none may be another order's."""
    doubtful = " and ".join(each.payment_id for each in payments if each.is_doubtful)
    is_unnamed = doubtful and named is None
    return f"doubtful_payment: {doubtful} may be for another order: if not, name the payment" if is_unnamed else None


def _why_too_early(payment: Payment) -> str:
    """Human-readable reason why a payment that has not succeeded does not count as paid."""
    wait = "wait until it succeeds" if payment.is_under_way else "it brought no money"
    return f"not_paid: {payment.payment_id} is {payment.state}: {wait}, or name no payment if it was paid elsewhere"


def _accepted_unheld(case: Case, order: Order) -> Decision | Proposal:
    products = case.snapshot.products
    if not products.keys() >= set(order.product_ids):
        return Look(order.product_ids)
    if _received_for(order) is None and order.reserved_at is None:
        # The order was never held or paid, so it costs what the catalogue says, as for everybody.
        try:
            price = price_to_hold(order, products)
        except Refused as refused:
            return turned_down(case, refused.note)
        order = replace(order, total=price, items_total=price, adjustments=(), price_defect=None)
    order = as_counted(order, products)
    units = {line.product_id: line.quantity for line in order.counted_lines}
    if short := unavailable(units, case):
        return turned_down(case, f"insufficient_stock: {short} are not available")
    taken = put_back({product_id: -quantity for product_id, quantity in units.items()})
    return _accepted(case, order, lambda paid: replace(paid, moves=taken))


def _take_again(case: Case) -> Decision | Proposal:
    """Take other units: the order's own came back for a refund that failed, and were sold again."""
    accepted = with_refunds(case, Proposal(Result.ACCEPTED, case.order))
    if isinstance(accepted, Proposal) and accepted.order.status is OrderStatus.REFUND_DUE:
        return turned_down(case, accepted.order.failure_reason)
    return accepted


def release_hold(case: Case) -> Decision | Proposal:
    """Treat the order as if its hold had run out, even if an operator had extended that."""
    order = replace(case.order, extended_until=None)
    if case.order.extended_until:
        order = replace(order, reservation_expires_at=case.terms.end_of_hold(order))
    decided = lapsed(replace(case, order=order))
    if not isinstance(decided, Proposal):
        return decided
    if _is_session_being_ended(case):
        return Proposal(Result.CHECKOUT_ENDING, order)
    return replace(decided, note=in_words(decided.note, _under_way_note(case.order, "the order is held again")))


def _is_session_being_ended(case: Case) -> bool:
    """Whether Stripe has yet to confirm that the session is over; once its own time is up, it is over in any case."""
    known, until = case.snapshot.checkout, case.order.checkout_until
    return bool(known and known.checkout.ends_as and until and until > case.now)


def prolong_hold(case: Case) -> Proposal:
    """Hold the order until the given time, whatever would end its hold sooner."""
    until, order = case.event_as(HoldProlonged).until, case.order
    latest = order.reserved_at and order.reserved_at + case.terms.hold_max
    held_until = order.reservation_expires_at
    if until <= case.now:
        return turned_down(case, f"over_already: {until:%Y-%m-%d %H:%M} UTC has passed")
    if latest is None or until > latest:
        most = f"it can be held until {latest:%Y-%m-%d %H:%M} UTC, HOLD_DAYS_MAX" if latest else "it was never held"
        return turned_down(case, f"held_too_long: {most}")
    if held_until and until <= held_until:
        return turned_down(case, f"held_longer: it is held until {held_until:%Y-%m-%d %H:%M} UTC")
    return Proposal(Result.HOLD_EXTENDED, replace(order, reservation_expires_at=until, extended_until=until))


def is_not_as_expected(case: Case) -> bool:
    """Whether the request was meant for an order of another status."""
    event = case.event
    return isinstance(event, OperatorOrderEvent) and event.expected_status not in (None, case.order.status)


def turn_down(case: Case) -> Proposal:
    """Turn the request down: it makes no sense for an order of this status."""
    return turned_down(case, f"{case.order.settled_status}: {_WHY_NOT[case.order.settled_status]}")


def turned_down(case: Case, why: str | None) -> Proposal:
    """The request is put on record with the reason, and the order stays as it is."""
    return Proposal(REFUSALS[case.event.kind], case.order, note=why)


REFUSALS: Final = {
    EventKind.OPERATOR_ACCEPTED: Result.NOT_ACCEPTED,
    EventKind.OPERATOR_REFUNDED: Result.NOT_REFUNDED,
    EventKind.OPERATOR_RELEASED: Result.NOT_RELEASED,
    EventKind.OPERATOR_EXTENDED: Result.NOT_EXTENDED,
    EventKind.OPERATOR_CANCELLED: Result.NOT_CANCELLED,
}
"""The result of a request of each kind that is turned down."""
_OVER: Final = "it holds nothing, and nothing was paid"
_WHY_NOT: Final = {
    OrderStatus.PENDING: "nothing is held for it yet; that takes seconds, or minutes if its trigger was lost",
    OrderStatus.RESERVING: "its units are being counted just now; try again",
    OrderStatus.RESERVED: "it is held, but not paid",
    OrderStatus.FINALIZED: "it is paid, and its units are taken",
    OrderStatus.PARTIALLY_REFUNDED: "it is paid, and its units are taken",
    OrderStatus.REFUNDED: "it is fully refunded",
    OrderStatus.FAILED: _OVER,
    OrderStatus.EXPIRED: _OVER,
    OrderStatus.CANCELLED: _OVER,
    OrderStatus.REFUND_DUE: "it is paid, but cannot be fulfilled: accept it, or refund it",
    OrderStatus.REVIEW: "it is paid: accept it, or refund it",
    OrderStatus.UNKNOWN: "somebody else has overwritten its status with an unknown word",
}


def _under_way_note(order: Order, what_then: str) -> str | None:
    under_way = " and ".join(payment.payment_id for payment in order.payments.under_way)
    return f"payment_under_way: should {under_way} succeed, {what_then}" if under_way else None
