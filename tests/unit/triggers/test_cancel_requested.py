"""A customer asked for their order to be cancelled: what is settled, and what is left alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from cloudevents.http import CloudEvent
from google.cloud.firestore_v1.types import Value

from orders.outcome import Outcome, Result, StoreContended, StoreUnavailable
from tests.support.builders import NOW, a_cancel_request
from tests.support.firestore_events import IMPOSSIBLE_IDS, a_created_event, created
from tests.support.recording import RecordingLog, RecordingSettlement, a_log_line
from triggers.cancel_requested import CancelRequestedTrigger

REQUEST = "cancelRequests/order-1"
CANCELLED = Outcome(Result.CANCELLED, "order-1")


def received(
    event: CloudEvent, ending: Outcome | Exception = CANCELLED
) -> tuple[Sequence[tuple[object, datetime]], list[dict[str, Any]]]:
    """What was settled and what was logged, where settlement ends like this."""
    settlement, log = RecordingSettlement(ending), RecordingLog()
    CancelRequestedTrigger(settlement, log, lambda: NOW).receive(event)
    return settlement.settled, log.lines


def a_request_by(user_id: Value) -> CloudEvent:
    return a_created_event(REQUEST, created(REQUEST, userId=user_id))


PAYLOADS = {
    "of its customer": a_request_by(Value(string_value="alice")),
    "of somebody else": a_request_by(Value(string_value="mallory")),
    "no data": a_created_event(REQUEST, None),
    "garbled data": a_created_event(REQUEST, b"\xff\xff"),
    "no user": a_created_event(REQUEST, created(REQUEST)),
    "a header that mangles its id": a_created_event("cancelRequests/order", created(REQUEST)),
    "a number for a user": a_request_by(Value(integer_value=7)),
}


@pytest.mark.parametrize("event", PAYLOADS.values(), ids=PAYLOADS)
def test_the_event_says_which_request_to_read_and_nothing_else(event: CloudEvent) -> None:
    settled, _ = received(event)
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
    _, lines = received(a_request_by(Value(string_value="alice")), ending)
    assert lines == [line]


@pytest.mark.parametrize("error", [StoreContended("o"), StoreUnavailable("o"), ZeroDivisionError()])
def test_what_was_not_done_is_raised_so_that_it_is_delivered_again(error: Exception) -> None:
    with pytest.raises(type(error)):
        received(a_request_by(Value(string_value="alice")), error)


@pytest.mark.parametrize("order_id", IMPOSSIBLE_IDS.values(), ids=IMPOSSIBLE_IDS)
def test_a_request_whose_id_cannot_be_handled_is_left_alone_and_logged_and_never_redelivered(
    order_id: str | None,
) -> None:
    settled, lines = received(a_created_event(None if order_id is None else f"cancelRequests/{order_id}", b""))
    assert settled == []
    message = "a cancel request whose id cannot be handled was left alone"
    assert lines == [{"severity": "ERROR", "message": message, "cloudEventId": "ce-1"}]
