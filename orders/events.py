"""All events that can happen to an order. Each has an id that never changes."""

from dataclasses import field, replace
from datetime import datetime
from typing import ClassVar, Final, TypedDict, cast, get_args

from orders.checkout import SessionTotals
from orders.declines import Decline
from orders.disputes import Dispute
from orders.event_kinds import EventKind
from orders.frozen import frozen
from orders.money import Money
from orders.operator_events import AskedBy, EventReplayed, OfNoOrder, OperatorOrderEvent
from orders.payments import Payment, PaymentState
from orders.refunds import Refunds
from orders.shop_events import ShopEvent


@frozen
class StripeDelivery:
    """One delivery of one Stripe event: https://docs.stripe.com/api/events/object."""

    event_id: str
    event_type: str
    created_at: datetime
    """When Stripe created the event; to the second."""
    delivered_at: datetime
    """When this delivery reached us. With the event's id, it identifies the delivery."""
    livemode: bool | None
    """None for a thin event that does not name its mode."""
    api_version: str | None
    account: str | None
    """The ids in `account` and `context`, separated by a comma if they differ; None for an event of our own account."""
    is_replay: bool = False
    """Whether a stored event is settled again: nothing was delivered, so no delivery is counted."""
    asked_by: AskedBy | EventReplayed | None = None
    """The operator who had the event settled again, or their request, which gets the answer; None if the event was
    delivered, or taken up by the service itself."""


@frozen(kw_only=True)
class _FromStripe:
    delivery: StripeDelivery
    order_id: str | None
    """None if Stripe's object does not name the order: then its payment leads to it."""
    payment_intent_id: str | None
    charge_id: str | None
    attempt: int | None = None
    """Our own attempt to have the order paid that Stripe's object names: the report is about its session."""

    @property
    def event_id(self) -> str:
        return self.delivery.event_id

    @property
    def event_type(self) -> str:
        return self.delivery.event_type

    @property
    def payment_ids(self) -> tuple[str, ...]:
        """The ids under which the payment may be known: its PaymentIntent first, then its charge."""
        return tuple(dict.fromkeys(known for known in (self.payment_intent_id, self.charge_id) if known))

    def payment_in(
        self, state: PaymentState, money: Money | None = None, until: datetime | None = None
    ) -> Payment | None:
        """The event's payment in this state; None if the event names no payment."""
        payment_id = self.payment_intent_id or self.charge_id
        return self._payment(payment_id, state, money, until) if payment_id else None

    def _payment(
        self, payment_id: str, state: PaymentState, money: Money | None, until: datetime | None = None
    ) -> Payment:
        at = self.delivery.created_at
        return Payment(payment_id, state, at, money, self.charge_id, until, attempt=self.attempt)


class Envelope(TypedDict):
    """The fields that every Stripe event has, as keyword arguments."""

    delivery: StripeDelivery
    order_id: str | None
    payment_intent_id: str | None
    charge_id: str | None


@frozen(kw_only=True)
class PaymentSucceeded(_FromStripe):
    """The money for an order has arrived. Several Stripe events report the same payment."""

    kind: ClassVar = EventKind.PAYMENT_SUCCEEDED

    money: Money
    """The amount received."""
    session_id: str | None = None
    """The completed Checkout session; the only id of the payment if there was nothing to pay."""
    totals: SessionTotals | None = None
    """The session's totals; None if it does not report them all."""

    @property
    def payment(self) -> Payment:
        """The payment as the event reports it."""
        known = self.payment_in(PaymentState.SUCCEEDED, self.money)
        free_id = self.session_id or self.event_id
        return known or self._payment(free_id, PaymentState.SUCCEEDED, self.money)


@frozen(kw_only=True)
class PaymentProcessing(_FromStripe):
    """The customer has done their part or has a voucher to pay: the money is under way or authorised."""

    kind: ClassVar = EventKind.PAYMENT_PROCESSING

    state: PaymentState = PaymentState.PROCESSING
    until: datetime | None = None
    """When the payment fails unless it has succeeded; None if neither Stripe nor its method says so."""
    is_estimate: bool = False
    """Whether several methods were offered, so that the payment's own is unknown."""
    funded: Money | None = None
    """What of it has arrived at Stripe while more is to come."""
    session_id: str | None = None
    """The completed Checkout session."""
    totals: SessionTotals | None = None


@frozen(kw_only=True)
class PaymentFailed(_FromStripe):
    """An attempt to pay was declined. The customer may try again."""

    kind: ClassVar = EventKind.PAYMENT_FAILED

    decline: Decline


@frozen(kw_only=True)
class PaymentCanceled(_FromStripe):
    """The payment or its session is over: no money will come of it."""

    kind: ClassVar = EventKind.PAYMENT_CANCELED

    session_id: str | None = None
    """The expired Checkout session."""


@frozen(kw_only=True)
class SubscriptionStarted(_FromStripe):
    """A Checkout session that names an order has sold a subscription, which does not pay for the order."""

    kind: ClassVar = EventKind.SUBSCRIPTION_STARTED


@frozen(kw_only=True)
class ChargeRefunded(_FromStripe):
    """A charge reports its total refunded so far, and so also what was paid."""

    kind: ClassVar = EventKind.CHARGE_REFUNDED

    paid: Money
    """What was received, before any refund."""
    amount_refunded: int
    """All that was refunded of it so far, in minor units, including pending refunds."""
    refunds: Refunds = field(default_factory=Refunds)
    """Its single refunds, as far as the charge lists them."""
    restock_defect: str | None = None
    """Human-readable reason why a refund's `restock` metadata cannot be followed."""

    @property
    def payment(self) -> Payment:
        """The payment as the event reports it."""
        paid = cast("Payment", self.payment_in(PaymentState.SUCCEEDED, self.paid))  # A charge has an id.
        return replace(paid, amount_refunded=self.amount_refunded)

    @property
    def money(self) -> Money:
        return Money(self.amount_refunded, self.paid.currency)


@frozen(kw_only=True)
class RefundUpdated(_FromStripe):
    """The state of one refund."""

    kind: ClassVar = EventKind.REFUND_UPDATED

    money: Money
    """The amount of the refund."""
    refunds: Refunds
    """This refund alone."""
    restock_defect: str | None = None
    """Human-readable reason why the refund's `restock` metadata cannot be followed."""


@frozen(kw_only=True)
class DisputeChanged(_FromStripe):
    """The customer's bank disputes the charge: the state of the dispute."""

    kind: ClassVar = EventKind.DISPUTE_CHANGED

    dispute: Dispute

    @property
    def money(self) -> Money:
        return Money(self.dispute.amount, self.dispute.currency)


StripeEvent = (
    PaymentSucceeded
    | PaymentProcessing
    | PaymentFailed
    | PaymentCanceled
    | SubscriptionStarted
    | ChargeRefunded
    | RefundUpdated
    | DisputeChanged
)
OrderEvent = ShopEvent | OperatorOrderEvent | StripeEvent
OfSession = PaymentSucceeded | PaymentProcessing | PaymentCanceled
"""May report on a Checkout session, and then has its id."""
CarriesPayment = PaymentSucceeded | ChargeRefunded
"""Report what was paid, and so can settle an order."""
ReportsPayment = PaymentSucceeded | PaymentProcessing | PaymentFailed | PaymentCanceled | ChargeRefunded
"""Report the state of a payment. The commit that adds it to its order also lists it in `payments`."""
FoundByPayment = ChargeRefunded | RefundUpdated | DisputeChanged
"""Need not name an order: their payment leads to it."""
FOUND_BY_PAYMENT: Final[frozenset[EventKind]] = frozenset(event.kind for event in get_args(FoundByPayment))


@frozen
class NotUnderstood:
    """A verified event of a handled type that cannot be read: kept for a person and for a release that can."""

    delivery: StripeDelivery
    order_id: str | None
    reason: str

    @property
    def event_id(self) -> str:
        return self.delivery.event_id

    @property
    def event_type(self) -> str:
        return self.delivery.event_type


Cause = OrderEvent | OfNoOrder | NotUnderstood
"""All that can be settled."""


@frozen
class Ignored:
    """An event of Stripe's that concerns no order of ours."""

    event_id: str | None
    event_type: str | None
    reason: str
