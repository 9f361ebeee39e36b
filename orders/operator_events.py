"""What operators do to orders, stock and what waits for them. A request asks for each, and says who wants it, why."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final, NamedTuple

from orders.event_kinds import EventKind
from orders.frozen import frozen
from orders.order import OrderStatus
from orders.refunds import Restock

OPERATOR_CHARACTERS_MAX: Final = 200
REASON_CHARACTERS_MAX: Final = 500
STOCK_UNITS_MAX: Final = 1_000_000_000
"""The most units of a product that an operator can write, or add or take away at once."""


class AskedBy(NamedTuple):
    """Who wants something settled that has another cause, and why."""

    operator: str
    """1 to OPERATOR_CHARACTERS_MAX characters."""
    reason: str
    """1 to REASON_CHARACTERS_MAX characters."""


@frozen(kw_only=True)
class _ByOperator:
    request_id: str
    """Of `operatorRequests/{id}`."""
    operator: str
    """Who wants it: a name or an address, 1 to OPERATOR_CHARACTERS_MAX characters."""
    reason: str
    """Why, in words: 1 to REASON_CHARACTERS_MAX characters."""

    @property
    def event_id(self) -> str:
        return f"operator_{self.request_id}"


@frozen(kw_only=True)
class _OnOrder(_ByOperator):
    order_id: str
    expected_status: OrderStatus | None = None
    """Only in this status: what is wanted of all orders of a status is not wanted of one that has left it."""


@frozen(kw_only=True)
class OrderAccepted(_OnOrder):
    """What was paid is as much as is asked, and the order's units are to be taken."""

    kind: ClassVar = EventKind.OPERATOR_ACCEPTED
    event_type: ClassVar = "operator.accept"

    payment_id: str | None = None
    """The payment at Stripe that has brought what is asked, if that has named no order; a PaymentIntent or a charge."""

    @property
    def payment_ids(self) -> tuple[str, ...]:
        return (self.payment_id,) if self.payment_id else ()


@frozen(kw_only=True)
class RefundOrdered(_OnOrder):
    """Money of the order is to go back to its customer, or has gone back."""

    kind: ClassVar = EventKind.OPERATOR_REFUNDED
    event_type: ClassVar = "operator.refund"

    amount: int | None = None
    """In the currency's minor unit; None for all that is left."""
    payment_id: str | None = None
    """Of this payment alone, a PaymentIntent or a charge; None for whatever is left of all."""
    restock: Restock = None
    is_again: bool = False
    """Whether it is meant besides what is on its way already, or was ordered alike before."""
    is_elsewhere: bool = False
    """Whether it went back outside Stripe, and is only to be put on record."""

    @property
    def payment_ids(self) -> tuple[str, ...]:
        return (self.payment_id,) if self.payment_id else ()


@frozen(kw_only=True)
class HoldReleased(_OnOrder):
    """Nobody is to pay for the order any more: its time is over now."""

    kind: ClassVar = EventKind.OPERATOR_RELEASED
    event_type: ClassVar = "operator.release"


@frozen(kw_only=True)
class HoldProlonged(_OnOrder):
    """The order is to keep its units until this time, paid or not."""

    kind: ClassVar = EventKind.OPERATOR_EXTENDED
    event_type: ClassVar = "operator.extend"

    until: datetime


@frozen(kw_only=True)
class OrderCancelled(_OnOrder):
    """The order is to be cancelled, as if its customer had asked for that."""

    kind: ClassVar = EventKind.OPERATOR_CANCELLED
    event_type: ClassVar = "operator.cancel"


class StockMode(StrEnum):
    SET = "set"
    """So many units are on hand now."""
    ADD = "add"
    """So many more than before, or fewer."""
    RECOUNT = "recount"
    """As many are reserved as orders hold."""


@frozen(kw_only=True)
class StockAdjusted(_ByOperator):
    """There is more or less of a product than the inventory says, or reserved of it. No order has to do with it."""

    kind: ClassVar[str] = "operator_adjusted_stock"
    event_type: ClassVar = "operator.stock"
    order_id: ClassVar[None] = None

    product_id: str
    mode: StockMode
    quantity: int = 0
    """Units: on hand, or more than before; up to STOCK_UNITS_MAX. None of a recount."""
    is_forced: bool = False
    """Whether there may be fewer units afterwards than orders hold."""
    is_new: bool = False
    """Whether the inventory has no such product yet, and gets it with this."""
    backorder: int = 0
    """Of a new one: how many more may be sold than there are."""


@frozen(kw_only=True)
class EffectRetried(_ByOperator):
    """Something that had to be done outside and was given up is to be tried again. No order changes."""

    kind: ClassVar[str] = "operator_retried_effect"
    event_type: ClassVar = "operator.retry"
    order_id: ClassVar[None] = None

    effect_id: str


@frozen(kw_only=True)
class EventReplayed(_ByOperator):
    """An event of Stripe's that is kept here and was not settled is to be settled again."""

    kind: ClassVar[str] = "operator_replayed_event"
    event_type: ClassVar = "operator.replay"
    order_id: ClassVar[None] = None

    stripe_event_id: str


class HandledKind(StrEnum):
    """What can wait for a person without another end."""

    EFFECT = "effect"
    """It was given up."""
    FINDING = "finding"
    EVENT = "event"
    """Of Stripe's: it is parked."""


@frozen(kw_only=True)
class MarkedAsHandled(_ByOperator):
    """Something that waits for a person needs nobody any more. No money, no stock and no order changes."""

    kind: ClassVar[str] = "operator_handled"
    event_type: ClassVar = "operator.handle"
    order_id: ClassVar[None] = None

    of: HandledKind
    target_id: str


OperatorOrderEvent = OrderAccepted | RefundOrdered | HoldReleased | HoldProlonged | OrderCancelled
"""What operators do to orders."""
OfNoOrder = StockAdjusted | EffectRetried | EventReplayed | MarkedAsHandled
"""What they do otherwise."""
OperatorEvent = OperatorOrderEvent | OfNoOrder
