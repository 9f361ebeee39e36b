"""The database as of one moment, however long one reads: every read names the same time.

https://cloud.google.com/firestore/docs/understand-reads-writes-scale#read-time: any time within the last hour.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from database.connection import Connection
from database.documents.orders import ALL_BUT_ITEMS, without_items
from database.errors import AnswerTooLarge
from database.listings import pages_of
from database.messages import decoded
from database.store import Document, Fields, Listing

QUERY_SECONDS_MAX: Final = 8.0
_ANYTHING: Final = "reconciliations/stripe"
_ALL: Final[Mapping[str, object]] = {}


class FirestoreMoments:
    """Creates `Moment`s of one database."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def now(self) -> "FirestoreMoment":
        """The present moment. Raises StoreUnavailable."""
        # Only Firestore's own clock can name it.
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
        """Splits the paths over as many calls as needed. An order that is too large is read without its items."""
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
        return pages_of(listing, self._connection.documents, partial(self._call, "runQuery"))

    def _read_without_items(self, paths: Sequence[str]) -> Mapping[str, Document | None]:
        cut = self._read(paths, {"mask": {"fieldPaths": ALL_BUT_ITEMS}})
        return {path: order and order._replace(fields=without_items(order.fields)) for path, order in cut.items()}

    def _read(self, paths: Sequence[str], mask: Mapping[str, object] = _ALL) -> Mapping[str, Document | None]:
        asked = {f"{self._connection.documents}/{path}": path for path in paths}
        answers = self._call("batchGet", {"documents": list(asked), **mask})
        documents: dict[str, Document | None] = dict.fromkeys(paths)
        for answer in answers:
            if found := answer.get("found"):
                documents[asked[found["name"]]] = Document(decoded(found), version=found["updateTime"])
        return documents

    def _call(self, rpc: str, request: Mapping[str, object]) -> Any:  # noqa: ANN401 - JSON
        timed = {**request, "readTime": self._read_time}
        return self._connection.call(rpc, timed, timeout_seconds=QUERY_SECONDS_MAX)
