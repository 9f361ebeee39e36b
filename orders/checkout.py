"""A Checkout session that the service opened for an order, and the totals it reports once it is complete."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from orders.adjustments import Adjustment, AdjustmentKind
from orders.frozen import frozen
from orders.money import Money
from orders.order import OrderStatus

ON_THE_WAY_MAX: Final = timedelta(minutes=5)
"""How long a request to Stripe may take, with all its retries, and how long Stripe's report may take to reach us."""


class CheckoutState(StrEnum):
    OPEN = "open"
    """The customer may be able to pay in it; or it is just being created."""
    COMPLETE = "complete"
    EXPIRED = "expired"
    """Nobody can pay in it any more."""


@frozen
class Checkout:
    """The latest attempt to have an order paid. At most one of an order's sessions is open."""

    attempt: int
    """Counted from 1."""
    asked: Money
    """What the order asked when the session was opened: the session's subtotal in Stripe's terms."""
    adds: bool
    """Whether Stripe may adjust that by shipping, tax or discounts."""
    expires_at: datetime
    """When Stripe expires the session by itself."""
    is_marked: bool = False
    """Whether its payments name the attempt in their metadata; those of older sessions do not."""
    request: Mapping[str, object] | None = field(default=None, repr=False)
    """What Stripe is asked for, the same in every try; None once Stripe has answered."""
    state: CheckoutState = CheckoutState.OPEN
    session_id: str | None = None
    """None until Stripe has answered; nobody can pay in it before that."""
    url: str | None = field(default=None, repr=False)
    client_secret: str | None = field(default=None, repr=False)
    ends_as: OrderStatus | None = None
    """The status that the order gets once the session is known to be over, or has already if another payment has paid
    it; None while the session need not end."""


@frozen
class SessionTotals:
    """The totals of a complete session, in minor units: https://docs.stripe.com/api/checkout/sessions/object."""

    subtotal: int
    """Of its lines alone."""
    total: int
    discount: int
    shipping: int
    tax: int
    """All tax, including what the prices contain."""
    currency: str

    @property
    def parts(self) -> tuple[Adjustment, ...] | None:
        """The adjustments that lead from the subtotal to the total; None if they do not.

        Only the tax that was added counts, which is derived from the total; the rest is part of the prices.
        """
        added_tax = self.total - (self.subtotal - self.discount + self.shipping)
        if not 0 <= added_tax <= self.tax:
            return None
        amounts = {
            AdjustmentKind.DISCOUNT: -self.discount,
            AdjustmentKind.SHIPPING: self.shipping,
            AdjustmentKind.TAX: added_tax,
        }
        return tuple(Adjustment(kind, amount) for kind, amount in amounts.items() if amount)
