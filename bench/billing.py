"""What Firestore bills, counted where every call passes through.

How it bills: https://cloud.google.com/firestore/pricing.
"""

import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

from database.connection import Transport
from database.http_answers import Answer
from tests.support.counted_rpcs import RpcCounter, name_of

_Found = TypeVar("_Found")


class BillCounter(RpcCounter):
    """Counts the RPCs, and what Firestore bills for them."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self.counting = threading.Lock()
        """Held while counting, since several threads may call at once."""
        self.forget()

    def forget(self) -> None:
        """Start counting from zero."""
        self.names.clear()
        self.reads = 0
        """Documents looked up, missing ones included, and documents found by queries: at least one for each query."""
        self.writes = 0
        self.deletes = 0
        self.inventory_writes = 0
        """The writes to the inventory, each of which starts a trigger."""
        self.expiring: set[str] = set()
        """The written documents that Firestore will delete by itself, which it bills like any delete."""

    def post(self, path: str, body: bytes, headers: Mapping[str, str], *, seconds: float) -> Answer:
        answer = super().post(path, body, headers, seconds=seconds)
        if answer.code == HTTPStatus.OK:
            request = json.loads(body)
            with self.counting:
                self._note(name_of(path), request)
        return answer

    def billed(self, query: Callable[[str], Iterable[_Found]]) -> Callable[[str], Sequence[_Found]]:
        """The same query, counting the documents it finds; the client library runs it, not this transport."""

        def ask(order_id: str) -> Sequence[_Found]:
            found = tuple(query(order_id))
            self.reads += max(len(found), 1)
            return found

        return ask

    def _note(self, rpc: str, request: Mapping[str, Any]) -> None:
        match rpc:
            case "batchGet":
                self.reads += len(request["documents"])
            case "runAggregationQuery":
                # One read covers up to a thousand index entries; no customer of the bench has more orders.
                self.reads += 1
            case "commit":
                for write in request["writes"]:
                    self._note_write(write)
            case unknown:
                raise ValueError(f"what {unknown} costs is not counted yet")

    def _note_write(self, write: Mapping[str, Mapping[str, Mapping[str, object]]]) -> None:
        if "delete" in write:
            self.deletes += 1
            return
        self.writes += 1
        self.inventory_writes += "/documents/inventory/" in str(write["update"]["name"])
        if "expireAt" in write["update"]["fields"]:
            self.expiring.add(str(write["update"]["name"]))
