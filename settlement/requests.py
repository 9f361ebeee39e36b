"""An operator's request, from its document to its answer. What cannot be read as one is refused on the document."""

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
"""Settling it has patience of its own."""
REHEARSED_FOR: Final = timedelta(days=1)
"""How long the answer to a rehearsal is kept: by then it is no longer true."""


@frozen
class Requests:
    """Operators' requests, however they come: by their trigger or by hand. Whoever comes first answers each of them."""

    store: DocumentStore
    settle: Callable[[OperatorEvent, datetime], Outcome]
    settling_on: Callable[[DocumentStore], Settle]
    """What settles in earnest, on another store."""
    lifetime: timedelta
    """How long an answered request is kept."""

    def answer(self, request_id: str, now: datetime) -> Outcome:
        """Do what the request asks for, or say on it why not; of one that is answered, the same once more.

        One that is to be rehearsed is answered with what would become of documents, and changes nothing.

        Raises:
            Transient: not done in time, and any later call finishes it.
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
            # Another request of this id is on record: settling it writes nothing, and nobody would be told.
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
