"""The steps of the lifecycle as plans: what each writes, given the order, the event and what was read. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from database.documents.orders import changed_fields, inventory_path
from database.documents.recorder import Change, counted_apart, finish, increases, order_write
from database.store import Increase
from inventory.reservation import Refused, hold_is_covered, price_to_hold
from inventory.stock import StockMove, hold, release, take
from notifications.notices import NoticeType
from orders.declines import later_decline
from orders.disputes import later_dispute
from orders.events import (
    CancelRequested,
    CarriesPayment,
    ChargeRefunded,
    DisputeChanged,
    OrderPlaced,
    PaymentFailed,
    PaymentProcessing,
    PaymentSucceeded,
    RefundUpdated,
    ReservationLapsed,
    StripeEvent,
)
from orders.lifecycle import Step
from orders.order import CLOSED, Order, OrderStatus, Payment
from orders.outcome import Outcome, Result
from settlement.decisions import Case, Finish, Hold, Look, Plan, StartOver
from settlement.matching import is_first_heard_of, mismatch, second_payment, why_not_paid
from settlement.parking import wait_for_payment
from settlement.refunding import after_refund

# --- Holding ---------------------------------------------------------------------------------------------------------


def _hold(case: Case) -> Plan:
    if look := _products_to_look_at(case):
        return look
    order, price, refusal = case.order, None, None
    try:
        price = price_to_hold(order, case.seen.products)
    except Refused as refused:
        refusal = str(refused)
    # What was asked when it was held before is what the customer has paid.
    total = order.total if order.reserved_at else price
    if closed := _closed_and_not_paid(case, replace(order, total=total)):
        return closed
    if refusal:
        return _refuse(case, refusal)
    held = replace(order, status=OrderStatus.RESERVING, held_from=order.status, total=total)
    # Written even when unknown: an amount that a client wrote is never believed.
    asked = {"amountTotal": total.amount if total else None, "currency": total.currency if total else None}
    # An increase by nothing makes the commit tell the stock too, as of the same moment.
    counted = (Increase(inventory_path(m.product_id), {"stock": 0, "reserved": m.reserved}) for m in hold(held.lines))
    return Hold((order_write(case, {**changed_fields(order, held), **asked}), *counted), held)


def _confirm_hold(case: Case) -> Plan:
    order = case.order
    if order.defect:
        # Nothing that this service counts as held has a defect: somebody else wrote this status.
        return _refuse(case)
    if look := _products_to_look_at(case):
        return look
    is_placed_before = isinstance(case.event, OrderPlaced) and case.seen.audited
    if is_placed_before or not hold_is_covered(order, case.seen.products):
        return give_back(case)
    counted = hold(order.lines)
    if isinstance(case.event, CarriesPayment):
        return _settle_payment(case, case.event, counted=counted)
    expires_at = case.now + case.terms.reservation
    if isinstance(case.event, PaymentProcessing):
        expires_at = max(expires_at, _extended(case, case.event))
    held = replace(
        order,
        status=OrderStatus.RESERVED,
        held_from=None,
        reserved_at=case.now,
        reservation_expires_at=expires_at,
    )
    return finish(case, Change(Result.RESERVED, held, counted=counted, notice=NoticeType.RESERVED))


def give_back(case: Case) -> StartOver:
    """Undo a hold that was counted, as if it had never been: no entry tells of it."""
    order = case.order
    given_back, _ = counted_apart(release(order.lines), case.seen.products)
    was = replace(order, status=order.held_from or OrderStatus.PENDING, held_from=None)
    return StartOver((order_write(case, changed_fields(order, was)), *increases(given_back)))


def _extend_hold(case: Case) -> Plan:
    event, order = case.event_as(PaymentProcessing), case.order
    until = _extended(case, event)
    if order.reservation_expires_at:
        until = max(until, order.reservation_expires_at)
    return finish(case, Change(Result.HOLD_EXTENDED, replace(order, reservation_expires_at=until)))


def _expire(case: Case) -> Plan:
    order = case.order
    if order.reservation_expires_at is None or order.reservation_expires_at > case.now:
        return Finish((), Outcome(Result.NOT_EXPIRED, order.order_id))
    after = replace(order, status=OrderStatus.EXPIRED)
    return finish(case, Change(Result.EXPIRED, after, steps=release(order.lines), notice=NoticeType.EXPIRED))


def _cancel(case: Case) -> Plan:
    if stranger := _asked_by_a_stranger(case):
        return stranger
    order = case.order
    return finish(
        case,
        Change(
            Result.CANCELLED,
            replace(
                order,
                status=OrderStatus.CANCELLED,
                held_from=None,
                cancel_requested_at=case.now if isinstance(case.event, CancelRequested) else order.cancel_requested_at,
            ),
            steps=release(order.lines) if order.holds_units else (),
            counted=hold(order.lines) if order.status is OrderStatus.RESERVING else (),
            notice=NoticeType.CANCELLED,
        ),
    )


# --- Being paid ------------------------------------------------------------------------------------------------------


def _take(case: Case) -> Plan:
    return _settle_payment(case, _payment_event(case))


def _settle_payment(case: Case, event: CarriesPayment, *, counted: tuple[StockMove, ...] = ()) -> Plan:
    """Finalize an order whose units are held, or keep them held for a person to decide."""
    order, payment = case.order, event.payment
    if order.defect:
        return _finish_paid(case, event, _quarantined(case, payment, f"invalid_order: {order.defect}", counted))
    if reason := why_not_paid(event, order):
        return _keep_unpaid(case, reason, counted)
    if difference := mismatch(payment, order):
        return _finish_paid(case, event, _quarantined(case, payment, difference, counted))
    paid = replace(order, status=OrderStatus.FINALIZED, held_from=None, payment=payment, finalized_at=case.now)
    change = Change(Result.FIRST_TIME_FINALIZED, paid, take(order.lines), counted, NoticeType.PAID)
    return _finish_paid(case, event, change)


def _closed_and_not_paid(case: Case, order: Order) -> Plan | None:
    """What is over stays so for a session that was free of charge, if the order has a price."""
    if order.status not in CLOSED or not (reason := why_not_paid(case.event, order)):
        return None
    return finish(case, Change(Result.NOT_PAID, case.order, notice=NoticeType.NOT_PAID, note=reason))


def _keep_unpaid(case: Case, reason: str, counted: tuple[StockMove, ...]) -> Plan:
    """Leave the order to be paid, and give a person as long to decide as a payment has that is on its way."""
    order = case.order
    if order.held_from in CLOSED:
        # A late payment is at it, or died at it, and comes again.
        return give_back(case)
    ends = (order.reservation_expires_at, case.now + case.terms.async_reservation)
    kept = replace(
        order,
        status=OrderStatus.RESERVED,
        held_from=None,
        reserved_at=case.now if counted else order.reserved_at,
        reservation_expires_at=max(filter(None, ends)),
    )
    return finish(case, Change(Result.NOT_PAID, kept, counted=counted, notice=NoticeType.NOT_PAID, note=reason))


def _quarantined(case: Case, payment: Payment, reason: str, counted: tuple[StockMove, ...] = ()) -> Change:
    order = replace(
        case.order,
        status=OrderStatus.REVIEW,
        unfulfilled_as=OrderStatus.REVIEW,
        held_from=None,
        hold_kept=case.order.holds_units,
        payment=payment,
        failure_reason=reason,
    )
    return Change(Result.QUARANTINED, order, counted=counted, notice=NoticeType.REVIEW, note=reason)


def _quarantine(case: Case) -> Plan:
    event = _payment_event(case)
    return _finish_paid(case, event, _quarantined(case, event.payment, f"invalid_order: {case.order.defect}"))


def _refuse(case: Case, reason: str | None = None) -> Plan:
    reason = reason or f"invalid_order: {case.order.defect}"
    order = replace(case.order, held_from=None, failure_reason=reason)
    if isinstance(case.event, CarriesPayment) and not case.event.payment.is_free:
        due = OrderStatus.REFUND_DUE
        order = replace(order, status=due, unfulfilled_as=due, payment=case.event.payment)
        change = Change(Result.REFUND_DUE, order, notice=NoticeType.REFUND_DUE, note=reason)
        return _finish_paid(case, case.event, change)
    if order.status in CLOSED:
        # The customer knows, and what came too late cost them nothing.
        return finish(case, Change(_already(order), case.order, note=reason))
    failed = replace(order, status=OrderStatus.FAILED)
    return finish(case, Change(Result.RESERVATION_FAILED, failed, notice=NoticeType.FAILED, note=reason))


def _finish_paid(case: Case, event: CarriesPayment, change: Change) -> Plan:
    """One commit for the payment, and for what the same event tells of refunds."""
    if isinstance(event, ChargeRefunded):
        return _finish_refund(case, event, change)
    return finish(case, change)


def _record_decline(case: Case) -> Plan:
    event, order = case.event_as(PaymentFailed), case.order
    decline = later_decline(order.decline, event.decline)
    after = replace(order, decline=decline)
    # Neither another voice of a decline that is known nor one from before it is news to anybody.
    is_news = decline == event.decline and not (order.decline and order.decline.is_told_by(decline))
    notice = NoticeType.PAYMENT_FAILED if is_news else None
    return finish(case, Change(Result.PAYMENT_FAILED, after, notice=notice))


# --- After it was paid -----------------------------------------------------------------------------------------------


def _refund(case: Case) -> Plan:
    event = case.event if isinstance(case.event, ChargeRefunded) else case.event_as(RefundUpdated)
    return _finish_refund(case, event, Change(Result.ALREADY_RECORDED, case.order))


def _finish_refund(case: Case, event: ChargeRefunded | RefundUpdated, change: Change) -> Plan:
    refunded = after_refund(case, event, change)
    return refunded if isinstance(refunded, Look) else finish(case, refunded)


def _await_payment(case: Case) -> Plan:
    return wait_for_payment(case.event_as(RefundUpdated), case.seen, case.now)


def _record_dispute(case: Case) -> Plan:
    event, order = case.event_as(DisputeChanged), case.order
    dispute = later_dispute(order.dispute, event.dispute)
    if dispute == order.dispute:
        return finish(case, Change(Result.ALREADY_RECORDED, order))
    is_news = order.dispute is None or (order.dispute.dispute_id, order.dispute.status) != (
        dispute.dispute_id,
        dispute.status,
    )
    return finish(
        case,
        Change(
            Result.DISPUTE_RECORDED,
            replace(order, dispute=dispute),
            notice=NoticeType.DISPUTE if is_news else None,
            note=f"dispute: {dispute.dispute_id} is {dispute.status}",
        ),
    )


def _record_cancel_request(case: Case) -> Plan:
    if stranger := _asked_by_a_stranger(case):
        return stranger
    asked = replace(case.order, cancel_requested_at=case.now)
    if case.order.status in CLOSED:
        # Should it be paid after all, its wish is not forgotten.
        return finish(case, Change(_already(case.order), asked))
    return finish(
        case,
        Change(
            Result.CANCEL_REQUEST_RECORDED,
            asked,
            notice=NoticeType.CANCEL_REQUESTED,
            note="cancel_requested: the order is paid",
        ),
    )


def _change_nothing(case: Case) -> Plan:
    order = case.order
    match case.event:
        case OrderPlaced():
            return Finish((), Outcome(Result.ALREADY_PLACED, order.order_id))
        case ReservationLapsed():
            return Finish((), Outcome(Result.NOT_EXPIRED, order.order_id))
        case CancelRequested():
            return Finish((), Outcome(_already(order), order.order_id))
        case PaymentSucceeded() as event if another := second_payment(event.payment, order):
            notice = NoticeType.SECOND_PAYMENT if is_first_heard_of(event, order, case.seen) else None
            return finish(case, Change(_already(order), order, notice=notice, note=another))
        case _:
            return finish(case, Change(_already(order), order))


PLAN_FOR: Final[Mapping[Step, Callable[[Case], Plan]]] = {
    Step.HOLD: _hold,
    Step.CONFIRM_HOLD: _confirm_hold,
    Step.EXTEND_HOLD: _extend_hold,
    Step.EXPIRE: _expire,
    Step.CANCEL: _cancel,
    Step.TAKE: _take,
    Step.REFUSE: _refuse,
    Step.QUARANTINE: _quarantine,
    Step.RECORD_DECLINE: _record_decline,
    Step.REFUND: _refund,
    Step.AWAIT_PAYMENT: _await_payment,
    Step.RECORD_DISPUTE: _record_dispute,
    Step.RECORD_CANCEL_REQUEST: _record_cancel_request,
    Step.NOTHING: _change_nothing,
}

_ALREADY: Final[Mapping[OrderStatus, Result]] = {
    OrderStatus.FINALIZED: Result.ALREADY_FINALIZED,
    OrderStatus.PARTIALLY_REFUNDED: Result.ALREADY_FINALIZED,
    OrderStatus.REFUNDED: Result.ALREADY_FINALIZED,
    OrderStatus.REFUND_DUE: Result.ALREADY_REFUND_DUE,
    OrderStatus.REVIEW: Result.ALREADY_QUARANTINED,
    OrderStatus.FAILED: Result.ALREADY_FAILED,
    OrderStatus.EXPIRED: Result.ALREADY_EXPIRED,
    OrderStatus.CANCELLED: Result.ALREADY_CANCELLED,
    OrderStatus.UNKNOWN: Result.UNKNOWN_STATUS,
}


def _already(order: Order) -> Result:
    """Of an order that is what this service has made it, which that is."""
    return _ALREADY[order.status] if order.status is order.stands_as else Result.UNKNOWN_STATUS


def _payment_event(case: Case) -> CarriesPayment:
    return case.event if isinstance(case.event, ChargeRefunded) else case.event_as(PaymentSucceeded)


def _products_to_look_at(case: Case) -> Look | None:
    product_ids = tuple(line.product_id for line in case.order.lines)
    return None if case.seen.products.keys() >= set(product_ids) else Look(product_ids)


def _extended(case: Case, event: StripeEvent) -> datetime:
    """Counted from when Stripe said so, so that it does not matter when we hear of it; and that was not after now."""
    return min(event.delivery.created_at, case.now) + case.terms.async_reservation


def _asked_by_a_stranger(case: Case) -> Finish | None:
    """A request that is not the customer's own: security rules let none pass, but they can be passed by."""
    event, order = case.event, case.order
    if not isinstance(event, CancelRequested) or (event.user_id and event.user_id == order.user_id):
        return None
    return Finish((), Outcome(Result.IGNORED, order.order_id, "not_the_owner: the request is not the customer's own"))
