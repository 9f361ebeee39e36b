"""A customer's cancel request: what is settled."""

from typing import Any

import pytest
from cloudevents.http import CloudEvent
from google.cloud.firestore_v1.types import Value

from orders.outcome import Outcome, Result
from tests.support.builders import NOW, a_cancel_request
from tests.support.firestore_events import a_created_event, created
from tests.support.recording import RecordingLog, RecordingSettlement, a_log_line
from triggers.cancel_requested import CancelRequestedTrigger

REQUEST = "cancelRequests/order-1"
CANCELLED = Outcome(Result.CANCELLED, "order-1")


def received(event: CloudEvent, ending: Outcome = CANCELLED) -> tuple[object, list[dict[str, Any]]]:
    """What was settled and logged, if settlement ends so."""
    settlement, log = RecordingSettlement(ending), RecordingLog()
    CancelRequestedTrigger(settlement, log, lambda: NOW).receive(event)
    return settlement.settled, log.lines


@pytest.mark.parametrize(
    "user_id", [Value(string_value="alice"), Value(string_value="mallory"), Value(integer_value=7)]
)
def test_the_request_itself_is_read_whatever_the_event_says(user_id: Value) -> None:
    settled, _ = received(a_created_event(REQUEST, created(REQUEST, userId=user_id)))
    assert settled == [(a_cancel_request("order-1"), NOW)]


NOT_THEIRS = "not_the_owner: the request is not the customer's own"
LOGGED = {
    "cancelled": (CANCELLED, a_log_line(a_cancel_request(), "INFO", "cancelled", "cancelled")),
    "of somebody else": (
        Outcome(Result.IGNORED, "order-1", NOT_THEIRS),
        a_log_line(a_cancel_request(), "WARNING", f"ignored: {NOT_THEIRS}", "ignored"),
    ),
}


@pytest.mark.parametrize(("ending", "line"), LOGGED.values(), ids=LOGGED)
def test_each_request_leaves_one_line_and_one_of_somebody_else_stands_out(ending: Outcome, line: object) -> None:
    _, lines = received(a_created_event(REQUEST, created(REQUEST)), ending)
    assert lines == [line]
