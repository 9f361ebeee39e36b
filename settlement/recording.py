"""What is put on record without moving anything: declines, disputes, cancel requests, and repetitions. Pure."""

from dataclasses import replace

from notifications.notices import NoticeType
from orders.declines import later_decline
from orders.disputes import later_dispute
from orders.events import (
    DisputeChanged,
    OrderPlaced,
    PaymentFailed,
    PaymentSucceeded,
    ReservationLapsed,
)
from orders.order import CLOSED
from orders.outcome import Outcome, Result
from settlement.decisions import Case, Decision, Proposal, Unchanged
from settlement.matching import already, is_first_report, second_payment


def record_decline(case: Case) -> Proposal:
    event, order = case.event_as(PaymentFailed), case.order
    decline = later_decline(order.decline, event.decline)
    # Neither another event of a known decline nor one from before it is news to anybody.
    is_news = decline == event.decline and not (order.decline and order.decline.is_same_attempt(decline))
    notice = NoticeType.PAYMENT_FAILED if is_news else None
    return Proposal(Result.PAYMENT_FAILED, replace(order, decline=decline), notice=notice)


def record_dispute(case: Case) -> Proposal:
    event, order, known = case.event_as(DisputeChanged), case.order, case.snapshot.dispute
    before = known.state if known else None
    dispute = later_dispute(before, event.dispute)
    if dispute == before:
        return Proposal(Result.ALREADY_RECORDED, order)
    others = (order.open_disputes or 0) - (1 if known and known.is_counted_in(order) else 0)
    is_news = before is None or before.status != dispute.status
    return Proposal(
        Result.DISPUTE_RECORDED,
        replace(order, open_disputes=max(others, 0) + (1 if dispute.is_open else 0)),
        notice=NoticeType.DISPUTE if is_news else None,
        note=f"dispute: {dispute.dispute_id} is {dispute.status}",
        dispute=dispute,
    )


def record_cancel_request(case: Case) -> Proposal:
    requested = replace(case.order, cancel_requested_at=case.now)
    if case.order.status in CLOSED:
        # Should it be paid after all, the request is not forgotten.
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
        case OrderPlaced():
            return Unchanged(Outcome(Result.ALREADY_PLACED, order.order_id))
        case ReservationLapsed():
            return Unchanged(Outcome(Result.NOT_EXPIRED, order.order_id))
        case PaymentSucceeded() as event if another := second_payment(event.payment, order):
            notice = NoticeType.SECOND_PAYMENT if is_first_report(event, order, case.snapshot) else None
            return Proposal(already(order), order, notice=notice, note=another)
        case _:
            return Proposal(already(order), order)
