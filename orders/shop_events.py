"""What happens to an order in the shop itself. Each event has an id that is the same whenever it comes."""

from typing import ClassVar

from orders.checkout import Checkout
from orders.event_kinds import EventKind
from orders.frozen import frozen


@frozen
class OrderPlaced:
    """A customer created the order."""

    kind: ClassVar = EventKind.ORDER_PLACED
    event_type: ClassVar = "order.placed"

    order_id: str
    product_ids: tuple[str, ...] = ()
    """The products that the created document names: a hint that saves a read, never relied upon."""

    @property
    def event_id(self) -> str:
        return f"placed_{self.order_id}"


@frozen
class ReservationLapsed:
    """The order's hold may have run out; the order itself knows."""

    kind: ClassVar = EventKind.RESERVATION_LAPSED
    event_type: ClassVar = "reservation.lapsed"

    order_id: str

    @property
    def event_id(self) -> str:
        return f"lapsed_{self.order_id}"


@frozen
class CancelRequested:
    """A customer asked to cancel the order; `cancelRequests/{orderId}` says who."""

    kind: ClassVar = EventKind.CANCEL_REQUESTED
    event_type: ClassVar = "order.cancel_requested"

    order_id: str

    @property
    def event_id(self) -> str:
        return f"cancel_{self.order_id}"


@frozen
class CheckoutOpened:
    """A customer wants to pay: this attempt is claimed before Stripe is asked for its session."""

    kind: ClassVar = EventKind.CHECKOUT_OPENED
    event_type: ClassVar = "checkout.opened"

    order_id: str
    user_id: str
    """Who wants to pay."""
    checkout: Checkout

    @property
    def event_id(self) -> str:
        return f"opened_{self.order_id}_{self.checkout.attempt}"


@frozen
class CheckoutEnded:
    """The session of this attempt is no longer open: Stripe said so when asked."""

    kind: ClassVar = EventKind.CHECKOUT_ENDED
    event_type: ClassVar = "checkout.ended"

    order_id: str
    attempt: int
    is_complete: bool = False
    """Whether the customer completed it: then the events of the payment decide."""

    @property
    def event_id(self) -> str:
        return f"ended_{self.order_id}_{self.attempt}"


ShopEvent = OrderPlaced | ReservationLapsed | CancelRequested | CheckoutOpened | CheckoutEnded
