"""Reads all results of a query, with only one page in memory."""

from datetime import datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.cloud.firestore import CollectionReference, DocumentReference, DocumentSnapshot, Query

PAGE: Final = 300


def documents_of(
    query: "CollectionReference | Query", page: int = PAGE
) -> "Iterator[DocumentSnapshot[DocumentReference]]":
    """All of them. Deleting one as it comes skips no other."""
    following = query.limit(page)
    while found := list(following.stream()):
        yield from found
        following = query.limit(page).start_after(found[-1])


def in_time(
    query: "CollectionReference | Query", field: str, since: datetime | None, until: datetime | None, then: str
) -> "Query":
    """The query's documents with this field from `since` until before `until`, sorted by it, then by another."""
    from google.cloud.firestore import FieldFilter  # noqa: PLC0415 - nothing else takes so long to import

    ordered = query.order_by(field).order_by(then)
    for operator, moment in ((">=", since), ("<", until)):
        ordered = ordered.where(filter=FieldFilter(field, operator, moment)) if moment else ordered
    return ordered
