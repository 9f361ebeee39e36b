"""An order that is paid in a session of our own checkout, and Stripe's events about the session."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from orders.adjustments import Adjustment, AdjustmentKind
from orders.checkout import Checkout, SessionTotals
from orders.events import OrderEvent, PaymentCanceled, PaymentSucceeded
from orders.money import Money
from orders.order import Order
from settlement.decisions import Change
from tests.support.checkouts import an_open_checkout
from tests.support.deciding import Given, given
from tests.support.orders import an_order_in_checkout
from tests.support.payments import a_cancellation, a_payment
from tests.support.snapshots import a_known_checkout

OPEN = an_open_checkout()
EUR_43 = Money(4_300, "eur")
TOTALS = SessionTotals(subtotal=3_600, total=4_300, discount=100, shipping=490, tax=310, currency="eur")
PARTS = (
    Adjustment(AdjustmentKind.DISCOUNT, -100),
    Adjustment(AdjustmentKind.SHIPPING, 490),
    Adjustment(AdjustmentKind.TAX, 310),
)
UNTIL = OPEN.expires_at + timedelta(minutes=5)


def in_checkout(checkout: Checkout | None = OPEN, order: Order | None = None, **changes: Any) -> Given:
    """The order whose latest attempt is this; None if no attempt is known."""
    order = order or an_order_in_checkout(checkout or OPEN, **changes)
    return given(order, shirts=(10, 3), checkout=checkout and a_known_checkout(checkout))


def in_session(event: PaymentSucceeded, attempt: int | None = 1) -> PaymentSucceeded:
    return replace(event, attempt=attempt)


def completed(totals: SessionTotals | None = TOTALS, session_id: str = "cs_1", **more: Any) -> PaymentSucceeded:
    paid = Money(totals.total, totals.currency) if totals else EUR_43
    event = a_payment("evt_session", money=paid, charge_id=None, event_type="checkout.session.completed", **more)
    return replace(in_session(event), session_id=session_id, totals=totals)


def session_expired(session_id: str = "cs_1") -> PaymentCanceled:
    event = a_cancellation(payment_intent_id=None, event_type="checkout.session.expired")
    return replace(event, session_id=session_id)


CHARGE = in_session(a_payment("evt_charge", money=EUR_43, event_type="charge.succeeded"))
INTENT = in_session(a_payment("evt_intent", money=EUR_43, event_type="payment_intent.succeeded"))


def after(*events: OrderEvent, checkout: Checkout = OPEN, order: Order | None = None) -> Change:
    """The change made by the last of these events, settled one after the other."""
    order, change = order or an_order_in_checkout(checkout), None
    for event in events:
        change = in_checkout(checkout, order).changed_by(event)
        order, checkout = change.order, change.checkout or checkout
    assert change
    return replace(change, checkout=checkout)
