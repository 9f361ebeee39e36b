"""The lifecycle of an order as one total table: which step an event causes in each status.

The table says what to attempt. Whether it succeeds (units to hold, money that matches) turns out on the way; what is
written then is decided in `settlement`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from orders.event_kinds import EventKind
from orders.order import OrderStatus
from orders.steps import Step

_ROWS: Final[Mapping[EventKind, Mapping[OrderStatus, Step]]] = {
    EventKind.ORDER_PLACED: {
        OrderStatus.PENDING: Step.HOLD,
        OrderStatus.RESERVING: Step.CONFIRM_HOLD,
        # The trigger is delivered at least once, and perhaps after the payment: later statuses stay as they are.
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
        # `processing` may arrive after `succeeded`; and payments under way for a closed order are only recorded.
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
        # It may be an unexpected payment: which payments pay for the order is decided from all of them.
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
        # Another attempt has failed; the order is paid.
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
        # The order itself knows whether its hold has run out.
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
        # It may still be paid, and then somebody should know.
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
        # Only an order that is held and unpaid can be paid for.
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
        # Another payment has paid the order, and so its session was ended.
        OrderStatus.FINALIZED: Step.END_CHECKOUT,
        OrderStatus.PARTIALLY_REFUNDED: Step.END_CHECKOUT,
        OrderStatus.REFUNDED: Step.END_CHECKOUT,
        # The session was ended before its order was.
        OrderStatus.FAILED: Step.NOTHING,
        OrderStatus.EXPIRED: Step.NOTHING,
        OrderStatus.CANCELLED: Step.NOTHING,
        OrderStatus.REFUND_DUE: Step.END_CHECKOUT,
        OrderStatus.REVIEW: Step.END_CHECKOUT,
        OrderStatus.UNKNOWN: Step.NOTHING,
    },
    EventKind.OPERATOR_ACCEPTED: {
        # It can be accepted once its units are held, which is a matter of seconds.
        OrderStatus.PENDING: Step.TURN_DOWN,
        OrderStatus.RESERVING: Step.TURN_DOWN,
        OrderStatus.RESERVED: Step.ACCEPT,
        OrderStatus.FINALIZED: Step.TURN_DOWN,
        OrderStatus.PARTIALLY_REFUNDED: Step.TURN_DOWN,
        OrderStatus.REFUNDED: Step.TURN_DOWN,
        # The customer has paid or will pay in another way: take the units from the shelf.
        OrderStatus.FAILED: Step.ACCEPT,
        OrderStatus.EXPIRED: Step.ACCEPT,
        OrderStatus.CANCELLED: Step.ACCEPT,
        # Its units may be available by now.
        OrderStatus.REFUND_DUE: Step.ACCEPT,
        OrderStatus.REVIEW: Step.ACCEPT,
        OrderStatus.UNKNOWN: Step.TURN_DOWN,
    },
    EventKind.OPERATOR_REFUNDED: {
        OrderStatus.PENDING: Step.TURN_DOWN,
        OrderStatus.RESERVING: Step.TURN_DOWN,
        OrderStatus.RESERVED: Step.TURN_DOWN,
        OrderStatus.FINALIZED: Step.SEND_BACK,
        OrderStatus.PARTIALLY_REFUNDED: Step.SEND_BACK,
        # An extra payment may still have to be refunded.
        OrderStatus.REFUNDED: Step.SEND_BACK,
        OrderStatus.FAILED: Step.TURN_DOWN,
        OrderStatus.EXPIRED: Step.TURN_DOWN,
        OrderStatus.CANCELLED: Step.TURN_DOWN,
        OrderStatus.REFUND_DUE: Step.SEND_BACK,
        OrderStatus.REVIEW: Step.SEND_BACK,
        OrderStatus.UNKNOWN: Step.TURN_DOWN,
    },
    EventKind.OPERATOR_RELEASED: {
        OrderStatus.PENDING: Step.TURN_DOWN,
        OrderStatus.RESERVING: Step.RELEASE,
        OrderStatus.RESERVED: Step.RELEASE,
        OrderStatus.FINALIZED: Step.TURN_DOWN,
        OrderStatus.PARTIALLY_REFUNDED: Step.TURN_DOWN,
        OrderStatus.REFUNDED: Step.TURN_DOWN,
        OrderStatus.FAILED: Step.TURN_DOWN,
        OrderStatus.EXPIRED: Step.TURN_DOWN,
        OrderStatus.CANCELLED: Step.TURN_DOWN,
        OrderStatus.REFUND_DUE: Step.TURN_DOWN,
        OrderStatus.REVIEW: Step.TURN_DOWN,
        OrderStatus.UNKNOWN: Step.TURN_DOWN,
    },
    EventKind.OPERATOR_EXTENDED: {
        OrderStatus.PENDING: Step.TURN_DOWN,
        OrderStatus.RESERVING: Step.TURN_DOWN,
        OrderStatus.RESERVED: Step.PROLONG,
        OrderStatus.FINALIZED: Step.TURN_DOWN,
        OrderStatus.PARTIALLY_REFUNDED: Step.TURN_DOWN,
        OrderStatus.REFUNDED: Step.TURN_DOWN,
        OrderStatus.FAILED: Step.TURN_DOWN,
        OrderStatus.EXPIRED: Step.TURN_DOWN,
        OrderStatus.CANCELLED: Step.TURN_DOWN,
        OrderStatus.REFUND_DUE: Step.TURN_DOWN,
        OrderStatus.REVIEW: Step.TURN_DOWN,
        OrderStatus.UNKNOWN: Step.TURN_DOWN,
    },
    EventKind.OPERATOR_CANCELLED: {
        OrderStatus.PENDING: Step.CANCEL,
        OrderStatus.RESERVING: Step.CANCEL,
        OrderStatus.RESERVED: Step.CANCEL,
        # A paid order is refunded, not cancelled.
        OrderStatus.FINALIZED: Step.TURN_DOWN,
        OrderStatus.PARTIALLY_REFUNDED: Step.TURN_DOWN,
        OrderStatus.REFUNDED: Step.TURN_DOWN,
        OrderStatus.FAILED: Step.TURN_DOWN,
        OrderStatus.EXPIRED: Step.TURN_DOWN,
        OrderStatus.CANCELLED: Step.TURN_DOWN,
        OrderStatus.REFUND_DUE: Step.TURN_DOWN,
        OrderStatus.REVIEW: Step.TURN_DOWN,
        OrderStatus.UNKNOWN: Step.TURN_DOWN,
    },
}

TRANSITIONS: Final[Mapping[tuple[OrderStatus, EventKind], Step]] = MappingProxyType(
    {(status, kind): step for kind, row in _ROWS.items() for status, step in row.items()}
)
"""Every status against every kind of event. A test lists missing cells."""


def step_for(status: OrderStatus, kind: EventKind) -> Step:
    return TRANSITIONS[status, kind]
