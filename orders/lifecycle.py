"""The lifecycle of an order as one total table: what an event asks for in each status.

The table says what to attempt; whether it succeeds (units to hold, money that matches) is found out on the way, and
what is written then is in `settlement.holding`.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from orders.event_kinds import EventKind
from orders.order import OrderStatus


class Step(StrEnum):
    HOLD = "hold"
    """Count the order's units as held, then see whether they are covered."""
    CONFIRM_HOLD = "confirm_hold"
    """The units are counted. Covered by stock: go on. Not covered: give them back and start again."""
    EXTEND_HOLD = "extend_hold"
    """The money is on its way: keep the units for longer."""
    EXPIRE = "expire"
    """Past its time: give the held units back. Not yet: change nothing."""
    CANCEL = "cancel"
    """Give back what is held; the order is over, unless it is paid after all."""
    TAKE = "take"
    """Take the held units from stock; the order is paid for."""
    REFUSE = "refuse"
    """The order cannot be held as it is."""
    QUARANTINE = "quarantine"
    """Record the payment, move nothing, ask a person."""
    RECORD_SUBSCRIPTION = "record_subscription"
    """Notify the operator: what was sold is none of our orders."""
    RECORD_DECLINE = "record_decline"
    """Keep why it was declined; the customer may try again."""
    RECORD_MONEY = "record_money"
    """Add what the event says of payments and refunds, and let status and stock follow from all that is known."""
    AWAIT_PAYMENT = "await_payment"
    """Park the event until the payment it belongs to is settled."""
    RECORD_DISPUTE = "record_dispute"
    """Record how far the dispute has come, notify the operator, move nothing."""
    RECORD_CANCEL_REQUEST = "record_cancel_request"
    """The order is paid, or may be: then only a person can cancel it."""
    OPEN_CHECKOUT = "open_checkout"
    """Claim the next attempt to have it paid, and keep the units for as long as that may take."""
    END_CHECKOUT = "end_checkout"
    """Nobody can pay in its session any more: do what was to be done then."""
    NOTHING = "nothing"
    """The event changes nothing here."""


_ROWS: Final[Mapping[EventKind, Mapping[OrderStatus, Step]]] = {
    EventKind.ORDER_PLACED: {
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
    },
    EventKind.PAYMENT_PROCESSING: {
        OrderStatus.PENDING: Step.HOLD,
        OrderStatus.RESERVING: Step.CONFIRM_HOLD,
        OrderStatus.RESERVED: Step.EXTEND_HOLD,
        # `processing` may arrive after `succeeded`, and money on its way to a closed order is still on its way.
        OrderStatus.FINALIZED: Step.NOTHING,
        OrderStatus.PARTIALLY_REFUNDED: Step.NOTHING,
        OrderStatus.REFUNDED: Step.NOTHING,
        OrderStatus.FAILED: Step.NOTHING,
        OrderStatus.EXPIRED: Step.NOTHING,
        OrderStatus.CANCELLED: Step.NOTHING,
        OrderStatus.REFUND_DUE: Step.NOTHING,
        OrderStatus.REVIEW: Step.NOTHING,
        OrderStatus.UNKNOWN: Step.NOTHING,
    },
    EventKind.PAYMENT_SUCCEEDED: {
        OrderStatus.PENDING: Step.HOLD,
        OrderStatus.RESERVING: Step.CONFIRM_HOLD,
        OrderStatus.RESERVED: Step.TAKE,
        # It may be another payment than the one that was expected: what pays for the order, all of them decide.
        OrderStatus.FINALIZED: Step.RECORD_MONEY,
        # A late event of a payment never takes back a refund.
        OrderStatus.PARTIALLY_REFUNDED: Step.RECORD_MONEY,
        OrderStatus.REFUNDED: Step.RECORD_MONEY,
        # The customer has paid: try to get the units after all.
        OrderStatus.FAILED: Step.HOLD,
        OrderStatus.EXPIRED: Step.HOLD,
        OrderStatus.CANCELLED: Step.HOLD,
        OrderStatus.REFUND_DUE: Step.RECORD_MONEY,
        OrderStatus.REVIEW: Step.RECORD_MONEY,
        OrderStatus.UNKNOWN: Step.QUARANTINE,
    },
    EventKind.PAYMENT_FAILED: {
        OrderStatus.PENDING: Step.RECORD_DECLINE,
        OrderStatus.RESERVING: Step.RECORD_DECLINE,
        OrderStatus.RESERVED: Step.RECORD_DECLINE,
        # What failed was another attempt: the order is paid.
        OrderStatus.FINALIZED: Step.NOTHING,
        OrderStatus.PARTIALLY_REFUNDED: Step.NOTHING,
        OrderStatus.REFUNDED: Step.NOTHING,
        OrderStatus.FAILED: Step.RECORD_DECLINE,
        OrderStatus.EXPIRED: Step.RECORD_DECLINE,
        OrderStatus.CANCELLED: Step.RECORD_DECLINE,
        OrderStatus.REFUND_DUE: Step.NOTHING,
        OrderStatus.REVIEW: Step.NOTHING,
        OrderStatus.UNKNOWN: Step.NOTHING,
    },
    EventKind.PAYMENT_CANCELED: {
        OrderStatus.PENDING: Step.CANCEL,
        OrderStatus.RESERVING: Step.CANCEL,
        OrderStatus.RESERVED: Step.CANCEL,
        OrderStatus.FINALIZED: Step.NOTHING,
        OrderStatus.PARTIALLY_REFUNDED: Step.NOTHING,
        OrderStatus.REFUNDED: Step.NOTHING,
        # The hold is released once, however many events say so.
        OrderStatus.FAILED: Step.NOTHING,
        OrderStatus.EXPIRED: Step.NOTHING,
        OrderStatus.CANCELLED: Step.NOTHING,
        OrderStatus.REFUND_DUE: Step.NOTHING,
        OrderStatus.REVIEW: Step.NOTHING,
        OrderStatus.UNKNOWN: Step.NOTHING,
    },
    EventKind.SUBSCRIPTION_STARTED: {
        OrderStatus.PENDING: Step.RECORD_SUBSCRIPTION,
        OrderStatus.RESERVING: Step.RECORD_SUBSCRIPTION,
        OrderStatus.RESERVED: Step.RECORD_SUBSCRIPTION,
        OrderStatus.FINALIZED: Step.RECORD_SUBSCRIPTION,
        OrderStatus.PARTIALLY_REFUNDED: Step.RECORD_SUBSCRIPTION,
        OrderStatus.REFUNDED: Step.RECORD_SUBSCRIPTION,
        OrderStatus.FAILED: Step.RECORD_SUBSCRIPTION,
        OrderStatus.EXPIRED: Step.RECORD_SUBSCRIPTION,
        OrderStatus.CANCELLED: Step.RECORD_SUBSCRIPTION,
        OrderStatus.REFUND_DUE: Step.RECORD_SUBSCRIPTION,
        OrderStatus.REVIEW: Step.RECORD_SUBSCRIPTION,
        OrderStatus.UNKNOWN: Step.RECORD_SUBSCRIPTION,
    },
    EventKind.CHARGE_REFUNDED: {
        # The payment's own event is still on its way: settle the payment first, as it would.
        OrderStatus.PENDING: Step.HOLD,
        OrderStatus.RESERVING: Step.CONFIRM_HOLD,
        OrderStatus.RESERVED: Step.TAKE,
        OrderStatus.FINALIZED: Step.RECORD_MONEY,
        OrderStatus.PARTIALLY_REFUNDED: Step.RECORD_MONEY,
        OrderStatus.REFUNDED: Step.RECORD_MONEY,
        OrderStatus.FAILED: Step.HOLD,
        OrderStatus.EXPIRED: Step.HOLD,
        OrderStatus.CANCELLED: Step.HOLD,
        OrderStatus.REFUND_DUE: Step.RECORD_MONEY,
        OrderStatus.REVIEW: Step.RECORD_MONEY,
        OrderStatus.UNKNOWN: Step.QUARANTINE,
    },
    EventKind.REFUND_UPDATED: {
        # A refund alone does not say what was paid.
        OrderStatus.PENDING: Step.AWAIT_PAYMENT,
        OrderStatus.RESERVING: Step.AWAIT_PAYMENT,
        OrderStatus.RESERVED: Step.AWAIT_PAYMENT,
        OrderStatus.FINALIZED: Step.RECORD_MONEY,
        OrderStatus.PARTIALLY_REFUNDED: Step.RECORD_MONEY,
        OrderStatus.REFUNDED: Step.RECORD_MONEY,
        OrderStatus.FAILED: Step.AWAIT_PAYMENT,
        OrderStatus.EXPIRED: Step.AWAIT_PAYMENT,
        OrderStatus.CANCELLED: Step.AWAIT_PAYMENT,
        OrderStatus.REFUND_DUE: Step.RECORD_MONEY,
        OrderStatus.REVIEW: Step.RECORD_MONEY,
        OrderStatus.UNKNOWN: Step.AWAIT_PAYMENT,
    },
    EventKind.DISPUTE_CHANGED: {
        OrderStatus.PENDING: Step.RECORD_DISPUTE,
        OrderStatus.RESERVING: Step.RECORD_DISPUTE,
        OrderStatus.RESERVED: Step.RECORD_DISPUTE,
        OrderStatus.FINALIZED: Step.RECORD_DISPUTE,
        OrderStatus.PARTIALLY_REFUNDED: Step.RECORD_DISPUTE,
        OrderStatus.REFUNDED: Step.RECORD_DISPUTE,
        OrderStatus.FAILED: Step.RECORD_DISPUTE,
        OrderStatus.EXPIRED: Step.RECORD_DISPUTE,
        OrderStatus.CANCELLED: Step.RECORD_DISPUTE,
        OrderStatus.REFUND_DUE: Step.RECORD_DISPUTE,
        OrderStatus.REVIEW: Step.RECORD_DISPUTE,
        OrderStatus.UNKNOWN: Step.RECORD_DISPUTE,
    },
    EventKind.RESERVATION_LAPSED: {
        OrderStatus.PENDING: Step.NOTHING,
        OrderStatus.RESERVING: Step.NOTHING,
        # The order itself knows whether its time is over.
        OrderStatus.RESERVED: Step.EXPIRE,
        OrderStatus.FINALIZED: Step.NOTHING,
        OrderStatus.PARTIALLY_REFUNDED: Step.NOTHING,
        OrderStatus.REFUNDED: Step.NOTHING,
        OrderStatus.FAILED: Step.NOTHING,
        OrderStatus.EXPIRED: Step.NOTHING,
        OrderStatus.CANCELLED: Step.NOTHING,
        OrderStatus.REFUND_DUE: Step.NOTHING,
        OrderStatus.REVIEW: Step.NOTHING,
        OrderStatus.UNKNOWN: Step.NOTHING,
    },
    EventKind.CANCEL_REQUESTED: {
        OrderStatus.PENDING: Step.CANCEL,
        OrderStatus.RESERVING: Step.CANCEL,
        OrderStatus.RESERVED: Step.CANCEL,
        OrderStatus.FINALIZED: Step.RECORD_CANCEL_REQUEST,
        OrderStatus.PARTIALLY_REFUNDED: Step.RECORD_CANCEL_REQUEST,
        OrderStatus.REFUNDED: Step.NOTHING,
        # It may be paid all the same: then somebody should know.
        OrderStatus.FAILED: Step.RECORD_CANCEL_REQUEST,
        OrderStatus.EXPIRED: Step.RECORD_CANCEL_REQUEST,
        OrderStatus.CANCELLED: Step.RECORD_CANCEL_REQUEST,
        OrderStatus.REFUND_DUE: Step.RECORD_CANCEL_REQUEST,
        OrderStatus.REVIEW: Step.RECORD_CANCEL_REQUEST,
        OrderStatus.UNKNOWN: Step.NOTHING,
    },
    EventKind.CHECKOUT_OPENED: {
        OrderStatus.PENDING: Step.NOTHING,
        OrderStatus.RESERVING: Step.NOTHING,
        # Only what is held, and not paid, can be paid for.
        OrderStatus.RESERVED: Step.OPEN_CHECKOUT,
        OrderStatus.FINALIZED: Step.NOTHING,
        OrderStatus.PARTIALLY_REFUNDED: Step.NOTHING,
        OrderStatus.REFUNDED: Step.NOTHING,
        OrderStatus.FAILED: Step.NOTHING,
        OrderStatus.EXPIRED: Step.NOTHING,
        OrderStatus.CANCELLED: Step.NOTHING,
        OrderStatus.REFUND_DUE: Step.NOTHING,
        OrderStatus.REVIEW: Step.NOTHING,
        OrderStatus.UNKNOWN: Step.NOTHING,
    },
    EventKind.CHECKOUT_ENDED: {
        OrderStatus.PENDING: Step.NOTHING,
        OrderStatus.RESERVING: Step.NOTHING,
        OrderStatus.RESERVED: Step.END_CHECKOUT,
        # It was paid with other money, and that session ended therefore.
        OrderStatus.FINALIZED: Step.END_CHECKOUT,
        OrderStatus.PARTIALLY_REFUNDED: Step.END_CHECKOUT,
        OrderStatus.REFUNDED: Step.END_CHECKOUT,
        # Whoever has ended its order has ended its session before.
        OrderStatus.FAILED: Step.NOTHING,
        OrderStatus.EXPIRED: Step.NOTHING,
        OrderStatus.CANCELLED: Step.NOTHING,
        OrderStatus.REFUND_DUE: Step.END_CHECKOUT,
        OrderStatus.REVIEW: Step.END_CHECKOUT,
        OrderStatus.UNKNOWN: Step.NOTHING,
    },
}

TRANSITIONS: Final[Mapping[tuple[OrderStatus, EventKind], Step]] = MappingProxyType(
    {(status, kind): step for kind, row in _ROWS.items() for status, step in row.items()}
)
"""Every status against every kind of event. A test lists missing cells."""


def step_for(status: OrderStatus, kind: EventKind) -> Step:
    return TRANSITIONS[status, kind]
