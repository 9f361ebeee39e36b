"""Claims an attempt to have an order paid, before Stripe is asked for its Checkout session. Pure."""

from dataclasses import replace

from orders.checkout import ON_THE_WAY_MAX, Checkout, CheckoutState
from orders.order import Order
from orders.outcome import Outcome, Result
from orders.shop_events import CheckoutOpened
from settlement.decisions import Case, Decision, Proposal, Unchanged


def open_checkout(case: Case) -> Decision | Proposal:
    """Keep the order's units for as long as its session may be open, and record what Stripe will be asked for.

    From then on, every call asks Stripe for this same session under the same idempotency key. So there is only one,
    however many calls there are and wherever one of them dies.
    """
    event, known = case.event_as(CheckoutOpened), case.snapshot.checkout
    latest = known.checkout if known else None
    order = case.order.without_added
    if why := _why_not(case, event, order, latest):
        return Unchanged(Outcome(Result.CHECKOUT_NOT_OPENED, order.order_id, why))
    opened = replace(
        order,
        checkout_attempts=event.checkout.attempt,
        checkout_until=event.checkout.expires_at + ON_THE_WAY_MAX,
        priced_by_checkout=event.checkout.adds,
    )
    return Proposal(Result.CHECKOUT_OPENED, case.terms.extended(order, opened), checkout=event.checkout)


def _why_not(case: Case, event: CheckoutOpened, order: Order, latest: Checkout | None) -> str | None:
    """Human-readable reason why this attempt is not the next one; None if it is."""
    if event.user_id != order.user_id:
        return "not_the_owner: the order is somebody else's"
    if latest and latest.state is CheckoutState.OPEN:
        return f"still_open: attempt {latest.attempt} is not known to be over"
    if event.checkout.attempt != (latest.attempt if latest else 0) + 1:
        return f"not_the_next: {event.checkout.attempt} does not come after {latest.attempt if latest else 0}"
    if order.price_defect or event.checkout.asked != order.asked:
        return "another_price: the order asks for another amount by now"
    if order.payments.under_way or any(not payment.is_free for payment in order.payments.succeeded):
        return "payment_under_way: a payment of the order is on its way, or has arrived"
    held_until = order.reserved_at and order.reserved_at + case.terms.hold_max
    if held_until and event.checkout.expires_at + ON_THE_WAY_MAX > held_until:
        return "held_too_long: the order cannot be held for as long as its session would be open"
    return None
