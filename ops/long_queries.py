"""What a query finds, to its end: however much that is, one page of it is in memory."""

from datetime import datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.cloud.firestore import CollectionReference, DocumentReference, DocumentSnapshot, Query

PAGE: Final = 300


def documents_of(
    query: "CollectionReference | Query", page: int = PAGE
) -> "Iterator[DocumentSnapshot[DocumentReference]]":
    """All of them. Whoever deletes one as it comes skips none of the others."""
    following = query.limit(page)
    while found := list(following.stream()):
        yield from found
        following = query.limit(page).start_after(found[-1])


def in_time(
    query: "CollectionReference | Query", field: str, since: datetime | None, until: datetime | None, then: str
) -> "Query":
    """Of a query, what has a time in this field from one moment on and before another, by that, and then by another."""
    from google.cloud.firestore import FieldFilter  # noqa: PLC0415 - nothing else takes so long to import

    ordered = query.order_by(field).order_by(then)
    for operator, moment in ((">=", since), ("<", until)):
        ordered = ordered.where(filter=FieldFilter(field, operator, moment)) if moment else ordered
    return ordered
