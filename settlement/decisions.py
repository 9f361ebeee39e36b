"""One event for one order, and what can be planned for it: the words that settlement's rooms share."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from database.store import Write
from orders.events import OrderEvent, StripeEvent
from orders.order import Order
from orders.outcome import Outcome
from settlement.snapshot import Seen

_Event = TypeVar("_Event")


@dataclass(frozen=True, slots=True)
class Terms:
    """The shop's terms, from its settings."""

    reservation: timedelta = timedelta(minutes=30)
    """How long units stay held for an unpaid order."""
    async_reservation: timedelta = timedelta(days=7)
    """How long they stay held once a payment is on its way or authorised, from when Stripe said so."""
    restock_on_refund: bool = True
    """Whether refunded units go back on the shelf."""
    expected_livemode: bool | None = None
    """Events of the other mode touch no order; None takes both."""
    claim_lifetime: timedelta = timedelta(days=7)
    """How long a claim is kept. Stripe retries for three days; a person may ask it to resend for longer."""
    order_wait: timedelta = timedelta(hours=1)
    """How old an event may grow while its order does not exist, before it is parked."""


@dataclass(frozen=True, slots=True)
class Look:
    """More must be read, afresh and together with what was read before."""

    product_ids: tuple[str, ...] = ()
    audit_entry: bool = False
    order_id: str | None = None
    """The order that the event's payment leads to."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Commit; then plan again with what the commit answered."""

    writes: tuple[Write, ...]
    held: Order


@dataclass(frozen=True, slots=True)
class StartOver:
    """Commit; then read everything afresh and plan again."""

    writes: tuple[Write, ...]
    event: StripeEvent | None = None
    """What to plan for from then on; None if it is the same event."""


@dataclass(frozen=True, slots=True)
class Finish:
    """Commit, and the event is settled. With no writes there is nothing to commit."""

    writes: tuple[Write, ...]
    outcome: Outcome
    released: tuple[str, ...] = ()
    """Parked events that waited for this one's payment, and can be settled now."""


Plan = Look | Hold | StartOver | Finish


@dataclass(frozen=True, slots=True)
class Case:
    """One event for one order that exists and has not heard of it."""

    event: OrderEvent
    order: Order
    seen: Seen
    terms: Terms
    now: datetime

    def event_as(self, kind: type[_Event]) -> _Event:
        """The event, where the lifecycle lets only this kind come."""
        if not isinstance(self.event, kind):
            raise TypeError(f"the lifecycle lets no {self.event.kind} come here")
        return self.event
