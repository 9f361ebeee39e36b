"""Payments of the bench's orders: signed, as Stripe posts them, and as the service understands them."""

from orders.events import StripeEvent
from tests.support.builders import Fields
from tests.support.emulated_shop import now
from tests.support.http_client import signed_now
from tests.support.signing import SECRET, body_of
from tests.support.stripe_objects import a_payment_event
from webhooks.ownership import Naming
from webhooks.translation import order_event_from


def payment(order_id: str, amount: int, event_type: str = "payment_intent.succeeded") -> StripeEvent:
    """The event as the service understands it, delivered now."""
    event = order_event_from(a_payment_event(order_id, event_type, amount), delivered_at=now(), naming=Naming())
    if not isinstance(event, StripeEvent):
        raise TypeError(f"{event_type} was translated to {event}")
    return event


def signed(event: Fields, secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    """The body and headers of a delivery, signed now."""
    body = body_of(event)
    return body, signed_now(body, secret=secret)
