"""What an event reports about the Checkout session that the service opened for an order. Pure."""

from dataclasses import replace

from orders.adjustments import ADJUSTMENTS_MAX, Adjustment, AdjustmentKind
from orders.checkout import Checkout, CheckoutState, SessionTotals
from orders.events import OfSession, PaymentCanceled
from orders.money import Money
from orders.order import Order
from settlement.decisions import Case


def own_checkout(case: Case) -> Checkout | None:
    """The attempt to which the event's session belongs; None if it is another session or one of an earlier attempt.

    Only the session id proves that: any session of the account could carry the same metadata.
    """
    known = case.snapshot.checkout
    if not isinstance(case.event, OfSession) or known is None or case.event.session_id is None:
        return None
    return known.checkout if known.checkout.session_id == case.event.session_id else None


def checkout_reported(case: Case) -> Checkout | None:
    """The attempt as it is after the event; None if the event reports nothing new about it."""
    own = own_checkout(case)
    if own is None or own.state is CheckoutState.COMPLETE:
        return None
    if not isinstance(case.event, PaymentCanceled):
        return closed(own, CheckoutState.COMPLETE)
    return closed(own) if own.state is CheckoutState.OPEN else None


def closed(checkout: Checkout, state: CheckoutState = CheckoutState.EXPIRED) -> Checkout:
    """The attempt once nobody can pay in its session any more."""
    return replace(without_address(checkout), state=state, request=None, ends_as=None)


def without_address(checkout: Checkout) -> Checkout:
    """The attempt without the URL and client secret that would show its session to the customer."""
    return replace(checkout, url=None, client_secret=None)


def with_session(case: Case, order: Order) -> Order:
    """The order with what its own session reports in this event; unchanged if that is nothing new.

    A session's report counts even if the service had already assumed that nobody would pay in it.
    """
    own, after = own_checkout(case), checkout_reported(case)
    if own is None or after is None:
        return order
    if isinstance(case.event, PaymentCanceled):
        return replace(order, checkout_until=None, priced_by_checkout=False)
    totals = case.event.totals if isinstance(case.event, OfSession) else None
    priced = _priced(order, totals) if totals else order
    return replace(priced, checkout_until=None)


def _priced(order: Order, totals: SessionTotals) -> Order:
    """Adopt the session's total if it sold what the order asks and its parts add up to its total."""
    asked, parts = order.asked, totals.parts
    if asked is None or parts is None or order.price_defect or Money(totals.subtotal, totals.currency) != asked:
        return order
    paid = Money(totals.total, totals.currency)
    adjustments = (*_adjustments_until_now(order, asked), *parts)
    if not parts or len(adjustments) > ADJUSTMENTS_MAX or (order.finalized_at and paid != asked):
        return order
    # If the items have a price, the adjustments are enough: without them, the total is again what it was.
    total = order.total if order.items_total else paid
    added = adjustments[len(order.adjustments) :]
    return replace(order, adjustments=adjustments, added=added, total=total, priced_by_checkout=True)


def _adjustments_until_now(order: Order, asked: Money) -> tuple[Adjustment, ...]:
    if order.adjustments or order.items_total is None or asked.amount == order.items_total.amount:
        return order.adjustments
    # The backend has overwritten the catalogue's total: keep the difference as an adjustment.
    return (Adjustment(AdjustmentKind.OTHER, asked.amount - order.items_total.amount),)
