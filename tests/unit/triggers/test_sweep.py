"""The scheduled sweep: in which order it queries and settles, when it ends, and what it reports."""

import contextlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

import pytest
from flask import Flask, request

from effects.attempt import OVER, Ending
from inventory.takings import Folded
from orders.events import Cause, OrderEvent, StripeEvent
from orders.outcome import Outcome, Result, StoreContended, StoreUnavailable
from orders.shop_events import OrderPlaced
from reconciliation.finding import Finding
from tests.support.builders import NOW, a_cancel_request, a_lapse, a_placement
from tests.support.payments import a_payment
from tests.support.recording import RecordingLog, a_log_line
from tests.support.refunds import a_dispute
from triggers.sweep import (
    REQUESTED_WITHIN,
    RUN_SECONDS_MAX,
    STRANDED_AFTER,
    TAKEN_UP_WITHIN,
    THREADS,
    Pool,
    ReservationSweep,
)

_app = Flask("shop")

_Found = TypeVar("_Found", str, StripeEvent)
_Ending = TypeVar("_Ending")
Batch = Sequence[_Found] | Exception
"""What the database found, or why it gave no answer."""


def ended(ending: _Ending | Exception) -> _Ending:
    if isinstance(ending, Exception):
        raise ending
    return ending


@dataclass
class Shop:
    """Settlement and store as the sweep sees them, and a clock that moves only while an order is settled."""

    lapsed: Sequence[Batch[str]] = ()
    stranded: Sequence[Batch[str]] = ()
    parked: Sequence[Batch[StripeEvent]] = ()
    unanswered: Sequence[Batch[str]] = ()
    asked_for: Sequence[Batch[str]] = ()
    """By operators."""
    due: Sequence[Batch[str]] = ()
    shown: Mapping[str, str] | Exception = field(default_factory=dict)
    anchor: Mapping[str, object] | Exception | None = None
    found: Sequence[Finding] = ()
    folded: Folded | Exception = field(default_factory=Folded)
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
            lambda begin, end: self._batches("unanswered", begin, self.unanswered, end),
            lambda begin, end: self._batches("asked for", begin, self.asked_for, end),
            lambda: ended(self.folded),
            self._answer,
            lambda now: self._batches("due", now, self.due),
            self._perform,
            lambda: ended(self.shown),
            self._anchor,
            lambda _now: self.found,
            self.log,
            lambda: NOW,
            lambda: self.seconds,
        )

    def _settle(self, event: Cause, now: datetime) -> Outcome:
        assert now == NOW
        return Outcome(self._ending(event, Result.EXPIRED), event.order_id)

    def _answer(self, request_id: str, now: datetime) -> Outcome:
        assert now == NOW
        self.asked.append(request_id)
        return Outcome(ended(self.endings.get(request_id, Result.ACCEPTED)), "order-1")

    def _place(self, event: OrderPlaced) -> Result:
        return self._ending(event, Result.RESERVED)

    def _perform(self, effect_id: str) -> str:
        self.asked.append(effect_id)
        ended(self.endings.get(effect_id))
        return effect_id

    def _anchor(self, now: datetime) -> Mapping[str, object] | None:
        assert now == NOW
        return ended(self.anchor)

    def _ending(self, event: Cause, usual: Result) -> Result:
        self.asked.append(event)
        self.while_settling()
        self.seconds += self.order_seconds
        return ended(self.endings.get(str(event.order_id), usual))

    def _batches(
        self, name: str, moment: datetime, batches: Sequence[Batch[_Found]], *until: datetime
    ) -> Iterator[Sequence[_Found]]:
        for batch in batches:
            self.asked.append((name, moment, *until))
            yield ended(batch)


def summary(**counted: object) -> dict[str, object]:
    """What a run reports in which nothing but this happened."""
    return {"expired": 0, "finished": 0, "unchanged": 0, "postponed": 0, "faults": 0, "complete": True, **counted}


# --- What is settled, and in which order -----------------------------------------------------------------------------


def test_what_has_lapsed_is_expired_and_what_a_trigger_has_lost_is_done_and_then_what_is_due_outside() -> None:
    waiting = a_payment(order_id="order-3", is_replay=True)
    shop = Shop([["order-1"]], [["order-2"]], [[waiting]], [["order-4"]], [["request-1"]], [["effect-1"]])
    shop.swept()
    assert shop.asked[::2] == [
        ("lapsed", NOW),
        ("stranded", NOW - STRANDED_AFTER),
        ("parked", NOW - TAKEN_UP_WITHIN),
        ("unanswered", NOW - REQUESTED_WITHIN, NOW - STRANDED_AFTER),
        ("asked for", NOW - REQUESTED_WITHIN, NOW - STRANDED_AFTER),
        ("due", NOW),
    ]
    settled = [a_lapse("order-1"), a_placement("order-2", ()), waiting, a_cancel_request("order-4")]
    assert shop.asked[1::2] == [*settled, "request-1", "effect-1"]


def test_effects_are_counted_once_they_are_over_and_one_that_cannot_be_recorded_stops_no_other() -> None:
    endings = {"lost": StoreUnavailable("no answer"), "broken": ZeroDivisionError()}
    over, not_over = OVER, set(Ending) - OVER
    shop = Shop(due=[[*over, *not_over], [*endings, Ending.DONE]], endings=endings)
    assert shop.swept() == (500, summary(finished=4, unchanged=3, postponed=1, faults=1))
    assert [line.get("effectId") for line in shop.lines] == ["lost", "broken", None]


def test_orders_whose_ids_leave_no_room_for_audit_ids_are_left_alone_and_stop_nobody() -> None:
    ids = ["o" * 1_401, "order-2", "o" * 1_400]
    shop = Shop(stranded=[ids], unanswered=[ids])
    assert shop.swept() == (200, summary(finished=4))
    assert shop.asked[1:3] == [a_placement("order-2", ()), a_placement("o" * 1_400, ())]
    assert shop.asked[4:] == [a_cancel_request("order-2"), a_cancel_request("o" * 1_400)]


PARKED_ENDINGS: list[tuple[Result | Exception, str]] = [
    *((Result(settled), "finished") for settled in ("first_time_finalized", "refunded")),
    *((Result(waits), "unchanged") for waits in ("order_not_found", "payment_not_found", "duplicate_detected")),
    (StoreContended("order-1"), "postponed"),
]


@pytest.mark.parametrize(("ending", "counted"), PARKED_ENDINGS)
def test_a_parked_event_is_finished_once_it_waits_no_longer_and_not_logged_in_every_run_while_it_does(
    ending: Result | Exception, counted: str
) -> None:
    shop = Shop(parked=[[a_payment(is_replay=True)]], endings={"order-1": ending})
    assert shop.swept() == (200, summary(**{counted: 1}))
    assert [line.get("orderId") for line in shop.lines] == [*["order-1"] * (counted != "unchanged"), None]


@pytest.mark.parametrize(
    ("ending", "counted"),
    [
        *((Result(answer), "finished") for answer in ("cancelled", "cancel_request_recorded", "already_expired")),
        *((Result(unheard), "unchanged") for unheard in ("ignored", "already_recorded")),
        (StoreContended("order-1"), "postponed"),
    ],
)
def test_a_cancel_request_is_answered_once_and_one_that_is_not_heard_is_not_logged_in_every_run(
    ending: Result | Exception, counted: str
) -> None:
    shop = Shop(unanswered=[["order-1"]], endings={"order-1": ending})
    assert shop.swept() == (200, summary(**{counted: 1}))
    assert [line.get("orderId") for line in shop.lines] == [*["order-1"] * (counted != "unchanged"), None]


@pytest.mark.parametrize(
    ("ending", "counted", "said_of"),
    [
        (Result.ACCEPTED, "finished", "operator_asked-1"),
        (Result.NOT_ACCEPTED, "finished", "operator_asked-1"),
        (Result.REHEARSED, "finished", "operator_asked-1"),
        (Result.IGNORED, "unchanged", None),
        (StoreContended("order-1"), "postponed", "operator_asked-1"),
    ],
)
def test_an_operators_request_is_answered_whose_trigger_was_lost(
    ending: Result | Exception, counted: str, said_of: str | None
) -> None:
    shop = Shop(asked_for=[["__no id__", "asked-1"]], endings={"asked-1": ending})
    assert shop.swept() == (200, summary(**{counted: 1}))
    assert [line.get("eventId") for line in shop.lines] == [*([said_of] if said_of else []), None]


def test_the_orders_of_a_batch_are_settled_at_the_same_time() -> None:
    all_are_here = threading.Barrier(THREADS, timeout=10)
    batch = [f"order-{number}" for number in range(THREADS)]
    shop = Shop(lapsed=[batch], while_settling=all_are_here.wait)
    assert shop.swept() == (200, summary(expired=THREADS))


def test_one_run_settles_one_batch_after_the_other_in_one_pool_and_closes_it() -> None:
    shop = Shop(lapsed=[["order-1", "order-2"], ["order-3"]])

    @contextlib.contextmanager
    def pool() -> Iterator[Pool]:
        shop.asked.append("opened")
        with ThreadPoolExecutor(1) as one_by_one:
            yield one_by_one
        shop.asked.append("closed")

    assert replace(shop.sweep, pool=pool).sweep().complete
    settled = [a_lapse(f"order-{number}") for number in (1, 2, 3)]
    assert shop.asked == ["opened", ("lapsed", NOW), *settled[:2], ("lapsed", NOW), settled[2], "closed"]


def test_with_nothing_to_do_nothing_is_done() -> None:
    assert Shop().swept() == (200, summary())


# --- When it ends -----------------------------------------------------------------------------------------------------

IN_TIME = {
    # what is lapsed and stranded, and how long each order takes: how many expire
    "no batch is started once time is out": ([["order-1"], ["order-2"]], [["order-3"]], RUN_SECONDS_MAX, 1),
    "one that was started in time is settled to the end": ([["1"], ["2", "3", "4"], ["5"]], [], RUN_SECONDS_MAX - 1, 4),
    "time runs out for stranded orders too": ([["order-1"]], [["order-2"]], RUN_SECONDS_MAX, 1),
}


@pytest.mark.parametrize(("lapsed", "stranded", "order_seconds", "expired"), IN_TIME.values(), ids=IN_TIME)
def test_a_run_ends_with_the_batch_in_which_its_time_is_out_and_warns_of_what_is_left(
    lapsed: Sequence[Batch[str]], stranded: Sequence[Batch[str]], order_seconds: float, expired: int
) -> None:
    shop = Shop(lapsed, stranded, order_seconds=order_seconds)
    assert shop.swept() == (200, summary(expired=expired, complete=False))
    assert sum(isinstance(asked, OrderEvent) for asked in shop.asked) == expired
    assert shop.lines[-1]["severity"] == "WARNING"


# --- What it reports --------------------------------------------------------------------------------------------------

ENDINGS: Mapping[str, Result | Exception] = {
    "paid": Result.NOT_EXPIRED,
    "contended": StoreContended("contended"),
    "unanswered": StoreUnavailable("unanswered"),
    "short": Result.RESERVATION_FAILED,
    "placed": Result.ALREADY_PLACED,
    "open": Result.CHECKOUT_ENDING,
}


def test_every_order_is_counted_by_how_it_ended() -> None:
    lapsed = [["order-1", "order-2", "order-3", "paid"], ["contended"]]
    shop = Shop(lapsed, stranded=[["order-4", "short", "placed", "unanswered"]], endings=ENDINGS)
    expected = summary(expired=3, finished=2, unchanged=2, postponed=2)
    assert shop.swept() == (200, expected)
    swept = {"message": "reservations swept", "result": "swept", **expected}
    assert shop.lines[-1] == {"severity": "WARNING", **swept}


def test_an_order_whose_lapse_leads_to_something_else_leaves_a_line_too() -> None:
    shop = Shop(lapsed=[["open"]], endings=ENDINGS)
    assert shop.swept() == (200, summary(finished=1))
    assert shop.lines[0] == a_log_line(a_lapse("open"), "INFO", "checkout_ending", "checkout_ending")


def test_each_order_that_expired_leaves_a_line_and_a_run_that_did_everything_is_logged_as_routine() -> None:
    shop = Shop(lapsed=[["order-1", "paid"]], endings=ENDINGS)
    shop.swept()
    assert shop.lines[0] == a_log_line(a_lapse(), "INFO", "expired", "expired")
    assert [(line["severity"], line["result"]) for line in shop.lines[1:]] == [("INFO", "swept")]


def test_each_parked_event_that_was_settled_leaves_a_line_as_if_it_had_been_delivered() -> None:
    event = a_payment("evt_7", is_replay=True)
    shop = Shop(parked=[[event]], endings={"order-1": Result.REFUND_DUE})
    shop.swept()
    assert shop.lines[:-1] == [a_log_line(event, "WARNING", "refund_due", "refund_due")]


# --- What goes wrong --------------------------------------------------------------------------------------------------


def test_what_others_kept_changing_is_logged_with_its_own_id_and_left_to_the_next_run() -> None:
    endings: dict[str, Result | Exception] = {name: StoreContended("contended") for name in ("order-1", "None")}
    for shop, event in (
        (Shop(lapsed=[["order-1"]], endings=endings), a_lapse()),
        (Shop(parked=[[a_dispute("evt_7")]], endings=endings), a_dispute("evt_7")),
    ):
        assert shop.swept() == (200, summary(postponed=1))
        assert shop.lines[0] == a_log_line(event, "WARNING", "StoreContended: contended", "not_settled")


def test_the_fault_of_one_order_neither_stops_the_others_nor_is_swallowed() -> None:
    lapsed, stranded = [["order-1", "broken", "order-2"], ["order-3"]], [["broken", "order-4"]]
    shop = Shop(lapsed, stranded, endings={"broken": ZeroDivisionError("what")})
    assert shop.swept() == (500, summary(expired=3, finished=1, faults=2))
    faults = [line for line in shop.lines if line["severity"] == "ERROR"]
    traces = [line.pop("stack_trace") for line in faults]
    assert all(trace.startswith("Traceback (most recent call last):\n  File ") for trace in traces)
    assert all(trace.endswith("ZeroDivisionError: what\n") for trace in traces)
    events = a_lapse("broken"), a_placement("broken")
    assert faults == [a_log_line(event, "ERROR", "ZeroDivisionError: what", "fault") for event in events]


NO_ANSWER, A_FAULT = StoreUnavailable("DeadlineExceeded"), ZeroDivisionError("what")
BESIDE: Mapping[str, tuple[dict[str, Any], int, Mapping[str, int]]] = {
    # what comes of it, how the sweep is answered, and what is counted
    "no product says something else": ({"shown": {}}, 200, {}),
    "two products say something else": ({"shown": {"shirt": "few", "mug": "out"}}, 200, {"finished": 1}),
    "no answer about products": ({"shown": NO_ANSWER}, 200, {"postponed": 1}),
    "a fault in the look at products": ({"shown": A_FAULT}, 500, {"faults": 1}),
    "an anchor, which is no work that was due": ({"anchor": {"heads": 2, "until": NOW}}, 200, {}),
    "no answer about the trail": ({"anchor": NO_ANSWER}, 200, {"postponed": 1}),
    "a fault in anchoring": ({"anchor": A_FAULT}, 500, {"faults": 1}),
    "two orders of hot products, at any time": (
        {"folded": Folded(2, Counter(shirt=3), oldest_seconds=61.2)},
        200,
        {},
    ),
    "not all that was sold is folded": ({"folded": Folded(lost="StoreUnavailable: no answer")}, 200, {"postponed": 1}),
    "a fault in folding": ({"folded": A_FAULT}, 500, {"faults": 1}),
}


@pytest.mark.parametrize(("comes", "status", "counted"), BESIDE.values(), ids=BESIDE)
def test_what_is_done_beside_orders_is_counted_as_it_ends_and_stops_none_of_them(
    comes: dict[str, Any], status: int, counted: Mapping[str, int]
) -> None:
    shop = Shop(lapsed=[["order-1"]], **comes)
    assert shop.swept() == (status, summary(**{"expired": 1, **counted}))


def test_products_that_had_been_wrong_leave_a_line_each() -> None:
    shop = Shop(shown={"shirt": "few"})
    shop.swept()
    assert shop.lines[0] == {"severity": "INFO", "message": "shown as few", "productId": "shirt", "result": "shown"}


def test_an_anchor_is_one_line_with_all_that_is_in_it() -> None:
    shop = Shop(anchor={"anchor": "20260314", "heads": 2, "digest": "d", "until": NOW})
    shop.swept()
    line = {"severity": "NOTICE", "message": "audit trail anchored: 2 heads", "result": "anchored"}
    assert shop.lines[0] == {**line, "anchor": "20260314", "heads": 2, "digest": "d", "until": NOW.isoformat()}


def test_no_product_is_looked_at_when_time_is_out() -> None:
    shop = Shop(lapsed=[["order-1"]], order_seconds=RUN_SECONDS_MAX, shown=ZeroDivisionError("what"))
    assert shop.swept() == (200, summary(expired=1))


def test_a_database_that_does_not_answer_is_queried_again_by_the_next_run_and_undoes_nothing() -> None:
    shop = Shop(lapsed=[["order-1"], StoreUnavailable("DeadlineExceeded")])
    assert shop.swept() == (503, {"error": "not swept to the end, the next run goes on"})
    assert a_lapse("order-1") in shop.asked
    message = "StoreUnavailable: DeadlineExceeded"
    assert shop.lines[1:] == [{"severity": "WARNING", "message": message, "result": "not_settled"}]


def test_a_fault_of_the_query_itself_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        Shop(lapsed=[ZeroDivisionError()]).swept()


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_only_a_post_starts_a_run_and_any_other_method_is_answered_with_that(method: str) -> None:
    shop = Shop(lapsed=[["order-1"]])
    assert shop.swept(method, "/__/health") == (405, {"error": "only POST is served here"})
    assert shop.asked == []
    with _app.test_request_context(method=method):
        assert shop.sweep.respond(request).headers["Allow"] == "POST"


def test_what_is_wrong_with_the_trail_is_one_line_for_a_person_and_no_fault_of_the_sweep() -> None:
    finding = Finding("chain_broken", "order-1", "order-1", "somebody was here", "./shop audit verify order-1")
    shop = Shop(found=[finding])
    assert shop.swept()[0] == 200
    [line] = [line for line in shop.lines if line["result"] == "finding_opened"]
    assert line == {
        "severity": "ERROR",
        "message": "somebody was here",
        "findingId": finding.finding_id,
        "rule": "chain_broken",
        "orderId": "order-1",
        "remedy": "./shop audit verify order-1",
        "result": "finding_opened",
    }
