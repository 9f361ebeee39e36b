"""The scheduled fold: its answer, and the one line it logs if there was anything to do."""

import json
from collections import Counter
from collections.abc import Mapping

import pytest
from flask import Flask, request

from inventory.takings import Folded
from tests.support.recording import RecordingLog
from triggers.takings_due import TakingsDue

_app = Flask("shop")
LOST = "StoreUnavailable: no answer"
GONE = "inventory_gone: 1 of 'hat', 5 of 'shirt' could not be counted"
UNREADABLE = (
    "the units of 0 paid orders taken; unreadable: what to take for some orders cannot be read, and was left alone"
)
SHIRTS = Counter(shirt=5)
RUNS: Mapping[str, tuple[Folded, int, dict[str, object], dict[str, object] | None]] = {
    # what was folded: status, answer, and the log line's differing fields, if it is logged
    "nothing": (Folded(), 200, {"orders": 0, "complete": True}, None),
    "two orders": (
        Folded(2, SHIRTS, oldest_seconds=61.7),
        200,
        {"orders": 2, "complete": True},
        {"message": "the units of 2 paid orders taken", "units": {"shirt": 5}, "oldestSeconds": 62},
    ),
    "of a product that is gone": (
        Folded(2, SHIRTS, gone=Counter(shirt=5, hat=1), oldest_seconds=0.0),
        200,
        {"orders": 2, "complete": True},
        {"message": f"the units of 2 paid orders taken; {GONE}", "severity": "WARNING", "units": {"shirt": 5}},
    ),
    "what nobody can read": (
        Folded(unreadable=["order-1"], oldest_seconds=400.0),
        200,
        {"orders": 0, "complete": True},
        {"message": UNREADABLE, "severity": "WARNING", "unreadable": ["order-1"], "oldestSeconds": 400},
    ),
    "not all of it": (
        Folded(lost=LOST),
        503,
        {"orders": 0, "complete": False},
        {"message": f"the units of 0 paid orders taken; {LOST}", "severity": "WARNING", "complete": False},
    ),
}


@pytest.mark.parametrize(("folded", "status", "answer", "said"), RUNS.values(), ids=RUNS)
def test_a_run_is_answered_and_said(
    folded: Folded, status: int, answer: dict[str, object], said: dict[str, object] | None
) -> None:
    log = RecordingLog()
    with _app.test_request_context(method="POST"):
        response = TakingsDue(lambda: folded, log).respond(request)
    assert (response.status_code, response.mimetype) == (status, "application/json")
    assert json.loads(response.data) == answer
    usual = {
        "severity": "INFO",
        "message": "the units of 0 paid orders taken",
        "units": {},
        "unreadable": [],
        "oldestSeconds": 0,
        "complete": True,
        "result": "folded",
    }
    assert log.lines == ([] if said is None else [{**usual, **said}])


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_only_a_post_starts_a_run(method: str) -> None:
    with _app.test_request_context(method=method):
        assert TakingsDue(lambda: pytest.fail("it ran"), RecordingLog()).respond(request).status_code == 405
