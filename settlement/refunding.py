"""Derives from all payments and refunds of an order its status, and which units are back on the shelf. Pure.

Status and stock follow from all that is known, never from what came last. So they are the same in whatever sequence
payments, refunds and failed refunds are reported.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from inventory.reservation import to_be_held
from inventory.stock import StockMove, hold, put_back, release, together
from notifications.notices import NoticeType
from orders.events import ChargeRefunded, OrderEvent, RefundUpdated
from orders.operator_events import RefundOrdered
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
    """Add to the proposal what follows from all refunds of the payments that its order is paid with."""
    order = proposal.order
    wanted = _units_to_have_back(order, case)
    to_take = {p: order.returned.get(p, 0) - wanted[p] for p in order.taken}
    to_take = {p: n for p, n in to_take.items() if n > 0}
    if not case.snapshot.products.keys() >= to_take.keys():
        return Look(order.product_ids)
    short = unavailable(to_take, case)
    why_taken = "a refund failed" if _reports_failed_refund(case.event) else "fewer units go back"
    missing = f"sold_again: {why_taken}, and {short} are no longer available" if short else None
    returned = {p: max(wanted[p], order.returned.get(p, 0) if missing else 0) for p in order.taken}
    moves = put_back({p: n - order.returned.get(p, 0) for p, n in returned.items()})
    if not case.snapshot.products.keys() >= _put_on_shelf(together(proposal.moves, moves)):
        return Look(order.product_ids)

    # If all money is back, only the books are wrong: the customer is owed nothing.
    is_owed = bool(missing) and not _is_full(order)
    is_new = is_owed and case.order.status is not OrderStatus.REFUND_DUE
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
        notice=NoticeType.REFUND_DUE if is_new else _NOTICE.get(result, proposal.notice),
        note=in_words(proposal.note, _remarks_on(case.event, order), missing),
    )


def is_what_is_known(order: Order) -> bool:
    """Whether a paid order's status is the one that follows from its payments and refunds."""
    return order.status is _status_of(order, is_short=order.status is OrderStatus.REFUND_DUE)


def unavailable(units: Mapping[str, int], case: Case) -> str | None:
    """Human-readable list of the units that the inventory counts but does not have free; None if it has them all."""
    products = case.snapshot.products
    short = {
        product_id: quantity
        for product_id, quantity in units.items()
        if products[product_id].in_inventory and not ((level := products[product_id].level) and level.has(quantity))
    }
    return ", ".join(f"{quantity} of {product_id!r}" for product_id, quantity in short.items()) or None


def _put_on_shelf(moves: tuple[StockMove, ...]) -> set[str]:
    """The products that gain units, which must be read first: one that is now never short has no figure to add to."""
    return {move.product_id for move in moves if move.stock > 0}


def _held_again(case: Case, order: Order) -> tuple[Order, tuple[StockMove, ...]]:
    """Hold the order's units again after their refund failed, if they are available."""
    order = to_be_held(order, case.snapshot.products)
    is_there = not unavailable({line.product_id: line.quantity for line in order.counted_lines}, case)
    return replace(order, hold_kept=is_there), hold(order.counted_lines) if is_there else ()


_IN_ORDER: Final = frozenset({OrderStatus.FINALIZED, OrderStatus.PARTIALLY_REFUNDED})


def _reason_of(order: Order, status: OrderStatus) -> str | None:
    """The failure reason to keep; None for a sold order whose money is as it should be."""
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
    # Units that came back under earlier terms stay back, unless a refund failed since, was a mistake or no longer
    # counts.
    is_void = _reports_newly_failed_refund(case) or _is_mistake(case.event) or _changes_paying_payments(case, order)
    back = order.returned if follows_terms and not is_void else {}
    return {p: min(quantity, max(named.get(p, 0), back.get(p, 0))) for p, quantity in order.taken.items()}


def _is_mistake(event: OrderEvent) -> bool:
    """Whether an operator says that a refund was a mistake."""
    return isinstance(event, RefundOrdered) and event.mistaken_id is not None


def _changes_paying_payments(case: Case, order: Order) -> bool:
    """Whether this event changes which payments pay for the order."""
    before, after = ({payment.payment_id for payment in each.paid_with} for each in (case.order, order))
    return before != after


def _refunds_that_count(order: Order) -> tuple[Refund, ...]:
    """The completed refunds of the payments that pay for the order."""
    of_payments = (refund for payment in order.paid_with for refund in order.refunds.refunds_of(payment))
    return tuple({refund.refund_id: refund for refund in of_payments if refund.is_done}.values())


def _status_of(order: Order, *, is_short: bool) -> OrderStatus:
    if _is_full(order):
        return OrderStatus.REFUNDED
    if not order.sold:
        # Paid and never fulfilled; also again after a refund failed.
        if order.status in (OrderStatus.REVIEW, OrderStatus.REFUND_DUE):
            return order.status
        return order.unfulfilled_as or OrderStatus.REFUND_DUE
    if is_short:
        return OrderStatus.REFUND_DUE
    return OrderStatus.PARTIALLY_REFUNDED if order.amount_refunded else OrderStatus.FINALIZED


def _result_of(case: Case, proposal: Proposal, after: Order) -> Result:
    if proposal.result in _FOR_A_PERSON and after.status is proposal.order.status:
        # The event also reports the payment for the first time, and somebody has to act on it.
        return proposal.result
    before = case.order.amount_refunded
    if after.amount_refunded > before:
        return Result.REFUNDED if after.status is OrderStatus.REFUNDED else Result.PARTIALLY_REFUNDED
    is_less = after.amount_refunded < before and _reports_failed_refund(case.event)
    if is_less or _reports_newly_failed_refund(case) or _shows_unknown_failed_refund(case, after):
        return Result.REFUND_FAILED
    # Its money went back before it was known to pay: that it is paid, or due back, would be untrue.
    is_back = proposal.notice and after.status is OrderStatus.REFUNDED
    return Result.REFUNDED if is_back else proposal.result


_FOR_A_PERSON: Final = frozenset({Result.QUARANTINED, Result.REFUND_DUE})


def _reports_newly_failed_refund(case: Case) -> bool:
    """Whether the event says that a refund failed that was pending or done, so that its customer still waits for money.

    They do not if that money went back outside Stripe.
    """
    event, payments, before = case.event, case.order.payments, case.order.refunds
    if not isinstance(event, ChargeRefunded | RefundUpdated):
        return False
    undone = Refunds.of(*event.refunds.undone)
    after = before.merged_with(undone)
    newly = (known for known in before.by_id.values() if known.refund_id in undone.by_id and not known.is_undone)
    paid = (payments.find(refund.payment_id) for refund in newly)
    return any(each is None or after.promised_of(each) < before.promised_of(each) for each in paid)


def _shows_unknown_failed_refund(case: Case, after: Order) -> bool:
    """Whether a refund of a received payment becomes known only now that it has failed.

    Stripe may report the failure before the refund, and the refund itself perhaps never.
    """
    paid = {payment.payment_id for payment in case.order.payments.succeeded}
    known = {lost.refund.refund_id for lost in case.order.lost_refunds}
    return any(lost.payment.payment_id in paid and lost.refund.refund_id not in known for lost in after.lost_refunds)


def _reports_failed_refund(event: OrderEvent) -> bool:
    """Whether the event says that a refund failed or was cancelled."""
    return isinstance(event, ChargeRefunded | RefundUpdated) and bool(event.refunds.undone)


def _remarks_on(event: OrderEvent, order: Order) -> str | None:
    """What a refund's metadata asks for and cannot have, human-readable; None if there is nothing."""
    if not isinstance(event, ChargeRefunded | RefundUpdated):
        return None
    named, sold = units_named(_refunds_that_count(order)), order.sold
    excess = [f"{n} of {p!r} named, {sold.get(p, 0)} sold" for p, n in named.items() if n > sold.get(p, 0)]
    return in_words(event.restock_defect, f"restock_excess: {', '.join(excess)}" if excess else None)
