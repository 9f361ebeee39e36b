"""What has to do with money of an order that was deleted: no order says so any more, operators learn it. Pure."""

from dataclasses import replace

from notifications.notices import Audience, Notice, NoticeType
from orders.disputes import later_dispute
from orders.events import DisputeChanged, PaymentSucceeded, RefundUpdated, StripeEvent
from orders.money import Money
from orders.outcome import Result, in_words
from settlement.decisions import Case, Notify, Proposal
from settlement.outside import messages_of
from settlement.recording import record_dispute
from settlement.snapshot import Snapshot
from settlement.terms import Terms


def of_deleted_order(event: StripeEvent, order_id: str, snapshot: Snapshot, terms: Terms) -> Notify | None:
    """What is put on record of an event whose order does not exist; None if nobody has to do anything about it.

    Nor if the order never was there: a payment is listed under its order in the commit in which that learns of it.
    """
    if not any(known.leads_to == order_id for known in snapshot.payments.values()):
        return None
    match event:
        case DisputeChanged():
            return _of_dispute(event, order_id, snapshot, terms)
        case RefundUpdated() if event.refunds.undone:
            return _of_failed_refund(event, order_id, terms)
        case _:
            return None


def leave_as_it_is(case: Case, why: str) -> Proposal:
    """The order that has the id by now, while a person learns what has to be done about the earlier one."""
    left = Proposal(Result.EARLIER_ORDER, case.order, note=why)
    match case.event:
        case DisputeChanged():
            recorded = record_dispute(case)
            return replace(recorded, result=left.result, order=left.order, note=in_words(recorded.note, why))
        case PaymentSucceeded():
            return replace(left, notice=NoticeType.EARLIER_ORDER)
        case RefundUpdated() as event if event.refunds.undone:
            return replace(left, notice=NoticeType.REFUND_FAILED, note=in_words(_failed_in_words(event), why))
        case _:
            return left


def _of_dispute(event: DisputeChanged, order_id: str, snapshot: Snapshot, terms: Terms) -> Notify | None:
    """A dispute has a deadline, whatever has become of its order."""
    before = snapshot.dispute.state if snapshot.dispute else None
    dispute = later_dispute(before, event.dispute)
    if dispute == before:
        return None
    note = _in_words(order_id, dispute.in_words)
    news = (_notice(NoticeType.DISPUTE, event.money, note),) if dispute.is_news_after(before) else ()
    messages = messages_of(news, order_id, event.event_id, terms)
    return Notify(Result.DISPUTE_RECORDED, order_id, note, event.money, news, messages, dispute)


def _of_failed_refund(event: RefundUpdated, order_id: str, terms: Terms) -> Notify:
    """The customer does not have that money. How much is refunded without it, only the order knew."""
    note = _in_words(order_id, _failed_in_words(event))
    news = (_notice(NoticeType.REFUND_FAILED, None, note),)
    messages = messages_of(news, order_id, event.event_id, terms)
    return Notify(Result.REFUND_FAILED, order_id, note, event.money, news, messages)


def _failed_in_words(event: RefundUpdated) -> str:
    said = f"{event.money.amount} {event.money.currency} of {event.payment_ids[0]}"
    return f"refund_failed: {said} did not go back with {', '.join(event.refunds.by_id)}"


def _in_words(order_id: str, news: str) -> str:
    return f"{in_words(news, f'deleted_order: {order_id} no longer exists')}"


def _notice(kind: NoticeType, money: Money | None, reason: str) -> Notice:
    """Nobody knows any more whose order it was."""
    return Notice(kind, Audience.OPERATOR, None, money, reason)
