"""What follows from all that is known of an order's refunds: its status, and which units are back on the shelf. Pure.

Status and stock are derived from what is known, never from what came last. So they are the same in whatever order
refunds, their failures and the payment itself are reported.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from inventory.stock import put_back, release, together
from notifications.notices import NoticeType
from orders.events import ChargeRefunded, RefundUpdated
from orders.order import Order, OrderStatus
from orders.outcome import Result, in_words
from settlement.decisions import Case, Look, Proposal
from settlement.matching import is_first_report

Refunding = ChargeRefunded | RefundUpdated

_NOTICE: Final = {
    Result.REFUNDED: NoticeType.REFUNDED,
    Result.PARTIALLY_REFUNDED: NoticeType.PARTIALLY_REFUNDED,
    Result.REFUND_FAILED: NoticeType.REFUND_FAILED,
}


def record_refund(case: Case) -> Proposal | Look:
    event = case.event if isinstance(case.event, ChargeRefunded) else case.event_as(RefundUpdated)
    return with_refund(case, event, Proposal(Result.ALREADY_RECORDED, case.order))


def with_refund(case: Case, event: Refunding, proposal: Proposal) -> Proposal | Look:
    """The proposal, and what the event's refunds add to it. The order of the proposal is paid."""
    order = proposal.order
    if another := _another_payment(order, event):
        is_news = isinstance(event, ChargeRefunded) and is_first_report(event, order, case.snapshot)
        notice = NoticeType.SECOND_PAYMENT if is_news else proposal.notice
        return replace(proposal, result=Result.OTHER_PAYMENT, notice=notice, note=in_words(proposal.note, another))
    refunds = order.refunds.merged_with(event.refunds)
    if order.payment and refunds == order.refunds:
        return replace(proposal, note=in_words(proposal.note, event.restock_defect))
    if order.payment is None and isinstance(event, ChargeRefunded):
        order = replace(order, payment=event.payment)
    order = replace(order, refunds=refunds)

    wanted = _units_to_have_back(order, case)
    to_take = {p: order.returned.get(p, 0) - wanted.get(p, 0) for p in order.sold}
    to_take = {p: n for p, n in to_take.items() if n > 0}
    if not case.snapshot.products.keys() >= to_take.keys():
        return Look(order.product_ids)
    missing = _sold_again(to_take, case)
    returned = {p: max(wanted.get(p, 0), order.returned.get(p, 0) if missing else 0) for p in order.sold}
    moves = put_back({p: n - order.returned.get(p, 0) for p, n in returned.items()})

    status = _status_of(order, is_short=bool(missing))
    if order.hold_kept and status is OrderStatus.REFUNDED:
        moves = (*moves, *release(order.lines))
        order = replace(order, hold_kept=False)
    after = replace(
        order,
        status=status,
        returned={p: n for p, n in returned.items() if n},
        failure_reason=missing or (None if status in _IN_ORDER else order.failure_reason),
    )
    result = _result_of(proposal, after)
    return replace(
        proposal,
        result=result,
        order=after,
        moves=together(proposal.moves, moves),
        notice=NoticeType.REFUND_DUE if missing else _NOTICE.get(result, proposal.notice),
        note=in_words(proposal.note, event.restock_defect, _excess_in_words(order), missing),
    )


_IN_ORDER: Final = frozenset({OrderStatus.FINALIZED, OrderStatus.PARTIALLY_REFUNDED})


def _another_payment(order: Order, event: Refunding) -> str | None:
    payment = order.payment
    if payment is None:
        return None
    if payment.is_another(event.payment_intent_id, event.charge_id):
        return f"other_payment: {event.payment_ids[0]} is refunded, and {payment.name} had paid the order"
    if payment.money.currency != event.money.currency:
        return f"other_payment: refunded in {event.money.currency}, paid in {payment.money.currency}"
    return None


def _is_full(order: Order) -> bool:
    received = order.payment.money if order.payment else order.total
    return received is not None and order.refunds.amount >= received.amount > 0


def _units_to_have_back(order: Order, case: Case) -> Mapping[str, int]:
    """Units that belong on the shelf again, by product: never more than were sold."""
    if not case.terms.restock_on_refund:
        return order.returned
    if _is_full(order):
        return order.sold
    named = order.refunds.restock
    return {product_id: min(quantity, named.get(product_id, 0)) for product_id, quantity in order.sold.items()}


def _sold_again(to_take: Mapping[str, int], case: Case) -> str | None:
    """Why the units of a refund that has failed cannot be taken off the shelf again; None if they can."""
    products = case.snapshot.products
    short = {
        product_id: quantity
        for product_id, quantity in to_take.items()
        if products[product_id].in_inventory
        and not ((level := products[product_id].level) and level.available >= quantity)
    }
    units = ", ".join(f"{quantity} of {product_id!r}" for product_id, quantity in short.items())
    return f"sold_again: a refund failed, and {units} are gone by now" if short else None


def _status_of(order: Order, *, is_short: bool) -> OrderStatus:
    if _is_full(order):
        return OrderStatus.REFUNDED
    if not order.sold:
        # Paid and never fulfilled, which a refund that failed brings back.
        if order.status in (OrderStatus.REVIEW, OrderStatus.REFUND_DUE):
            return order.status
        return order.unfulfilled_as or OrderStatus.REFUND_DUE
    if is_short:
        return OrderStatus.REFUND_DUE
    return OrderStatus.PARTIALLY_REFUNDED if order.refunds.amount else OrderStatus.FINALIZED


def _result_of(proposal: Proposal, after: Order) -> Result:
    before = proposal.order
    if proposal.result in _FOR_A_PERSON and after.status is before.status:
        # The same event is the first to report the payment, and somebody has to do something about it.
        return proposal.result
    if after.refunds.amount < before.refunds.amount:
        return Result.REFUND_FAILED
    if after.refunds.amount == before.refunds.amount:
        return Result.REFUND_RECORDED if proposal.result is Result.ALREADY_RECORDED else proposal.result
    return Result.REFUNDED if after.status is OrderStatus.REFUNDED else Result.PARTIALLY_REFUNDED


_FOR_A_PERSON: Final = frozenset({Result.QUARANTINED, Result.REFUND_DUE})


def _excess_in_words(order: Order) -> str | None:
    """What refunds ask to put back and the order has not sold."""
    named, sold = order.refunds.restock, order.sold
    excess = [f"{n} of {p!r} named, {sold.get(p, 0)} sold" for p, n in named.items() if n > sold.get(p, 0)]
    return f"restock_excess: {', '.join(excess)}" if excess else None
