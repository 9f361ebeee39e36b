"""What settlement asks of a database: documents under paths, read as of one moment, written all or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Document:
    fields: Fields
    version: object
    """Changes with every write: Firestore's update time. Only equality means anything: nobody has written since."""


@dataclass(frozen=True, slots=True)
class Create:
    """The document must not exist yet."""

    path: str
    fields: Fields


@dataclass(frozen=True, slots=True)
class Update:
    """The document must stand as it was read."""

    path: str
    fields: Fields
    version: object


@dataclass(frozen=True, slots=True)
class Increase:
    """The document must exist; its figures change by these amounts, whatever they are."""

    path: str
    amounts: Mapping[str, int]


Write = Create | Update | Increase


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit answered."""

    versions: Mapping[str, object]
    figures: Mapping[str, Mapping[str, int]]
    """The figures of every increased document, as they are after the commit."""


class DocumentStore(Protocol):
    """Documents under paths: read many as of one moment, write many or none."""

    def read(self, paths: Sequence[str], *, timeout_seconds: float) -> Mapping[str, Document | None]:
        """The documents, None where there is none. Raises StoreUnavailable."""

    def commit(self, writes: Sequence[Write], *, timeout_seconds: float) -> Committed:
        """Do all the writes, or none.

        Raises:
            StoreContended: a document did not stand as a write expects it; nothing was written.
            StoreUnavailable: no answer; all was written or nothing.
        """

    def count(self, collection: str, *, timeout_seconds: float) -> int:
        """How many documents the collection holds. Raises StoreUnavailable."""
