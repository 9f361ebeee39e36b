"""Every few minutes: release what is held past its time, and finish what a lost trigger left behind."""

import json
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from flask import Request, Response

from orders.events import OrderPlaced, ReservationLapsed
from orders.outcome import Result, Settle, Transient

# No trigger that still comes and no hold that is still being counted is this old.
STRANDED_AFTER: Final = timedelta(minutes=5)
RUN_SECONDS_MAX: Final = 480.0
"""No batch is begun after so long. The function's own limit, in functions.yaml, leaves time to end the last one."""
HANDS: Final = 16
"""Orders settled at the same time."""

Batches = Callable[[datetime], Iterator[Sequence[str]]]
"""Ids of orders, in bounded batches, each read from the database only when it is asked for."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What one run did."""

    expired: int
    finished: int
    """Orders whose own trigger had not placed them, and now are."""
    unchanged: int
    """Orders for which there was nothing to do any more: a payment or another run was faster."""
    postponed: int
    """Orders that could not be settled in time: the next run finds them again."""
    faults: int
    complete: bool
    """Whether all that was due was looked at, before the time was out."""


@dataclass(frozen=True, slots=True)
class ReservationSweep:
    """The scheduled release of expired reservations. Safe to run twice at once: every order is settled on its own."""

    settle: Settle
    place: Callable[[OrderPlaced], Result]
    """Does all that the order-created trigger does."""
    lapsed_orders: Batches
    """Reserved orders whose time was out at this moment."""
    stranded_orders: Batches
    """Orders created before this moment that nobody has placed yet."""
    log: Callable[..., None]
    """Takes a severity, a message, and fields by name."""
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    """Seconds, on a clock that never goes back."""

    def respond(self, request: Request) -> Response:
        """Sweep, and tell what was done. 500 if there was a fault, 503 if the database could not be asked."""
        if request.method != "POST":
            return _answer(405, {"error": "only POST is served here"}, {"Allow": "POST"})
        try:
            swept = self.sweep()
        except Transient as unavailable:
            self.log("WARNING", f"{type(unavailable).__name__}: {unavailable}", result="not_settled")
            return _answer(503, {"error": "not swept yet, the next run will"})
        facts: dict[str, object] = {
            "expired": swept.expired,
            "finished": swept.finished,
            "unchanged": swept.unchanged,
            "postponed": swept.postponed,
            "faults": swept.faults,
            "complete": swept.complete,
        }
        severity = "INFO" if swept.complete and not (swept.postponed or swept.faults) else "WARNING"
        self.log(severity, "reservations swept", result="swept", **facts)
        return _answer(500 if swept.faults else 200, facts)

    def sweep(self) -> Swept:
        """Settle all that is due, batch by batch, until all is done or the time is nearly out.

        Raises:
            Transient: the database could not tell what is due.
        """
        end, now = self.monotonic() + RUN_SECONDS_MAX, self.now()
        work: Iterable[tuple[Callable[[str], Result], Sequence[str]]] = chain(
            ((self._expire, batch) for batch in self.lapsed_orders(now)),
            ((self._place, batch) for batch in self.stranded_orders(now - STRANDED_AFTER)),
        )
        ended: list[Result | Exception] = []
        complete = True
        with ThreadPoolExecutor(HANDS) as hands:
            for settle, order_ids in work:
                if self.monotonic() >= end:
                    complete = False
                    break
                ended += hands.map(lambda order_id, settle=settle: self._ending_of(settle, order_id), order_ids)
        return _summed(ended, complete=complete)

    def _expire(self, order_id: str) -> Result:
        return self.settle(ReservationLapsed(order_id), self.now()).result

    def _place(self, order_id: str) -> Result:
        return self.place(OrderPlaced(order_id))

    def _ending_of(self, settle: Callable[[str], Result], order_id: str) -> Result | Exception:
        """One order that cannot be settled must not keep the others from it."""
        try:
            return settle(order_id)
        except Transient as postponed:
            self.log("WARNING", f"{type(postponed).__name__}: {postponed}", orderId=order_id, result="not_settled")
            return postponed
        except Exception as fault:  # noqa: BLE001 - told, counted, and answered 500 when all others are settled
            trace = "".join(traceback.format_exception(fault))
            self.log("ERROR", f"{type(fault).__name__}: {fault}", orderId=order_id, result="fault", stack_trace=trace)
            return fault


_FINISHED: Final = frozenset({Result.RESERVED, Result.RESERVATION_FAILED})


def _summed(ended: Sequence[Result | Exception], *, complete: bool) -> Swept:
    results = [ending for ending in ended if isinstance(ending, Result)]
    errors = [ending for ending in ended if isinstance(ending, Exception)]
    expired, finished = results.count(Result.EXPIRED), sum(result in _FINISHED for result in results)
    postponed = sum(isinstance(error, Transient) for error in errors)
    return Swept(
        expired=expired,
        finished=finished,
        unchanged=len(results) - expired - finished,
        postponed=postponed,
        faults=len(errors) - postponed,
        complete=complete,
    )


def _answer(status: int, facts: dict[str, object], headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(facts), status, headers, mimetype="application/json")
