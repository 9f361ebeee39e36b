"""What follows from all that is known of an order's money: its status, and which units are back on the shelf. Pure.

Status and stock are derived from what is known, never from what came last. So they are the same in whatever order
payments, refunds and their failures are reported.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from inventory.reservation import to_be_held
from inventory.stock import StockMove, hold, put_back, release, together
from notifications.notices import NoticeType
from orders.events import ChargeRefunded, OrderEvent, RefundUpdated
from orders.order import Order, OrderStatus
from orders.outcome import Result, in_words
from orders.payments import amount_of
from orders.refunds import Refund, Refunds, RestockRule, units_named
from settlement.decisions import Case, Look, Proposal

_NOTICE: Final = {
    Result.REFUNDED: NoticeType.REFUNDED,
    Result.PARTIALLY_REFUNDED: NoticeType.PARTIALLY_REFUNDED,
    Result.REFUND_FAILED: NoticeType.REFUND_FAILED,
}


def with_refunds(case: Case, proposal: Proposal) -> Proposal | Look:
    """The proposal, and what follows from all that is refunded of the payments that its order is paid with."""
    order = proposal.order
    wanted = _units_to_have_back(order, case)
    to_take = {p: order.returned.get(p, 0) - wanted[p] for p in order.taken}
    to_take = {p: n for p, n in to_take.items() if n > 0}
    if not case.snapshot.products.keys() >= to_take.keys():
        return Look(order.product_ids)
    short = unavailable(to_take, case)
    why_taken = "a refund failed" if _has_undone(case.event) else "fewer units go back"
    missing = f"sold_again: {why_taken}, and {short} are gone by now" if short else None
    returned = {p: max(wanted[p], order.returned.get(p, 0) if missing else 0) for p in order.taken}
    moves = put_back({p: n - order.returned.get(p, 0) for p, n in returned.items()})
    if not case.snapshot.products.keys() >= _put_on_shelf(together(proposal.moves, moves)):
        return Look(order.product_ids)

    # All money is back: then only the books are wrong, and nothing is owed to the customer.
    is_owed = bool(missing) and not _is_full(order)
    status = _status_of(order, is_short=is_owed)
    if order.hold_kept and status is OrderStatus.REFUNDED:
        moves = (*moves, *release(order.counted_lines))
        order = replace(order, hold_kept=False)
    if order.awaits_payment and case.order.status is OrderStatus.REFUNDED and status is OrderStatus.REVIEW:
        if not case.snapshot.products.keys() >= set(order.product_ids):
            return Look(order.product_ids)
        order, held = _held_again(case, order)
        moves = (*moves, *held)
    after = replace(
        order,
        status=status,
        returned={p: n for p, n in returned.items() if n},
        failure_reason=missing if is_owed else _reason_of(order, status),
    )
    result = _result_of(case, proposal, after)
    return replace(
        proposal,
        result=result,
        order=after,
        moves=together(proposal.moves, moves),
        notice=NoticeType.REFUND_DUE if is_owed else _NOTICE.get(result, proposal.notice),
        note=in_words(proposal.note, _remarks_on(case.event, order), missing),
    )


def is_what_is_known(order: Order) -> bool:
    """Whether the status of a paid order is what follows from its payments and refunds."""
    return order.status is _status_of(order, is_short=order.status is OrderStatus.REFUND_DUE)


def unavailable(units: Mapping[str, int], case: Case) -> str | None:
    """Which of these units the inventory counts and does not have free, in words for a person; None if it has all."""
    products = case.snapshot.products
    short = {
        product_id: quantity
        for product_id, quantity in units.items()
        if products[product_id].in_inventory and not ((level := products[product_id].level) and level.has(quantity))
    }
    return ", ".join(f"{quantity} of {product_id!r}" for product_id, quantity in short.items()) or None


def _put_on_shelf(moves: tuple[StockMove, ...]) -> set[str]:
    """The products that must be read first: one that is never short by now has no figure to which units are added."""
    return {move.product_id for move in moves if move.stock > 0}


def _held_again(case: Case, order: Order) -> tuple[Order, tuple[StockMove, ...]]:
    """What went back with the money is held again, if it is there, as if it had never gone."""
    order = to_be_held(order, case.snapshot.products)
    is_there = not unavailable({line.product_id: line.quantity for line in order.counted_lines}, case)
    return replace(order, hold_kept=is_there), hold(order.counted_lines) if is_there else ()


_IN_ORDER: Final = frozenset({OrderStatus.FINALIZED, OrderStatus.PARTIALLY_REFUNDED})


def _reason_of(order: Order, status: OrderStatus) -> str | None:
    """Why it is what it is; nothing is wrong with a sold order any more whose money is as it should be."""
    is_over = status in _IN_ORDER or (status is OrderStatus.REFUNDED and order.sold)
    return None if is_over else order.failure_reason


def _is_full(order: Order) -> bool:
    paid = order.paid_with
    brought_money = any(amount_of(payment) for payment in paid)
    return brought_money and all(order.refunds.amount_of(payment) >= amount_of(payment) for payment in paid)


def _units_to_have_back(order: Order, case: Case) -> Mapping[str, int]:
    """Units that belong on the shelf again, by product: never more than were taken from it."""
    refunds = _refunds_that_count(order)
    said = {refund.restock for refund in refunds if isinstance(refund.restock, RestockRule)}
    unsaid = order.amount_refunded - sum(refund.amount for refund in refunds if refund.restock is not None)
    follows_terms = _is_full(order) and unsaid > 0 and RestockRule.NONE not in said
    if RestockRule.ALL in said or (follows_terms and case.terms.restock_on_refund):
        return order.taken
    named = units_named(refunds)
    # What came back under other terms stays, but not what a refund brought back that has failed, or counts no more.
    back = order.returned if follows_terms and not (_has_newly_undone(case) or _is_paid_anew(case, order)) else {}
    return {p: min(quantity, max(named.get(p, 0), back.get(p, 0))) for p, quantity in order.taken.items()}


def _is_paid_anew(case: Case, order: Order) -> bool:
    """Whether it is paid with other payments than before the event."""
    before, after = ({payment.payment_id for payment in each.paid_with} for each in (case.order, order))
    return before != after


def _refunds_that_count(order: Order) -> tuple[Refund, ...]:
    """The refunds that are done, of the payments that the order is paid with."""
    of_payments = (refund for payment in order.paid_with for refund in order.refunds.refunds_of(payment))
    return tuple({refund.refund_id: refund for refund in of_payments if refund.is_done}.values())


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
    return OrderStatus.PARTIALLY_REFUNDED if order.amount_refunded else OrderStatus.FINALIZED


def _result_of(case: Case, proposal: Proposal, after: Order) -> Result:
    if proposal.result in _FOR_A_PERSON and after.status is proposal.order.status:
        # The same event is the first to report the payment, and somebody has to do something about it.
        return proposal.result
    before = case.order.amount_refunded
    if after.amount_refunded > before:
        return Result.REFUNDED if after.status is OrderStatus.REFUNDED else Result.PARTIALLY_REFUNDED
    is_less = after.amount_refunded < before and _has_undone(case.event)
    if is_less or _has_newly_undone(case) or _has_newly_lost(case, after):
        return Result.REFUND_FAILED
    return proposal.result


_FOR_A_PERSON: Final = frozenset({Result.QUARANTINED, Result.REFUND_DUE})


def _has_newly_undone(case: Case) -> bool:
    """Whether the event says so of a refund that was under way or done: its customer still waits for that money.

    They do not for what has gone back elsewhere.
    """
    event, payments, before = case.event, case.order.payments, case.order.refunds
    if not isinstance(event, ChargeRefunded | RefundUpdated):
        return False
    undone = Refunds.of(*(refund for refund in event.refunds.by_id.values() if refund.is_undone))
    after = before.merged_with(undone)
    newly = (known for known in before.by_id.values() if known.refund_id in undone.by_id and not known.is_undone)
    paid = (payments.find(refund.payment_id) for refund in newly)
    return any(each is None or after.promised_of(each) < before.promised_of(each) for each in paid)


def _has_newly_lost(case: Case, after: Order) -> bool:
    """Whether a refund of money that had come is heard of for the first time now that it came to nothing.

    Stripe may report that before it reports that there was a refund, or nobody else ever does.
    """
    paid = {payment.payment_id for payment in case.order.payments.succeeded}
    known = {refund.refund_id for _, refund in case.order.lost_refunds}
    return any(payment.payment_id in paid and refund.refund_id not in known for payment, refund in after.lost_refunds)


def _has_undone(event: OrderEvent) -> bool:
    """Whether the event says of a refund that it came to nothing."""
    if not isinstance(event, ChargeRefunded | RefundUpdated):
        return False
    return any(refund.is_undone for refund in event.refunds.by_id.values())


def _remarks_on(event: OrderEvent, order: Order) -> str | None:
    """What a refund's metadata asks for and cannot have."""
    if not isinstance(event, ChargeRefunded | RefundUpdated):
        return None
    named, sold = units_named(_refunds_that_count(order)), order.sold
    excess = [f"{n} of {p!r} named, {sold.get(p, 0)} sold" for p, n in named.items() if n > sold.get(p, 0)]
    return in_words(event.restock_defect, f"restock_excess: {', '.join(excess)}" if excess else None)
