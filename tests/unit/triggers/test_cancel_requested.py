"""A customer asked for their order to be cancelled: what settlement is told, and what is left alone."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from cloudevents.http import CloudEvent
from google.cloud.firestore_v1.types import Value

from orders.events import CancelRequested, NotUnderstood, OrderEvent
from orders.outcome import Outcome, Result, StoreContended, StoreUnavailable
from tests.support.builders import NOW, a_cancel_request
from tests.support.firestore_events import IMPOSSIBLE_IDS, a_created_event, created
from triggers.cancel_requested import CancelRequestedTrigger

REQUEST = "cancelRequests/order-1"


@dataclass
class Settlement:
    """Stands in for settlement: remembers what it was asked to settle, and ends as it was told."""

    ending: Outcome | Exception = field(default_factory=lambda: Outcome(Result.CANCELLED, "order-1"))
    asked: list[OrderEvent | NotUnderstood] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)

    def receive(self, event: CloudEvent) -> None:
        CancelRequestedTrigger(self._settle, self._log, lambda: NOW).receive(event)

    def _settle(self, event: OrderEvent | NotUnderstood, now: datetime) -> Outcome:
        assert now == NOW
        self.asked.append(event)
        if isinstance(self.ending, Exception):
            raise self.ending
        return self.ending

    def _log(self, severity: str, message: str, **fields: object) -> None:
        self.lines.append({"severity": severity, "message": message, **fields})


def a_request(user_id: Value) -> CloudEvent:
    return a_created_event(REQUEST, created(REQUEST, userId=user_id))


@pytest.mark.parametrize("user_id", ["alice", "a stranger"])
def test_settlement_is_told_who_asks_and_judges_whether_they_may(user_id: str) -> None:
    settlement = Settlement()
    settlement.receive(a_request(Value(string_value=user_id)))
    assert settlement.asked == [a_cancel_request("order-1", user_id)]


UNREADABLE = {
    "no data": a_created_event(REQUEST, None),
    "garbled data": a_created_event(REQUEST, b"\xff\xff"),
    "no user": a_created_event(REQUEST, created(REQUEST)),
    "an empty user": a_request(Value(string_value="")),
    "a number for a user": a_request(Value(integer_value=7)),
}


@pytest.mark.parametrize("event", UNREADABLE.values(), ids=UNREADABLE)
def test_a_request_that_names_nobody_is_heard_as_nobodys(event: CloudEvent) -> None:
    settlement = Settlement()
    settlement.receive(event)
    assert settlement.asked == [CancelRequested("order-1", None)]


def test_each_request_leaves_one_line() -> None:
    settlement = Settlement()
    settlement.receive(a_request(Value(string_value="alice")))
    assert settlement.lines == [
        {
            "severity": "INFO",
            "message": "cancelled",
            "eventId": "cancel_order-1",
            "eventType": "order.cancel_requested",
            "orderId": "order-1",
            "result": "cancelled",
        }
    ]


def test_a_strangers_request_stands_out_with_its_reason() -> None:
    settlement = Settlement(Outcome(Result.IGNORED, "order-1", "not_the_owner: the request is not the customer's own"))
    settlement.receive(a_request(Value(string_value="a stranger")))
    (line,) = settlement.lines
    assert line["severity"] == "WARNING"
    assert line["message"] == "ignored: not_the_owner: the request is not the customer's own"


@pytest.mark.parametrize("error", [StoreContended("o"), StoreUnavailable("o"), ZeroDivisionError()])
def test_what_was_not_done_is_raised_so_that_it_is_delivered_again(error: Exception) -> None:
    with pytest.raises(type(error)):
        Settlement(error).receive(a_request(Value(string_value="alice")))


@pytest.mark.parametrize("order_id", IMPOSSIBLE_IDS.values(), ids=IMPOSSIBLE_IDS)
def test_a_request_whose_id_cannot_be_handled_is_left_alone_and_logged_and_never_redelivered(
    order_id: str | None,
) -> None:
    settlement = Settlement()
    settlement.receive(a_created_event(None if order_id is None else f"cancelRequests/{order_id}", b""))
    assert settlement.asked == []
    assert settlement.lines == [
        {
            "severity": "ERROR",
            "message": "a cancel request whose id cannot be handled was left alone",
            "cloudEventId": "ce-1",
        }
    ]
