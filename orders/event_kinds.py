"""The kinds of events that can happen to an order."""

from enum import StrEnum


class EventKind(StrEnum):
    ORDER_PLACED = "order_placed"
    PAYMENT_PROCESSING = "payment_processing"
    PAYMENT_SUCCEEDED = "payment_succeeded"
    PAYMENT_FAILED = "payment_failed"
    PAYMENT_CANCELED = "payment_canceled"
    SUBSCRIPTION_STARTED = "subscription_started"
    CHARGE_REFUNDED = "charge_refunded"
    REFUND_UPDATED = "refund_updated"
    DISPUTE_CHANGED = "dispute_changed"
    RESERVATION_LAPSED = "reservation_lapsed"
    CANCEL_REQUESTED = "cancel_requested"
    CHECKOUT_OPENED = "checkout_opened"
    CHECKOUT_ENDED = "checkout_ended"
    OPERATOR_ACCEPTED = "operator_accepted"
    OPERATOR_REFUNDED = "operator_refunded"
    OPERATOR_RELEASED = "operator_released"
    OPERATOR_EXTENDED = "operator_extended"
    OPERATOR_CANCELLED = "operator_cancelled"
