"""The same sale in transactions, as in a textbook: lock what is read, decide, write, and retry on failure.

It does less than the service: no price, no index of payments, no audit chain, no record of a second delivery. It does
what `bench/transactions.py` does against the emulator.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from bench.model.firestore import Client
from database.store import Create, Document, Fields, Update, Write
from orders.events import Cause, StripeEvent
from orders.outcome import Outcome, Result, StoreContended

_SHIRT: Final = "inventory/shirt"


class Textbook:
    """Settles in the client library's transactions: begin, read, commit."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def settle(self, event: Cause, now: datetime) -> Outcome:
        """Raises StoreContended."""
        order, claim = f"orders/{event.order_id}", f"webhookEvents/{event.event_id}"
        attempts = self._client.database.parameters.transaction_attempts
        for attempt in range(attempts):
            self._client.call(lambda: None)
            try:
                result = self._pay(claim, order) if isinstance(event, StripeEvent) else self._place(order)
            except StoreContended:
                if attempt == attempts - 1:
                    raise
            else:
                return Outcome(result, event.order_id)
        raise AssertionError("there is a last attempt")

    def _place(self, order: str) -> Result:
        with self._client.database.locked((order, _SHIRT), float("inf")):
            found = self._client.read((order, _SHIRT), timeout_seconds=8)
            level = _fields(found[_SHIRT])
            if level["stock"] - level["reserved"] < 1:
                return Result.RESERVATION_FAILED
            held = {"reserved": level["reserved"] + 1}
            self._commit([_update(order, found, {"status": "reserved"}), _update(_SHIRT, found, held)])
            return Result.RESERVED

    def _pay(self, claim: str, order: str) -> Result:
        with self._client.database.locked((claim, order), float("inf")):
            found = self._client.read((claim, order), timeout_seconds=8)
            if _fields(found[order])["status"] == "finalized":
                self._commit([Create(claim, {})])
                return Result.ALREADY_FINALIZED
            with self._client.database.locked((_SHIRT,), float("inf")):
                there = self._client.read((_SHIRT,), timeout_seconds=8)
                level = _fields(there[_SHIRT])
                taken = {"stock": level["stock"] - 1, "reserved": level["reserved"] - 1}
                paid = _update(order, found, {"status": "finalized"})
                self._commit([Create(claim, {}), paid, _update(_SHIRT, there, taken)])
                return Result.FIRST_TIME_FINALIZED

    def _commit(self, writes: Sequence[Write]) -> None:
        self._client.call(lambda: self._client.database.commit_locked(writes))


def _update(path: str, found: Mapping[str, Document | None], fields: Fields) -> Update:
    document = found[path]
    return Update(path, fields, document.version if document else None)


def _fields(document: Document | None) -> Mapping[str, Any]:
    return document.fields if document else {}
