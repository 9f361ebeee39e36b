"""An operator's request, from its document to its answer. What cannot be read as one is refused on the document."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from database.documents.operator_requests import answered_request, operator_request_from, operator_request_path
from database.store import DocumentStore
from orders.operator_events import OperatorEvent
from orders.outcome import Outcome, Result
from settlement.snapshot import OperatorRequest

READ_SECONDS_MAX: Final = 4.0
"""Settling it has patience of its own."""


@dataclass(frozen=True, slots=True)
class Requests:
    """Operators' requests, however they come: by their trigger or by hand. Whoever comes first answers each of them."""

    store: DocumentStore
    settle: Callable[[OperatorEvent, datetime], Outcome]
    lifetime: timedelta
    """How long an answered request is kept."""

    def answer(self, request_id: str, now: datetime) -> Outcome:
        """Do what the request asks for, or say on it why not; of one that is answered, the same once more.

        Raises:
            Transient: not done in time, and any later call finishes it.
        """
        request = self._read(request_id)
        if request is None:
            return Outcome(Result.IGNORED, None, "no_request: it does not exist")
        if request.settled:
            return request.settled
        if request.event is None:
            return self._refuse(request_id, request, now)
        return self.settle(request.event, now)

    def _read(self, request_id: str) -> OperatorRequest | None:
        path = operator_request_path(request_id)
        document = self.store.read((path,), timeout_seconds=READ_SECONDS_MAX)[path]
        return operator_request_from(request_id, document) if document else None

    def _refuse(self, request_id: str, request: OperatorRequest, now: datetime) -> Outcome:
        refused = Outcome(Result.INVALID_REQUEST, None, request.defect)
        write = answered_request(request_id, request, refused, now, self.lifetime)
        self.store.commit((write,), timeout_seconds=READ_SECONDS_MAX)
        return refused
