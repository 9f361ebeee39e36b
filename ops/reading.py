"""What the command line reads of a database, as frozen data: documents, queries and counts. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from database.store import Fields

LAST: Final = "\uf8ff"
"""Sorts after all characters of ids: ids with a prefix lie between the prefix and the prefix followed by this."""


@dataclass(frozen=True, slots=True)
class Where:
    field: str
    operator: str
    """`==`, `in`, `>=` or `<=`."""
    value: object


@dataclass(frozen=True, slots=True)
class Query:
    """Up to a number of documents of a collection, in a total order."""

    collection: str
    where: tuple[Where, ...] = ()
    order_by: str | None = None
    """A field, with ties sorted by id; None sorts by id alone."""
    is_descending: bool = False
    prefix: str = ""
    """The beginning of the ids; only without other conditions."""
    after: tuple[object, str] | None = None
    """The value of `order_by` and the id of the last document seen."""
    at_most: int = 100
    is_group: bool = False
    """Whether to query all collections of this name, wherever they are."""


@dataclass(frozen=True, slots=True)
class Found:
    path: str
    fields: Fields
    created_at: datetime
    """By the database's own clock."""

    @property
    def id(self) -> str:
        return self.path.rpartition("/")[2]


class Reader(Protocol):
    """Reads only. Each method raises Transient, or an error of `database.errors`."""

    def read(self, *paths: str) -> Mapping[str, Found]:
        """The existing documents, by path."""

    def find(self, query: Query) -> tuple[Found, ...]: ...

    def count(self, query: Query) -> int:
        """How many there are, regardless of the query's limit."""
