"""An order that holds units ends: at once, or once nobody can pay any more in the session that is open for it. Pure.

A session that is open when its order ends would take a customer's money for nothing. So Stripe is asked to expire it
first, while the units stay held; and if Stripe says that it is complete, the events of its payment decide.
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
"""How long the units stay held at least while Stripe is asked to expire a session: several tries, and the sweep."""


def lapsed(case: Case) -> Decision | Proposal:
    """What becomes of an order whose time is over."""
    if case.order.checkout_until is None:
        return released(case.order, OrderStatus.EXPIRED)
    if _has_brought_money(case.order):
        # The session that might have explained it has not said a word.
        return quarantine(case, why_unpaid(case.order))
    if not case.snapshot.is_checkout_read:
        return Look(checkout=True)
    if asking := _asking_stripe(case, OrderStatus.EXPIRED):
        return asking
    # Whatever has become of the request, by now Stripe has ended the session by itself.
    known = case.snapshot.checkout
    status = (known.checkout.ends_as if known else None) or OrderStatus.EXPIRED
    over = closed(known.checkout) if known and known.checkout.state is CheckoutState.OPEN else None
    return replace(released(_without_session(case.order), status), checkout=over)


def cancelled(case: Case) -> Decision | Proposal:
    """What becomes of an order whose customer has asked to cancel it."""
    requested = replace(case.order, cancel_requested_at=case.now)
    if case.order.checkout_until is None:
        return released(requested, OrderStatus.CANCELLED)
    if not case.snapshot.is_checkout_read:
        return Look(checkout=True)
    known = case.snapshot.checkout
    if asking := _asking_stripe(case, OrderStatus.CANCELLED):
        return replace(asking, order=replace(asking.order, cancel_requested_at=case.now))
    # Of a session that Stripe has not answered for, nobody has the address; and of one that is being ended, only what
    # becomes of the order changes.
    if known and known.checkout.ends_as:
        ending = replace(known.checkout, ends_as=OrderStatus.CANCELLED)
        return Proposal(Result.CHECKOUT_ENDING, requested, checkout=ending)
    over = closed(known.checkout) if known and known.checkout.state is CheckoutState.OPEN else None
    if _has_brought_money(requested):
        # It waits for a session to explain it, and none will.
        decided = quarantine(replace(case, order=requested), why_unpaid(requested))
        return decided if isinstance(decided, Look) else replace(decided, checkout=over)
    return replace(released(_without_session(requested), OrderStatus.CANCELLED), checkout=over)


def end_checkout(case: Case) -> Decision | Proposal:
    """Stripe has said what became of a session."""
    event, known = case.event_as(CheckoutEnded), case.snapshot.checkout
    if known is None or known.checkout.attempt != event.attempt or known.checkout.state is not CheckoutState.OPEN:
        return Unchanged(Outcome(Result.ALREADY_ENDED, case.order.order_id))
    if case.order.settled_status in PAID:
        return _closed_beside_other_money(case, event, known.checkout)
    if not event.is_complete:
        return after_session(case, known.checkout)
    until = max(case.order.checkout_until or case.now, case.now + case.terms.reservation)
    order = case.terms.extended(case.order, replace(case.order, checkout_until=until))
    wanted = known.checkout.ends_as
    note = (
        f"session_complete: the order was to be {wanted}, and its customer has paid, or is about to" if wanted else None
    )
    checkout = replace(without_address(known.checkout), ends_as=None)
    return Proposal(Result.CHECKOUT_COMPLETE, order, note=note, checkout=checkout)


def with_session_ended(case: Case, proposal: Proposal) -> Proposal | Look:
    """The proposal; if other money has paid for its order, or put it into review, the session that is open is ended.

    Its customer could pay twice. Money that was made in the session ends nothing, since that is complete by then. Nor
    does any where payments do not say in which session they were made: it might be its own.
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
        # Nobody has its address; and whoever is just being answered finds this attempt closed, and ends the session.
        return replace(proposal, order=replace(order, checkout_until=None), checkout=closed(latest))
    if latest.ends_as or not latest.is_marked:
        return proposal
    return replace(proposal, checkout=replace(without_address(latest), ends_as=order.settled_status))


def after_session(case: Case, ended: Checkout) -> Proposal | Look:
    """What becomes of an order whose session has ended, and was not paid in."""
    order = _without_session(with_report(case))
    decided: Proposal | Look
    if _has_brought_money(order):
        decided = quarantine(case, why_unpaid(order))
    elif ended.ends_as is OrderStatus.CANCELLED:
        decided = released(order, OrderStatus.CANCELLED)
    elif ended.ends_as is OrderStatus.EXPIRED and not _is_held_for_more(case, order):
        # Its time is over, which an operator may have said before it was.
        decided = released(order, OrderStatus.EXPIRED)
    else:
        decided = _held_on(case, order)
    over = checkout_reported(case) or closed(ended)
    return decided if isinstance(decided, Look) else replace(decided, checkout=over)


def _held_on(case: Case, order: Order) -> Proposal:
    """Where its customer is about to open another session, it stays held; if they do not, the sweep comes by."""
    order = case.terms.extended(case.order, order)
    is_over = order.reservation_expires_at and order.reservation_expires_at <= case.now
    if isinstance(case.event, PaymentCanceled) and is_over:
        return released(order, OrderStatus.EXPIRED)
    return Proposal(Result.CHECKOUT_ENDED, order)


def released(order: Order, status: OrderStatus) -> Proposal:
    """Give back what the order holds; it is over, unless it is paid after all."""
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
    """Keep the units while Stripe is asked to expire the session; None if there is none that anybody could pay in.

    In the end Stripe ends it by itself: then the order is not held for it any longer, whatever became of the request.
    """
    known = case.snapshot.checkout
    if known is None or known.checkout.state is not CheckoutState.OPEN:
        return None
    if known.checkout.session_id is None or known.checkout.ends_as:
        return None
    until = max(case.order.checkout_until or case.now, case.now + ASKING_MAX)
    order = case.terms.extended(case.order, replace(case.order, checkout_until=until))
    return Proposal(Result.CHECKOUT_ENDING, order, checkout=replace(known.checkout, ends_as=status))


def _closed_beside_other_money(case: Case, event: CheckoutEnded, ended: Checkout) -> Proposal:
    """Nobody can pay in it any more. If it is complete, its own event has yet to say so, and what it has cost."""
    if event.is_complete:
        return Proposal(Result.CHECKOUT_COMPLETE, case.order, checkout=without_address(ended))
    return Proposal(Result.CHECKOUT_ENDED, case.order, checkout=closed(ended))


def _is_held_for_more(case: Case, order: Order) -> bool:
    until = case.terms.worth_holding_until(order)
    return until is not None and until > case.now


def _has_brought_money(order: Order) -> bool:
    return any(not payment.is_free for payment in order.payments.succeeded)


def _without_session(order: Order) -> Order:
    return replace(order, checkout_until=None, priced_by_checkout=False)
