"""A shop in which the sweep finds what a test says, and the summaries of its runs."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from flask import Flask, request

from inventory.takings import Folded
from orders.events import Cause, StripeEvent
from orders.outcome import Outcome, Result
from orders.shop_events import OrderPlaced
from reconciliation.finding import Finding
from tests.support.builders import NOW
from tests.support.recording import RecordingLog
from triggers.sweep import ReservationSweep

_app = Flask("shop")
_Found = TypeVar("_Found", str, StripeEvent)
_Ending = TypeVar("_Ending")
Batch = Sequence[_Found] | Exception
"""What the database found, or the error it gave."""


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
    """The operators' requests."""
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
        """The status and answer of one run."""
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
    """The summary of a run in which only this happened."""
    return {"expired": 0, "finished": 0, "unchanged": 0, "postponed": 0, "faults": 0, "complete": True, **counted}
