"""Logs one JSON object per line, in Cloud Logging's fields.

https://cloud.google.com/logging/docs/structured-logging#structured_logging_special_fields
"""

import json
import re
import threading
import traceback
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Protocol, TextIO

from orders.events import NotUnderstood, OrderEvent
from orders.outcome import Outcome, Result

if TYPE_CHECKING:
    from effects.attempt import Attempt
    from inventory.takings import Folded
    from reconciliation.finding import Finding

LOGGED_CHARACTERS_MAX: Final = 1_500
"""For text from outside. Any id is shorter; Cloud Logging drops lines of more than 256 KiB."""

_SEVERITY: Final[Mapping[Result, str]] = MappingProxyType(
    {
        Result.ERROR: "ERROR",
        Result.ORDER_NOT_FOUND: "ERROR",
        Result.REFUND_DUE: "WARNING",
        Result.QUARANTINED: "WARNING",
        # Parked refunds and disputes may belong to payments that are not ours.
        Result.PAYMENT_NOT_FOUND: "WARNING",
        # Its note describes what did not happen.
        Result.REHEARSED: "INFO",
    }
)

_TRACE_ID: Final = re.compile(r"([0-9a-f]{32})(?:/.*)?")


class Log(Protocol):
    """Logs a line with a severity, a message and named fields."""

    def __call__(self, severity: str, message: str, *, trace: str | None = None, **fields: object) -> None: ...


def silent(severity: str, message: str, *, trace: str | None = None, **fields: object) -> None:
    """The log of a rehearsal: what would happen shows in the differences."""
    del severity, message, trace, fields


class JsonLog:
    """Writes its lines to a stream."""

    def __init__(self, stream: TextIO, *, project: str | None) -> None:
        self._stream = stream
        self._project = project
        self._lock = threading.Lock()

    def __call__(self, severity: str, message: str, *, trace: str | None = None, **fields: object) -> None:
        """Write one line.

        Args:
            trace: the request's `X-Cloud-Trace-Context`, so that its lines are shown together.
        """
        line: dict[str, object] = {"severity": severity, "message": message, **fields}
        if self._project and trace and (found := _TRACE_ID.fullmatch(trace)):
            line["logging.googleapis.com/trace"] = f"projects/{self._project}/traces/{found[1]}"
        # Python's text streams are not safe to share between threads.
        with self._lock:
            self._stream.write(json.dumps(line) + "\n")
            self._stream.flush()


def log_settled(log: Log, event: OrderEvent | NotUnderstood, outcome: Outcome) -> None:
    """Log the event's outcome, with the ids to find it by."""
    log(
        *line_of(outcome),
        eventId=event.event_id,
        eventType=event.event_type,
        orderId=outcome.order_id,
        result=str(outcome.result),
    )


def log_answered(log: Log, request_id: str, outcome: Outcome) -> None:
    """Log the outcome of an operator's request."""
    log(
        *line_of(outcome),
        eventId=f"operator_{request_id}",
        eventType="operator.requested",
        orderId=outcome.order_id,
        result=str(outcome.result),
    )


def log_shown(log: Log, shown: Mapping[str, str]) -> None:
    """Log each product whose availability has changed."""
    for product_id, word in shown.items():
        log("INFO", f"shown as {word}", productId=product_id, result="shown")


def log_anchored(log: Log, anchor: Mapping[str, object]) -> None:
    """Log all of an anchor: where logs are kept for good, nobody can change it any more."""
    fields: dict[str, Any] = {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in anchor.items()
    }
    log("NOTICE", f"audit trail anchored: {anchor['heads']} heads", **fields, result="anchored")


def log_found(log: Log, finding: "Finding") -> None:
    """Log a new finding."""
    log(
        str(finding.severity),
        finding.words,
        findingId=finding.finding_id,
        rule=finding.rule,
        orderId=finding.order_id,
        remedy=finding.remedy,
        result="finding_opened",
    )


def log_folded(log: Log, folded: "Folded") -> None:
    """If anything was folded, log what was taken, and how long it had waited."""
    if not folded.is_of_interest:
        return
    gone = ", ".join(f"{units} of {product_id!r}" for product_id, units in sorted(folded.gone.items()))
    said = (
        f"the units of {folded.orders} paid orders taken",
        f"inventory_gone: {gone} could not be counted" if gone else None,
        "unreadable: what to take for some orders cannot be read, and was left alone" if folded.unreadable else None,
        folded.lost,
    )
    log(
        "INFO" if folded.is_as_usual else "WARNING",
        "; ".join(filter(None, said))[:LOGGED_CHARACTERS_MAX],
        units=dict(folded.units),
        unreadable=folded.unreadable,
        oldestSeconds=round(folded.oldest_seconds or 0),
        complete=folded.lost is None,
        result="folded",
    )


def log_attempt(log: Log, attempt: "Attempt") -> None:
    """Log how an attempt to perform an effect ended."""
    stored = attempt.stored
    trace = {"stack_trace": "".join(traceback.format_exception(attempt.fault))} if attempt.fault else {}
    log(
        attempt.severity,
        f"{stored.effect.kind}: {attempt.reason or attempt.ending}"[:LOGGED_CHARACTERS_MAX],
        effectId=stored.effect.effect_id,
        kind=str(stored.effect.kind),
        orderId=stored.effect.order_id,
        attempts=stored.attempts,
        result=str(attempt.ending),
        **trace,
    )


def line_of(outcome: Outcome) -> tuple[str, str]:
    """An outcome's severity for Cloud Logging, and what happened."""
    if outcome.note:
        message = f"{outcome.result}: {outcome.note}"[:LOGGED_CHARACTERS_MAX]
        return _SEVERITY.get(outcome.result, "WARNING"), message
    return _SEVERITY.get(outcome.result, "INFO"), str(outcome.result)


def log_taken_up(log: Log, event: OrderEvent, outcome: Outcome) -> bool:
    """Log the outcome if the parked event was settled. Returns whether it was."""
    if outcome.ends_wait:
        log_settled(log, event, outcome)
    return outcome.ends_wait
