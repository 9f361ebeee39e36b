"""The service's interface to a database: documents read as of one moment and written all or none; and queries."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol

from orders.events import StripeEvent
from orders.frozen import frozen

if TYPE_CHECKING:
    from audit.anchors import MovedHead
    from inventory.takings import Taking

Fields = Mapping[str, object]


class Document(NamedTuple):
    fields: Fields
    version: object
    """Changes with every write: Firestore's update time. Only equality has a meaning: nobody has written since."""


@frozen
class Create:
    """The document must not exist."""

    path: str
    fields: Fields


@frozen
class Update:
    """The document must still be as it was read."""

    path: str
    fields: Fields
    version: object


@frozen
class Increase:
    """The document must exist; its figures change by these amounts, whatever they are."""

    path: str
    amounts: Mapping[str, int]


@frozen
class Delete:
    """Deletes the document, which must still be as it was read."""

    path: str
    version: object


Write = Create | Update | Increase | Delete


class Committed(NamedTuple):
    """The answer to a commit."""

    versions: Mapping[str, object]
    """Of every document that is as this commit wrote it; not of one that others have written in the same group."""
    figures: Mapping[str, Fields]
    """The figures of every increased document after the commit; doubles if somebody had made them doubles."""


class Promised(NamedTuple):
    """Units of one product that are reserved, or should be."""

    held: int
    """Held by orders."""
    to_take: int
    """Sold, and still counted as reserved."""


class DocumentStore(Protocol):
    """Documents under paths: read many as of one moment, write many or none."""

    def read(self, paths: Sequence[str], *, timeout_seconds: float) -> Mapping[str, Document | None]:
        """The documents, None for each that does not exist. Raises StoreUnavailable."""

    def commit(self, writes: Sequence[Write], *, timeout_seconds: float) -> Committed:
        """Do all the writes, or none.

        Raises:
            StoreContended: a document was not as a write requires; nothing was written.
            StoreUnavailable: no answer; everything was written, or nothing.
        """

    def count(self, collection: str, *, timeout_seconds: float) -> int:
        """The number of documents in the collection. Raises StoreContended, StoreUnavailable."""

    def count_open_orders(self, user_id: str, *, timeout_seconds: float) -> int:
        """How many unpaid orders hold units for this customer. Raises StoreContended, StoreUnavailable."""

    def effects_of(self, order_id: str, *, timeout_seconds: float) -> Mapping[str, Document]:
        """The order's effects, done and pending, by id, without payloads and not to be updated.

        Raises:
            StoreContended, StoreUnavailable: no answer.
        """

    def units_to_take(self, product_id: str, *, timeout_seconds: float) -> int:
        """How many units of the product are sold, and still counted as reserved.

        Raises StoreContended and StoreUnavailable; Uncountable if one of the documents cannot be read.
        """

    def units_promised(self, product_id: str, *, timeout_seconds: float) -> Promised:
        """Both figures as of one moment: a payment moves units between them, perhaps without touching inventory.

        Raises StoreContended and StoreUnavailable; Uncountable if a document cannot be read or there are too many
        orders.
        """


class Listing(NamedTuple):
    """A sorted selection of one collection's documents."""

    collection: str
    one_of: Mapping[str, Sequence[str | bool]] = MappingProxyType({})
    """Fields that must have one of these values; at most 30 values each."""
    span: tuple[datetime | None, datetime] | None = None
    """The range of the first field in `order`: from the first time, if given, to before the second."""
    order: Sequence[str] = ()
    """The fields to sort by, ascending, then by id."""
    after_id: str | None = None
    """Only documents with greater ids; only if `order` is empty."""
    batch_max: int | None = None
    """The most documents in a batch, if that matters."""
    only: Sequence[str] = ()
    """The fields to read; all if empty."""


class Moment(Protocol):
    """The database as of one moment: all reads are consistent with each other. It can be read for an hour."""

    @property
    def at(self) -> datetime: ...

    def read(self, paths: Sequence[str]) -> Mapping[str, Document | None]:
        """The documents, None for each that did not exist. Raises StoreUnavailable."""

    def find(self, listing: Listing) -> Iterator[Sequence[tuple[str, Fields]]]:
        """Ids and fields of the listing's documents, in bounded batches. Raises StoreUnavailable."""


class Queries(Protocol):
    """Queries for documents of unknown id. Batches are bounded, and read only when needed."""

    def parked_events(self, order_id: str) -> Iterable[StripeEvent]:
        """The verified events that wait for this order. Raises StoreUnavailable."""

    def lapsed_orders(self, now: datetime) -> Iterator[Sequence[str]]:
        """Ids of reserved orders whose hold has run out, the longest overdue first. Raises StoreUnavailable."""

    def stranded_orders(self, created_before: datetime) -> Iterator[Sequence[str]]:
        """Ids of orders that are not placed yet, or not completely. Raises StoreUnavailable."""

    def unanswered_requests(self, made_from: datetime, made_until: datetime) -> Iterator[Sequence[str]]:
        """Ids of orders with an unanswered cancel request of that period. Raises StoreUnavailable."""

    def unanswered_operator_requests(self, made_from: datetime, made_until: datetime) -> Iterator[Sequence[str]]:
        """Ids of operators' unanswered requests of that period. Raises StoreUnavailable."""

    def products_after(self, product_id: str, at_most: int) -> Sequence[str]:
        """The ids of the catalogue's next products. Raises StoreUnavailable."""

    def due_effects(self, now: datetime) -> Iterator[Sequence[str]]:
        """Ids of effects that are due, the longest overdue first. Raises StoreUnavailable."""

    def takings_after(self, order_id: str, at_most: int) -> Sequence["Taking"]:
        """The takings of the next paid orders, by order id. Raises StoreUnavailable."""

    def moved_heads(self, since: datetime, until: datetime) -> Iterator[Sequence["MovedHead"]]:
        """Heads of orders changed after `since`, up to `until`, earliest first. Raises StoreUnavailable."""

    def fcm_tokens(self, user_id: str) -> Sequence[str]:
        """The tokens of this customer's devices, the newest first. Raises StoreUnavailable."""

    def parked_since(self, moment: datetime) -> Iterator[Sequence[StripeEvent]]:
        """The events parked since then that still are and can be settled. Raises StoreUnavailable."""
