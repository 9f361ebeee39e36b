"""An order as the service reasons about it, and what it may hold."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeGuard

from orders.declines import Decline
from orders.numbers import whole_number
from orders.refunds import Refunds

LINES_MAX: Final = 100
QUANTITY_MAX: Final = 1_000_000
# Larger than any payment that Stripe accepts, and far from the limit of a 64-bit integer.
AMOUNT_MINOR_MAX: Final = 10**15

_CURRENCY = re.compile(r"[a-z]{3}")


class OrderStatus(StrEnum):
    PENDING = "pending"
    """Created by the customer; nothing is held."""
    RESERVING = "reserving"
    """Its units are counted in `reserved`, but nobody has yet confirmed that they are covered by stock."""
    RESERVED = "reserved"
    FINALIZED = "finalized"
    """Paid, and its units taken from stock."""
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    FAILED = "failed"
    """Could not be held."""
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REFUND_DUE = "refund_due"
    """Paid, but cannot be fulfilled."""
    REVIEW = "review"
    """Paid, but the payment does not match the order: a person decides, and nothing moves until then."""
    UNKNOWN = "unknown"
    """The document carries a status that this service does not know."""


@dataclass(frozen=True, slots=True)
class OrderLine:
    product_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Money:
    amount: int
    """In the currency's minor unit, as Stripe counts: https://docs.stripe.com/currencies#zero-decimal."""
    currency: str
    """Three lower-case letters, as Stripe writes them."""


@dataclass(frozen=True, slots=True)
class Payment:
    """The payment that an order was settled with."""

    money: Money
    """What was received."""
    payment_intent_id: str | None
    charge_id: str | None
    """All that is known where Stripe made no PaymentIntent."""
    event_id: str
    """The event that settled the order."""

    @property
    def name(self) -> str:
        """How a person finds it in Stripe."""
        return self.payment_intent_id or self.charge_id or f"the session of {self.event_id}"

    @property
    def is_free(self) -> bool:
        """Whether the order cost nothing, so that Stripe made no payment, and nothing can be refunded.

        https://docs.stripe.com/payments/checkout/no-cost-orders
        """
        return self.money.amount == 0 and not (self.payment_intent_id or self.charge_id)

    def is_another(self, payment_intent_id: str | None, charge_id: str | None) -> bool:
        """Whether these are certainly the ids of another payment."""
        if self.payment_intent_id and payment_intent_id:
            return self.payment_intent_id != payment_intent_id
        if self.charge_id and charge_id:
            return self.charge_id != charge_id
        return self.is_free and bool(payment_intent_id or charge_id)


@dataclass(frozen=True, slots=True)
class Order:
    order_id: str
    status: OrderStatus
    user_id: str | None
    """None when the document names no possible user, or no longer: it cannot be held for the first time then."""
    lines: tuple[OrderLine, ...]
    """One line a product, in the order in which the products were first named; empty if they cannot be read."""
    defect: str | None
    """Why it can never be held, in words for its customer; None for an order in good shape."""
    total: Money | None
    """The price this service gave the order when it held it; None while unpriced."""
    is_oversized: bool = False
    """Whether what the customer wrote leaves too little room in the document for what the service writes."""
    reserved_at: datetime | None = None
    """When its units were last held for sure; None if they never were, and then its price is not this service's."""
    reservation_expires_at: datetime | None = None
    held_from: OrderStatus | None = None
    """While `reserving`: what it was before, and becomes again if its units are not covered."""
    hold_kept: bool = False
    """In `review`: whether its units are still held."""
    payment: Payment | None = None
    unfulfilled_as: OrderStatus | None = None
    """What a paid order is whose units were never taken, `review` or `refund_due`, unless all of it is refunded."""
    finalized_at: datetime | None = None
    """When its units were taken from stock; None if they never were."""
    refunds: Refunds = field(default_factory=Refunds)
    returned: Mapping[str, int] = field(default_factory=dict)
    """Units that were taken and have been put back, by product."""
    failure_reason: str | None = None
    decline: Decline | None = None
    open_disputes: int | None = None
    """How many disputes of its payments are undecided; None before the first one. More is not for its customer."""
    cancel_requested_at: datetime | None = None
    """When its customer asked for it to be cancelled; of an order that was open then, this is also why it is over."""

    @property
    def settled_status(self) -> OrderStatus:
        """Its status; of a paid order over whose status somebody else has written, what it was for this service."""
        if self.status in _PAID:
            return self.status
        return OrderStatus.FINALIZED if self.finalized_at else self.unfulfilled_as or self.status

    @property
    def product_ids(self) -> tuple[str, ...]:
        return tuple(line.product_id for line in self.lines)

    @property
    def holds_units(self) -> bool:
        """Whether its lines are part of what is `reserved` in the inventory."""
        return self.status in _HOLDING or (self.status is OrderStatus.REVIEW and self.hold_kept)

    @property
    def sold(self) -> Mapping[str, int]:
        """Units that were taken from stock, by product, whether or not they have been put back."""
        is_sold = self.finalized_at is not None or self.status in _SOLD
        return {line.product_id: line.quantity for line in self.lines} if is_sold else {}


CLOSED: Final = frozenset({OrderStatus.FAILED, OrderStatus.EXPIRED, OrderStatus.CANCELLED})
"""Over, and not paid. A payment opens such an order again, and nothing else."""

_HOLDING: Final = frozenset({OrderStatus.RESERVING, OrderStatus.RESERVED})
_SOLD: Final = frozenset({OrderStatus.FINALIZED, OrderStatus.PARTIALLY_REFUNDED})
_PAID: Final = _SOLD | {OrderStatus.REFUNDED, OrderStatus.REFUND_DUE, OrderStatus.REVIEW}


def is_amount(value: object) -> TypeGuard[int]:
    """Whether the value is a possible amount in minor units. `True` is an int to Python, and no amount to us."""
    return type(value) is int and 0 <= value <= AMOUNT_MINOR_MAX


def amount_or_none(value: object) -> int | None:
    """The value of a document as an amount in minor units; None if it is no possible one."""
    number = whole_number(value)
    return number if is_amount(number) else None


def is_currency(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and _CURRENCY.fullmatch(value) is not None
