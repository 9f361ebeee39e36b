"""The lifecycle of an order as one total table: what an event asks for in each status.

The table says what to attempt; whether it succeeds (units to hold, money that matches) is found out on the way, and
what is written then is in `settlement.plan`.
"""

from collections.abc import Mapping
from enum import StrEnum
from itertools import chain
from types import MappingProxyType
from typing import Final

from orders.events import EventKind
from orders.order import OrderStatus


class Step(StrEnum):
    HOLD = "hold"
    """Count the order's units as held, then see whether they are covered."""
    CONFIRM_HOLD = "confirm_hold"
    """The units are counted. Covered by stock: go on. Not covered: give them back and start again."""
    TAKE = "take"
    """Take the held units from stock; the order is paid for."""
    REFUSE = "refuse"
    """The order cannot be held as it stands."""
    QUARANTINE = "quarantine"
    """Keep the money's story, move nothing, ask a person."""
    NOTHING = "nothing"
    """The event changes nothing here."""


_PLACED: Final[Mapping[OrderStatus, Step]] = {
    OrderStatus.PENDING: Step.HOLD,
    OrderStatus.RESERVING: Step.CONFIRM_HOLD,
    # The trigger is delivered at least once, and perhaps after the payment: anything further on stays as it is.
    OrderStatus.RESERVED: Step.NOTHING,
    OrderStatus.FINALIZED: Step.NOTHING,
    OrderStatus.PARTIALLY_REFUNDED: Step.NOTHING,
    OrderStatus.REFUNDED: Step.NOTHING,
    OrderStatus.FAILED: Step.NOTHING,
    OrderStatus.EXPIRED: Step.NOTHING,
    OrderStatus.CANCELLED: Step.NOTHING,
    OrderStatus.REFUND_DUE: Step.NOTHING,
    OrderStatus.REVIEW: Step.NOTHING,
    OrderStatus.UNKNOWN: Step.REFUSE,
}

_PAID: Final[Mapping[OrderStatus, Step]] = {
    OrderStatus.PENDING: Step.HOLD,
    OrderStatus.RESERVING: Step.CONFIRM_HOLD,
    OrderStatus.RESERVED: Step.TAKE,
    OrderStatus.FINALIZED: Step.NOTHING,
    # A late voice of a payment never takes back a refund.
    OrderStatus.PARTIALLY_REFUNDED: Step.NOTHING,
    OrderStatus.REFUNDED: Step.NOTHING,
    # The customer has paid: try to get the units after all.
    OrderStatus.FAILED: Step.HOLD,
    OrderStatus.EXPIRED: Step.HOLD,
    OrderStatus.CANCELLED: Step.HOLD,
    OrderStatus.REFUND_DUE: Step.NOTHING,
    OrderStatus.REVIEW: Step.NOTHING,
    OrderStatus.UNKNOWN: Step.QUARANTINE,
}

TRANSITIONS: Final[Mapping[tuple[OrderStatus, EventKind], Step]] = MappingProxyType(
    dict(
        chain(
            (((status, EventKind.ORDER_PLACED), step) for status, step in _PLACED.items()),
            (((status, EventKind.PAYMENT_SUCCEEDED), step) for status, step in _PAID.items()),
        )
    )
)
"""Every status against every kind of event. A test lists missing cells."""


def step_for(status: OrderStatus, kind: EventKind) -> Step:
    return TRANSITIONS[status, kind]
