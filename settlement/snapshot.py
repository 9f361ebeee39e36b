"""What is known of an event and its order at the moment of its decision. No paths, no documents."""

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from audit.chain import Head
from effects.effect import StoredEffect
from inventory.reservation import Product
from inventory.stock import Level
from orders.checkout import Checkout
from orders.disputes import Dispute
from orders.events import StripeDelivery, StripeEvent
from orders.frozen import frozen
from orders.operator_events import OperatorEvent
from orders.order import Order
from orders.outcome import UNSETTLED, Outcome, Result

Version = object
"""Which state of a document was read. Only equality has a meaning: nobody has written since."""


class Claim(NamedTuple):
    """Records that an event was settled or parked, once, and counts its deliveries."""

    processed: bool
    """False while the event is parked: on record, but not settled."""
    result: Result
    deliveries: int
    first_delivery_at: datetime | None
    last_delivery_at: datetime | None
    processed_at: datetime | None
    version: Version

    def has_counted(self, delivery: StripeDelivery) -> bool:
        """Whether this delivery is on record: its commit succeeded, and only the answer was lost."""
        return delivery.is_replay or delivery.delivered_at in (self.first_delivery_at, self.last_delivery_at)

    def was_settled_by(self, delivery: StripeDelivery, now: datetime) -> bool:
        """Whether this call has settled the event: its commit succeeded, and only the answer was lost."""
        return self.processed_at == (now if delivery.is_replay else delivery.delivered_at)


class SetAsideEntry(NamedTuple):
    """The audit entry of an event that was only set aside, by the terms or by a person."""

    result: Result
    """Why the terms excluded it, or that a person has handled it."""
    since: datetime | None
    version: Version
    names: frozenset[str] = frozenset()
    """The names of its fields: none may be left over when the entry is replaced."""


class KnownPayment(NamedTuple):
    """What is recorded under one id of a payment."""

    order_id: str | None
    """The order it is for; None while only parked events mention the payment."""
    waiting: tuple[str, ...]
    """The ids of the parked events that wait for it."""
    version: Version
    is_only_declined: bool = False
    """Whether it is only known to be declined: then it may still pay for another order."""

    @property
    def leads_to(self) -> str | None:
        """The order to which its refunds and disputes belong; None if that is not known yet."""
        return None if self.is_only_declined else self.order_id

    def is_of_another_than(self, order_id: str | None) -> bool:
        """Whether it belongs to another order than this one."""
        return self.leads_to not in (None, order_id)


class KnownDispute(NamedTuple):
    """What was known of a dispute before the event."""

    order_id: str | None
    """The order whose payment is disputed."""
    state: Dispute | None
    """None if it cannot be read."""
    version: Version

    def is_counted_in(self, order: Order) -> bool:
        """Whether the order counts this dispute among its open ones."""
        return self.order_id == order.order_id and self.state is not None and self.state.is_open


class CancelRequest(NamedTuple):
    """A customer's request to cancel the order."""

    user_id: str | None
    """Who asked; None, which matches no customer, if the document names nobody."""
    version: Version


class OperatorRequest(NamedTuple):
    """An operator's request."""

    event: OperatorEvent | None
    """None if the document cannot be read as a request."""
    defect: str | None
    """Human-readable reason why it cannot be read."""
    settled: Outcome | None
    """Its outcome; None until it is settled."""
    version: Version
    is_rehearsal: bool = False
    """Whether it only asks what would become of it."""


class KnownCheckout(NamedTuple):
    """The latest Checkout session that the service opened for the order."""

    checkout: Checkout
    version: Version


@frozen
class KnownFinding:
    """A stored finding of a reconciliation rule."""

    finding_id: str
    is_open: bool
    state: str
    words: str
    version: Version


@frozen
class EventOnRecord:
    """What is on record of a Stripe event that an operator has named."""

    event_id: str
    event_type: str
    order_id: str | None
    account: str | None
    """As in `StripeDelivery`."""
    event: StripeEvent | None
    """As it was kept while parked; None if no more than its id was kept, or if it cannot be read."""
    claim: Claim | None
    audited: bool
    set_aside: SetAsideEntry | None
    result: str | None
    """Its outcome; while it is parked, what it waits for."""
    since: datetime | None

    @property
    def record(self) -> "Record":
        return Snapshot(claim=self.claim, audited=self.audited, set_aside=self.set_aside).record


class Record(StrEnum):
    """What was done with an event before, as its claim and audit entry show."""

    NEW = "new"
    PARKED = "parked"
    SET_ASIDE = "set_aside"
    """The terms excluded its account or mode when it came, and only that was recorded."""
    HANDLED = "handled"
    """It was parked until a person set it aside."""
    SETTLED = "settled"


@frozen
class Snapshot:
    """All that a decision depends on, besides the event, the shop's terms and the time."""

    claim: Claim | None = None
    order_id: str | None = None
    """The order that the event names, or that its payment belongs to."""
    is_order_unread: bool = False
    """Whether that order is still to be read, because only the payment has shown which it is."""
    order: Order | None = None
    order_version: Version = None
    audit_head: Head | None = None
    """The end of the order's chain of audit entries; None if it has none."""
    acts_head: Head | None = None
    """The end of the chain of operators' acts that concern no order."""
    acts_version: Version = None
    """None if that chain is empty or was not read."""
    cancel_request: CancelRequest | None = None
    """The request that the event reports; None if there is no such document."""
    operator_request: OperatorRequest | None = None
    """Likewise, an operator's."""
    effect: StoredEffect | None = None
    """The effect that an operator wants retried or marked as handled; None if it does not exist or cannot be read."""
    effects: tuple[StoredEffect, ...] | None = None
    """The order's effects, done and pending; None if they were not read."""
    finding: KnownFinding | None = None
    """The finding that an operator wants marked as handled; None if it does not exist."""
    event_on_record: EventOnRecord | None = None
    """The event that an operator has named; None if none was named."""
    products: Mapping[str, Product] = field(default_factory=dict)
    """Only the products that were asked for."""
    inventory_versions: Mapping[str, Version] = field(default_factory=dict)
    """By product id; only for products that have an inventory document."""
    payments: Mapping[str, KnownPayment] = field(default_factory=dict)
    """What is recorded of the event's payment, under each of its ids."""
    dispute: KnownDispute | None = None
    """Only for an event about a dispute; None if it is the first."""
    checkout: KnownCheckout | None = None
    """None if there is none, or if it was not read."""
    is_checkout_read: bool = False
    audited: bool | None = None
    """Whether the event has an audit entry; None if that was not read."""
    set_aside: SetAsideEntry | None = None
    """That entry, if the event was only set aside."""
    was_placed: bool = False
    """Whether an order with this id is on record as placed; read together with products."""
    deliveries_on_record: int | None = None
    """The number of deliveries recorded under the audit entry; None if not counted."""
    open_orders: int | None = None
    """How many unpaid orders of the order's customer hold units; None if not counted."""
    to_take: int | None = None
    """How many units of the event's product are sold and not folded yet; None if not counted."""
    held: int | None = None
    """How many units of the product orders hold, at the same moment as `to_take`; None if not counted."""
    uncountable: str | None = None
    """Human-readable reason why these two cannot be counted; None if they can, or if nobody tried."""
    is_loss_unexplained: bool = False
    """Whether an earlier commit failed although claim, order and dispute have not changed since."""

    @property
    def record(self) -> Record:
        """What was done with the event before. An audit entry outlives a claim and overrides it."""
        if self.audited and self.set_aside is None:
            return Record.SETTLED
        if self.claim is None and self.set_aside is None:
            return Record.NEW
        if self.claim and not self.claim.processed:
            return Record.PARKED
        if self.set_aside_as is None:
            return Record.SETTLED
        return Record.HANDLED if self.set_aside_as is Result.HANDLED else Record.SET_ASIDE

    @property
    def set_aside_as(self) -> Result | None:
        """Why the event was set aside, or that it was handled, if nothing else was ever done with it; else None."""
        if self.audited:
            return self.set_aside.result if self.set_aside else None
        return self.claim.result if self.claim and self.claim.result in UNSETTLED else None

    @property
    def has_outlived_its_claim(self) -> bool:
        return self.audited is True and self.claim is None

    @property
    def deliveries_before(self) -> int:
        """How often an event whose claim has expired was delivered, according to its audit entry; otherwise 0."""
        # The first delivery has no document of its own.
        return 1 + (self.deliveries_on_record or 0) if self.has_outlived_its_claim else 0

    def with_hold(self, held: Order, version: Version, levels: Mapping[str, Level | None]) -> "Snapshot":
        """The snapshot after the order's units were counted as held, from the commit's answer alone.

        Args:
            version: of the order, as written.
            levels: of each counted product, with this order's units; None if the figures are no whole numbers.
        """
        products = {
            product_id: product._replace(level=levels[product_id]) if product_id in levels else product
            for product_id, product in self.products.items()
        }
        return replace(self, order=held, order_version=version, products=products)
