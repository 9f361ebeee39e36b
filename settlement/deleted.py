"""Money events about a deleted order: no order shows them any more, so operators are notified. Pure."""

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
    """The record of an event whose order does not exist; None if nobody has to act on it.

    Also None if the order never existed: payments and disputes are listed under their order in the commit that records
    them on it.
    """
    listed_under = {*(known.leads_to for known in snapshot.payments.values())}
    if snapshot.dispute:
        listed_under.add(snapshot.dispute.order_id)
    if order_id not in listed_under:
        return None
    match event:
        case DisputeChanged():
            return _dispute_notice(event, order_id, snapshot, terms)
        case RefundUpdated() if event.refunds.undone:
            return _failed_refund_notice(event, order_id, terms)
        case _:
            return None


def leave_as_it_is(case: Case, why: str) -> Proposal:
    """Leaves the order that has the id now unchanged, and tells a person what the earlier order needs."""
    left = Proposal(Result.EARLIER_ORDER, case.order, note=why)
    match case.event:
        case DisputeChanged():
            recorded = record_dispute(case)
            return replace(recorded, result=left.result, order=left.order, note=in_words(recorded.note, why))
        case PaymentSucceeded():
            return replace(left, notice=NoticeType.EARLIER_ORDER)
        case RefundUpdated() as event if event.refunds.undone:
            return replace(left, notice=NoticeType.REFUND_FAILED, note=in_words(_failed_note(event), why))
        case _:
            return left


def _dispute_notice(event: DisputeChanged, order_id: str, snapshot: Snapshot, terms: Terms) -> Notify | None:
    """A dispute has a deadline even if its order is gone."""
    before = snapshot.dispute.state if snapshot.dispute else None
    dispute = later_dispute(before, event.dispute)
    if dispute == before:
        return None
    note = _note(order_id, dispute.in_words)
    news = (_notice(NoticeType.DISPUTE, event.money, note),) if dispute.is_news_after(before) else ()
    messages = messages_of(news, order_id, event.event_id, terms)
    return Notify(Result.DISPUTE_RECORDED, order_id, note, event.money, news, messages, dispute)


def _failed_refund_notice(event: RefundUpdated, order_id: str, terms: Terms) -> Notify:
    """The customer lacks this money. Only the order knew how much is refunded without it."""
    note = _note(order_id, _failed_note(event))
    news = (_notice(NoticeType.REFUND_FAILED, None, note),)
    messages = messages_of(news, order_id, event.event_id, terms)
    return Notify(Result.REFUND_FAILED, order_id, note, event.money, news, messages)


def _failed_note(event: RefundUpdated) -> str:
    (refund_id,) = event.refunds.by_id
    said = f"{event.money.amount} {event.money.currency} of {event.payment_ids[0]}"
    return f"refund_failed: {said} did not go back with {refund_id}"


def _note(order_id: str, news: str) -> str:
    return f"{news}; deleted_order: {order_id} no longer exists"


def _notice(kind: NoticeType, money: Money | None, reason: str) -> Notice:
    """Without a customer: only the order named them."""
    return Notice(kind, Audience.OPERATOR, None, money, reason)
