"""What the command line asks of a database, as frozen data: documents under paths, queries, and counts. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from database.store import Fields

LAST: Final = "\uf8ff"
"""Sorts behind all that ids are made of: what begins with a text lies between that and the text followed by this."""


@dataclass(frozen=True, slots=True)
class Where:
    field: str
    operator: str
    """`==`, `in`, `>=` or `<=`."""
    value: object


@dataclass(frozen=True, slots=True)
class Query:
    """What of a collection is wanted: so many documents at most, in an order that no two of them share."""

    collection: str
    where: tuple[Where, ...] = ()
    order_by: str | None = None
    """A field, and of documents that agree in it, their ids; None orders by id alone."""
    is_descending: bool = False
    prefix: str = ""
    """How the ids begin of those that are wanted; only where nothing else says what is."""
    after: tuple[object, str] | None = None
    """The value of `order_by` and the id of the last document that was seen."""
    at_most: int = 100
    is_group: bool = False
    """Whether all collections of this name are asked, wherever they are."""


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
    """Nothing is changed. Each raises Transient, or a fault of `database.errors`."""

    def read(self, *paths: str) -> Mapping[str, Found]:
        """The documents that there are, by path."""

    def find(self, query: Query) -> tuple[Found, ...]: ...

    def count(self, query: Query) -> int:
        """How many there are, however many are wanted at most."""
