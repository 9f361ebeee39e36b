"""What operators do to orders, stock and whatever waits for them. Each is a request that says who asks, and why."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final, NamedTuple

from orders.event_kinds import EventKind
from orders.frozen import frozen
from orders.order import OrderStatus
from orders.refunds import Restock

OPERATORS_EVENTS: Final = "operator_"
"""The prefix of the ids of these events, and of their audit entries."""
OPERATOR_CHARACTERS_MAX: Final = 200
REASON_CHARACTERS_MAX: Final = 500
STOCK_UNITS_MAX: Final = 1_000_000_000
"""The most units of a product that an operator can set, add or take away at once."""


class AskedBy(NamedTuple):
    """The operator who wants an event settled that is not their own request, and why."""

    operator: str
    """1 to OPERATOR_CHARACTERS_MAX characters."""
    reason: str
    """1 to REASON_CHARACTERS_MAX characters."""


@frozen(kw_only=True)
class _ByOperator:
    request_id: str
    """Of `operatorRequests/{id}`."""
    operator: str
    """A name or an address, 1 to OPERATOR_CHARACTERS_MAX characters."""
    reason: str
    """1 to REASON_CHARACTERS_MAX characters."""

    @property
    def event_id(self) -> str:
        return f"{OPERATORS_EVENTS}{self.request_id}"


@frozen(kw_only=True)
class _OnOrder(_ByOperator):
    order_id: str
    expected_status: OrderStatus | None = None
    """Only act on an order of this status: a request for all orders of a status must spare those that have left it."""


@frozen(kw_only=True)
class OrderAccepted(_OnOrder):
    """Accept what was paid as what the order asks, and take its units."""

    kind: ClassVar = EventKind.OPERATOR_ACCEPTED
    event_type: ClassVar = "operator.accept"

    payment_id: str | None = None
    """The payment at Stripe that paid for the order, if it names no order; a PaymentIntent or a charge."""

    @property
    def payment_ids(self) -> tuple[str, ...]:
        return (self.payment_id,) if self.payment_id else ()


@frozen(kw_only=True)
class RefundOrdered(_OnOrder):
    """Refund money of the order to its customer, or record that it was refunded elsewhere."""

    kind: ClassVar = EventKind.OPERATOR_REFUNDED
    event_type: ClassVar = "operator.refund"

    amount: int | None = None
    """In the currency's minor unit; None for all that is left."""
    payment_id: str | None = None
    """Refund only this payment, a PaymentIntent or a charge; None for whatever is left of all payments."""
    restock: Restock = None
    is_again: bool = False
    """Whether it is meant in addition to a refund that is under way or was ordered with the same amount before."""
    is_elsewhere: bool = False
    """Whether it was made outside Stripe, and is only to be recorded."""
    mistaken_id: str | None = None
    """The refund that was a mistake; then no money moves, and the other fields are unset."""

    @property
    def payment_ids(self) -> tuple[str, ...]:
        return (self.payment_id,) if self.payment_id else ()


@frozen(kw_only=True)
class HoldReleased(_OnOrder):
    """End the hold now: nobody is to pay for the order any more."""

    kind: ClassVar = EventKind.OPERATOR_RELEASED
    event_type: ClassVar = "operator.release"


@frozen(kw_only=True)
class HoldProlonged(_OnOrder):
    """Keep the unpaid order's units until this time."""

    kind: ClassVar = EventKind.OPERATOR_EXTENDED
    event_type: ClassVar = "operator.extend"

    until: datetime


@frozen(kw_only=True)
class OrderCancelled(_OnOrder):
    """Cancel the order, as if its customer had asked for it."""

    kind: ClassVar = EventKind.OPERATOR_CANCELLED
    event_type: ClassVar = "operator.cancel"


class StockMode(StrEnum):
    SET = "set"
    """So many units are on hand now."""
    ADD = "add"
    """So many more than before, or fewer."""
    RECOUNT = "recount"
    """Set `reserved` to what orders hold."""


@frozen(kw_only=True)
class StockAdjusted(_ByOperator):
    """Correct the inventory's figures for a product. It concerns no order."""

    kind: ClassVar[str] = "operator_adjusted_stock"
    event_type: ClassVar = "operator.stock"
    order_id: ClassVar[None] = None

    product_id: str
    mode: StockMode
    quantity: int = 0
    """Units on hand, or to add; at most STOCK_UNITS_MAX. Unused for a recount."""
    is_forced: bool = False
    """Whether fewer units may be left than orders hold."""
    is_new: bool = False
    """Whether the product has no inventory document yet, and gets one."""
    backorder: int = 0
    """For a new product: how many more units than its stock may be sold."""


@frozen(kw_only=True)
class EffectRetried(_ByOperator):
    """Try an effect again that was given up. No order changes."""

    kind: ClassVar[str] = "operator_retried_effect"
    event_type: ClassVar = "operator.retry"
    order_id: ClassVar[None] = None

    effect_id: str


@frozen(kw_only=True)
class EventReplayed(_ByOperator):
    """Settle an event of Stripe's that is stored here and was not settled."""

    kind: ClassVar[str] = "operator_replayed_event"
    event_type: ClassVar = "operator.replay"
    order_id: ClassVar[None] = None

    stripe_event_id: str


class HandledKind(StrEnum):
    """What can wait for a person until somebody says that it is handled."""

    EFFECT = "effect"
    """One that was given up."""
    FINDING = "finding"
    EVENT = "event"
    """A parked event of Stripe's."""


@frozen(kw_only=True)
class MarkedAsHandled(_ByOperator):
    """Record that something no longer waits for a person. No money, stock or order changes."""

    kind: ClassVar[str] = "operator_handled"
    event_type: ClassVar = "operator.handle"
    order_id: ClassVar[None] = None

    of: HandledKind
    target_id: str


OperatorOrderEvent = OrderAccepted | RefundOrdered | HoldReleased | HoldProlonged | OrderCancelled
"""Requests that concern an order."""
OfNoOrder = StockAdjusted | EffectRetried | EventReplayed | MarkedAsHandled
"""Requests that concern none."""
OperatorEvent = OperatorOrderEvent | OfNoOrder
