"""What a Checkout session of our own says of its order, in whatever event and whenever it says so. Pure."""

from dataclasses import replace

from orders.adjustments import ADJUSTMENTS_MAX, Adjustment, AdjustmentKind
from orders.checkout import Checkout, CheckoutState, SessionTotals
from orders.events import OfSession, PaymentCanceled
from orders.money import Money
from orders.order import Order
from settlement.decisions import Case


def own_checkout(case: Case) -> Checkout | None:
    """The attempt whose session the event is of; None if that is no session of ours, or an earlier one.

    Only its id shows that: what an event says of itself, any session of the account could say.
    """
    known = case.snapshot.checkout
    if not isinstance(case.event, OfSession) or known is None or case.event.session_id is None:
        return None
    return known.checkout if known.checkout.session_id == case.event.session_id else None


def checkout_reported(case: Case) -> Checkout | None:
    """The attempt after the event; None if the event says nothing new of it."""
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
    """The attempt once nobody is to be shown its session any more, whatever becomes of that."""
    return replace(checkout, url=None, client_secret=None)


def with_session(case: Case, order: Order) -> Order:
    """The order, with what its own session says in this event added to it; unchanged if it says nothing new.

    A session of which it was only assumed that nobody would pay in it is believed all the same.
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
    """What the session asked counts if it sold what the order asks, and if its parts come to its total."""
    asked, parts = order.asked, totals.parts
    if asked is None or parts is None or order.price_defect or Money(totals.subtotal, totals.currency) != asked:
        return order
    paid = Money(totals.total, totals.currency)
    adjustments = (*_adjustments_until_now(order, asked), *parts)
    if not parts or len(adjustments) > ADJUSTMENTS_MAX or (order.finalized_at and paid != asked):
        return order
    return replace(order, adjustments=adjustments, added=parts, total=paid, priced_by_checkout=True)


def _adjustments_until_now(order: Order, asked: Money) -> tuple[Adjustment, ...]:
    if order.adjustments or order.items_total is None or asked == order.items_total:
        return order.adjustments
    # The backend has written another total over the catalogue's. What it comes to must not be lost.
    return (Adjustment(AdjustmentKind.OTHER, asked.amount - order.items_total.amount),)
