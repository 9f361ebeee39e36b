"""An order as the service reasons about it, and what it may hold."""

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Final

from orders.adjustments import Adjustment
from orders.declines import Decline
from orders.frozen import frozen
from orders.money import Money
from orders.payments import Payment, Payments, PaymentState, amount_of, sum_of
from orders.refunds import Refund, Refunds

LINES_MAX: Final = 100
QUANTITY_MAX: Final = 1_000_000

ID_USED_BEFORE: Final = "id_used_before"
"""How the failure reason begins of an order whose id an earlier order had, which was deleted."""
INVALID_ORDER: Final = "invalid_order"
"""How it begins of an order that can never be held as it is written."""
PRICE_GONE: Final = "price_gone"
"""How it begins of an order that was paid too late to be sold at its old price, and has no other."""


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


@frozen
class OrderLine:
    product_id: str
    quantity: int


# Without slots, since it remembers what pays for it and what is back of that, which a decision asks for twenty times.
@frozen(slots=False)
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
    """What was last asked, as the document says: the price this service gave the order when it held it, or what the
    shop's backend has written over it since; None while unpriced."""
    items_total: Money | None = None
    """What the catalogue asked for its items when they were held; None where it has no prices."""
    adjustments: tuple[Adjustment, ...] = ()
    added: tuple[Adjustment, ...] = ()
    """Those of the adjustments that its latest Checkout session has added."""
    price_defect: str | None = None
    """Why what the backend has written of its price cannot be used, in words for its customer."""
    created_at: datetime | None = None
    is_oversized: bool = False
    """Whether what the customer wrote leaves too little room in the document for what the service writes."""
    reserved_at: datetime | None = None
    """When its units were last held for sure; None if they never were, and then its price is not this service's."""
    reservation_expires_at: datetime | None = None
    extended_until: datetime | None = None
    """Until when an operator wants it held, whatever ends sooner; None if nobody has said."""
    checkout_attempts: int = 0
    """How many Checkout sessions the service itself has opened for it, one after the other."""
    checkout_until: datetime | None = None
    """How long it is held for the one that is open; None while none is."""
    priced_by_checkout: bool = False
    """Whether the last word on its price is that of such a session, which may have yet to come."""
    held_from: OrderStatus | None = None
    """While `reserving`: what it was before, and becomes again if its units are not covered."""
    hold_kept: bool = False
    """In `review`: whether its units are still held."""
    unlimited: frozenset[str] = frozenset()
    """Its products that were never short when it was last held: of these nothing was counted, and nothing is given back
    or taken, whatever their inventory has become since."""
    taken_later: frozenset[str] = frozenset()
    """Its products that were hot when it was last held: once it is paid, these stay reserved until they are folded."""
    payments: Payments = field(default_factory=Payments)
    settled_by: str | None = None
    """The event with which it was first paid."""
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
        if self.status in PAID:
            return self.status
        return OrderStatus.FINALIZED if self.finalized_at else self.unfulfilled_as or self.status

    @property
    def asked(self) -> Money | None:
        """What is to be paid: its items with all adjustments; without any, its total, or else its items alone.

        Nobody asks for more once it is paid: then its total is what was asked.
        """
        if self.adjustments and self.items_total and self.finalized_at is None:
            return Money(
                self.items_total.amount + sum(each.amount for each in self.adjustments), self.items_total.currency
            )
        return self.total or self.items_total

    @property
    def without_added(self) -> "Order":
        """As it was asked before a session of ours: whoever pays in the next one chooses the shipping anew."""
        kept = list(self.adjustments)
        # The backend may have written others since.
        gone = [kept.pop(kept.index(each)) for each in self.added if each in kept]
        total = self.total and replace(self.total, amount=self.total.amount - sum(each.amount for each in gone))
        return replace(self, adjustments=tuple(kept), added=(), total=total)

    @property
    def paying(self) -> tuple[Payment, ...]:
        """The payments that come to what is asked; none while that cannot be read, unless it is paid already."""
        return () if self.price_defect and self.finalized_at is None else self.payments.paying(self.asked)

    @cached_property
    def paid_with(self) -> tuple[Payment, ...]:
        """The payments of a paid order that come to what is asked; where none do, all that have brought money."""
        if self.settled_status not in PAID:
            return ()
        brought_money = tuple(each for each in self.payments.succeeded if not each.is_free)
        if self.unfulfilled_as is OrderStatus.REFUND_DUE and self.asked is None:
            # It was never held, so nothing was ever asked of it, and all of its money is due back.
            return brought_money
        return self.paying or brought_money

    @property
    def has_money_of_session(self) -> bool:
        """Whether money of the latest session of our own has come for it, or is on its way."""
        own = (each for each in self.payments.by_id.values() if each.attempt == self.checkout_attempts)
        return any(each.is_under_way or each.state is PaymentState.SUCCEEDED for each in own)

    @property
    def extra_payments(self) -> tuple[Payment, ...]:
        """The payments that brought money and are not needed: theirs is due back."""
        own = (each for each in self.payments.succeeded if not (each.is_free or each.is_doubtful))
        return tuple(each for each in own if self.paid_with and each not in self.paid_with)

    @property
    def unneeded(self) -> tuple[Payment, ...]:
        """Those of them of which something is neither refunded nor on its way back, as far as Stripe has reported."""
        return tuple(each for each in self.extra_payments if self.refunds.promised_of(each) < amount_of(each))

    @property
    def lost_refunds(self) -> tuple[tuple[Payment, Refund], ...]:
        """Those that came to nothing, each with its payment, of which less than that goes back instead, or has."""
        return tuple(
            (payment, refund)
            for payment in self.payments.succeeded
            for refund in self.refunds.refunds_of(payment)
            if refund.is_undone and self.refunds.owed_of(refund, payment)
        )

    @property
    def refunds_to_repeat(self) -> tuple[tuple[Payment, Refund], ...]:
        """Those of them whose order is fulfilled and needs the payment: nothing else says that this money is owed."""
        if self.status not in (OrderStatus.FINALIZED, OrderStatus.PARTIALLY_REFUNDED):
            return ()
        return tuple((payment, refund) for payment, refund in self.lost_refunds if payment not in self.unneeded)

    @property
    def received(self) -> Money | None:
        """What was received with the payments that it is paid with; None while it is not paid."""
        return sum_of(self.paid_with)

    @cached_property
    def amount_refunded(self) -> int:
        """What is refunded of these payments, in minor units, whatever their currencies."""
        return sum(self.refunds.amount_of(payment) for payment in self.paid_with)

    def refunded_in(self, currency: str) -> Money:
        """The same of those that are in this currency: what to say of it, since several do not add up."""
        own = (each for each in self.paid_with if each.money is None or each.money.currency == currency)
        return Money(sum(self.refunds.amount_of(each) for each in own), currency)

    @property
    def is_id_reused(self) -> bool:
        return (self.failure_reason or "").startswith(ID_USED_BEFORE)

    @property
    def awaits_payment(self) -> bool:
        """Whether it is in review for want of a payment that pays for it, or was until its money went back."""
        cannot_be_paid = self.defect or (self.failure_reason or "").startswith(
            (INVALID_ORDER, PRICE_GONE, ID_USED_BEFORE)
        )
        return self.unfulfilled_as is OrderStatus.REVIEW and self.finalized_at is None and not cannot_be_paid

    @property
    def product_ids(self) -> tuple[str, ...]:
        return tuple(line.product_id for line in self.lines)

    @property
    def counted_lines(self) -> tuple[OrderLine, ...]:
        """What the inventory counts of it: all but the products that were never short when it was held."""
        return tuple(line for line in self.lines if line.product_id not in self.unlimited)

    @property
    def lines_taken_at_once(self) -> tuple[OrderLine, ...]:
        """What a payment takes from stock itself, if it is held."""
        return tuple(line for line in self.counted_lines if line.product_id not in self.taken_later)

    @property
    def lines_taken_later(self) -> tuple[OrderLine, ...]:
        """What a payment only puts down as taken, if it is held."""
        return tuple(line for line in self.counted_lines if line.product_id in self.taken_later)

    @property
    def holds_units(self) -> bool:
        """Whether its counted lines are part of what is `reserved` in the inventory."""
        return self.status in _HOLDING or (self.status is OrderStatus.REVIEW and self.hold_kept)

    @property
    def sold(self) -> Mapping[str, int]:
        """Units that were sold, by product, whether or not they have come back."""
        is_sold = self.finalized_at is not None or self.status in _SOLD
        return {line.product_id: line.quantity for line in self.lines} if is_sold else {}

    @property
    def taken(self) -> Mapping[str, int]:
        """Those of the sold units that were taken from stock."""
        return {product_id: quantity for product_id, quantity in self.sold.items() if product_id not in self.unlimited}


CLOSED: Final = frozenset({OrderStatus.FAILED, OrderStatus.EXPIRED, OrderStatus.CANCELLED})
"""Over, and not paid. A payment opens such an order again, and nothing else."""

_HOLDING: Final = frozenset({OrderStatus.RESERVING, OrderStatus.RESERVED})
_SOLD: Final = frozenset({OrderStatus.FINALIZED, OrderStatus.PARTIALLY_REFUNDED})
PAID: Final = _SOLD | {OrderStatus.REFUNDED, OrderStatus.REFUND_DUE, OrderStatus.REVIEW}
"""Money has come for it, if only in part or in vain."""
