"""An operator's request was written: which one is answered, and what is left alone."""

from datetime import datetime
from typing import Any

import pytest
from cloudevents.http import CloudEvent

from orders.outcome import Outcome, Result, StoreUnavailable
from tests.support.builders import NOW
from tests.support.firestore_events import IMPOSSIBLE_IDS, a_created_event, created
from tests.support.recording import RecordingLog
from triggers.operator_requested import OperatorRequestedTrigger

REQUEST = "operatorRequests/req-1"
REFUSED = Outcome(Result.NOT_RELEASED, "order-1", "finalized: it is paid, and its units are taken")


def received(
    event: CloudEvent, answer: Outcome | Exception = REFUSED
) -> tuple[list[tuple[str, datetime]], list[dict[str, Any]]]:
    """What was answered and what was logged."""
    answered, log = [], RecordingLog()

    def answering(request_id: str, now: datetime) -> Outcome:
        answered.append((request_id, now))
        if isinstance(answer, Exception):
            raise answer
        return answer

    OperatorRequestedTrigger(answering, log, lambda: NOW).receive(event)
    return answered, log.lines


@pytest.mark.parametrize(
    ("header", "data"),
    [("operatorRequests/mangled", created(REQUEST)), (REQUEST, b"\xff\xff"), (REQUEST, None)],
)
def test_the_event_says_which_request_to_answer_and_nothing_else(header: str, data: bytes | None) -> None:
    answered, lines = received(a_created_event(header, data))
    assert answered == [("req-1", NOW)]
    ids = {"eventId": "operator_req-1", "eventType": "operator.requested", "orderId": "order-1"}
    message = "not_released: finalized: it is paid, and its units are taken"
    assert lines == [{"severity": "WARNING", "message": message, **ids, "result": "not_released"}]


def test_what_was_not_done_is_raised_so_that_it_is_delivered_again() -> None:
    with pytest.raises(StoreUnavailable):
        received(a_created_event(REQUEST, created(REQUEST)), StoreUnavailable("o"))


@pytest.mark.parametrize(
    "request_id", [*IMPOSSIBLE_IDS.values(), "x" * 129], ids=[*IMPOSSIBLE_IDS, "longer than an order's"]
)
def test_a_request_whose_id_cannot_be_handled_is_left_alone_and_logged(request_id: str | None) -> None:
    answered, lines = received(a_created_event(None if request_id is None else f"operatorRequests/{request_id}", b""))
    assert answered == []
    message = "an operator's request whose id cannot be handled was left alone"
    assert lines == [{"severity": "ERROR", "message": message, "cloudEventId": "ce-1"}]
