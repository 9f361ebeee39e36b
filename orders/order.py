"""An order as the service sees it: status, prices, payments, refunds and units."""

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Final

from orders.adjustments import Adjustment
from orders.declines import Decline
from orders.frozen import frozen
from orders.lost_refunds import LostRefund, lost_refunds_of
from orders.money import Money
from orders.payments import Payment, Payments, PaymentState, amount_of, sum_of
from orders.refunds import Refunds

LINES_MAX: Final = 100
QUANTITY_MAX: Final = 1_000_000

ID_USED_BEFORE: Final = "id_used_before"
"""Prefix of the failure reason of an order whose id belonged to an earlier order, which was deleted."""
INVALID_ORDER: Final = "invalid_order"
"""Prefix for an order that can never be held as it is written."""
PRICE_GONE: Final = "price_gone"
"""Prefix for an order that was paid too late for its old price and has no other price."""


class OrderStatus(StrEnum):
    PENDING = "pending"
    """Created by the customer; nothing is held."""
    RESERVING = "reserving"
    """Its units are counted in `reserved`, but not yet confirmed as covered by stock."""
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
    """Paid, but the payment does not match the order: nothing moves until a person decides."""
    UNKNOWN = "unknown"
    """The document has a status that this service does not know."""


@frozen
class OrderLine:
    product_id: str
    quantity: int


# Without slots, so that it can cache `paid_with` and `amount_refunded`, which a decision reads some twenty times.
@frozen(slots=False)
class Order:
    order_id: str
    status: OrderStatus
    user_id: str | None
    """None if the document names no possible customer (any more): then it cannot be held for the first time."""
    lines: tuple[OrderLine, ...]
    """One line per product, in the sequence in which the products first appear; empty if they cannot be read."""
    defect: str | None
    """Why it can never be held, as a message for its customer; None if it can."""
    total: Money | None
    """The total in the document: the price that this service set when it held the order, or what the shop's backend has
    written over it since; None while unpriced."""
    items_total: Money | None = None
    """The catalogue's price of its items when they were held, in the catalogue's currency, even if the backend has
    overwritten the order's; None if the catalogue has no prices."""
    adjustments: tuple[Adjustment, ...] = ()
    added: tuple[Adjustment, ...] = ()
    """The adjustments that its latest Checkout session has added."""
    price_defect: str | None = None
    """Why the price fields written by the backend cannot be used, as a message for its customer."""
    created_at: datetime | None = None
    is_oversized: bool = False
    """Whether the customer's fields leave too little room in the document for what the service writes."""
    reserved_at: datetime | None = None
    """When its units were last confirmed as held; None if never: then its price is not this service's."""
    reservation_expires_at: datetime | None = None
    extended_until: datetime | None = None
    """Until when an operator wants it held, whatever would end the hold sooner; None if no operator does."""
    checkout_attempts: int = 0
    """How many Checkout sessions the service has opened for it, one after the other."""
    checkout_until: datetime | None = None
    """Until when it is held for its open session; None if none is open."""
    priced_by_checkout: bool = False
    """Whether its price is the total of such a session, which may still have to be reported."""
    held_from: OrderStatus | None = None
    """While `reserving`: its status before, to which it returns if its units are not covered."""
    hold_kept: bool = False
    """In `review`: whether its units are still held."""
    unlimited: frozenset[str] = frozenset()
    """Its products that were never short when it was last held: their units were not counted, and are neither taken nor
    given back, whatever their inventory has become since."""
    taken_later: frozenset[str] = frozenset()
    """Its products that were hot when it was last held: their units stay reserved after payment, until the fold."""
    payments: Payments = field(default_factory=Payments)
    settled_by: str | None = None
    """The id of the event that first paid it."""
    unfulfilled_as: OrderStatus | None = None
    """The status of a paid order whose units were never taken, `review` or `refund_due`, unless refunded in full."""
    finalized_at: datetime | None = None
    """When its units were taken from stock; None if never."""
    refunds: Refunds = field(default_factory=Refunds)
    returned: Mapping[str, int] = field(default_factory=dict)
    """Units that were taken and have been put back, by product id."""
    failure_reason: str | None = None
    decline: Decline | None = None
    open_disputes: int | None = None
    """How many disputes of its payments are undecided; None before the first. The customer sees no more than that."""
    cancel_requested_at: datetime | None = None
    """When its customer asked to cancel it; if it was open then, that is why it is over."""

    @property
    def settled_status(self) -> OrderStatus:
        """Its status; if somebody has overwritten a paid order's status, the one that this service had given it."""
        if self.status in PAID:
            return self.status
        return OrderStatus.FINALIZED if self.finalized_at else self.unfulfilled_as or self.status

    @property
    def asked(self) -> Money | None:
        """What is to be paid: items and adjustments; without adjustments the total, or else the items alone.

        Once the order is paid, later adjustments do not count: its total is what was asked.
        """
        if self.adjustments and self.items_total and self.finalized_at is None:
            currency = (self.total or self.items_total).currency
            return Money(self.items_total.amount + sum(each.amount for each in self.adjustments), currency)
        return self.total or self.items_total

    @property
    def without_added(self) -> "Order":
        """The order as it was before its latest session changed the price: the next customer chooses shipping again."""
        kept = list(self.adjustments)
        # The backend may have replaced them since.
        gone = [kept.pop(kept.index(each)) for each in self.added if each in kept]
        total = self.total
        if total and self.items_total is None:
            total = replace(total, amount=total.amount - sum(each.amount for each in gone))
        return replace(self, adjustments=tuple(kept), added=(), total=total)

    @property
    def paying(self) -> tuple[Payment, ...]:
        """The payments that add up to what is asked; none if its price cannot be read, unless it is finalized.

        If all of one of them went back or was to, others pay that add up without it, unless they were made after that
        refund: money that comes later does not open a refunded order again.
        """
        if self.price_defect and self.finalized_at is None:
            return ()
        earliest = self.payments.paying(self.asked)
        gone = [each for each in earliest if self.refunds.is_meant_back(each)]
        if not gone or not self.asked:
            return earliest
        left = (each for each in self.payments.by_id.values() if not self.refunds.is_meant_back(each))
        others = Payments.of(*left).paying(self.asked)
        refunded_at = self.refunds.last_made_at(gone)
        came_later = refunded_at is not None and any(each.at > refunded_at for each in others)
        return earliest if came_later else others or earliest

    @cached_property
    def paid_with(self) -> tuple[Payment, ...]:
        """The payments that pay for a paid order; if none add up to what is asked, all that brought money."""
        if self.settled_status not in PAID:
            return ()
        brought_money = tuple(each for each in self.payments.succeeded if not each.is_free)
        if self.unfulfilled_as is OrderStatus.REFUND_DUE and self.asked is None:
            # It was never held and so never asked for anything: all of its money is due back.
            return brought_money
        return self.paying or brought_money

    @property
    def has_money_of_session(self) -> bool:
        """Whether a payment made in our own latest session has succeeded or is under way."""
        own = (each for each in self.payments.by_id.values() if each.attempt == self.checkout_attempts)
        return any(each.is_under_way or each.state is PaymentState.SUCCEEDED for each in own)

    @property
    def extra_payments(self) -> tuple[Payment, ...]:
        """The payments that brought money but are not needed: they are due back."""
        own = (each for each in self.payments.succeeded if not (each.is_free or each.is_doubtful))
        return tuple(each for each in own if self.paid_with and each not in self.paid_with)

    @property
    def partly_funded(self) -> tuple[Payment, ...]:
        """The bank transfers of a closed order of which a part has arrived at Stripe, where it waits for the rest."""
        if self.status not in CLOSED:
            return ()
        return tuple(each for each in self.payments.by_id.values() if each.funded)

    @property
    def unneeded(self) -> tuple[Payment, ...]:
        """The extra payments that are not refunded in full, as far as Stripe has reported; pending refunds count."""
        return tuple(each for each in self.extra_payments if self.refunds.promised_of(each) < amount_of(each))

    @property
    def lost_refunds(self) -> tuple[LostRefund, ...]:
        """Refunds that failed or were cancelled, and are not made up for by other refunds."""
        return tuple(lost for payment in self.payments.succeeded for lost in lost_refunds_of(payment, self.refunds))

    @property
    def refunds_to_repeat(self) -> tuple[LostRefund, ...]:
        """The lost refunds of a fulfilled order's needed payments: nothing else shows that this money is owed."""
        if self.settled_status not in (OrderStatus.FINALIZED, OrderStatus.PARTIALLY_REFUNDED):
            return ()
        return tuple(lost for lost in self.lost_refunds if lost.payment not in self.unneeded)

    @property
    def received(self) -> Money | None:
        """The sum of the payments that pay for it; None while it is not paid."""
        return sum_of(self.paid_with)

    @cached_property
    def amount_refunded(self) -> int:
        """What is refunded of those payments, in minor units, all currencies added up."""
        return sum(self.refunds.amount_of(payment) for payment in self.paid_with)

    def refunded_in(self, currency: str) -> Money:
        """The same for those payments that are in this currency."""
        own = (each for each in self.paid_with if each.money is None or each.money.currency == currency)
        return Money(sum(self.refunds.amount_of(each) for each in own), currency)

    @property
    def is_id_reused(self) -> bool:
        return (self.failure_reason or "").startswith(ID_USED_BEFORE)

    @property
    def awaits_payment(self) -> bool:
        """Whether it is in review because its payments do not pay for it, or was until they were refunded."""
        cannot_be_paid = self.defect or (self.failure_reason or "").startswith(
            (INVALID_ORDER, PRICE_GONE, ID_USED_BEFORE)
        )
        return self.unfulfilled_as is OrderStatus.REVIEW and self.finalized_at is None and not cannot_be_paid

    @property
    def product_ids(self) -> tuple[str, ...]:
        return tuple(line.product_id for line in self.lines)

    @property
    def counted_lines(self) -> tuple[OrderLine, ...]:
        """The lines that the inventory counts: all but those of products that were never short when it was held."""
        return tuple(line for line in self.lines if line.product_id not in self.unlimited)

    @property
    def lines_taken_at_once(self) -> tuple[OrderLine, ...]:
        """The lines whose units a payment takes from stock itself."""
        return tuple(line for line in self.counted_lines if line.product_id not in self.taken_later)

    @property
    def lines_taken_later(self) -> tuple[OrderLine, ...]:
        """The lines whose units the fold takes from stock after a payment."""
        return tuple(line for line in self.counted_lines if line.product_id in self.taken_later)

    @property
    def holds_units(self) -> bool:
        """Whether its counted lines are part of the inventory's `reserved`."""
        return self.status in _HOLDING or (self.status is OrderStatus.REVIEW and self.hold_kept)

    @property
    def sold(self) -> Mapping[str, int]:
        """Units that were sold, by product id, even if they have come back since."""
        is_sold = self.finalized_at is not None or self.status in _SOLD
        return {line.product_id: line.quantity for line in self.lines} if is_sold else {}

    @property
    def taken(self) -> Mapping[str, int]:
        """The sold units that were taken from stock, by product id."""
        return {product_id: quantity for product_id, quantity in self.sold.items() if product_id not in self.unlimited}


CLOSED: Final = frozenset({OrderStatus.FAILED, OrderStatus.EXPIRED, OrderStatus.CANCELLED})
"""Over and not paid. Only a payment, or an operator who accepts it, opens such an order again."""

_HOLDING: Final = frozenset({OrderStatus.RESERVING, OrderStatus.RESERVED})
_SOLD: Final = frozenset({OrderStatus.FINALIZED, OrderStatus.PARTIALLY_REFUNDED})
PAID: Final = _SOLD | {OrderStatus.REFUNDED, OrderStatus.REFUND_DUE, OrderStatus.REVIEW}
"""A payment has arrived, even if it is not enough or the order cannot be fulfilled."""
