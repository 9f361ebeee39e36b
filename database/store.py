"""What the service asks of a database: documents under paths, read at one moment, written all or none; and queries."""

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
    """Changes with every write: Firestore's update time. Only equality means anything: nobody has written since."""


@frozen
class Create:
    """The document must not exist yet."""

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
    """The document must still be as it was read, and is gone afterwards."""

    path: str
    version: object


Write = Create | Update | Increase | Delete


class Committed(NamedTuple):
    """What a commit answered."""

    versions: Mapping[str, object]
    """Of every document that is still there as it was written: not of one that others have written by the same time."""
    figures: Mapping[str, Fields]
    """The figures of every increased document, as they are after the commit: doubles where somebody made doubles of
    them."""


class Promised(NamedTuple):
    """Units of one product that are reserved, or should be."""

    held: int
    """By orders."""
    to_take: int
    """Sold, and still counted as reserved."""


class DocumentStore(Protocol):
    """Documents under paths: read many as of one moment, write many or none."""

    def read(self, paths: Sequence[str], *, timeout_seconds: float) -> Mapping[str, Document | None]:
        """The documents, None where there is none. Raises StoreUnavailable."""

    def commit(self, writes: Sequence[Write], *, timeout_seconds: float) -> Committed:
        """Do all the writes, or none.

        Raises:
            StoreContended: a document was not as a write expects it; nothing was written.
            StoreUnavailable: no answer; all was written or nothing.
        """

    def count(self, collection: str, *, timeout_seconds: float) -> int:
        """How many documents the collection holds. Raises StoreContended, StoreUnavailable."""

    def count_open_orders(self, user_id: str, *, timeout_seconds: float) -> int:
        """How many unpaid orders hold units for this customer. Raises StoreContended, StoreUnavailable."""

    def effects_of(self, order_id: str, *, timeout_seconds: float) -> Mapping[str, Document]:
        """All that is or was to be done outside because of this order, by id, without what was sent; to look at only.

        Raises:
            StoreContended, StoreUnavailable: nobody knows.
        """

    def units_to_take(self, product_id: str, *, timeout_seconds: float) -> int:
        """How many units of it are sold, and still counted as reserved.

        Raises StoreContended, StoreUnavailable; Uncountable, if one of the documents that say so cannot be read.
        """

    def units_promised(self, product_id: str, *, timeout_seconds: float) -> Promised:
        """Of one moment, since an order that is paid goes from the one to the other and may write no inventory.

        Raises StoreContended, StoreUnavailable; Uncountable, likewise or if there are too many orders.
        """


class Listing(NamedTuple):
    """Documents of one collection, in an order of their own."""

    collection: str
    one_of: Mapping[str, Sequence[str]] = MappingProxyType({})
    """Fields that have one of these values each: at most 30."""
    span: tuple[datetime | None, datetime] | None = None
    """The first field of the order is from the one on, if there is one, and before the other."""
    order: Sequence[str] = ()
    """The fields in whose order they come, ascending, and then by id."""
    after_id: str | None = None
    """Only those behind this id; where nothing else orders them."""
    batch_max: int | None = None
    """How many of them in a batch at the most, if that matters."""
    only: Sequence[str] = ()
    """The fields that are read of them; all, if none is named."""


class Moment(Protocol):
    """The database as it was at one moment: whatever is read of it fits together. It can be read for an hour."""

    @property
    def at(self) -> datetime: ...

    def read(self, paths: Sequence[str]) -> Mapping[str, Document | None]:
        """The documents, None where there was none. Raises StoreUnavailable."""

    def find(self, listing: Listing) -> Iterator[Sequence[tuple[str, Fields]]]:
        """Ids and fields of what it finds, in bounded batches. Raises StoreUnavailable."""


class Queries(Protocol):
    """What is found without knowing its id. Batches are bounded, and each is read only when it is asked for."""

    def parked_events(self, order_id: str) -> Iterable[StripeEvent]:
        """The verified events that wait for this order to appear. Raises StoreUnavailable."""

    def lapsed_orders(self, now: datetime) -> Iterator[Sequence[str]]:
        """Reserved orders whose time is out, by id, the longest overdue first. Raises StoreUnavailable."""

    def stranded_orders(self, created_before: datetime) -> Iterator[Sequence[str]]:
        """Orders that nobody has placed, or not to the end, by id. Raises StoreUnavailable."""

    def unanswered_requests(self, made_from: datetime, made_until: datetime) -> Iterator[Sequence[str]]:
        """Orders whose cancel request of that time nobody has answered, by id. Raises StoreUnavailable."""

    def unanswered_operator_requests(self, made_from: datetime, made_until: datetime) -> Iterator[Sequence[str]]:
        """Operators' requests of that time that nobody has answered, by id. Raises StoreUnavailable."""

    def products_after(self, product_id: str, at_most: int) -> Sequence[str]:
        """The next products of the catalogue, by id. Raises StoreUnavailable."""

    def due_effects(self, now: datetime) -> Iterator[Sequence[str]]:
        """Effects whose time has come, by id, the longest overdue first. Raises StoreUnavailable."""

    def takings_after(self, order_id: str, at_most: int) -> Sequence["Taking"]:
        """What is still to be taken for the next paid orders, by their ids. Raises StoreUnavailable."""

    def moved_heads(self, since: datetime, until: datetime) -> Iterator[Sequence["MovedHead"]]:
        """Where the chains of the orders end that were changed after one moment and up to another, the earliest first.

        Raises StoreUnavailable.
        """

    def fcm_tokens(self, user_id: str) -> Sequence[str]:
        """The devices to which messages for this customer can be pushed, the newest first. Raises StoreUnavailable."""

    def parked_since(self, moment: datetime) -> Iterator[Sequence[StripeEvent]]:
        """The events parked since then that still are and can be settled. Raises StoreUnavailable."""
