"""What can happen to an order. Every cause becomes one of these, with an id that is the same each time it is told."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from orders.order import Money


class EventKind(StrEnum):
    ORDER_PLACED = "order_placed"
    PAYMENT_SUCCEEDED = "payment_succeeded"


@dataclass(frozen=True, slots=True)
class OrderPlaced:
    """A customer created the order."""

    order_id: str
    product_ids: tuple[str, ...] = ()
    """The products the created document names: a hint that saves a read, never a fact."""

    @property
    def kind(self) -> EventKind:
        return EventKind.ORDER_PLACED

    @property
    def event_id(self) -> str:
        return f"placed_{self.order_id}"

    @property
    def event_type(self) -> str:
        return "order.placed"

    # No delivery, no money, no payment: said in a payment's words, so that one commit can be written for either event.

    @property
    def delivery(self) -> None:
        return None

    @property
    def money(self) -> None:
        return None

    @property
    def payment_intent_id(self) -> None:
        return None

    @property
    def payment_id(self) -> None:
        return None


@dataclass(frozen=True, slots=True)
class StripeDelivery:
    """One delivery of one Stripe event: https://docs.stripe.com/api/events/object."""

    event_id: str
    event_type: str
    created_at: datetime
    """When Stripe made the event; to the second."""
    delivered_at: datetime
    """When this delivery reached us. With the event's id it tells one delivery from the next."""
    livemode: bool
    api_version: str | None
    is_replay: bool = False
    """Whether this is a parked event taken up again: not delivered just now, so not counted as a delivery."""


@dataclass(frozen=True, slots=True)
class PaymentSucceeded:
    """The money for an order has arrived. Several Stripe events say so of one payment."""

    delivery: StripeDelivery
    order_id: str
    money: Money
    """What was received."""
    payment_intent_id: str | None
    charge_id: str | None

    @property
    def kind(self) -> EventKind:
        return EventKind.PAYMENT_SUCCEEDED

    @property
    def event_id(self) -> str:
        return self.delivery.event_id

    @property
    def event_type(self) -> str:
        return self.delivery.event_type

    @property
    def payment_id(self) -> str | None:
        """The PaymentIntent, or the charge where Stripe made none."""
        return self.payment_intent_id or self.charge_id


OrderEvent = OrderPlaced | PaymentSucceeded


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """A verified event of a type we handle, in a shape we cannot read: kept for a person and a fixed release."""

    delivery: StripeDelivery
    order_id: str | None
    reason: str

    @property
    def event_id(self) -> str:
        return self.delivery.event_id

    @property
    def event_type(self) -> str:
        return self.delivery.event_type


@dataclass(frozen=True, slots=True)
class Ignored:
    """Stripe's, but none of our business."""

    event_id: str | None
    event_type: str | None
    reason: str
