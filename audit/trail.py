"""Reads one order's history from its audit entries."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from google.cloud.firestore import Client, DocumentReference, DocumentSnapshot, FieldFilter
from google.protobuf.timestamp_pb2 import Timestamp

from orders.frozen import frozen


@frozen
class Passage:
    """One thing that happened to the order: a settled cause, or one more delivery of it."""

    event_id: str
    event_type: str
    result: str
    status_before: str | None
    """None for a further delivery, which changes nothing."""
    status_after: str | None
    stock: Sequence[Mapping[str, object]]
    """What moved: `[{productId, stock, reserved}]`, as differences."""
    note: str | None
    happened_at: datetime


def trail_of(order_id: str, client: Client) -> tuple[Passage, ...]:
    """The order's audit entries, and the further deliveries of its events.

    Sorted by commit time, by Firestore's own clock: the `createdAt` of two entries may come from two machines whose
    clocks differ.
    """
    of_this_order = FieldFilter("orderId", "==", order_id)
    # Sorted, so that an index of two fields serves the query: not every edition of Firestore has single-field indexes.
    entries = client.collection("auditLog").where(filter=of_this_order).order_by("createdAt").stream()
    deliveries = client.collection_group("deliveries").where(filter=of_this_order).order_by("createdAt").stream()
    documents = sorted([*entries, *deliveries], key=_committed_at)
    return tuple(_passage_from(document) for document in documents)


def _committed_at(document: DocumentSnapshot[DocumentReference]) -> datetime:
    """The client library returns this time in one of two types, depending on the query."""
    time = document.create_time
    return time.ToDatetime(tzinfo=UTC) if isinstance(time, Timestamp) else time


def _passage_from(document: DocumentSnapshot[DocumentReference]) -> Passage:
    fields = document.to_dict() or {}
    return Passage(
        event_id=fields["eventId"],
        event_type=fields["eventType"],
        result=fields["result"],
        status_before=fields.get("statusBefore"),
        status_after=fields.get("statusAfter"),
        stock=fields.get("stock", ()),
        note=fields.get("note"),
        happened_at=fields["createdAt"],
    )
