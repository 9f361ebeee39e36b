"""What an event says about a payment, whether stripe's objects or plain dicts carry it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

# `[…]` is all that a dict and a StripeObject have in common.
StripeFields = Any


@dataclass(frozen=True, slots=True)
class Payment:
    event_id: str
    event_type: str
    order_id: str
    payment_intent_id: str
    amount: int
    """In minor units."""
    currency: str


def payment_of(event: StripeFields) -> Payment | None:
    """The payment that has succeeded; None if the event reports none, or none of an order.

    Raises KeyError if the event is not one of Stripe's.
    """
    event_type = event["type"]
    succeeded = _SUCCEEDED.get(event_type)
    if succeeded is None:
        return None
    paid = event["data"]["object"]
    is_paid, amount, intent = succeeded(paid)
    if not is_paid or "orderId" not in (metadata := paid["metadata"]):
        return None
    return Payment(event["id"], event_type, metadata["orderId"], intent, amount, paid["currency"])


_SUCCEEDED: Final[Mapping[str, Callable[[StripeFields], tuple[bool, int, str]]]] = {
    "charge.succeeded": lambda charge: (charge["captured"], charge["amount_captured"], charge["payment_intent"]),
    "payment_intent.succeeded": lambda intent: (True, intent["amount_received"], intent["id"]),
    "checkout.session.completed": lambda session: (
        session["payment_status"] == "paid",
        session["amount_total"],
        session["payment_intent"],
    ),
}
"""Whether the object of an event is paid, how much, and by which PaymentIntent."""
