"""What Stripe reports of an order, and all that can happen to one. Each event has an id that never changes."""

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
    """When Stripe made the event; to the second."""
    delivered_at: datetime
    """When this delivery reached us. With the event's id it identifies one delivery."""
    livemode: bool
    api_version: str | None
    account: str | None
    """Whose event it is: the ids in `account` and `context`, with a comma between two that differ; None for our own."""
    is_replay: bool = False
    """Whether this is an event taken up again: not delivered just now, so not counted as a delivery."""
    asked_by: AskedBy | EventReplayed | None = None
    """The operator who has had it taken up, or their request, which is answered with what becomes of it; None if the
    service does so by itself, or if it was delivered."""


@frozen(kw_only=True)
class _FromStripe:
    delivery: StripeDelivery
    order_id: str | None
    """None where Stripe's object does not name the order: then its payment leads there."""
    payment_intent_id: str | None
    charge_id: str | None
    attempt: int | None = None
    """Which attempt of our own to have the order paid Stripe's object names: of its session is what it reports."""

    @property
    def event_id(self) -> str:
        return self.delivery.event_id

    @property
    def event_type(self) -> str:
        return self.delivery.event_type

    @property
    def payment_ids(self) -> tuple[str, ...]:
        """Under what the payment may be known: its PaymentIntent first, then its charge."""
        return tuple(dict.fromkeys(known for known in (self.payment_intent_id, self.charge_id) if known))

    def payment_in(
        self, state: PaymentState, money: Money | None = None, until: datetime | None = None
    ) -> Payment | None:
        """What the event says of its payment; None if it names none."""
        payment_id = self.payment_intent_id or self.charge_id
        return self._payment(payment_id, state, money, until) if payment_id else None

    def _payment(
        self, payment_id: str, state: PaymentState, money: Money | None, until: datetime | None = None
    ) -> Payment:
        at = self.delivery.created_at
        return Payment(payment_id, state, at, money, self.charge_id, until, attempt=self.attempt)


class Envelope(TypedDict):
    """What every event of Stripe's has, by the names of its fields."""

    delivery: StripeDelivery
    order_id: str | None
    payment_intent_id: str | None
    charge_id: str | None


@frozen(kw_only=True)
class PaymentSucceeded(_FromStripe):
    """The money for an order has arrived. Several Stripe events say so of one payment."""

    kind: ClassVar = EventKind.PAYMENT_SUCCEEDED

    money: Money
    """What was received."""
    session_id: str | None = None
    """The Checkout session that was completed; all that names a payment where there was nothing to pay."""
    totals: SessionTotals | None = None
    """What that session says that it cost; None if it does not say all of it."""

    @property
    def payment(self) -> Payment:
        """What the event says of it."""
        known = self.payment_in(PaymentState.SUCCEEDED, self.money)
        free_id = self.session_id or self.event_id
        return known or self._payment(free_id, PaymentState.SUCCEEDED, self.money)


@frozen(kw_only=True)
class PaymentProcessing(_FromStripe):
    """The customer has done their part or has a voucher to pay; the money is on its way, or authorised."""

    kind: ClassVar = EventKind.PAYMENT_PROCESSING

    state: PaymentState = PaymentState.PROCESSING
    until: datetime | None = None
    """When it comes to nothing unless it has succeeded by then; None if neither Stripe nor its method says."""
    is_estimate: bool = False
    """Whether its method is only one of several that were offered."""
    session_id: str | None = None
    """The Checkout session that was completed."""
    totals: SessionTotals | None = None


@frozen(kw_only=True)
class PaymentFailed(_FromStripe):
    """An attempt to pay was declined. The customer may try again."""

    kind: ClassVar = EventKind.PAYMENT_FAILED

    decline: Decline


@frozen(kw_only=True)
class PaymentCanceled(_FromStripe):
    """The payment, or the session for it, is over: no money will come of it."""

    kind: ClassVar = EventKind.PAYMENT_CANCELED

    session_id: str | None = None
    """The Checkout session that has expired."""


@frozen(kw_only=True)
class SubscriptionStarted(_FromStripe):
    """A Checkout session sold a subscription, and named an order, for which it does not pay."""

    kind: ClassVar = EventKind.SUBSCRIPTION_STARTED


@frozen(kw_only=True)
class ChargeRefunded(_FromStripe):
    """A charge names all that was refunded of it so far, and with that also what was paid."""

    kind: ClassVar = EventKind.CHARGE_REFUNDED

    paid: Money
    """What was received before anything was refunded."""
    amount_refunded: int
    """All of it that was refunded until then, in minor units, with what is only pending."""
    refunds: Refunds = field(default_factory=Refunds)
    """Single refunds of it, as far as the charge lists them."""
    restock_defect: str | None = None
    """Why what a refund's metadata says of units cannot be obeyed."""

    @property
    def payment(self) -> Payment:
        """What the event says of it."""
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
    """What the refund is about."""
    refunds: Refunds
    """This refund alone."""
    restock_defect: str | None = None
    """Why what the refund's metadata says of units cannot be obeyed."""


@frozen(kw_only=True)
class DisputeChanged(_FromStripe):
    """The customer's bank disputes the charge; this is how far the dispute has come."""

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
"""These may be what becomes of a Checkout session, whose id they have then."""
CarriesPayment = PaymentSucceeded | ChargeRefunded
"""These say what was paid, and so can settle an order."""
ReportsPayment = PaymentSucceeded | PaymentProcessing | PaymentFailed | PaymentCanceled | ChargeRefunded
"""These say how far a payment has come, which its order keeps, and in the same commit `payments` leads to the order."""
FoundByPayment = ChargeRefunded | RefundUpdated | DisputeChanged
"""These need not name an order: their payment leads to it."""
FOUND_BY_PAYMENT: Final[frozenset[EventKind]] = frozenset(event.kind for event in get_args(FoundByPayment))


@frozen
class NotUnderstood:
    """A verified event of a type we handle, in a shape we cannot read: kept for a person and a fixed release."""

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
    """Stripe's, but not about an order of ours."""

    event_id: str | None
    event_type: str | None
    reason: str
