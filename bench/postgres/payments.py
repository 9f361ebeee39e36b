"""What an event says about a payment, read from Stripe's objects or from plain dicts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

# A dict and a StripeObject have only `[…]` in common.
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
    """The successful payment; None if the event reports none, or one without an order.

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
"""Whether an event's object is paid, the amount in minor units, and the PaymentIntent's id."""
