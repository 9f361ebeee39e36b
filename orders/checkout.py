"""A Checkout session of our own: what it was opened for, and what it says of the price once it is complete."""

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
"""How long a request may take to reach Stripe, with all its tries, and what Stripe reports may take to reach us."""


class CheckoutState(StrEnum):
    OPEN = "open"
    """The customer may pay in it, as far as we know; or it is just being made."""
    COMPLETE = "complete"
    EXPIRED = "expired"
    """It is over, and nobody can pay in it."""


@frozen
class Checkout:
    """The latest attempt to have an order paid. Of an order's sessions, at most one is open."""

    attempt: int
    """Counted from 1."""
    asked: Money
    """What the order asked when it was opened, which Stripe calls the session's subtotal."""
    adds: bool
    """Whether Stripe may add to that, or take off it: shipping, tax, discounts."""
    expires_at: datetime
    """When Stripe ends the session by itself."""
    is_marked: bool = False
    """Whether its payments name the attempt in their metadata; those of a session from before they did, do not."""
    request: Mapping[str, object] | None = field(default=None, repr=False)
    """What Stripe is asked for, the same in every try; None once it has answered."""
    state: CheckoutState = CheckoutState.OPEN
    session_id: str | None = None
    """None until Stripe has answered. Before that nobody can pay in it."""
    url: str | None = field(default=None, repr=False)
    client_secret: str | None = field(default=None, repr=False)
    ends_as: OrderStatus | None = None
    """What becomes of the order once the session is known not to be open, or is already, where other money has paid
    for it; None while nobody wants to end it."""


@frozen
class SessionTotals:
    """What a complete session says that it cost: https://docs.stripe.com/api/checkout/sessions/object."""

    subtotal: int
    """All in minor units: of its lines alone."""
    total: int
    discount: int
    shipping: int
    tax: int
    """All of it, also what the prices contain."""
    currency: str

    @property
    def parts(self) -> tuple[Adjustment, ...] | None:
        """What was added to the subtotal, and taken off it; None if that does not come to the total.

        Of the tax only what is added counts, which the total shows: what the prices contain is paid with them.
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
