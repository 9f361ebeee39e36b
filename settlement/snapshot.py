"""What is known of an event and its order when it is decided, as of one moment. No paths, no documents."""

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
"""Which state of a document was read. Only equality means anything: nobody has written since."""


class Claim(NamedTuple):
    """What makes an event ours, once, and keeps count of its deliveries."""

    processed: bool
    """False while parked: the event is on record, and its work is still to do."""
    result: Result
    deliveries: int
    first_delivery_at: datetime | None
    last_delivery_at: datetime | None
    processed_at: datetime | None
    version: Version

    def has_counted(self, delivery: StripeDelivery) -> bool:
        """Whether this very delivery is on record: its commit succeeded, and only the answer was lost."""
        return delivery.is_replay or delivery.delivered_at in (self.first_delivery_at, self.last_delivery_at)

    def was_settled_by(self, delivery: StripeDelivery, now: datetime) -> bool:
        """Whether the caller has settled it: its commit succeeded, and only the answer was lost."""
        return self.processed_at == (now if delivery.is_replay else delivery.delivered_at)


class SetAsideEntry(NamedTuple):
    """The audit entry of an event that the terms did not take, or a person has set aside: all that was done with it."""

    result: Result
    """What was wrong with it, or that it is handled."""
    since: datetime | None
    version: Version
    names: frozenset[str] = frozenset()
    """Of its fields: none of them may be left over when it is replaced."""


class KnownPayment(NamedTuple):
    """What is known under one id of a payment."""

    order_id: str | None
    """The order it is for; None while only parked events know of the payment."""
    waiting: tuple[str, ...]
    """The parked events that wait for it."""
    version: Version
    is_only_declined: bool = False
    """Whether no more is known of it than that it was declined: then it may yet pay for another order."""

    @property
    def leads_to(self) -> str | None:
        """The order to which it leads what is refunded or disputed of it; None while it is nobody's yet."""
        return None if self.is_only_declined else self.order_id

    def is_of_another_than(self, order_id: str | None) -> bool:
        """Whether it is for an order, and not for this one."""
        return self.leads_to not in (None, order_id)


class KnownDispute(NamedTuple):
    """What is known of a dispute before the event that reports on it."""

    order_id: str | None
    """The order whose payment is disputed."""
    state: Dispute | None
    """None if it cannot be read."""
    version: Version

    def is_counted_in(self, order: Order) -> bool:
        """Whether it is one of the disputes that the order counts as open."""
        return self.order_id == order.order_id and self.state is not None and self.state.is_open


class CancelRequest(NamedTuple):
    """What somebody wrote to have the order cancelled."""

    user_id: str | None
    """Who asked; None, which is nobody's id, if the document names no possible customer."""
    version: Version


class OperatorRequest(NamedTuple):
    """What an operator has asked for."""

    event: OperatorEvent | None
    """None if the document cannot be read as a request."""
    defect: str | None
    """Why not, in words for whoever wrote it."""
    settled: Outcome | None
    """What has become of it; None until it is settled."""
    version: Version
    is_rehearsal: bool = False
    """Whether it asks only what would become of it."""


class KnownCheckout(NamedTuple):
    """The order's latest Checkout session of our own."""

    checkout: Checkout
    version: Version


@frozen
class KnownFinding:
    """What a rule has found wrong, as it is kept."""

    finding_id: str
    is_open: bool
    state: str
    words: str
    version: Version


@frozen
class EventOnRecord:
    """What is on record of an event of Stripe's that an operator has named."""

    event_id: str
    event_type: str
    order_id: str | None
    account: str | None
    """As in `StripeDelivery`."""
    event: StripeEvent | None
    """As it was kept while it was parked; None if there is no more of it than its id, or none that can be read."""
    claim: Claim | None
    audited: bool
    set_aside: SetAsideEntry | None
    result: str | None
    """How it ended; while it is parked, what it waits for."""
    since: datetime | None

    @property
    def record(self) -> "Record":
        return Snapshot(claim=self.claim, audited=self.audited, set_aside=self.set_aside).record


class Record(StrEnum):
    """What was done with an event before, as far as its claim and its audit entry show."""

    NEW = "new"
    PARKED = "parked"
    SET_ASIDE = "set_aside"
    """The terms did not take its account or mode when it came, and nothing was done but to record that."""
    HANDLED = "handled"
    """It was parked until a person set it aside."""
    SETTLED = "settled"


@frozen
class Snapshot:
    """All that a decision rests on, besides the event, the shop's terms and the time."""

    claim: Claim | None = None
    order_id: str | None = None
    """The order that the event names, or to which its payment leads."""
    is_order_unread: bool = False
    """Whether that order has not been read yet: only the payment has shown which it is."""
    order: Order | None = None
    order_version: Version = None
    audit_head: Head | None = None
    """Where the chain of its audit entries ends; None before the first of them."""
    acts_head: Head | None = None
    """Where the chain of operators' acts on no order ends."""
    acts_version: Version = None
    """None if there is none yet, or if nobody looked."""
    cancel_request: CancelRequest | None = None
    """The request that the event reports; None if there is no such document."""
    operator_request: OperatorRequest | None = None
    """Likewise, of an operator's."""
    effect: StoredEffect | None = None
    """What an operator wants tried again, or has seen to; None if there is no such effect, or if it cannot be read."""
    effects: tuple[StoredEffect, ...] | None = None
    """What is or was to be done outside because of the order; None if nobody looked."""
    finding: KnownFinding | None = None
    """What an operator has seen to; None if there is no such finding."""
    event_on_record: EventOnRecord | None = None
    """Of the event that an operator has named; None if they have named none."""
    products: Mapping[str, Product] = field(default_factory=dict)
    """Only the products that were asked for."""
    inventory_versions: Mapping[str, Version] = field(default_factory=dict)
    """By product; only of products whose inventory exists."""
    payments: Mapping[str, KnownPayment] = field(default_factory=dict)
    """What is known of the event's payment, under each of its ids."""
    dispute: KnownDispute | None = None
    """Only of an event that reports on one; None if this is the first to do so."""
    checkout: KnownCheckout | None = None
    """None if there is none, or if nobody looked."""
    is_checkout_read: bool = False
    audited: bool | None = None
    """Whether the event has an audit entry; None if nobody looked."""
    set_aside: SetAsideEntry | None = None
    """That entry, if it only says that the event was of another account or the other mode."""
    was_placed: bool = False
    """Whether an order of this id is on record as placed; looked at together with products."""
    deliveries_on_record: int | None = None
    """The deliveries that are recorded under the audit entry; None if nobody counted."""
    open_orders: int | None = None
    """How many unpaid orders hold units for the order's customer; None if nobody counted."""
    to_take: int | None = None
    """How many units of the event's product are sold, and still counted as reserved; None if nobody counted."""
    held: int | None = None
    """How many units of it orders hold, at the moment of which the other number is, too; None if nobody counted."""
    uncountable: str | None = None
    """Why neither can be counted, in words for a person; None if they can, or if nobody tried."""
    is_loss_unexplained: bool = False
    """Whether an earlier try was lost, although neither claim nor order nor dispute has changed since."""

    @property
    def record(self) -> Record:
        """What was done with the event before. An audit entry outlives a claim, and outweighs one."""
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
        """What was wrong with the event, or that it is handled, if recording that is all that was ever done with it."""
        if self.audited:
            return self.set_aside.result if self.set_aside else None
        return self.claim.result if self.claim and self.claim.result in UNSETTLED else None

    @property
    def has_outlived_its_claim(self) -> bool:
        return self.audited is True and self.claim is None

    @property
    def deliveries_before(self) -> int:
        """How often an event was delivered whose claim has expired, according to its audit entry."""
        # The first delivery has no record of its own.
        return 1 + (self.deliveries_on_record or 0) if self.has_outlived_its_claim else 0

    def with_hold(self, held: Order, version: Version, levels: Mapping[str, Level | None]) -> "Snapshot":
        """The same after the order's units were counted as held. The commit's answer carries all that can have changed.

        Args:
            version: of the order, as written.
            levels: of each counted product, including the order's own units; None where they are no whole numbers.
        """
        products = {
            product_id: product._replace(level=levels[product_id]) if product_id in levels else product
            for product_id, product in self.products.items()
        }
        return replace(self, order=held, order_version=version, products=products)
