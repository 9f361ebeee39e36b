"""The store on Firestore: one BatchGet to read, one Commit to write, no transactions and no locks."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

from database.connection import Connection
from database.documents.effects import effects_of
from database.documents.orders import (
    ALL_BUT_ITEMS,
    COUNTED_ORDERS_MAX,
    HOLDING_ORDERS,
    OPEN_STATUSES,
    order_path,
    units_held,
    without_items,
)
from database.documents.takings import TAKINGS, units_to_take_in
from database.errors import WRITE_CONTENDED, AnswerTooLarge
from database.listings import field_filter, pages_of
from database.messages import decoded, encoded, figures_in
from database.store import Committed, Delete, Document, Fields, Increase, Listing, Promised, Write
from orders.outcome import StoreUnavailable

_HOLDING_BATCH_MAX: Final = 500
"""Pages are read one after the other, with few fields of each order; but each must arrive within one try's seconds."""


class FirestoreStore:
    """Settlement's `DocumentStore`. If no answer comes in time, settlement reads again."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def read(self, paths: Sequence[str], *, timeout_seconds: float) -> Mapping[str, Document | None]:
        end = time.monotonic() + timeout_seconds
        try:
            return self._read(paths, timeout_seconds)
        except AnswerTooLarge:
            if not (orders := [path for path in paths if path.startswith(order_path(""))]):
                raise
        # Usually because of what a customer wrote. The order is read alone, without its items if need be, so that it
        # can be refused. Reading the others at another moment does no harm, since each write has its own precondition.
        others = [path for path in paths if path not in orders]
        found = self._read(others, end - time.monotonic()) if others else {}
        return {**found, **self._read_orders(orders, end)}

    def _read_orders(self, paths: Sequence[str], end: float) -> Mapping[str, Document | None]:
        try:
            return self._read(paths, end - time.monotonic())
        except AnswerTooLarge:
            cut = self._read(paths, end - time.monotonic(), ALL_BUT_ITEMS)
        return {path: order and order._replace(fields=without_items(order.fields)) for path, order in cut.items()}

    def _read(
        self, paths: Sequence[str], timeout_seconds: float, fields: Sequence[str] = ()
    ) -> Mapping[str, Document | None]:
        asked = {self._name(path): path for path in paths}
        request = {"documents": list(asked), **({"mask": {"fieldPaths": fields}} if fields else {})}
        answers = self._connection.call("batchGet", request, timeout_seconds=timeout_seconds)
        documents: dict[str, Document | None] = {}
        for answer in answers:
            if found := answer.get("found"):
                documents[asked[found["name"]]] = Document(decoded(found), version=found["updateTime"])
            elif missing := answer.get("missing"):
                documents[asked[missing]] = None
        if len(documents) < len(asked):
            # A missing answer does not mean a missing document.
            raise StoreUnavailable("an answer is missing")
        return documents

    def commit(self, writes: Sequence[Write], *, timeout_seconds: float) -> Committed:
        request = {"writes": [encoded(write, self._name(write.path)) for write in writes]}
        answer = self._connection.call("commit", request, timeout_seconds=timeout_seconds, contended=WRITE_CONTENDED)
        answered = list(zip(writes, answer["writeResults"], strict=True))
        return Committed(
            versions={write.path: result["updateTime"] for write, result in answered if not isinstance(write, Delete)},
            figures={
                write.path: figures_in(result["transformResults"], write)
                for write, result in answered
                if isinstance(write, Increase)
            },
        )

    def count(self, collection: str, *, timeout_seconds: float) -> int:
        parent, _, collection_id = f"/{collection}".rpartition("/")
        return self._counted({"from": [{"collectionId": collection_id}]}, timeout_seconds, parent)

    def count_open_orders(self, user_id: str, *, timeout_seconds: float) -> int:
        """Served by the index (userId, status)."""
        filters = [field_filter("userId", "EQUAL", user_id), field_filter("status", "IN", OPEN_STATUSES)]
        where = {"compositeFilter": {"op": "AND", "filters": filters}}
        return self._counted({"from": [{"collectionId": "orders"}], "where": where}, timeout_seconds)

    def effects_of(self, order_id: str, *, timeout_seconds: float) -> Mapping[str, Document]:
        """Reads page by page: every declined card may add effects, and card testers try thousands."""
        found = self._finding(timeout_seconds)(effects_of(order_id))
        return {effect_id: Document(fields, version=None) for effect_id, fields in found}

    def units_to_take(self, product_id: str, *, timeout_seconds: float) -> int:
        """Reads all takings by name: their units are not indexed, and there are never many for long."""
        return units_to_take_in(self._finding(timeout_seconds)(TAKINGS))[product_id]

    def units_promised(self, product_id: str, *, timeout_seconds: float) -> Promised:
        """Also reads all orders that may hold units: no index leads from a product to its orders."""
        found = self._finding(timeout_seconds)
        to_take = units_to_take_in(found(TAKINGS))[product_id]
        holding = found(HOLDING_ORDERS._replace(batch_max=_HOLDING_BATCH_MAX))
        return Promised(units_held(holding, COUNTED_ORDERS_MAX)[product_id], to_take)

    def _finding(self, timeout_seconds: float) -> Callable[[Listing], Iterator[tuple[str, Fields]]]:
        """Returns a function that reads listings page by page, all as of the first page's read time."""
        end, as_of = time.monotonic() + timeout_seconds, dict[str, object]()

        def ask(request: Mapping[str, object]) -> Any:  # noqa: ANN401 - JSON
            left = max(end - time.monotonic(), 0.001)
            answers = self._connection.call("runQuery", {**request, **as_of}, timeout_seconds=left)
            as_of.setdefault("readTime", answers[0]["readTime"])
            return answers

        return lambda listing: chain.from_iterable(pages_of(listing, self._connection.documents, ask))

    def _counted(self, query: Mapping[str, object], timeout_seconds: float, parent: str = "") -> int:
        aggregation = {"structuredQuery": query, "aggregations": [{"alias": "n", "count": {}}]}
        request = {"structuredAggregationQuery": aggregation}
        answers = self._connection.call("runAggregationQuery", request, timeout_seconds=timeout_seconds, parent=parent)
        return int(answers[0]["result"]["aggregateFields"]["n"]["integerValue"])

    def _name(self, path: str) -> str:
        return f"{self._connection.documents}/{path}"
