"""What rules judge: each as of one moment, or read in a sequence that cannot mislead. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import ClassVar

from orders.checkout import Checkout
from orders.frozen import frozen
from orders.money import Money
from orders.order import Order
from orders.payments import Payment, PaymentState
from orders.refunds import RefundStatus
from stripe_api.lists import ListedRefund, PaymentIntent


@frozen
class PaymentOnBothSides:
    """A payment at Stripe and in its order."""

    payment_id: str
    """The PaymentIntent's id."""
    order_id: str
    at_stripe: PaymentIntent | None
    """None if Stripe has no such PaymentIntent."""
    order: Order | None
    """None if there is no such order."""
    event_id: str | None = None
    """An event of the payment that this run could not settle; None if there is none."""

    @property
    def key(self) -> str:
        return self.payment_id

    @property
    def here(self) -> Payment | None:
        """The payment, if the order has it as received."""
        return received_in(self.order, self.payment_id)

    @property
    def received_by_stripe(self) -> Money | None:
        """None unless the payment has succeeded, or was captured in part before it was canceled."""
        intent = self.at_stripe
        if intent is None or intent.status not in ("succeeded", "canceled") or not intent.amount_received:
            return None
        return Money(intent.amount_received, intent.currency)

    @property
    def is_only_at_stripe(self) -> bool:
        return self.received_by_stripe is not None and self.here is None


@frozen
class RefundsOnBothSides:
    """All refunds of one payment, at Stripe and in its order."""

    payment: Payment
    order: Order
    at_stripe: Sequence[ListedRefund]

    @property
    def key(self) -> str:
        return self.payment.payment_id

    @property
    def order_id(self) -> str:
        return self.order.order_id

    @property
    def refunded_by_stripe(self) -> int:
        """In minor units."""
        return sum(refund.amount for refund in self.at_stripe if refund.status is RefundStatus.SUCCEEDED)


def received_in(order: Order | None, payment_id: str) -> Payment | None:
    """The payment, if the order has it as received."""
    known = order.payments.find(payment_id) if order else None
    return known if known and known.state is PaymentState.SUCCEEDED else None


@frozen
class OrderRecord:
    """An order with its records, as of one moment."""

    order: Order
    now: datetime
    stock_moved: Mapping[str, int] = field(default_factory=dict)
    """The change of `stock` according to its audit entries, by product id."""
    uncounted: frozenset[str] = frozenset()
    """Products whose units could not be counted because the inventory was gone, according to its audit entries."""
    indexed: Mapping[str, str | None] = field(default_factory=dict)
    """The order that each of its payments' ids leads to."""
    checkout: Checkout | None = None

    @property
    def key(self) -> str:
        return self.order.order_id

    @property
    def order_id(self) -> str:
        return self.order.order_id


@frozen
class ProductRecord:
    """A product's actual and expected figures, as of one moment."""

    product_id: str
    reserved: int
    held: int
    """Units held by orders."""
    stock: int | None
    """None if the product is never short."""
    stock_of_trail: int | None
    """The baseline plus all moves on the audit trail since; None if the baseline is set just now."""
    to_take: int = 0
    """Units that were sold, and are still counted in both figures."""

    order_id: ClassVar[None] = None

    @property
    def key(self) -> str:
        return self.product_id


@frozen
class InventoryRecord:
    """Whether orders can hold units of a product, going by its figures."""

    product_id: str
    defect: str | None
    """Why not; None if they can."""

    order_id: ClassVar[None] = None

    @property
    def key(self) -> str:
        return self.product_id


@frozen
class TakingRecord:
    """What is still to be taken for an order, as of one moment."""

    order_id: str
    units: Mapping[str, int] | None
    """By product id; None if unreadable."""
    paid_at: datetime | None
    """When the order was finalized; None if it was not, or does not exist."""
    now: datetime

    @property
    def key(self) -> str:
        return self.order_id


@frozen
class EventRecord:
    """A Stripe event's records, as of one moment."""

    event_id: str
    order_id: str | None
    is_claimed: bool
    """Whether it is claimed as settled."""
    has_entry: bool

    @property
    def key(self) -> str:
        return self.event_id


@frozen
class EffectRecord:
    """An effect that is not over."""

    effect_id: str
    kind: str
    order_id: str | None
    due_at: datetime
    """When it should have been tried."""
    now: datetime

    @property
    def key(self) -> str:
        return self.effect_id


@frozen
class EventToSettle:
    """A Stripe event, after this run has tried to settle it."""

    event_id: str
    trouble: str | None = None
    """Why it could not be settled; None if it was."""

    order_id: ClassVar[None] = None

    @property
    def key(self) -> str:
        return self.event_id


@frozen
class ToCompare:
    """An order, or a payment of one, after this run has tried to compare it."""

    key: str
    order_id: str | None = None
    """The key, if it is an order; for a payment None if it names no order. Irrelevant without trouble."""
    trouble: str | None = None
    """Why it could not be compared; None if it was."""


@frozen
class KeyInUse:
    """Stripe's API key, by which payments it knows."""

    unknown: Sequence[str]
    """Payments that Stripe has reported here, but does not know when asked with this key; empty if it knows one."""

    key: ClassVar[str] = "stripe"
    order_id: ClassVar[None] = None
