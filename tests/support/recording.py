"""Replace settlement and the log of an entry point, and record what they are given."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orders.events import Cause, OrderEvent
from orders.outcome import Outcome, Result


@dataclass
class RecordingSettlement:
    """Ends every event as the test says, by default as a paid order."""

    ending: Outcome | Exception = field(default_factory=lambda: Outcome(Result.FIRST_TIME_FINALIZED, "order-1"))
    settled: list[tuple[Cause, datetime]] = field(default_factory=list)
    """The events in order, each with the time given."""

    def __call__(self, event: Cause, now: datetime) -> Outcome:
        self.settled.append((event, now))
        if isinstance(self.ending, Exception):
            raise self.ending
        return self.ending


@dataclass
class RecordingLog:
    lines: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, severity: str, message: str, **fields: object) -> None:
        self.lines.append({"severity": severity, "message": message, **fields})


def a_log_line(event: OrderEvent, severity: str, message: str, result: str) -> dict[str, Any]:
    """The log line of an event that ended so."""
    named = {"eventId": event.event_id, "eventType": event.event_type, "orderId": event.order_id}
    return {"severity": severity, "message": message, **named, "result": result}


def silent(*_line: object, **_fields: object) -> None:
    """A log that discards its lines."""
