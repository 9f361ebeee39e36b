"""The database as it was at one moment, however long one looks: every read names the same time.

https://cloud.google.com/firestore/docs/understand-reads-writes-scale#read-time: any time of the last hour.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from database.connection import Connection
from database.documents.orders import ALL_BUT_ITEMS, without_items
from database.errors import AnswerTooLarge
from database.messages import decoded, encoded_value
from database.store import Document, Fields, Listing

QUERY_SECONDS_MAX: Final = 8.0
BATCH_DOCUMENTS_MAX: Final = 200
_ANYTHING: Final = "reconciliations/stripe"
_ALL: Final[Mapping[str, object]] = {}


class FirestoreMoments:
    """Makes `Moment`s of one database."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def now(self) -> "FirestoreMoment":
        """The present one. Raises StoreUnavailable."""
        # Only Firestore's own clock says what it knew when.
        request = {"documents": [f"{self._connection.documents}/{_ANYTHING}"]}
        (answer,) = self._connection.call("batchGet", request, timeout_seconds=QUERY_SECONDS_MAX)
        return FirestoreMoment(self._connection, answer["readTime"])


class FirestoreMoment:
    def __init__(self, connection: Connection, read_time: str) -> None:
        self._connection = connection
        self._read_time = read_time

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self._read_time)

    def read(self, paths: Sequence[str]) -> Mapping[str, Document | None]:
        """In as many calls as their answers take; an order that is too large even by itself without its items."""
        if not paths:
            return {}
        try:
            return self._read(paths)
        except AnswerTooLarge:
            if len(paths) == 1:
                return self._read_without_items(paths)
        middle = len(paths) // 2
        return {**self.read(paths[:middle]), **self.read(paths[middle:])}

    def find(self, listing: Listing) -> Iterator[Sequence[tuple[str, Fields]]]:
        after = self._behind(listing)
        while found := self._page(listing, after, listing.batch_max or BATCH_DOCUMENTS_MAX):
            yield [(document["name"].rpartition("/")[2], decoded(document)) for document in found]
            after = _cursor(listing, found[-1])

    def _behind(self, listing: Listing) -> Mapping[str, object] | None:
        if listing.after_id is None:
            return None
        name = f"{self._connection.documents}/{listing.collection}/{listing.after_id}"
        return {"values": [{"referenceValue": name}], "before": False}

    def _read_without_items(self, paths: Sequence[str]) -> Mapping[str, Document | None]:
        cut = self._read(paths, {"mask": {"fieldPaths": ALL_BUT_ITEMS}})
        return {path: order and replace(order, fields=without_items(order.fields)) for path, order in cut.items()}

    def _read(self, paths: Sequence[str], mask: Mapping[str, object] = _ALL) -> Mapping[str, Document | None]:
        asked = {f"{self._connection.documents}/{path}": path for path in paths}
        answers = self._call("batchGet", {"documents": list(asked), **mask})
        documents: dict[str, Document | None] = dict.fromkeys(paths)
        for answer in answers:
            if found := answer.get("found"):
                documents[asked[found["name"]]] = Document(decoded(found), version=found["updateTime"])
        return documents

    def _page(self, listing: Listing, after: Mapping[str, object] | None, at_most: int) -> Sequence[Mapping[str, Any]]:
        """Fewer where their answer is too large: customers decide how large an order is."""
        structured = {**structured_query(listing), **({"startAt": after} if after else {}), "limit": at_most}
        try:
            answers = self._call("runQuery", {"structuredQuery": structured})
        except AnswerTooLarge:
            if at_most > 1:
                return self._page(listing, after, at_most // 2)
            if listing.collection != "orders":
                raise
            # Nothing is held for an order that is too large by itself.
            answers = self._call("runQuery", {"structuredQuery": {**structured, "select": _only(ALL_BUT_ITEMS)}})
        return [answer["document"] for answer in answers if "document" in answer]

    def _call(self, rpc: str, request: Mapping[str, object]) -> Any:  # noqa: ANN401 - JSON
        timed = {**request, "readTime": self._read_time}
        return self._connection.call(rpc, timed, timeout_seconds=QUERY_SECONDS_MAX)


def structured_query(listing: Listing) -> dict[str, object]:
    """As https://cloud.google.com/firestore/docs/reference/rest/v1/StructuredQuery."""
    filters = [
        _filter(name, "IN", {"arrayValue": {"values": [encoded_value(value) for value in values]}})
        for name, values in listing.one_of.items()
    ]
    if listing.span:
        start, end = listing.span
        name = listing.order[0]
        filters += [_filter(name, "GREATER_THAN_OR_EQUAL", encoded_value(start))] if start else []
        filters.append(_filter(name, "LESS_THAN", encoded_value(end)))
    order = [*listing.order, "__name__"]
    return {
        "from": [{"collectionId": listing.collection}],
        "orderBy": [{"field": {"fieldPath": name}, "direction": "ASCENDING"} for name in order],
        **({"where": {"compositeFilter": {"op": "AND", "filters": filters}}} if filters else {}),
        **({"select": _only(listing.only)} if listing.only else {}),
    }


def _only(fields: Sequence[str]) -> Mapping[str, object]:
    return {"fields": [{"fieldPath": name} for name in fields]}


def _filter(name: str, operator: str, value: Mapping[str, object]) -> Mapping[str, object]:
    return {"fieldFilter": {"field": {"fieldPath": name}, "op": operator, "value": value}}


def _cursor(listing: Listing, document: Mapping[str, Any]) -> Mapping[str, object]:
    """Just behind this document."""
    fields = document.get("fields", {})
    return {
        "values": [*(fields[name] for name in listing.order), {"referenceValue": document["name"]}],
        "before": False,
    }
