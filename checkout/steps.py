"""Decides the next step towards one session in which a customer can pay for their order, never two. Pure."""

from datetime import datetime, timedelta
from typing import Final

from checkout.claims import Caller
from checkout.refusals import CallRefused, Status, payable, price_of
from checkout.request import SESSION_MAX, end_of_session
from orders.checkout import ON_THE_WAY_MAX, Checkout, CheckoutState
from orders.frozen import frozen
from orders.money import Money
from orders.order import Order

ATTEMPTS_MAX: Final = 60
"""For one order. It can be held for a day, into which so many sessions do not even fit one after the other. But an
attempt that Stripe refuses, as for an amount below its minimum, is over at once, and each leaves an audit entry."""


@frozen
class Claim:
    """Claim the next attempt; only then may Stripe be asked for its session."""

    order: Order
    attempt: int
    asked: Money
    expires_at: datetime


@frozen
class Ask:
    """Ask Stripe for the session of the claimed attempt, as often as it takes, under the attempt's own key."""

    checkout: Checkout


@frozen
class Show:
    """The session is open: show it to the customer."""

    checkout: Checkout


@frozen
class End:
    """Have Stripe expire the session unless it is over: its price or time is out of date, or its address is gone."""

    checkout: Checkout


@frozen
class Forget:
    """The attempt's time is out, and nobody has the address of its session, if there is one."""

    checkout: Checkout


Step = Claim | Ask | Show | End | Forget


def next_step(order: Order | None, latest: Checkout | None, caller: Caller, now: datetime, hold_max: timedelta) -> Step:
    """The next step for this caller.

    Args:
        latest: the latest attempt to have the order paid.
        hold_max: the longest that units stay held for an unpaid order.

    Raises:
        CallRefused: the caller cannot pay for the order now.
    """
    order = payable(order, caller).without_added
    asked = price_of(order)
    if latest is None or latest.state is not CheckoutState.OPEN:
        return _claim(order, asked, (latest.attempt if latest else 0) + 1, now, hold_max)
    if latest.ends_as:
        raise _refused(order, "the order is about to end", "ending")
    is_over = latest.expires_at <= now
    if latest.session_id is None:
        return Forget(latest) if is_over else Ask(latest)
    has_address = latest.url or latest.client_secret
    return Show(latest) if has_address and not is_over and latest.asked == asked else End(latest)


def _claim(order: Order, asked: Money, attempt: int, now: datetime, hold_max: timedelta) -> Claim:
    payments = order.payments
    if payments.under_way or any(not payment.is_free for payment in payments.succeeded):
        raise _refused(order, "a payment of the order is on its way", "payment_under_way")
    if attempt > ATTEMPTS_MAX:
        raise _refused(order, "the order cannot be paid: too many of its sessions came to nothing", "too_many_attempts")
    expires_at = end_of_session(order, now, _held_at_most(order, now, hold_max) - ON_THE_WAY_MAX)
    if expires_at is None:
        raise _refused(order, "the order cannot be held for long enough to be paid", "held_too_long")
    return Claim(order, attempt, asked, expires_at)


def _held_at_most(order: Order, now: datetime, hold_max: timedelta) -> datetime:
    """Until when the order may be held for a session: for a day, or for as long as it is held anyway.

    Otherwise a customer could keep units from everybody else, free of charge, by opening one session after the other.
    """
    reserved_at = order.reserved_at or now
    return min(max(reserved_at + SESSION_MAX, order.reservation_expires_at or now), reserved_at + hold_max)


def _refused(order: Order, message: str, reason: str) -> CallRefused:
    details = {"status": order.status.value, "reason": reason}
    return CallRefused(Status.FAILED_PRECONDITION, message, details)
