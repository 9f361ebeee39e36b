"""The ledger on Firestore: one BatchGet to read, one Commit to write, never a transaction and never a lock."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from google.api_core import exceptions
from google.cloud.firestore import (
    Client,
    DocumentReference,
    DocumentSnapshot,
    FieldFilter,
    Increment,
    Query,
    WriteBatch,
)

from orders.events import StripeEvent
from orders.outcome import LedgerContended, LedgerUnavailable
from settlement.documents import ORDER_FIELDS, PRODUCT_FIELDS
from settlement.ledger import Committed, Create, Document, Increase, Unreadable, Update, Write
from settlement.parked import parked_event_from

# What each status means: https://cloud.google.com/firestore/docs/understand-error-codes
_SOMEONE_WAS_FASTER: Final = (
    exceptions.AlreadyExists,
    exceptions.FailedPrecondition,
    exceptions.NotFound,
    exceptions.Aborted,
)
# Of a query, the other ones tell that an index is missing: a fault, whose message names the index.
_A_QUERY_WAS_TOO_SLOW: Final = (exceptions.Aborted,)
_NO_ANSWER: Final = (
    exceptions.ServiceUnavailable,
    exceptions.DeadlineExceeded,
    exceptions.ResourceExhausted,
    exceptions.InternalServerError,
    exceptions.Cancelled,
    exceptions.Unknown,
    exceptions.RetryError,
)

_QUERY_SECONDS_MAX: Final = 8.0
BATCH_ORDERS_MAX: Final = 100


class FirestoreLedger:
    """Settlement's `Ledger`. It never retries by itself: a lost answer is resolved by reading again."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def read(self, paths: Sequence[str], *, timeout_seconds: float) -> Mapping[str, Document | None]:
        try:
            return self._read(paths, timeout_seconds)
        except ValueError:
            # The client library refuses a document that holds a reference to another database, wherever it stands.
            return {path: self._read_what_can_be_read(path, timeout_seconds) for path in paths}

    def commit(self, writes: Sequence[Write], *, timeout_seconds: float) -> Committed:
        batch = self._client.batch()
        for write in writes:
            self._add(write, batch)
        with _errors_told_apart():
            results = batch.commit(retry=None, timeout=timeout_seconds)
        answered = list(zip(writes, results, strict=True))
        return Committed(
            versions={write.path: result.update_time for write, result in answered},
            figures={
                write.path: {
                    # Firestore answers in the alphabetical order of the field paths, not in the order written.
                    name: value.integer_value
                    for name, value in zip(sorted(write.amounts), result.transform_results, strict=True)
                }
                for write, result in answered
                if isinstance(write, Increase)
            },
        )

    def count(self, collection: str, *, timeout_seconds: float) -> int:
        with _errors_told_apart():
            query = self._client.collection(collection).count()
            answer = query.get(retry=None, timeout=timeout_seconds)
        return int(answer[0][0].value)

    def parked_events(self, order_id: str) -> tuple[StripeEvent, ...]:
        """The verified events that wait for this order to appear. Raises LedgerUnavailable."""
        query = (
            self._client.collection("webhookEvents")
            .where(filter=FieldFilter("orderId", "==", order_id))
            .where(filter=FieldFilter("processed", "==", False))
        )
        events = (parked_event_from(claim.id, claim.to_dict() or {}) for claim in self._found(query))
        return tuple(event for event in events if event)

    def lapsed_orders(self, now: datetime) -> Iterator[Sequence[str]]:
        """Reserved orders whose time is out, by id and in batches, the longest overdue first. Raises LedgerUnavailable.

        Served by the index (status, reservationExpiresAt).
        """
        query = self._client.collection("orders").where(filter=FieldFilter("status", "==", "reserved"))
        due = query.where(filter=FieldFilter("reservationExpiresAt", "<=", now))
        return _ids_in(self._batches(due.select(["reservationExpiresAt"]), "reservationExpiresAt"))

    def stranded_orders(self, created_before: datetime) -> Iterator[Sequence[str]]:
        """Orders that nobody has placed, or not to the end, by id and in batches. Raises LedgerUnavailable.

        Served by the index (status, createdAt).
        """
        unplaced = FieldFilter("status", "in", ["pending", "reserving"])
        query = self._client.collection("orders").where(filter=unplaced)
        old = query.where(filter=FieldFilter("createdAt", "<=", created_before))
        return _ids_in(self._batches(old.select(["createdAt"]), "createdAt"))

    def parked_since(self, moment: datetime) -> Iterator[Sequence[StripeEvent]]:
        """The events parked since then that still are and can be settled, in batches. Raises LedgerUnavailable.

        Served by the index (processed, parkedAt).
        """
        query = self._client.collection("webhookEvents").where(filter=FieldFilter("processed", "==", False))
        for claims in self._batches(query.where(filter=FieldFilter("parkedAt", ">=", moment)), "parkedAt"):
            events = (parked_event_from(claim.id, claim.to_dict() or {}) for claim in claims)
            yield [event for event in events if event]

    def _batches(self, query: Query, order_by: str) -> Iterator[Sequence[DocumentSnapshot[DocumentReference]]]:
        """What a query finds. Batch by batch, because whoever works on it changes what the query finds."""
        page = query.order_by(order_by).limit(BATCH_ORDERS_MAX)
        while found := self._found(page):
            yield found
            page = page.start_after(found[-1])

    def _found(self, query: Query) -> Sequence[DocumentSnapshot[DocumentReference]]:
        with _errors_told_apart(_A_QUERY_WAS_TOO_SLOW):
            return list(query.get(retry=None, timeout=_QUERY_SECONDS_MAX))

    def _read(
        self, paths: Sequence[str], timeout_seconds: float, field_paths: Sequence[str] | None = None
    ) -> dict[str, Document | None]:
        references = [self._client.document(path) for path in paths]
        documents: dict[str, Document | None] = {}
        with _errors_told_apart():
            for snapshot in self._client.get_all(references, field_paths, retry=None, timeout=timeout_seconds):
                fields = snapshot.to_dict()
                documents[snapshot.reference.path] = (
                    None if fields is None else Document(fields, version=snapshot.update_time)
                )
        return documents

    def _read_what_can_be_read(self, path: str, timeout_seconds: float) -> Document | None:
        """The document field by field, with `Unreadable` for those that cannot be decoded."""
        with contextlib.suppress(ValueError):
            return self._read([path], timeout_seconds)[path]
        found = self._read([path], timeout_seconds, ["__name__"])[path]
        fields: dict[str, object] = {}
        for name in {*ORDER_FIELDS, *PRODUCT_FIELDS}:
            try:
                document = self._read([path], timeout_seconds, [name])[path]
            except ValueError:
                fields[name] = Unreadable()
            else:
                fields |= document.fields if document else {}
        # Fields that were read at different moments belong together only if nobody has written since the first.
        return Document(fields, version=found.version) if found else None

    def _add(self, write: Write, batch: WriteBatch) -> None:
        reference = self._client.document(write.path)
        match write:
            case Create(fields=fields):
                batch.create(reference, dict(fields))
            case Update(fields=fields, version=version):
                batch.update(reference, dict(fields), option=self._client.write_option(last_update_time=version))
            case Increase(amounts=amounts):
                batch.update(reference, {name: Increment(amount) for name, amount in amounts.items()})


def _ids_in(batches: Iterable[Sequence[DocumentSnapshot[DocumentReference]]]) -> Iterator[Sequence[str]]:
    for batch in batches:
        yield [found.id for found in batch]


@contextlib.contextmanager
def _errors_told_apart(
    someone_was_faster: tuple[type[exceptions.GoogleAPICallError], ...] = _SOMEONE_WAS_FASTER,
) -> Iterator[None]:
    """Someone was faster, or there was no answer: both can be tried again. All else is a fault, and stays one."""
    try:
        yield
    except someone_was_faster as error:
        raise LedgerContended(type(error).__name__) from error
    except _NO_ANSWER as error:
        raise LedgerUnavailable(type(error).__name__) from error
