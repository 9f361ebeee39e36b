"""Attempts to pay in a session of our own checkout, and the events about them."""

from dataclasses import replace
from datetime import timedelta

from orders.checkout import Checkout
from orders.money import Money
from orders.shop_events import CheckoutEnded, CheckoutOpened
from tests.support.builders import NOW


def a_checkout(attempt: int = 1, **changes: object) -> Checkout:
    """An attempt to pay for three shirts within forty minutes, not yet sent to Stripe."""
    expires_at = NOW + timedelta(minutes=40)
    checkout = Checkout(
        attempt, Money(3_600, "eur"), adds=True, expires_at=expires_at, is_marked=True, request={"mode": "payment"}
    )
    return replace(checkout, **changes)  # type: ignore[arg-type]


def an_open_checkout(attempt: int = 1, **changes: object) -> Checkout:
    """The same, once Stripe has made the session."""
    made: dict[str, object] = {"request": None, "session_id": f"cs_{attempt}", "url": f"https://pay.example/{attempt}"}
    return a_checkout(attempt, **{**made, **changes})


def an_opening(order_id: str = "order-1", user_id: str = "alice", **changes: object) -> CheckoutOpened:
    return CheckoutOpened(order_id, user_id, a_checkout(**changes))  # type: ignore[arg-type]


def a_session_end(*, is_complete: bool = False) -> CheckoutEnded:
    return CheckoutEnded("order-1", 1, is_complete)
