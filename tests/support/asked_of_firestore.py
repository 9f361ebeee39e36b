"""The queries that the code and the documentation send to Firestore, each as the index it needs."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from google.auth.credentials import AnonymousCredentials
from google.cloud.firestore import Client
from google.cloud.firestore_v1.types import StructuredQuery

from audit.trail import trail_of
from database.connection import Connection
from database.documents.effects import effects_of
from database.documents.findings import ALL_FOUND
from database.documents.orders import HOLDING_ORDERS
from database.documents.takings import TAKINGS
from database.documents.trail_checks import orders_behind
from database.firestore_store import FirestoreStore
from database.http_answers import Answer
from database.moments import FirestoreMoment
from database.queries import FirestoreQueries
from database.store import Listing
from ops.attention import concerns_of
from ops.case import case_of
from ops.event_sources import claims_that_ended, parked_claims
from ops.firestore_reader import FirestoreReader
from ops.lookup import lead_from
from ops.orders import query_for
from ops.paging import cursor_of
from ops.reading import Found, Query
from ops.search import hits_for
from ops.shelves import holders_of, shelves_after
from reconciliation import records
from tests.support.builders import NOW, TERMS
from tests.support.console_modules import said_by_the_console
from tests.support.memory_reader import MemoryReader
from tests.support.memory_store import MemoryStore

# The sort order, which follows the fields compared by `==` or `in`.
Order = tuple[tuple[str, str], ...]
UP: Final = "ASCENDING"
DOWN: Final = "DESCENDING"


@dataclass(frozen=True)
class Asked:
    collection: str
    equal: frozenset[str]
    order: Order = ()
    scope: str = "COLLECTION"


@dataclass
class Recorder:
    """Replaces Firestore's API: finds nothing, and records the queries of the library and of a store."""

    queries: list[StructuredQuery] = field(default_factory=list)

    @property
    def client(self) -> Client:
        client = Client(project="p", credentials=AnonymousCredentials())
        client._firestore_api_internal = self
        return client

    @property
    def store(self) -> FirestoreStore:
        return FirestoreStore(self.connection)

    @property
    def connection(self) -> Connection:
        return Connection("p", self, lambda _: {})

    def run_query(self, request: Mapping[str, Any], **_: object) -> Iterator[object]:
        self.queries.append(StructuredQuery(request["structured_query"]))
        return iter(())

    def post(self, path: str, body: bytes, headers: Mapping[str, str], *, seconds: float) -> Answer:
        asked = json.loads(body)
        query = asked.get("structuredAggregationQuery", asked)["structuredQuery"]
        self.queries.append(StructuredQuery.from_json(json.dumps(query)))
        return Answer(200, b'[{"result": {"aggregateFields": {"n": {"integerValue": "0"}}}}]')


LISTINGS: Final[Mapping[str, Listing]] = {
    "ALL_FOUND": ALL_FOUND,
    "HOLDING_ORDERS": HOLDING_ORDERS,
    "INVENTORY": records.INVENTORY,
    "TAKINGS": TAKINGS,
    "entries_between": records.entries_between(NOW, NOW),
    "entries_of": records.entries_of(["order-1"]),
    "parked_between": records.parked_between(NOW, NOW),
    "orders_behind": orders_behind("order-1", 30),
    "effects_of": effects_of("order-1"),
    "effects_due_before": records.effects_due_before(NOW),
}
"""The queries that are values, and read the database at one moment."""


def at_one_moment(listing: Listing) -> Callable[[Recorder], object]:
    return lambda asked: list(FirestoreMoment(asked.connection, "2026-03-14T15:09:26Z").find(listing))


ASKING: Final[Mapping[str, Callable[[Recorder], object]]] = {
    "parked_events": lambda asked: FirestoreQueries(asked.client).parked_events("order-1"),
    "lapsed_orders": lambda asked: list(FirestoreQueries(asked.client).lapsed_orders(NOW)),
    "stranded_orders": lambda asked: list(FirestoreQueries(asked.client).stranded_orders(NOW)),
    "parked_since": lambda asked: list(FirestoreQueries(asked.client).parked_since(NOW)),
    "due_effects": lambda asked: list(FirestoreQueries(asked.client).due_effects(NOW)),
    "moved_heads": lambda asked: list(FirestoreQueries(asked.client).moved_heads(NOW, NOW)),
    "count_open_orders": lambda asked: asked.store.count_open_orders("alice", timeout_seconds=1),
    "unanswered_requests": lambda asked: list(FirestoreQueries(asked.client).unanswered_requests(NOW, NOW)),
    "unanswered_operator_requests": lambda asked: list(
        FirestoreQueries(asked.client).unanswered_operator_requests(NOW, NOW)
    ),
    "products_after": lambda asked: FirestoreQueries(asked.client).products_after("shirt", 1),
    "takings_after": lambda asked: FirestoreQueries(asked.client).takings_after("order-1", 1),
    "trail_of": lambda asked: trail_of("order-1", asked.client),
    **{name: at_one_moment(listing) for name, listing in LISTINGS.items()},
}
"""Every function of ours that queries by anything but an id."""

# In docs: what customers list, what operators look up, how a customer is erased.
DOCUMENTED: Final = (
    Asked("orders", frozenset({"userId"}), (("createdAt", DOWN),)),
    Asked("orders", frozenset({"status"}), (("createdAt", UP),)),
    Asked("orders", frozenset({"status"}), (("createdAt", DOWN),)),
    Asked("webhookEvents", frozenset({"processed"}), (("parkedAt", UP),)),
    Asked("messages", frozenset(), (("createdAt", DOWN),)),
    Asked("disputes", frozenset({"status"}), (("dueBy", UP),)),
    Asked("disputes", frozenset(), (("status", UP),)),
    *(Asked("orders", frozenset({name})) for name in ("userId", "paymentIntentId", "disputed")),
    *(Asked("webhookEvents", frozenset({name})) for name in ("orderId", "result")),
    *(Asked("orderDetails", frozenset({name})) for name in ("userId", "email")),
    Asked("effects", frozenset({"state"}), (("nextAttemptAt", UP),)),
    *(
        Asked(collection, frozenset({"userId"}))
        for collection in ("messages", "cancelRequests", "checkouts", "effects")
    ),
    *(Asked(collection, frozenset({"orderId"})) for collection in ("disputes", "payments")),
    Asked("effects", frozenset({"orderId"}), (("createdAt", UP),)),
    Asked("products", frozenset({"active"})),
)


class AskingReader(MemoryReader):
    """Finds nothing, and records the queries of the command line."""

    def __init__(self) -> None:
        super().__init__(MemoryStore())
        self.queries: list[Query] = []

    def find(self, query: Query) -> tuple[Found, ...]:
        self.queries.append(query)
        return super().find(query)


def asked_by_operators() -> list[Asked]:
    """Every query of the command line; it counts only by queries that also find."""
    reader = AskingReader()
    for some_id in ("re_1", "order-1"):
        lead_from(some_id, reader)
    case_of("order-1", reader)
    concerns_of(reader, TERMS, NOW)
    hits_for("text", reader, 1)
    holders_of(reader, "shirt")
    shelves_after(reader, "shirt", 1)
    for since in (None, NOW):
        parked_claims(reader, since)
        claims_that_ended(reader, "error", since)
    for user in (None, "alice"):
        reader.find(query_for((), user, NOW, 1, cursor_of(NOW, "order-1")))
    recorder = Recorder()
    for query in reader.queries:
        FirestoreReader(recorder.client).find(query)
    return [asked_in(query) for query in recorder.queries]


def asked_by_the_console() -> list[Asked]:
    """Every query of the console."""
    return [asked_as_a_value(query) for query in said_by_the_console()["queries"]]


def asked_as_a_value(query: Mapping[str, Any]) -> Asked:
    equal = frozenset(field for field, operator, _ in query["where"] if operator in {"==", "in"})
    compared = {field for field, _, _ in query["where"]} - equal
    order = tuple((field, {"asc": UP, "desc": DOWN}[way]) for field, way in query.get("order", ()) if field != "id")
    assert compared - {"id"} <= {name for name, _ in order[:1]}
    # A summed field has to be in the index, behind the compared ones.
    assert "sum" not in query or query["sum"] == order[-1][0]
    return Asked(query["collection"], equal, order, "COLLECTION_GROUP" if query.get("everywhere") else "COLLECTION")


def asked_by(ask: Callable[[Recorder], object]) -> list[Asked]:
    recorder = Recorder()
    ask(recorder)
    return [asked_in(query) for query in recorder.queries]


def asked_in(query: StructuredQuery) -> Asked:
    (source,) = query.from_
    several = [one.field_filter for one in query.where.composite_filter.filters]
    filters = [one for one in (*several, query.where.field_filter) if one.field.field_path]
    equal = {one.field.field_path for one in filters if one.op.name in {"EQUAL", "IN"}}
    order = tuple((one.field.field_path, one.direction.name) for one in query.order_by)
    compared = {one.field.field_path for one in filters} - equal
    # A field compared by a range comes first in the order; every index ends with the document's name.
    assert compared <= {name for name, _ in order[:1]}
    return Asked(
        source.collection_id,
        frozenset(equal),
        tuple(one for one in order if one[0] != "__name__"),
        "COLLECTION_GROUP" if source.all_descendants else "COLLECTION",
    )
