"""A moment of a real database, as if its clock showed another time."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from database.store import Document, Fields, Listing, Moment
from orders.frozen import frozen


@frozen
class DatedMoment:
    moment: Moment
    at: datetime

    def read(self, paths: Sequence[str]) -> Mapping[str, Document | None]:
        return self.moment.read(paths)

    def find(self, listing: Listing) -> Iterator[Sequence[tuple[str, Fields]]]:
        return self.moment.find(listing)
