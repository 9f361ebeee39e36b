"""Records more payments and refunds, declines, disputes, subscriptions, cancel requests and repetitions. Pure."""

from collections import Counter
from dataclasses import replace

from inventory.reservation import Refused
from notifications.notices import NoticeType
from orders.declines import later_decline
from orders.disputes import later_dispute
from orders.events import (
    CarriesPayment,
    ChargeRefunded,
    DisputeChanged,
    OrderEvent,
    PaymentFailed,
    PaymentSucceeded,
    RefundUpdated,
    StripeEvent,
)
from orders.money import Money
from orders.order import CLOSED, Order, OrderStatus
from orders.outcome import Outcome, Result, in_words
from orders.payments import PaymentState
from orders.shop_events import CheckoutEnded, CheckoutOpened, OrderPlaced, ReservationLapsed
from settlement.decisions import Case, Decision, GiveBack, Look, Proposal, Unchanged
from settlement.matching import already, newly_partly_funded, why_unpaid
from settlement.parking import wait_for_payment
from settlement.paying import refuse, take_unheld_units, take_units
from settlement.refunding import is_what_is_known, with_refunds
from settlement.reported import why_doubtful, with_report


def record_money(case: Case) -> Proposal | Look | GiveBack:
    """Add a payment or a refund to an order that was paid, at least in part."""
    event, order = case.event, with_report(case)
    if isinstance(event, CarriesPayment) and order.awaits_payment and why_unpaid(order) is None:
        return take_units(case) if order.hold_kept else take_unheld_units(case)
    if _is_own_money_of_used_id(case):
        return refuse(case, Refused(f"{case.order.failure_reason}"))
    recorded = _money_recorded(case, order)
    if isinstance(event, PaymentSucceeded) and not is_what_is_known(case.order):
        # Somebody has overwritten its status, and a payment is no reason to undo that.
        return recorded
    return with_refunds(case, recorded)


def _is_own_money_of_used_id(case: Case) -> bool:
    """Whether a payment of an order with a reused id turns out to be the order's own, and so is due back."""
    event, order = case.event, case.order
    is_kept = order.status is OrderStatus.REVIEW and order.is_id_reused
    return is_kept and isinstance(event, CarriesPayment) and not (event.payment.is_free or why_doubtful(case))


def _money_recorded(case: Case, order: Order) -> Proposal:
    event, before = case.event, case.order
    has_brought_money = _brought_by(order) != _brought_by(before)
    is_news = has_brought_money or not _is_paid_with(event, before)
    if order.unfulfilled_as is OrderStatus.REFUND_DUE and is_news and _is_paid_with(event, order):
        due = replace(order, status=OrderStatus.REFUND_DUE)
        return Proposal(Result.REFUND_DUE, due, notice=NoticeType.REFUND_DUE, note=order.failure_reason)
    if order.awaits_payment and has_brought_money:
        reason = why_unpaid(order)
        order = replace(order, status=OrderStatus.REVIEW, failure_reason=reason)
        return Proposal(Result.QUARANTINED, order, notice=NoticeType.REVIEW, note=in_words(reason, why_doubtful(case)))
    if not isinstance(event, ChargeRefunded | RefundUpdated):
        return Proposal(already(order), order, note=why_doubtful(case))
    if order.paid_with and not _is_paid_with(event, order):
        paid_with = " and ".join(payment.payment_id for payment in order.paid_with)
        note = f"other_payment: {event.payment_ids[0]} is refunded, but {paid_with} paid for the order"
        return Proposal(Result.OTHER_PAYMENT, order, note=note)
    return Proposal(Result.ALREADY_RECORDED if order == before else Result.REFUND_RECORDED, order)


def _is_paid_with(event: OrderEvent, order: Order) -> bool:
    """Whether the event's payment is one of those that pay for the order."""
    ids = event.payment_ids if isinstance(event, StripeEvent) else ()
    return any(payment.is_named_by(ids) for payment in order.paid_with)


def _brought_by(order: Order) -> Counter[Money | None]:
    return Counter(payment.money for payment in order.payments.succeeded if not payment.is_free)


def record_subscription(case: Case) -> Proposal:
    note = "subscription: a session that names this order sold a subscription, which does not pay for it"
    return Proposal(Result.NOT_PAID, case.order, notice=NoticeType.SUBSCRIPTION, note=note)


def record_decline(case: Case) -> Proposal:
    event, order = case.event_as(PaymentFailed), with_report(case)
    decline = later_decline(order.decline, event.decline)
    # Another event of a known decline is no news, and neither is an earlier decline.
    is_news = decline == event.decline and not (order.decline and order.decline.is_same_attempt(decline))
    notice = NoticeType.PAYMENT_FAILED if is_news else None
    declined = case.terms.shortened(case.order, replace(order, decline=decline))
    return Proposal(Result.PAYMENT_FAILED, declined, notice=notice)


def await_payment(case: Case) -> Decision | Proposal:
    """Let a refund wait for its payment, unless that payment was only ever authorised."""
    event = case.event_as(RefundUpdated)
    known = case.order.payments.find(*event.payment_ids)
    if known and known.state is PaymentState.CANCELED:
        # Until API version 2025-03-31 Stripe reported an authorisation that was released with its payment as refunded.
        note = f"released: {known.payment_id} was canceled, so nothing was paid that could be refunded"
        return Proposal(Result.REFUND_RECORDED, with_report(case), note=note)
    return wait_for_payment(event, case.snapshot, case.now)


def record_dispute(case: Case) -> Proposal:
    event, order, known = case.event_as(DisputeChanged), case.order, case.snapshot.dispute
    before = known.state if known else None
    dispute = later_dispute(before, event.dispute)
    if dispute == before:
        return Proposal(Result.ALREADY_RECORDED, order)
    others = (order.open_disputes or 0) - (1 if known and known.is_counted_in(order) else 0)
    return Proposal(
        Result.DISPUTE_RECORDED,
        replace(order, open_disputes=max(others, 0) + (1 if dispute.is_open else 0)),
        notice=NoticeType.DISPUTE if dispute.is_news_after(before) else None,
        note=dispute.in_words,
        dispute=dispute,
    )


def record_cancel_request(case: Case) -> Proposal:
    requested = replace(case.order, cancel_requested_at=case.now)
    if case.order.status in CLOSED:
        # Kept in case the order is paid after all.
        return Proposal(already(case.order), requested)
    return Proposal(
        Result.CANCEL_REQUEST_RECORDED,
        requested,
        notice=NoticeType.CANCEL_REQUESTED,
        note="cancel_requested: the order is paid",
    )


def change_nothing(case: Case) -> Decision | Proposal:
    order = case.order
    match case.event:
        case OrderPlaced() if order.status is OrderStatus.CANCELLED and order.reserved_at is None:
            # It has never held units. Without an audit entry, a later payment does not take it for a second order with
            # its id.
            return Unchanged(Outcome(Result.ALREADY_PLACED, order.order_id))
        case OrderPlaced():
            # A payment was faster than the trigger. Record all the same that an order with this id was placed.
            return Proposal(Result.ALREADY_PLACED, order)
        case ReservationLapsed():
            return Unchanged(Outcome(Result.NOT_EXPIRED, order.order_id))
        case CheckoutOpened():
            return Unchanged(Outcome(Result.CHECKOUT_NOT_OPENED, order.order_id, f"not_reserved: it is {order.status}"))
        case CheckoutEnded():
            return Unchanged(Outcome(Result.ALREADY_ENDED, order.order_id))
        case _:
            after = with_report(case)
            is_part = newly_partly_funded(order, after) is not None
            return Proposal(Result.PARTLY_FUNDED if is_part else already(order), after)
