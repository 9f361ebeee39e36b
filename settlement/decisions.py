"""What settlement can decide, as frozen data without paths or documents: it can be tested, shown and explained."""

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime
from typing import ClassVar, TypeVar

from effects.effect import Effect, RefundTerms, StoredEffect
from inventory.reservation import counted_apart
from inventory.stock import StockMove, release
from notifications.notices import Notice, NoticeType
from orders.checkout import Checkout
from orders.disputes import Dispute
from orders.events import OrderEvent, StripeEvent
from orders.frozen import frozen
from orders.money import Money
from orders.order import Order, OrderLine, OrderStatus
from orders.outcome import Outcome, Result
from settlement.snapshot import EventOnRecord, KnownFinding, Snapshot
from settlement.terms import Terms

_Event = TypeVar("_Event")


@frozen
class Case:
    """One event that its existing order has not settled yet."""

    event: OrderEvent
    order: Order
    snapshot: Snapshot
    terms: Terms
    now: datetime

    def event_as(self, kind: type[_Event]) -> _Event:
        """The event, where the lifecycle only allows this kind."""
        if not isinstance(self.event, kind):
            raise TypeError(f"the lifecycle does not allow {self.event.kind} here")
        return self.event


# --- On the way to a decision ---------------------------------------------------------------------------------------


@frozen
class Proposal:
    """What a step does to its order. `change_from` adds what follows from it, and makes it a change."""

    result: Result
    order: Order
    """As it is afterwards."""
    moves: tuple[StockMove, ...] = ()
    """Changes of the inventory in this step."""
    counted: tuple[StockMove, ...] = ()
    """Changes that an earlier step has made in the inventory, without an audit entry."""
    notice: NoticeType | None = None
    note: str | None = None
    dispute: Dispute | None = None
    """As it is afterwards; None if the event reports nothing new about it."""
    checkout: Checkout | None = None
    """As it is afterwards; None if the step does not touch it."""
    refunds: Mapping[str, RefundTerms] = field(default_factory=dict)
    """Refunds that an operator has ordered at Stripe, by payment id."""
    money: Money | None = None
    """What an operator refunds or has refunded; None if nothing, or if only Stripe knows how much."""
    later: tuple[StockMove, ...] = ()
    """Units that the fold will take from the inventory."""


# --- Not the last word -----------------------------------------------------------------------------------------------


@frozen
class Look:
    """More must be read first; then decide again."""

    product_ids: tuple[str, ...] = ()
    audit_entry: bool = False
    order_id: str | None = None
    """The order that the event's payment belongs to."""
    deliveries: bool = False
    """How many deliveries are recorded under the audit entry."""
    open_orders: bool = False
    """How many unpaid orders of this customer hold units."""
    checkout: bool = False
    """The latest Checkout session that the service opened for the order."""
    effects: bool = False
    """The order's effects, done and pending."""
    to_take: bool = False
    """How many units of the event's product are sold and not folded yet."""
    promised: bool = False
    """The same, and how many units of the product orders hold, both read at the same moment."""


@frozen
class Hold:
    """Count the order's units as held; then decide again with the stock levels from the commit's answer."""

    order: Order
    """As it is once its units are counted."""
    moves: tuple[StockMove, ...]


@frozen
class GiveBack:
    """Undo a hold as if it had never been counted; then start again."""

    order: Order
    """As it was before its units were counted."""
    moves: tuple[StockMove, ...]

    @classmethod
    def of(cls, case: Case) -> "GiveBack":
        """Give back what the order holds. No audit entry records such a hold or its end."""
        moves, _ = counted_apart(release(case.order.counted_lines), case.snapshot.products)
        status_before = case.order.held_from or OrderStatus.PENDING
        return cls(replace(case.order, status=status_before, held_from=None), moves)


@frozen
class Replay:
    """An operator has asked for this event to be settled: from here on, it is the event to decide."""

    event: StripeEvent


# --- The last word ---------------------------------------------------------------------------------------------------


@frozen
class Change:
    """The event is settled: what it does to its order, and all that follows from it."""

    result: Result
    order: Order
    """As it is afterwards."""
    status_before: OrderStatus
    """The status before the event's first step, so before a hold that was counted for it."""
    moves: tuple[StockMove, ...]
    """Changes of the inventory in this step."""
    moved: tuple[StockMove, ...]
    """All changes of the inventory by this event, over all its steps, with those that the fold will make."""
    uncounted: tuple[OrderLine, ...]
    """Units that could not be counted because their inventory document is gone."""
    notices: tuple[Notice, ...]
    money: Money | None
    """The event's amount, or what the order asks; for an operator's refund, what is refunded."""
    entry_id: str
    """The id of the audit entry: the event's, unless an earlier order with the same id has used that."""
    released: tuple[str, ...]
    """The ids of parked events that waited for this one and can be settled now."""
    note: str | None
    """Human-readable reason; None if everything is as usual."""
    dispute: Dispute | None = None
    """As it is afterwards; None if the event reports nothing new about it."""
    checkout: Checkout | None = None
    """As it is afterwards; None if it does not change."""
    later: tuple[StockMove, ...] = ()
    """Units that the fold will take from the inventory."""
    effects: tuple[Effect, ...] = ()
    """What is to be done outside because of the change."""

    @property
    def outcome(self) -> Outcome:
        return Outcome(self.result, self.order.order_id, self.note)


@frozen
class Park:
    """Keep the event until what it waits for exists: its order, its payment, or a release that understands it."""

    result: Result
    order_id: str | None
    note: str
    released: ClassVar[tuple[str, ...]] = ()

    @property
    def looks_again(self) -> bool:
        """Whether to decide again after parking: an order created meanwhile has already looked for parked events."""
        return self.result is Result.ORDER_NOT_FOUND

    @property
    def outcome(self) -> Outcome:
        return Outcome(self.result, self.order_id, self.note)


@frozen
class SetAside:
    """Record that the event is of another account or the other mode. It touches no order and waits for none."""

    result: Result
    order_id: str | None
    note: str
    released: ClassVar[tuple[str, ...]] = ()

    @property
    def outcome(self) -> Outcome:
        return Outcome(self.result, self.order_id, self.note)


@frozen
class Notify:
    """Record a money event about a deleted order, and notify operators if it is news."""

    result: Result
    order_id: str
    note: str
    money: Money | None
    """The event's amount."""
    notices: tuple[Notice, ...]
    effects: tuple[Effect, ...]
    """The messages that deliver the notices."""
    dispute: Dispute | None = None
    """The dispute afterwards; None if the event is not about one."""
    released: ClassVar[tuple[str, ...]] = ()

    @property
    def outcome(self) -> Outcome:
        return Outcome(self.result, self.order_id, self.note)


@frozen
class CountDelivery:
    """Record one more delivery of the event, and nothing else; put its claim back if that has expired."""

    result: Result
    order_id: str | None
    recorded_as: Result
    """Differs from the result only when an expired claim is put back."""
    released: tuple[str, ...] = ()
    """As in a change: the worker that settled the event may have died before it settled these."""

    @property
    def outcome(self) -> Outcome:
        return Outcome(self.result, self.order_id)


@frozen
class Adjustment:
    """Settles an operator's request that changes no order, or whose target does not exist."""

    result: Result
    order_id: str | None
    note: str | None
    move: StockMove | None = None
    is_exact: bool = False
    """Whether the commit must fail if the stock has changed since it was read."""
    backorder: int = 0
    """For a product that is counted from now on: how many more units than its stock may be sold."""
    retried: StoredEffect | None = None
    """The effect to try again."""
    handled: StoredEffect | KnownFinding | EventOnRecord | None = None
    """What no longer needs a person."""
    released: ClassVar[tuple[str, ...]] = ()

    @property
    def outcome(self) -> Outcome:
        return Outcome(self.result, self.order_id, self.note)


@frozen
class Unchanged:
    """There is nothing to write."""

    outcome: Outcome
    released: tuple[str, ...] = ()


Settled = Change | Notify | Park | SetAside | CountDelivery | Adjustment | Unchanged
Decision = Look | Hold | GiveBack | Replay | Settled
