"""What happens to an order in the shop itself. Each has an id that is the same each time it comes."""

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
    """The products the created document names: a hint that saves a read, never a fact."""

    @property
    def event_id(self) -> str:
        return f"placed_{self.order_id}"


@frozen
class ReservationLapsed:
    """The time for which the order's units were to be held may be over: the order itself knows."""

    kind: ClassVar = EventKind.RESERVATION_LAPSED
    event_type: ClassVar = "reservation.lapsed"

    order_id: str

    @property
    def event_id(self) -> str:
        return f"lapsed_{self.order_id}"


@frozen
class CancelRequested:
    """A customer asked for the order to be cancelled: `cancelRequests/{orderId}` says who."""

    kind: ClassVar = EventKind.CANCEL_REQUESTED
    event_type: ClassVar = "order.cancel_requested"

    order_id: str

    @property
    def event_id(self) -> str:
        return f"cancel_{self.order_id}"


@frozen
class CheckoutOpened:
    """A customer wants to pay: this attempt is claimed for them, before Stripe is asked for its session."""

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
    """The session of this attempt is known to be open no longer: Stripe said so when it was asked."""

    kind: ClassVar = EventKind.CHECKOUT_ENDED
    event_type: ClassVar = "checkout.ended"

    order_id: str
    attempt: int
    is_complete: bool = False
    """Whether its customer was faster: then the events of their payment decide."""

    @property
    def event_id(self) -> str:
        return f"ended_{self.order_id}_{self.attempt}"


ShopEvent = OrderPlaced | ReservationLapsed | CancelRequested | CheckoutOpened | CheckoutEnded
