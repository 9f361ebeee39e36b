"""The scheduled sweep: in which order it queries and settles, when it ends, and what it reports."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

import pytest
from flask import Flask, request

from orders.events import NotUnderstood, OrderEvent, OrderPlaced, StripeEvent
from orders.outcome import Outcome, Result, StoreContended, StoreUnavailable
from tests.support.builders import NOW, a_dispute, a_lapse, a_payment, a_placement
from tests.support.recording import RecordingLog
from triggers.sweep import RUN_SECONDS_MAX, STRANDED_AFTER, TAKEN_UP_WITHIN, THREADS, Ending, Pool, ReservationSweep

_app = Flask("shop")

_Found = TypeVar("_Found", str, StripeEvent)
Batch = Sequence[_Found] | Exception
"""What the database found, or why it gave no answer."""


@dataclass
class Shop:
    """Settlement and store as the sweep sees them, and a clock that moves only while an order is settled."""

    lapsed: Sequence[Batch[str]] = ()
    stranded: Sequence[Batch[str]] = ()
    parked: Sequence[Batch[StripeEvent]] = ()
    shown: Mapping[str, str] | Exception = field(default_factory=dict)
    endings: Mapping[str, Result | Exception] = field(default_factory=dict)
    """For the orders that do not end as usual."""
    order_seconds: float = 0
    while_settling: Callable[[], object] = lambda: None
    seconds: float = 1_000
    asked: list[object] = field(default_factory=list)
    log: RecordingLog = field(default_factory=RecordingLog)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return self.log.lines

    def swept(self, method: str = "POST", path: str = "/") -> tuple[int, dict[str, object]]:
        """Status and answer of one run."""
        with _app.test_request_context(path, method=method):
            response = self.sweep.respond(request)
        assert response.mimetype == "application/json"
        return response.status_code, json.loads(response.data)

    @property
    def sweep(self) -> ReservationSweep:
        return ReservationSweep(
            self._settle,
            self._place,
            lambda now: self._batches("lapsed", now, self.lapsed),
            lambda now: self._batches("stranded", now, self.stranded),
            lambda now: self._batches("parked", now, self.parked),
            self._show,
            self.log,
            lambda: NOW,
            lambda: self.seconds,
        )

    def _settle(self, event: OrderEvent | NotUnderstood, now: datetime) -> Outcome:
        assert now == NOW
        return Outcome(self._ending(event, Result.EXPIRED), event.order_id)

    def _place(self, event: OrderPlaced) -> Result:
        return self._ending(event, Result.RESERVED)

    def _show(self) -> Mapping[str, str]:
        if isinstance(self.shown, Exception):
            raise self.shown
        return self.shown

    def _ending(self, event: OrderEvent | NotUnderstood, usual: Result) -> Result:
        self.asked.append(event)
        self.while_settling()
        self.seconds += self.order_seconds
        ending = self.endings.get(str(event.order_id), usual)
        if isinstance(ending, Exception):
            raise ending
        return ending

    def _batches(self, name: str, moment: datetime, batches: Sequence[Batch[_Found]]) -> Iterator[Sequence[_Found]]:
        for batch in batches:
            self.asked.append((name, moment))
            if isinstance(batch, Exception):
                raise batch
            yield batch


def summary(**counted: object) -> dict[str, object]:
    """What a run reports in which nothing but this happened."""
    return {"expired": 0, "finished": 0, "unchanged": 0, "postponed": 0, "faults": 0, "complete": True, **counted}


# --- What is settled, and in which order -----------------------------------------------------------------------------


def test_lapsed_orders_are_expired_then_stranded_ones_placed_and_only_then_parked_events_taken_up() -> None:
    waiting = a_payment(order_id="order-3", is_replay=True)
    shop = Shop(lapsed=[["order-1"]], stranded=[["order-2"]], parked=[[waiting]])
    shop.swept()
    assert shop.asked == [
        ("lapsed", NOW),
        a_lapse("order-1"),
        ("stranded", NOW - STRANDED_AFTER),
        a_placement("order-2", ()),
        ("parked", NOW - TAKEN_UP_WITHIN),
        waiting,
    ]


def test_orders_whose_ids_leave_no_room_for_audit_ids_are_left_alone_and_stop_nobody() -> None:
    shop = Shop(stranded=[["o" * 1_401, "order-2", "o" * 1_400]])
    assert shop.swept() == (200, summary(finished=2))
    assert shop.asked[1:3] == [a_placement("order-2", ()), a_placement("o" * 1_400, ())]


PARKED_ENDINGS = {
    Result.FIRST_TIME_FINALIZED: "finished",
    Result.REFUNDED: "finished",
    Result.ORDER_NOT_FOUND: "unchanged",
    Result.PAYMENT_NOT_FOUND: "unchanged",
    Result.DUPLICATE_DETECTED: "unchanged",
}


@pytest.mark.parametrize(("result", "counted"), PARKED_ENDINGS.items(), ids=PARKED_ENDINGS)
def test_a_parked_event_is_finished_once_it_waits_no_longer(result: Result, counted: str) -> None:
    shop = Shop(parked=[[a_payment(is_replay=True)]], endings={"order-1": result})
    assert shop.swept() == (200, summary(**{counted: 1}))


def test_a_parked_event_that_cannot_be_settled_in_time_is_postponed() -> None:
    shop = Shop(parked=[[a_payment(is_replay=True)]], endings={"order-1": StoreContended("order-1")})
    assert shop.swept() == (200, summary(postponed=1))
    assert shop.lines[0]["orderId"] == "order-1"


def test_a_batch_is_queried_only_when_the_one_before_it_is_settled() -> None:
    shop = Shop(lapsed=[["order-1"], ["order-2"]])
    shop.swept()
    assert shop.asked == [("lapsed", NOW), a_lapse("order-1"), ("lapsed", NOW), a_lapse("order-2")]


def test_the_orders_of_a_batch_are_settled_at_the_same_time() -> None:
    all_are_here = threading.Barrier(THREADS, timeout=10)
    batch = [f"order-{number}" for number in range(THREADS)]
    shop = Shop(lapsed=[batch], while_settling=all_are_here.wait)
    assert shop.swept() == (200, summary(expired=THREADS))


def test_one_run_settles_all_its_batches_in_one_pool_and_closes_it() -> None:
    shop = Shop(lapsed=[["order-1", "order-2"], ["order-3"]])

    @contextlib.contextmanager
    def pool() -> Iterator[Pool]:
        shop.asked.append("opened")
        yield OneByOne()
        shop.asked.append("closed")

    assert replace(shop.sweep, pool=pool).sweep().complete
    settled = [a_lapse(f"order-{number}") for number in (1, 2, 3)]
    assert shop.asked == ["opened", ("lapsed", NOW), *settled[:2], ("lapsed", NOW), settled[2], "closed"]


class OneByOne:
    def map(self, settle_one: Callable[[OrderEvent], Ending], batch: Sequence[OrderEvent], /) -> list[Ending]:
        return [settle_one(event) for event in batch]


def test_with_nothing_to_do_nothing_is_done() -> None:
    assert Shop().swept() == (200, summary())


# --- When it ends -----------------------------------------------------------------------------------------------------


def test_no_batch_is_started_once_time_is_out() -> None:
    shop = Shop(lapsed=[["order-1"], ["order-2"]], stranded=[["order-3"]], order_seconds=RUN_SECONDS_MAX)
    assert shop.swept() == (200, summary(expired=1, complete=False))
    assert a_lapse("order-2") not in shop.asked


def test_a_batch_that_was_started_in_time_is_settled_to_the_end() -> None:
    batches = [["order-1"], ["order-2", "order-3", "order-4"], ["order-5"]]
    shop = Shop(lapsed=batches, order_seconds=RUN_SECONDS_MAX - 1)
    assert shop.swept() == (200, summary(expired=4, complete=False))


def test_time_runs_out_for_stranded_orders_too() -> None:
    shop = Shop(lapsed=[["order-1"]], stranded=[["order-2"]], order_seconds=RUN_SECONDS_MAX)
    assert shop.swept() == (200, summary(expired=1, complete=False))


# --- What it reports --------------------------------------------------------------------------------------------------

ENDINGS: Mapping[str, Result | Exception] = {
    "paid": Result.NOT_EXPIRED,
    "contended": StoreContended("contended"),
    "unanswered": StoreUnavailable("unanswered"),
    "short": Result.RESERVATION_FAILED,
    "placed": Result.ALREADY_PLACED,
}


def test_every_order_is_counted_by_how_it_ended() -> None:
    lapsed = [["order-1", "order-2", "order-3", "paid"], ["contended"]]
    shop = Shop(lapsed, stranded=[["order-4", "short", "placed", "unanswered"]], endings=ENDINGS)
    expected = summary(expired=3, finished=2, unchanged=2, postponed=2)
    assert shop.swept() == (200, expected)
    assert shop.lines[-1] == {
        "severity": "WARNING",
        "message": "reservations swept",
        "result": "swept",
        **expected,
    }


def test_a_run_that_did_everything_is_logged_as_routine() -> None:
    shop = Shop(lapsed=[["order-1", "paid"]], endings=ENDINGS)
    shop.swept()
    assert shop.lines[-1]["severity"] == "INFO"


def test_a_run_that_left_something_undone_is_logged_as_a_warning() -> None:
    shop = Shop(lapsed=[["order-1"], ["order-2"]], order_seconds=RUN_SECONDS_MAX)
    shop.swept()
    assert shop.lines[-1]["severity"] == "WARNING"


def test_each_order_that_expired_leaves_a_line() -> None:
    shop = Shop(lapsed=[["order-1", "paid"]], endings=ENDINGS)
    shop.swept()
    assert shop.lines[:-1] == [
        {
            "severity": "INFO",
            "message": "expired",
            "eventId": "lapsed_order-1",
            "eventType": "reservation.lapsed",
            "orderId": "order-1",
            "result": "expired",
        }
    ]


def test_each_parked_event_that_was_settled_leaves_a_line_as_if_it_had_been_delivered() -> None:
    shop = Shop(parked=[[a_payment("evt_7", is_replay=True)]], endings={"order-1": Result.REFUND_DUE})
    shop.swept()
    assert shop.lines[:-1] == [
        {
            "severity": "WARNING",
            "message": "refund_due",
            "eventId": "evt_7",
            "eventType": "payment_intent.succeeded",
            "orderId": "order-1",
            "result": "refund_due",
        }
    ]


@pytest.mark.parametrize("result", [result for result, counted in PARKED_ENDINGS.items() if counted == "unchanged"])
def test_a_parked_event_that_still_waits_is_not_logged_in_every_run(result: Result) -> None:
    shop = Shop(parked=[[a_payment(is_replay=True)]], endings={"order-1": result})
    shop.swept()
    assert [line["result"] for line in shop.lines] == ["swept"]


# --- What goes wrong --------------------------------------------------------------------------------------------------


def test_an_order_that_others_kept_changing_is_left_to_the_next_run() -> None:
    shop = Shop(lapsed=[["contended"]], endings=ENDINGS)
    assert shop.swept() == (200, summary(postponed=1))
    assert shop.lines[0] == {
        "severity": "WARNING",
        "message": "StoreContended: contended",
        "eventId": a_lapse("contended").event_id,
        "eventType": "reservation.lapsed",
        "orderId": "contended",
        "result": "not_settled",
    }


def test_a_parked_event_that_names_no_order_is_logged_with_its_own_id() -> None:
    shop = Shop(parked=[[a_dispute("evt_7")]], endings={"None": StoreContended("contended")})
    assert shop.swept() == (200, summary(postponed=1))
    line = shop.lines[0]
    assert (line["eventId"], line["eventType"], line["orderId"]) == ("evt_7", "charge.dispute.updated", None)


def test_the_fault_of_one_order_neither_stops_the_others_nor_is_swallowed() -> None:
    shop = Shop(
        lapsed=[["order-1", "broken", "order-2"], ["order-3"]],
        stranded=[["broken", "order-4"]],
        endings={"broken": ZeroDivisionError("what")},
    )
    assert shop.swept() == (500, summary(expired=3, finished=1, faults=2))
    faults = [line for line in shop.lines if line["severity"] == "ERROR"]
    events: tuple[OrderEvent, ...] = (a_lapse("broken"), a_placement("broken"))
    for line, event in zip(faults, events, strict=True):
        trace = line.pop("stack_trace")
        assert trace.startswith("Traceback (most recent call last):")
        assert trace.endswith("ZeroDivisionError: what\n")
        assert line == {
            "severity": "ERROR",
            "message": "ZeroDivisionError: what",
            "eventId": event.event_id,
            "eventType": event.event_type,
            "orderId": "broken",
            "result": "fault",
        }


SHOWN: Mapping[str, tuple[Mapping[str, str] | Exception, int, Mapping[str, int]]] = {
    "nothing": ({}, 200, {}),
    "two products": ({"shirt": "few", "mug": "out"}, 200, {"finished": 1}),
    "no answer": (StoreUnavailable("DeadlineExceeded"), 200, {"postponed": 1}),
    "a fault": (ZeroDivisionError("what"), 500, {"faults": 1}),
}


@pytest.mark.parametrize(("shown", "status", "counted"), SHOWN.values(), ids=SHOWN)
def test_last_of_all_a_few_products_are_looked_at(
    shown: Mapping[str, str] | Exception, status: int, counted: Mapping[str, int]
) -> None:
    shop = Shop(lapsed=[["order-1"]], shown=shown)
    assert shop.swept() == (status, summary(expired=1, **counted))


def test_products_that_had_been_wrong_leave_a_line_each() -> None:
    shop = Shop(shown={"shirt": "few"})
    shop.swept()
    assert shop.lines[0] == {"severity": "INFO", "message": "shown as few", "productId": "shirt", "result": "shown"}


def test_no_product_is_looked_at_when_time_is_out() -> None:
    shop = Shop(lapsed=[["order-1"]], order_seconds=RUN_SECONDS_MAX, shown=ZeroDivisionError("what"))
    assert shop.swept() == (200, summary(expired=1))


def test_a_database_that_does_not_answer_is_queried_again_by_the_next_run() -> None:
    shop = Shop(lapsed=[StoreUnavailable("DeadlineExceeded")])
    assert shop.swept() == (503, {"error": "not swept to the end, the next run goes on"})
    assert shop.lines == [
        {"severity": "WARNING", "message": "StoreUnavailable: DeadlineExceeded", "result": "not_settled"}
    ]


def test_what_was_settled_before_the_database_was_lost_is_not_undone() -> None:
    shop = Shop(lapsed=[["order-1"], StoreUnavailable("DeadlineExceeded")])
    assert shop.swept()[0] == 503
    assert a_lapse("order-1") in shop.asked


def test_a_fault_of_the_query_itself_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        Shop(lapsed=[ZeroDivisionError()]).swept()


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_only_a_post_starts_a_run(method: str) -> None:
    shop = Shop(lapsed=[["order-1"]])
    assert shop.swept(method, "/__/health") == (405, {"error": "only POST is served here"})
    assert shop.asked == []


def test_any_other_method_is_answered_with_the_one_that_is_allowed() -> None:
    with _app.test_request_context(method="GET"):
        assert Shop().sweep.respond(request).headers["Allow"] == "POST"
