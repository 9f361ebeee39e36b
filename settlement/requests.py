"""Answers operators' requests: reads the document, settles or refuses what it asks, and writes the answer on it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from database.differences import rows_of
from database.documents.operator_requests import answered_request, operator_request_from, operator_request_path
from database.rehearsal import RehearsalStore
from database.store import DocumentStore
from orders.frozen import frozen
from orders.operator_events import OperatorEvent
from orders.outcome import Outcome, Result, Settle
from settlement.snapshot import OperatorRequest

READ_SECONDS_MAX: Final = 4.0
"""For one read or write; settling the request has its own limit."""
REHEARSED_FOR: Final = timedelta(days=1)
"""How long the answer to a rehearsal is kept: after that it is no longer true."""


@frozen
class Requests:
    """Operators' requests, whether they come by trigger or by hand. The first worker answers each of them."""

    store: DocumentStore
    settle: Callable[[OperatorEvent, datetime], Outcome]
    settling_on: Callable[[DocumentStore], Settle]
    """Returns a `settle` that works on another store."""
    lifetime: timedelta
    """How long an answered request is kept."""

    def answer(self, request_id: str, now: datetime) -> Outcome:
        """Do what the request asks, or write on it why not; if it is answered already, return that answer.

        A rehearsal is answered with the documents it would change, and changes none of them.

        Raises:
            Transient: not done in time; any later call finishes it.
        """
        request = self._read(request_id)
        if request is None:
            return Outcome(Result.IGNORED, None, "no_request: it does not exist")
        if request.settled:
            return _only_rehearsed(request.settled) if request.is_rehearsal else request.settled
        if request.event is None:
            return self._refuse(request_id, request, Outcome(Result.INVALID_REQUEST, None, request.defect), now)
        if request.is_rehearsal:
            return self._rehearse(request_id, request, request.event, now)
        outcome = self.settle(request.event, now)
        if outcome.result is Result.ALREADY_RECORDED and (left := self._read(request_id)) and not left.settled:
            # Another request with this id is on record: settling wrote nothing, so nobody would see an answer.
            return self._refuse(request_id, left, outcome, now)
        return outcome

    def _read(self, request_id: str) -> OperatorRequest | None:
        path = operator_request_path(request_id)
        document = self.store.read((path,), timeout_seconds=READ_SECONDS_MAX)[path]
        return operator_request_from(request_id, document) if document else None

    def _rehearse(self, request_id: str, request: OperatorRequest, event: OperatorEvent, now: datetime) -> Outcome:
        rehearsal = RehearsalStore(self.store)
        outcome = self.settling_on(rehearsal)(event, now)
        write = answered_request(request_id, request, outcome, now, REHEARSED_FOR, rows_of(rehearsal.differences))
        self.store.commit((write,), timeout_seconds=READ_SECONDS_MAX)
        return _only_rehearsed(outcome)

    def _refuse(self, request_id: str, request: OperatorRequest, refused: Outcome, now: datetime) -> Outcome:
        write = answered_request(request_id, request, refused, now, self.lifetime)
        self.store.commit((write,), timeout_seconds=READ_SECONDS_MAX)
        return refused


def _only_rehearsed(outcome: Outcome) -> Outcome:
    note = f"it would end as {outcome.result}" + (f": {outcome.note}" if outcome.note else "")
    return Outcome(Result.REHEARSED, outcome.order_id, note)
