"""What became of an event: a result where the work is done, an error that says "try again" where it is not."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from orders.events import NotUnderstood, OrderEvent


class Result(StrEnum):
    """How an event ended. The words stand in claims, audit entries, logs and answers."""

    RESERVED = "reserved"
    RESERVATION_FAILED = "reservation_failed"
    ALREADY_PLACED = "already_placed"
    FIRST_TIME_FINALIZED = "first_time_finalized"
    ALREADY_FINALIZED = "already_finalized"
    REFUND_DUE = "refund_due"
    ALREADY_REFUND_DUE = "already_refund_due"
    QUARANTINED = "quarantined"
    ALREADY_QUARANTINED = "already_quarantined"
    DUPLICATE_DETECTED = "duplicate_detected"
    ORDER_NOT_FOUND = "order_not_found"
    """Parked: the order did not appear in time. Settled when it does."""
    ERROR = "error"
    """Parked: the event could not be read. Settled when it is delivered to a release that can."""
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Outcome:
    result: Result
    order_id: str | None
    note: str | None = None
    """What a person should know of it, without a payload; None where all is as usual."""


class Transient(Exception):
    """Nothing was done, and trying again may win. Carries ids, never payloads."""


class OrderNotThereYet(Transient):
    """Stripe outran the write that creates the order."""


class LedgerContended(Transient):
    """Others kept changing the same documents; a retry may win."""


class LedgerUnavailable(Transient):
    """The database gave no answer. What was asked of it may or may not have been done."""


Settle = Callable[[OrderEvent | NotUnderstood, datetime], Outcome]
"""Settles one event, given the present time. Raises Transient."""
