"""Settles paid orders: they are finalized, kept for a person to decide, or due for a refund. Pure."""

from dataclasses import replace

from inventory.reservation import Refused, as_counted, price_to_hold
from inventory.stock import StockMove, put_back, take
from notifications.notices import NoticeType
from orders.checkout import CheckoutState
from orders.events import CarriesPayment
from orders.money import Money
from orders.order import CLOSED, INVALID_ORDER, Order, OrderStatus
from orders.outcome import Result, in_words
from settlement.decisions import Case, GiveBack, Look, Proposal
from settlement.matching import already, is_free_and_unneeded, why_unpaid
from settlement.refunding import unavailable, with_refunds
from settlement.reported import why_doubtful, with_report


def take_units(case: Case, *, counted: tuple[StockMove, ...] = ()) -> Proposal | Look | GiveBack:
    """Finalize an order whose units are held, or keep them held for a person to decide.

    Args:
        counted: the hold, if it was counted just now for this payment.
    """
    order = with_report(case)
    if order.defect:
        return _quarantined(case, order, f"{INVALID_ORDER}: {order.defect}", counted)
    reason = why_unpaid(order)
    if is_free_and_unneeded(case.event, order):
        # A late payment is holding the closed order or crashed meanwhile, and will be delivered again.
        return GiveBack.of(case) if order.held_from in CLOSED else _keep_unpaid(case, order, reason, counted)
    if reason and (waiting := _awaiting_session(case, order, reason)):
        return waiting
    if reason:
        return _quarantined(case, order, reason, counted)
    return with_refunds(case, replace(with_held_units(finalized(case, order)), counted=counted))


def take_unheld_units(case: Case) -> Proposal | Look:
    """Finalize an order whose hold was released when an insufficient payment was refunded."""
    order = with_report(case)
    if not case.snapshot.products.keys() >= set(order.product_ids):
        return Look(order.product_ids)
    if order.reserved_at is None and (refused := _why_not_to_hold(order, case)):
        return refuse(case, refused)
    order = as_counted(order, case.snapshot.products)
    units = {line.product_id: line.quantity for line in order.counted_lines}
    if short := unavailable(units, case):
        return refuse(case, Refused(f"insufficient_stock: {short} are no longer available"))
    taken = put_back({product_id: -quantity for product_id, quantity in units.items()})
    return with_refunds(case, replace(finalized(case, order), moves=taken))


def _why_not_to_hold(order: Order, case: Case) -> Refused | None:
    """Why an order that may never have been held cannot be held; None if it can."""
    try:
        price_to_hold(order, case.snapshot.products)
    except Refused as refused:
        return refused
    return None


def quarantine(case: Case, reason: str | None = None) -> Proposal | Look:
    """Keep the payment of an order that cannot be held, for a person to decide."""
    return _quarantined(case, with_report(case), reason or f"{INVALID_ORDER}: {case.order.defect}")


def refuse(case: Case, refused: Refused | None = None, *, priced: Order | None = None) -> Proposal | Look:
    """Fail an order that cannot be held; if it is paid, its money is due back.

    Args:
        refused: why; None means the order's own defect.
        priced: the order at the catalogue's price, which it would have had once held. If this payment may be another
            order's, a later one may still pay for it.
    """
    refused = refused or Refused(f"{INVALID_ORDER}: {case.order.defect}")
    reason, note = str(refused), refused.note
    event, order = case.event, replace(with_report(case), held_from=None, failure_reason=reason)
    if isinstance(event, CarriesPayment) and not event.payment.is_free:
        if why_doubtful(case):
            # It may be another order's money, so it is not due back.
            return quarantine(replace(case, order=priced or case.order), reason)
        due = OrderStatus.REFUND_DUE
        total = order.total if order.price_defect else order.asked
        order = replace(order, status=due, total=total, unfulfilled_as=due, settled_by=event.event_id)
        return with_refunds(case, Proposal(Result.REFUND_DUE, order, notice=NoticeType.REFUND_DUE, note=note))
    if order.status in CLOSED:
        # The customer already knows, and the late event cost them nothing.
        return Proposal(already(order), replace(case.order, payments=order.payments), note=note)
    failed = replace(order, status=OrderStatus.FAILED)
    return Proposal(Result.RESERVATION_FAILED, failed, notice=NoticeType.FAILED, note=note)


def closed_and_not_paid(case: Case, order: Order) -> Proposal | None:
    """Leave a closed order with a price closed if the event is only of a session that was free of charge; else None."""
    if order.status not in CLOSED or not is_free_and_unneeded(case.event, order):
        return None
    known = replace(case.order, payments=order.payments)
    return Proposal(Result.NOT_PAID, known, notice=NoticeType.NOT_PAID, note=why_unpaid(order))


def finalized(case: Case, order: Order, price: Money | None = None) -> Proposal:
    """The order as paid: at this price, or else at what it asks.

    The caller adds the units to take, and `with_refunds`.
    """
    paid = replace(
        order,
        total=price or order.asked,
        held_from=None,
        hold_kept=False,
        settled_by=case.event.event_id,
        unfulfilled_as=None,
        finalized_at=case.now,
    )
    return Proposal(Result.FIRST_TIME_FINALIZED, paid, notice=NoticeType.PAID)


def with_held_units(paid: Proposal) -> Proposal:
    """Add the units held for the order: those to take now, and those the fold takes because the product was hot."""
    order = paid.order
    return replace(paid, moves=take(order.lines_taken_at_once), later=take(order.lines_taken_later))


def _awaiting_session(case: Case, order: Order, reason: str) -> Proposal | Look | None:
    """Keep a payment of our own open session until the session reports its total; None for any other payment.

    Stripe reports a payment by its charge, its PaymentIntent and its session, in any order, and only the session says
    what was added to the price.
    """
    if order.checkout_until is None or order.price_defect or why_doubtful(case):
        return None
    if not case.snapshot.is_checkout_read:
        return Look(checkout=True)
    known = case.snapshot.checkout
    if known is None or known.checkout.state is not CheckoutState.OPEN or not known.checkout.adds:
        return None
    if known.checkout.is_marked and not order.has_money_of_session:
        return None
    waits_until = max(order.checkout_until, case.now + case.terms.reservation)
    kept = case.terms.extended(case.order, replace(order, checkout_until=waits_until))
    return Proposal(Result.AWAITING_CHECKOUT, kept, note=reason)


def _keep_unpaid(case: Case, order: Order, reason: str | None, counted: tuple[StockMove, ...]) -> Proposal:
    """Leave the order unpaid, and held for a person to decide for as long as for a payment that is under way."""
    kept = replace(
        order,
        status=OrderStatus.RESERVED,
        held_from=None,
        reserved_at=case.now if order.status is OrderStatus.RESERVING else order.reserved_at,
    )
    return Proposal(
        Result.NOT_PAID, case.terms.extended(case.order, kept), counted=counted, notice=NoticeType.NOT_PAID, note=reason
    )


def _quarantined(case: Case, order: Order, reason: str, counted: tuple[StockMove, ...] = ()) -> Proposal | Look:
    kept = replace(
        order,
        status=OrderStatus.REVIEW,
        total=order.total if order.price_defect else order.asked,
        unfulfilled_as=OrderStatus.REVIEW,
        held_from=None,
        hold_kept=case.order.holds_units,
        settled_by=case.event.event_id,
        failure_reason=reason,
    )
    note = in_words(reason, why_doubtful(case))
    return with_refunds(case, Proposal(Result.QUARANTINED, kept, (), counted, NoticeType.REVIEW, note))
