"""Queries for documents of unknown id: orders to place or release, parked events, requests, products."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final, cast

from google.api_core.exceptions import GoogleAPICallError
from google.cloud.firestore import Client, DocumentReference, DocumentSnapshot, FieldFilter, Query

from audit.anchors import MovedHead
from database.documents.anchors import moved_head_from
from database.documents.audit_heads import HEAD_FIELDS
from database.documents.effects import UNFINISHED
from database.documents.fcm_tokens import fcm_tokens_path, newest_first
from database.documents.parked_events import parked_event_from
from database.documents.takings import units_to_take_from
from database.errors import READ_CONTENDED, error_of
from inventory.takings import Taking
from orders.events import StripeEvent

if TYPE_CHECKING:
    from google.api_core.datetime_helpers import DatetimeWithNanoseconds

QUERY_SECONDS_MAX: Final = 8.0
BATCH_DOCUMENTS_MAX: Final = 100
BATCH_HEADS_MAX: Final = 500
"""More, since little is done with each."""
BATCH_EFFECTS_MAX: Final = 16
"""Fewer, since performing each takes longer than a database call."""


class FirestoreQueries:
    """The entry points' `Queries` on Firestore. Each names its index."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def parked_events(self, order_id: str) -> tuple[StripeEvent, ...]:
        """The verified events that wait for this order. Raises StoreUnavailable.

        Served by the index (orderId, processed).
        """
        query = (
            self._client.collection("webhookEvents")
            .where(filter=FieldFilter("orderId", "==", order_id))
            .where(filter=FieldFilter("processed", "==", False))
        )
        events = (parked_event_from(claim.id, claim.to_dict() or {}) for claim in self._found(query))
        return tuple(event for event in events if event)

    def lapsed_orders(self, now: datetime) -> Iterator[Sequence[str]]:
        """Ids of reserved orders whose hold has run out, in batches, longest overdue first. Raises StoreUnavailable.

        Served by the index (status, reservationExpiresAt).
        """
        query = self._client.collection("orders").where(filter=FieldFilter("status", "==", "reserved"))
        due = query.where(filter=FieldFilter("reservationExpiresAt", "<=", now))
        return _ids_in(self._batches(due.select(["reservationExpiresAt"]), "reservationExpiresAt"))

    def stranded_orders(self, created_before: datetime) -> Iterator[Sequence[str]]:
        """Ids of orders that are not placed yet, or not completely, in batches. Raises StoreUnavailable.

        Served by the index (status, createdAt).
        """
        unplaced = FieldFilter("status", "in", ["pending", "reserving"])
        query = self._client.collection("orders").where(filter=unplaced)
        old = query.where(filter=FieldFilter("createdAt", "<=", created_before))
        return _ids_in(self._batches(old.select(["createdAt"]), "createdAt"))

    def unanswered_requests(self, made_from: datetime, made_until: datetime) -> Iterator[Sequence[str]]:
        """Ids of orders with an unanswered cancel request of that period, in batches. Raises StoreUnavailable.

        Served by the index (createdAt, userId). An answered request has `expireAt`; all are read to tell.
        """
        # Enterprise edition creates no indexes by itself, and Standard refuses one of a single field: hence the second.
        requests = self._client.collection("cancelRequests").where(filter=FieldFilter("createdAt", ">=", made_from))
        return self._unanswered(requests.where(filter=FieldFilter("createdAt", "<=", made_until)), "userId")

    def unanswered_operator_requests(self, made_from: datetime, made_until: datetime) -> Iterator[Sequence[str]]:
        """Ids of operators' unanswered requests of that period, in batches. Raises StoreUnavailable.

        Served by the index (createdAt, kind), as above.
        """
        requests = self._client.collection("operatorRequests").where(filter=FieldFilter("createdAt", ">=", made_from))
        return self._unanswered(requests.where(filter=FieldFilter("createdAt", "<=", made_until)), "kind")

    def products_after(self, product_id: str, at_most: int) -> Sequence[str]:
        """The ids of the catalogue's next products, or with an empty id of the first. Raises StoreUnavailable."""
        products = self._client.collection("products")
        page = products.order_by("__name__").select([]).limit(at_most)
        rest = page.start_after({"__name__": products.document(product_id)}) if product_id else page
        return [product.id for product in self._found(rest)]

    def takings_after(self, order_id: str, at_most: int) -> Sequence[Taking]:
        """The takings of the next paid orders by id, or with an empty id of the first. Raises StoreUnavailable."""
        takings = self._client.collection("takings")
        page = takings.order_by("__name__").limit(at_most)
        rest = page.start_after({"__name__": takings.document(order_id)}) if order_id else page
        return [_taking_in(found) for found in self._found(rest)]

    def moved_heads(self, since: datetime, until: datetime) -> Iterator[Sequence[MovedHead]]:
        """Heads of orders changed after the first time and up to the second, in batches. Raises StoreUnavailable.

        Served by the index (updatedAt, auditCount).
        """
        query = self._client.collection("orders").where(filter=FieldFilter("updatedAt", ">", since))
        moved = query.where(filter=FieldFilter("updatedAt", "<=", until)).select(["updatedAt", *HEAD_FIELDS])
        # An index of two fields, as above; it contains only orders that have a chain.
        for batch in self._batches(moved, "updatedAt", "auditCount", at_most=BATCH_HEADS_MAX):
            heads = (moved_head_from(order.id, order.to_dict() or {}) for order in batch)
            yield [head for head in heads if head]

    def parked_since(self, moment: datetime) -> Iterator[Sequence[StripeEvent]]:
        """The events parked since then that still are and can be settled, in batches. Raises StoreUnavailable.

        Served by the index (processed, parkedAt).
        """
        query = self._client.collection("webhookEvents").where(filter=FieldFilter("processed", "==", False))
        for claims in self._batches(query.where(filter=FieldFilter("parkedAt", ">=", moment)), "parkedAt"):
            events = (parked_event_from(claim.id, claim.to_dict() or {}) for claim in claims)
            yield [event for event in events if event]

    def due_effects(self, now: datetime) -> Iterator[Sequence[str]]:
        """Ids of effects that are due, in batches, the longest overdue first. Raises StoreUnavailable.

        Served by the index (state, nextAttemptAt).
        """
        query = self._client.collection("effects").where(filter=FieldFilter("state", "in", UNFINISHED))
        due = query.where(filter=FieldFilter("nextAttemptAt", "<=", now))
        return _ids_in(self._batches(due.select(["nextAttemptAt"]), "nextAttemptAt", at_most=BATCH_EFFECTS_MAX))

    def fcm_tokens(self, user_id: str) -> Sequence[str]:
        """The tokens of this customer's devices, the newest first. Raises StoreUnavailable.

        Sorted here: an index would be written each time somebody opens the app, only to sort a few.
        """
        devices = self._client.collection(fcm_tokens_path(user_id)).select(["createdAt"]).limit(BATCH_DOCUMENTS_MAX)
        return newest_first({device.id: device.to_dict() or {} for device in self._found(devices)})

    def _unanswered(self, made: Query, second: str) -> Iterator[Sequence[str]]:
        for batch in self._batches(made.select(["createdAt", second, "expireAt"]), "createdAt", second):
            yield [request.id for request in batch if "expireAt" not in (request.to_dict() or {})]

    def _batches(
        self, query: Query, *order_by: str, at_most: int = BATCH_DOCUMENTS_MAX
    ) -> Iterator[Sequence[DocumentSnapshot[DocumentReference]]]:
        """The query's results, one batch after the other, since the caller's work changes what the query finds."""
        for field in order_by:
            query = query.order_by(field)
        page = query.limit(at_most)
        while found := self._found(page):
            yield found
            page = page.start_after(found[-1])

    def _found(self, query: Query) -> Sequence[DocumentSnapshot[DocumentReference]]:
        try:
            return list(query.get(retry=None, timeout=QUERY_SECONDS_MAX))
        except GoogleAPICallError as error:
            status = error.grpc_status_code.name if error.grpc_status_code else "UNKNOWN"
            raise error_of(status, error.message, READ_CONTENDED) from error


def _taking_in(found: DocumentSnapshot[DocumentReference]) -> Taking:
    # Only a missing document has none of these.
    created_at, updated_at = (cast("DatetimeWithNanoseconds", time) for time in (found.create_time, found.update_time))
    return Taking(found.id, units_to_take_from(found.to_dict() or {}), updated_at.rfc3339(), created_at)


def _ids_in(batches: Iterable[Sequence[DocumentSnapshot[DocumentReference]]]) -> Iterator[Sequence[str]]:
    for batch in batches:
        yield [found.id for found in batch]
