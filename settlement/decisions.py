"""What settlement can decide, as frozen data without paths or documents: so it can be tested, shown and explained."""

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
    """One event for one order that exists and is not settled by it yet."""

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
    """What a step does to its order. What follows from that for everybody else makes it a change."""

    result: Result
    order: Order
    """As it is afterwards."""
    moves: tuple[StockMove, ...] = ()
    """What this step changes in the inventory."""
    counted: tuple[StockMove, ...] = ()
    """What an earlier step has already changed there, without an audit entry."""
    notice: NoticeType | None = None
    note: str | None = None
    dispute: Dispute | None = None
    """As it is afterwards; None if the event says nothing new of one."""
    checkout: Checkout | None = None
    """As it is afterwards; None if the step does nothing with one."""
    refunds: Mapping[str, RefundTerms] = field(default_factory=dict)
    """What an operator has Stripe send back, by payment."""
    money: Money | None = None
    """What goes back because of an operator, or has; None if nothing does, or only Stripe knows how much."""
    later: tuple[StockMove, ...] = ()
    """What it takes from the inventory, but only once that is folded."""


# --- Not the last word -----------------------------------------------------------------------------------------------


@frozen
class Look:
    """More must be known first; then decide again."""

    product_ids: tuple[str, ...] = ()
    audit_entry: bool = False
    order_id: str | None = None
    """The order to which the event's payment leads."""
    deliveries: bool = False
    """How many deliveries are recorded under the audit entry."""
    open_orders: bool = False
    """How many unpaid orders hold units for the order's customer."""
    checkout: bool = False
    """The Checkout session that the service has opened for the order."""
    effects: bool = False
    """What is or was to be done outside because of the order."""
    to_take: bool = False
    """How many units of the event's product are sold, and still counted as reserved."""
    promised: bool = False
    """That, and how many units of it orders hold, of the same moment."""


@frozen
class Hold:
    """Count the order's units as held; then decide again, with the figures that the commit answers."""

    order: Order
    """As it is once its units are counted."""
    moves: tuple[StockMove, ...]


@frozen
class GiveBack:
    """Undo a hold that was counted, as if it had never been; then begin again."""

    order: Order
    """As it was before its units were counted."""
    moves: tuple[StockMove, ...]

    @classmethod
    def of(cls, case: Case) -> "GiveBack":
        """No audit entry records such a hold, nor that it was given back."""
        moves, _ = counted_apart(release(case.order.counted_lines), case.snapshot.products)
        status_before = case.order.held_from or OrderStatus.PENDING
        return cls(replace(case.order, status=status_before, held_from=None), moves)


@frozen
class Replay:
    """What an operator has asked for is that this event be settled: it is what is decided from here on."""

    event: StripeEvent


# --- The last word ---------------------------------------------------------------------------------------------------


@frozen
class Change:
    """The event is settled: this is what it does to its order, and everything that follows."""

    result: Result
    order: Order
    """As it is afterwards."""
    status_before: OrderStatus
    """What the order was before the event's first step, a hold that was counted for it included."""
    moves: tuple[StockMove, ...]
    """What this step changes in the inventory."""
    moved: tuple[StockMove, ...]
    """What the event has changed there from its first step to its last, with what is only put down as taken."""
    uncounted: tuple[OrderLine, ...]
    """Units that could not be counted, because their inventory is gone."""
    notices: tuple[Notice, ...]
    money: Money | None
    """What the event is about, or what the order asks; of an operator's refund, what goes back."""
    entry_id: str
    """Under which id it is put on record: the event's, unless an earlier order of the same id has taken that."""
    released: tuple[str, ...]
    """The ids of parked events that waited for this one, and can be settled now."""
    note: str | None
    """Why, in words for a person; None where all is as usual."""
    dispute: Dispute | None = None
    """As it is afterwards; None if the event says nothing new of one."""
    checkout: Checkout | None = None
    """As it is afterwards; None if nothing changes of one."""
    later: tuple[StockMove, ...] = ()
    """What is taken from the inventory, but only once it is folded."""
    effects: tuple[Effect, ...] = ()
    """What must be done outside because of it."""

    @property
    def outcome(self) -> Outcome:
        return Outcome(self.result, self.order.order_id, self.note)


@frozen
class Park:
    """Keep the event until what it waits for is there: its order, its payment, or a release that can read it."""

    result: Result
    order_id: str | None
    note: str
    released: ClassVar[tuple[str, ...]] = ()

    @property
    def looks_again(self) -> bool:
        """Whether to begin again afterwards: an order created in between has already asked for parked events."""
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
class CountDelivery:
    """Record one more delivery of the event, and change nothing else; a claim that has expired is put back."""

    result: Result
    order_id: str | None
    recorded_as: Result
    """Differs from the result only where the claim has expired and is put back."""
    released: tuple[str, ...] = ()
    """As in a change: whoever settled the event may have died before these were settled too."""

    @property
    def outcome(self) -> Outcome:
        return Outcome(self.result, self.order_id)


@frozen
class Adjustment:
    """An operator's request is settled that changes no order, or has nothing to do it to."""

    result: Result
    order_id: str | None
    note: str | None
    move: StockMove | None = None
    is_exact: bool = False
    """Whether the figures must still be those that were read."""
    backorder: int = 0
    """Of a product that is counted from now on: how many more may be sold than there are."""
    retried: StoredEffect | None = None
    """What is to be tried again."""
    handled: StoredEffect | KnownFinding | EventOnRecord | None = None
    """What needs nobody any more."""
    released: ClassVar[tuple[str, ...]] = ()

    @property
    def outcome(self) -> Outcome:
        return Outcome(self.result, self.order_id, self.note)


@frozen
class Unchanged:
    """There is nothing to write."""

    outcome: Outcome
    released: tuple[str, ...] = ()


Settled = Change | Park | SetAside | CountDelivery | Adjustment | Unchanged
Decision = Look | Hold | GiveBack | Replay | Settled
