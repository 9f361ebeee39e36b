"""Ends an order that holds units: at once, or once nobody can pay in its open Checkout session any more. Pure.

A session that outlives its order would take a customer's money for nothing. So the units stay held while Stripe is
asked to expire the session; if Stripe reports it complete, the payment's events decide.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from inventory.stock import hold, release
from notifications.notices import NoticeType
from orders.checkout import Checkout, CheckoutState
from orders.events import PaymentCanceled
from orders.order import PAID, Order, OrderStatus
from orders.outcome import Outcome, Result
from orders.shop_events import CheckoutEnded
from settlement.checkouts import checkout_reported, closed, without_address
from settlement.decisions import Case, Decision, Look, Proposal, Unchanged
from settlement.matching import why_unpaid
from settlement.paying import quarantine
from settlement.reported import with_report

ASKING_MAX: Final = timedelta(minutes=15)
"""The least time that units stay held while Stripe is asked to expire a session: several tries, and the sweep."""


def lapsed(case: Case) -> Decision | Proposal:
    """Decide what becomes of an order whose hold has run out."""
    if case.order.checkout_until is None:
        return released(case.order, OrderStatus.EXPIRED)
    if _has_brought_money(case.order):
        # The session that might have explained the money has reported nothing.
        return quarantine(case, why_unpaid(case.order))
    if not case.snapshot.is_checkout_read:
        return Look(checkout=True)
    if asking := _asking_stripe(case, OrderStatus.EXPIRED):
        return asking
    # Whether or not Stripe did what it was asked, the session has expired by now.
    known = case.snapshot.checkout
    status = (known.checkout.ends_as if known else None) or OrderStatus.EXPIRED
    over = closed(known.checkout) if known and known.checkout.state is CheckoutState.OPEN else None
    return replace(released(_without_session(case.order), status), checkout=over)


def cancelled(case: Case) -> Decision | Proposal:
    """Decide what becomes of an order that its customer or an operator wants cancelled."""
    requested = replace(case.order, cancel_requested_at=case.now)
    if case.order.checkout_until is None:
        return released(requested, OrderStatus.CANCELLED)
    if not case.snapshot.is_checkout_read:
        return Look(checkout=True)
    known = case.snapshot.checkout
    if asking := _asking_stripe(case, OrderStatus.CANCELLED):
        return replace(asking, order=replace(asking.order, cancel_requested_at=case.now))
    # Nobody has the address of a session that Stripe has not answered for. If the session is already being ended, only
    # the order's final status changes.
    if known and known.checkout.ends_as:
        ending = replace(known.checkout, ends_as=OrderStatus.CANCELLED)
        return Proposal(Result.CHECKOUT_ENDING, requested, checkout=ending)
    over = closed(known.checkout) if known and known.checkout.state is CheckoutState.OPEN else None
    if _has_brought_money(requested):
        # The money waits for a session to explain it, and none will.
        decided = quarantine(replace(case, order=requested), why_unpaid(requested))
        return decided if isinstance(decided, Look) else replace(decided, checkout=over)
    return replace(released(_without_session(requested), OrderStatus.CANCELLED), checkout=over)


def end_checkout(case: Case) -> Decision | Proposal:
    """Decide what follows when Stripe reports that a session has completed or expired."""
    event, known = case.event_as(CheckoutEnded), case.snapshot.checkout
    if known is None or known.checkout.attempt != event.attempt or known.checkout.state is not CheckoutState.OPEN:
        return Unchanged(Outcome(Result.ALREADY_ENDED, case.order.order_id))
    if case.order.settled_status in PAID:
        return _closed_after_other_payment(case, event, known.checkout)
    if not event.is_complete:
        return after_session(case, known.checkout)
    until = max(case.order.checkout_until or case.now, case.now + case.terms.reservation)
    order = case.terms.extended(case.order, replace(case.order, checkout_until=until))
    wanted = known.checkout.ends_as
    note = (
        f"session_complete: the order was to be {wanted}, but the customer has paid, or is about to" if wanted else None
    )
    checkout = replace(without_address(known.checkout), ends_as=None)
    return Proposal(Result.CHECKOUT_COMPLETE, order, note=note, checkout=checkout)


def with_session_ended(case: Case, proposal: Proposal) -> Proposal | Look:
    """End the order's open session if another payment has paid the order or put it into review.

    Otherwise its customer could pay twice. A payment made in the session itself ends nothing: the session is complete
    by then. Nor is a session ended whose payments do not name the attempt in their metadata: this one might be its own.
    """
    order = proposal.order
    if order.settled_status not in PAID or order.checkout_until is None or order.has_money_of_session:
        return proposal
    if not case.snapshot.is_checkout_read:
        return Look(checkout=True)
    known = case.snapshot.checkout
    latest = proposal.checkout or checkout_reported(case) or (known.checkout if known else None)
    if latest is None or latest.state is not CheckoutState.OPEN:
        return replace(proposal, order=replace(order, checkout_until=None))
    if latest.session_id is None:
        # Nobody has its address, and a call that is just opening it finds this attempt closed and ends the session.
        return replace(proposal, order=replace(order, checkout_until=None), checkout=closed(latest))
    if latest.ends_as or not latest.is_marked:
        return proposal
    return replace(proposal, checkout=replace(without_address(latest), ends_as=order.settled_status))


def after_session(case: Case, ended: Checkout) -> Proposal | Look:
    """Decide what becomes of an order whose session has ended unpaid."""
    order = _without_session(with_report(case))
    decided: Proposal | Look
    if _has_brought_money(order):
        decided = quarantine(case, why_unpaid(order))
    elif ended.ends_as is OrderStatus.CANCELLED:
        decided = released(order, OrderStatus.CANCELLED)
    elif ended.ends_as is OrderStatus.EXPIRED and not _is_still_worth_holding(case, order):
        # Its hold is over, perhaps because an operator released it early.
        decided = released(order, OrderStatus.EXPIRED)
    else:
        decided = _kept_held(case, order)
    over = checkout_reported(case) or closed(ended)
    return decided if isinstance(decided, Look) else replace(decided, checkout=over)


def _kept_held(case: Case, order: Order) -> Proposal:
    """Keep the order held if its customer may open another session; otherwise the sweep ends it."""
    order = case.terms.extended(case.order, order)
    is_over = order.reservation_expires_at and order.reservation_expires_at <= case.now
    if isinstance(case.event, PaymentCanceled) and is_over:
        return released(order, OrderStatus.EXPIRED)
    return Proposal(Result.CHECKOUT_ENDED, order)


def released(order: Order, status: OrderStatus) -> Proposal:
    """Give back what the order holds. The order is over unless a payment still arrives."""
    result, notice = _ENDS[status]
    return Proposal(
        result,
        replace(order, status=status, held_from=None, extended_until=None),
        moves=release(order.counted_lines) if order.holds_units else (),
        counted=hold(order.counted_lines) if order.status is OrderStatus.RESERVING else (),
        notice=notice,
    )


_ENDS: Final = {
    OrderStatus.EXPIRED: (Result.EXPIRED, NoticeType.EXPIRED),
    OrderStatus.CANCELLED: (Result.CANCELLED, NoticeType.CANCELLED),
}


def _asking_stripe(case: Case, status: OrderStatus) -> Proposal | None:
    """Keep the units while Stripe is asked to expire the session; None if there is no session to ask about.

    In the end the session expires by itself: from then on the order is not held for it, whatever became of the request.
    """
    known = case.snapshot.checkout
    if known is None or known.checkout.state is not CheckoutState.OPEN:
        return None
    if known.checkout.session_id is None or known.checkout.ends_as:
        return None
    until = max(case.order.checkout_until or case.now, case.now + ASKING_MAX)
    order = case.terms.extended(case.order, replace(case.order, checkout_until=until))
    return Proposal(Result.CHECKOUT_ENDING, order, checkout=replace(known.checkout, ends_as=status))


def _closed_after_other_payment(case: Case, event: CheckoutEnded, ended: Checkout) -> Proposal:
    """Record that nobody can pay in the session any more. A complete one has yet to report its total."""
    if event.is_complete:
        return Proposal(Result.CHECKOUT_COMPLETE, case.order, checkout=without_address(ended))
    return Proposal(Result.CHECKOUT_ENDED, case.order, checkout=closed(ended))


def _is_still_worth_holding(case: Case, order: Order) -> bool:
    until = case.terms.worth_holding_until(order)
    return until is not None and until > case.now


def _has_brought_money(order: Order) -> bool:
    return any(not payment.is_free for payment in order.payments.succeeded)


def _without_session(order: Order) -> Order:
    return replace(order, checkout_until=None, priced_by_checkout=False)
