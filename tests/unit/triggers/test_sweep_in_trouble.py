"""A failure in a sweep, or beside it, neither stops the rest nor is swallowed."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from flask import request

from inventory.takings import Folded
from orders.outcome import Result, StoreContended, StoreUnavailable
from reconciliation.finding import Finding
from tests.support.builders import NOW, a_lapse, a_placement
from tests.support.recording import a_log_line
from tests.support.refunds import a_dispute
from tests.support.sweeping import Shop, _app, summary
from triggers.sweep import RUN_SECONDS_MAX


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
    # results, the sweep's status, its counts
    "no product says something else": ({"shown": {}}, 200, {}),
    "two products say something else": ({"shown": {"shirt": "few", "mug": "out"}}, 200, {"finished": 1}),
    "no answer about products": ({"shown": NO_ANSWER}, 200, {"postponed": 1}),
    "a fault in the look at products": ({"shown": A_FAULT}, 500, {"faults": 1}),
    "an anchor, which is no work that was due": ({"anchor": {"heads": 2, "until": NOW}}, 200, {}),
    "no answer about the trail": ({"anchor": NO_ANSWER}, 200, {"postponed": 1}),
    "a fault in anchoring": ({"anchor": A_FAULT}, 500, {"faults": 1}),
    "two orders of hot products, at any time": ({"folded": Folded(2, Counter(shirt=3), oldest_seconds=61.2)}, 200, {}),
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
    assert shop.swept() == (503, {"error": "the sweep did not finish; the next run continues"})
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
