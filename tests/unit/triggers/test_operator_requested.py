"""An operator's request was written: the trigger answers it."""

from datetime import datetime

from orders.outcome import Outcome, Result
from tests.support.builders import NOW
from tests.support.firestore_events import a_created_event, created
from tests.support.recording import RecordingLog
from triggers.operator_requested import OperatorRequestedTrigger


def test_a_request_is_answered_now_and_leaves_one_line() -> None:
    answered, log = list[tuple[str, datetime]](), RecordingLog()

    def answer(request_id: str, now: datetime) -> Outcome:
        answered.append((request_id, now))
        return Outcome(Result.NOT_RELEASED, "order-1", "finalized: it is paid, and its units are taken")

    event = a_created_event(None, created("operatorRequests/req-1"))
    OperatorRequestedTrigger(answer, log, lambda: NOW).receive(event)
    assert answered == [("req-1", NOW)]
    ids = {"eventId": "operator_req-1", "eventType": "operator.requested", "orderId": "order-1"}
    message = "not_released: finalized: it is paid, and its units are taken"
    assert log.lines == [{"severity": "WARNING", "message": message, **ids, "result": "not_released"}]
