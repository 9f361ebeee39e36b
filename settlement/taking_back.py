"""An operator says that a refund was a mistake: it no longer counts, and its amount is not owed. Pure."""

from dataclasses import replace

from orders.order import Order
from orders.outcome import Result
from orders.refunds import Refund, Refunds, RefundStatus
from settlement.decisions import Case, Look, Proposal
from settlement.operating import turned_down
from settlement.refunding import with_refunds


def take_back(case: Case, refund_id: str) -> Proposal | Look:
    """Mark the refund as a mistake: one recorded as made elsewhere was not made, and a failed one was not due.

    Status and stock change as after a failed refund: units returned with it are taken from stock again.
    """
    refund = case.order.refunds.by_id.get(refund_id)
    if refund is None:
        return turned_down(case, f"no_refund: {refund_id} is not one of its refunds")
    if refund.is_mistake:
        return turned_down(case, f"mistake: {refund_id} is already recorded as a mistake")
    if not refund.is_elsewhere and not refund.is_undone:
        return turned_down(case, f"not_undone: {refund_id} is {refund.status} at Stripe, and only Stripe can end it")
    # A failed refund stays failed: of two reports, the later status counts.
    mistake = Refunds.of(replace(refund, status=RefundStatus.CANCELED, is_mistake=True))
    order = replace(case.order, refunds=case.order.refunds.merged_with(mistake))
    why = "did not go back elsewhere" if refund.is_elsewhere else "is owed to nobody"
    note = f"mistake: {_note(refund, order)} {why} ({refund_id})"
    return with_refunds(case, Proposal(Result.REFUND_RECORDED, order, note=note))


def _note(refund: Refund, order: Order) -> str:
    payment = order.payments.find(refund.payment_id)
    money = payment.money if payment else None
    return f"{refund.amount}{f' {money.currency} of {refund.payment_id}' if money else ''}"
