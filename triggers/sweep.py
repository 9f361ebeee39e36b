"""Every few minutes: release expired reservations, finish what others left undone, and perform due effects."""

import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from itertools import chain
from typing import Any, Final, Protocol, TypeVar

from flask import Request, Response

from database.ids import can_be_settled, is_order_id
from effects.attempt import OVER
from inventory.takings import Folded
from orders.events import OrderEvent, StripeEvent
from orders.frozen import frozen
from orders.outcome import Outcome, Result, Settle, Transient
from orders.shop_events import CancelRequested, OrderPlaced, ReservationLapsed
from reconciliation.finding import Finding
from service.answers import json_answer, refused_for_method
from service.logs import Log, log_anchored, log_answered, log_folded, log_found, log_settled, log_shown, log_taken_up

# A trigger that has not fired by now is lost, or so late that it finds its work done.
STRANDED_AFTER: Final = timedelta(minutes=5)
RUN_SECONDS_MAX: Final = 420.0
"""No batch starts after this. The function's own limit in functions.yaml leaves time to finish the last one, though not
for all the parked events that its orders may have."""
THREADS: Final = 16
"""Orders settled at the same time."""

# As long as Stripe itself retries an event. What a trigger or a payment left parked is taken up within minutes.
TAKEN_UP_WITHIN: Final = timedelta(days=3)
# Every run reads each request of this period, answered or not: 72 times.
REQUESTED_WITHIN: Final = timedelta(hours=6)

Batches = Callable[[datetime], Iterator[Sequence[str]]]
"""Order ids in bounded batches, each read from the database only when needed."""


class Ending(StrEnum):
    """How one order, parked event, effect or update of products ended; the value is the name of its count."""

    EXPIRED = "expired"
    FINISHED = "finished"
    """Done now, because a trigger had not (placing an order, answering a request, settling a parked event, updating
    products), because an effect was due, or because a lapsed order does not end yet."""
    UNCHANGED = "unchanged"
    """Nothing is left to do, since a payment or another run was faster; or nothing yet, since the order is missing."""
    POSTPONED = "postponed"
    """Not settled in time: the next run finds it again."""
    FAULT = "faults"


_Item = TypeVar("_Item")


class Pool(Protocol):
    """Works on a batch, several items at a time."""

    def map(self, do_one: Callable[[_Item], Ending], batch: Sequence[_Item], /) -> Iterable[Ending]:
        """Returns how each of them ended, once all have."""


def thread_pool() -> AbstractContextManager[Pool]:
    return ThreadPoolExecutor(THREADS)


_PLACED: Final = frozenset({Result.RESERVED, Result.RESERVATION_FAILED})
_UNHEARD: Final = frozenset({Result.ALREADY_RECORDED, Result.IGNORED})
"""The trigger was faster, somebody else than the customer asks, or the request is gone."""


@frozen
class _Asked:
    """An operator's request, `operatorRequests/{request_id}`."""

    request_id: str


@frozen
class Swept:
    """The result of one run."""

    endings: Counter[Ending]
    """How many pieces of work ended in each way; the update of products counts only if it changed something."""
    complete: bool
    """Whether everything that was due was tried before time ran out."""

    @property
    def is_as_usual(self) -> bool:
        return self.complete and not (self.endings[Ending.POSTPONED] or self.endings[Ending.FAULT])

    def summary(self) -> dict[str, Any]:
        return {**{str(ending): self.endings[ending] for ending in Ending}, "complete": self.complete}


@frozen
class ReservationSweep:
    """The scheduled sweep. Two runs may overlap, since every order is settled by itself."""

    settle: Settle
    place: Callable[[OrderPlaced], Result]
    """Does everything that the order-created trigger does."""
    lapsed_orders: Batches
    """Reserved orders whose reservation had expired at this time."""
    stranded_orders: Batches
    """Orders created before this time that are not placed yet."""
    parked_events: Callable[[datetime], Iterator[Sequence[StripeEvent]]]
    """Events parked since this time that still are, in batches."""
    unanswered_requests: Callable[[datetime, datetime], Iterator[Sequence[str]]]
    """Ids of orders with an unanswered cancel request from between these times, in batches."""
    unanswered_operator_requests: Callable[[datetime, datetime], Iterator[Sequence[str]]]
    """Ids of unanswered operators' requests from between these times, in batches."""
    fold: Callable[[], Folded]
    """Takes the sold units of hot products from the inventory."""
    answer: Callable[[str, datetime], Outcome]
    """Answers the operator's request with this id, once. Raises Transient."""
    due_effects: Batches
    """Ids of effects that were due at this time, in batches."""
    perform: Callable[[str], object]
    """Performs an effect if it is still due. Returns how that ended."""
    show_next_products: Callable[[], Mapping[str, str]]
    """Updates the availability of a few products of the catalogue. Returns what was written, by product id."""
    anchor: Callable[[datetime], Mapping[str, object] | None]
    """Anchors the audit trail if that is due. Returns the anchor's fields, and its id as `anchor`."""
    check_trail: Callable[[datetime], Iterable[Finding]]
    """Checks a part of the audit trail. Returns new findings."""
    log: Log
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    """Seconds, on a clock that never goes back."""
    pool: Callable[[], AbstractContextManager[Pool]] = thread_pool
    """Opens a pool for each run."""

    def respond(self, request: Request) -> Response:
        """Sweep, and report what was done. 500 after a fault, 503 if the database could not be queried."""
        if request.method != "POST":
            return refused_for_method()
        try:
            swept = self.sweep()
        except Transient as unavailable:
            self.log("WARNING", f"{type(unavailable).__name__}: {unavailable}", result="not_settled")
            return json_answer(503, {"error": "the sweep did not finish; the next run continues"})
        self.log("INFO" if swept.is_as_usual else "WARNING", "reservations swept", result="swept", **swept.summary())
        return json_answer(500 if swept.endings[Ending.FAULT] else 200, swept.summary())

    def sweep(self) -> Swept:
        """Settle everything that is due, batch by batch, until all is done or time is nearly up.

        Raises:
            Transient: what is due could not be read from the database.
        """
        end, now = self.monotonic() + RUN_SECONDS_MAX, self.now()
        work: Iterable[tuple[Callable[[Any], Ending], Sequence[OrderEvent | _Asked | str]]] = chain(
            ((self._expire, [ReservationLapsed(order_id) for order_id in batch]) for batch in self.lapsed_orders(now)),
            (
                (self._place, [OrderPlaced(order_id) for order_id in batch if can_be_settled(order_id)])
                for batch in self.stranded_orders(now - STRANDED_AFTER)
            ),
            ((self._take_up, batch) for batch in self.parked_events(now - TAKEN_UP_WITHIN)),
            (
                (self._answer, [CancelRequested(order_id) for order_id in batch if can_be_settled(order_id)])
                for batch in self.unanswered_requests(now - REQUESTED_WITHIN, now - STRANDED_AFTER)
            ),
            (
                (self._answer_operator, [_Asked(request_id) for request_id in batch if is_order_id(request_id)])
                for batch in self.unanswered_operator_requests(now - REQUESTED_WITHIN, now - STRANDED_AFTER)
            ),
            # Last: slow services outside must not hold up the shop's own work.
            ((self._perform, batch) for batch in self.due_effects(now)),
        )
        # First, since it is short and overdue: the fold runs every minute.
        endings = Counter({self._guarded(self._fold)} - {Ending.UNCHANGED})
        with self.pool() as pool:
            for do_one, batch in work:
                if self.monotonic() >= end:
                    return Swept(endings, complete=False)
                endings.update(pool.map(partial(self._ending_of, do_one), batch))
        # Least urgent: the next run goes on where this one stops.
        for last in (self._show, partial(self._anchor, now), partial(self._check_trail, now)):
            if self.monotonic() < end:
                endings.update({self._guarded(last)} - {Ending.UNCHANGED})
        return Swept(endings, complete=True)

    def _expire(self, lapsed: ReservationLapsed) -> Ending:
        outcome = self.settle(lapsed, self.now())
        if outcome.result is Result.NOT_EXPIRED:
            return Ending.UNCHANGED
        log_settled(self.log, lapsed, outcome)
        # Not expired yet if its Checkout session may still be open, which is ended first; or if it has money, which is
        # for a person.
        return Ending.EXPIRED if outcome.result is Result.EXPIRED else Ending.FINISHED

    def _place(self, placed: OrderPlaced) -> Ending:
        return Ending.FINISHED if self.place(placed) in _PLACED else Ending.UNCHANGED

    def _take_up(self, parked: StripeEvent) -> Ending:
        is_over = log_taken_up(self.log, parked, self.settle(parked, self.now()))
        return Ending.FINISHED if is_over else Ending.UNCHANGED

    def _answer(self, requested: CancelRequested) -> Ending:
        outcome = self.settle(requested, self.now())
        if outcome.result in _UNHEARD:
            return Ending.UNCHANGED
        log_settled(self.log, requested, outcome)
        return Ending.FINISHED

    def _answer_operator(self, asked: _Asked) -> Ending:
        outcome = self.answer(asked.request_id, self.now())
        if outcome.result in _UNHEARD:
            return Ending.UNCHANGED
        log_answered(self.log, asked.request_id, outcome)
        return Ending.FINISHED

    def _perform(self, effect_id: str) -> Ending:
        return Ending.FINISHED if self.perform(effect_id) in OVER else Ending.UNCHANGED

    def _ending_of(self, do_one: Callable[[Any], Ending], item: OrderEvent | _Asked | str) -> Ending:
        if isinstance(item, str):
            return self._guarded(partial(do_one, item), effectId=item)
        if isinstance(item, _Asked):
            return self._guarded(partial(do_one, item), eventId=f"operator_{item.request_id}")
        ids = {"eventId": item.event_id, "eventType": item.event_type, "orderId": item.order_id}
        return self._guarded(partial(do_one, item), **ids)

    def _fold(self) -> Ending:
        folded = self.fold()
        log_folded(self.log, folded)
        # There are always some units sold in the last minute, so folding some is nothing to report.
        return Ending.POSTPONED if folded.lost else Ending.UNCHANGED

    def _show(self) -> Ending:
        shown = self.show_next_products()
        log_shown(self.log, shown)
        return Ending.FINISHED if shown else Ending.UNCHANGED

    def _anchor(self, now: datetime) -> Ending:
        if anchor := self.anchor(now):
            log_anchored(self.log, anchor)
        # Not counted, since anchoring is not what the sweep is for.
        return Ending.UNCHANGED

    def _check_trail(self, now: datetime) -> Ending:
        for finding in self.check_trail(now):
            log_found(self.log, finding)
        return Ending.UNCHANGED

    def _guarded(self, work: Callable[[], Ending], **ids: str | None) -> Ending:
        """Do the work; if it fails, log that, so that the rest is done all the same."""
        try:
            return work()
        except Transient as postponed:
            self.log("WARNING", f"{type(postponed).__name__}: {postponed}", **ids, result="not_settled")
            return Ending.POSTPONED
        except Exception as fault:  # noqa: BLE001 - logged, counted, and answered with 500 once all others are settled
            trace = "".join(traceback.format_exception(fault))
            self.log("ERROR", f"{type(fault).__name__}: {fault}", **ids, result="fault", stack_trace=trace)
            return Ending.FAULT
