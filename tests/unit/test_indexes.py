"""What `firestore.indexes.json` asks of Firestore, which the emulator ignores: indexes and times to live."""

import ast
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
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
from database.store import Committed, Listing, Write
from ops.attention import WATCHED, concerns_of
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
from tests.support.builders import NOW, TERMS, a_placement, an_order, redelivered
from tests.support.console_modules import said_by_the_console
from tests.support.deployed import PACKAGES
from tests.support.index_entries import Indexes
from tests.support.memory_reader import MemoryReader
from tests.support.memory_store import MemoryStore
from tests.support.payments import EVENTS_OF_ONE_PAYMENT, a_payment
from tests.support.refunds import a_dispute
from tests.support.settling import settled
from tests.support.shop import a_shop_after, shop_documents
from tools.toolchain import ROOT

CONFIGURED: dict[str, Any] = json.loads((ROOT / "firestore.indexes.json").read_text())
ROWS_OF_A_PAID_ORDER_MAX: Final = 43

# What the query sorts by, behind what it compares with one value, or with one of several.
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
    """In the place of Firestore's API: finds nothing, and keeps what the library asks of it, and what a store does."""

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
    "orders_behind": orders_behind("order-1", 30),
    "effects_of": effects_of("order-1"),
    "effects_due_before": records.effects_due_before(NOW),
}
"""Those that are values, and asked of the database as it was at one moment."""


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
"""Every function of ours that asks by anything but an id."""

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
    """Finds nothing, and keeps what the command line asks of it."""

    def __init__(self) -> None:
        super().__init__(MemoryStore())
        self.queries: list[Query] = []

    def find(self, query: Query) -> tuple[Found, ...]:
        self.queries.append(query)
        return super().find(query)


def asked_by_operators() -> list[Asked]:
    """Every query of the command line, which counts only what it also finds."""
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
    """Every query of the console's."""
    return [asked_as_a_value(query) for query in said_by_the_console()["queries"]]


def asked_as_a_value(query: Mapping[str, Any]) -> Asked:
    equal = frozenset(field for field, operator, _ in query["where"] if operator in {"==", "in"})
    compared = {field for field, _, _ in query["where"]} - equal
    order = tuple((field, {"asc": UP, "desc": DOWN}[way]) for field, way in query.get("order", ()) if field != "id")
    assert compared - {"id"} <= {name for name, _ in order[:1]}
    # What is added up has to be in the index, behind what is compared.
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
    # What is compared comes first in the order, and the document's name last in every index.
    assert compared <= {name for name, _ in order[:1]}
    return Asked(
        source.collection_id,
        frozenset(equal),
        tuple(one for one in order if one[0] != "__name__"),
        "COLLECTION_GROUP" if source.all_descendants else "COLLECTION",
    )


def composites(asked: Asked) -> list[Order]:
    return [
        tuple((one["fieldPath"], one["order"]) for one in index["fields"])
        for index in CONFIGURED["indexes"]
        if (index["collectionGroup"], index["queryScope"]) == (asked.collection, asked.scope)
    ]


def is_served(asked: Asked) -> bool:
    # By its name alone, a collection is in order by itself.
    return not (asked.equal or asked.order) or any(is_served_by(index, asked) for index in composites(asked))


def is_served_by_one_field(asked: Asked) -> bool:
    fields = [*[(name, UP) for name in asked.equal], *asked.order]
    if not fields:
        return False
    name, order = fields[0]
    return len(fields) == 1 and order in {
        mode.get("order") for mode in Indexes(CONFIGURED).modes_of(asked.collection, name)
    }


def is_served_by(index: Order, asked: Asked) -> bool:
    equal, order = index[: len(asked.equal)], index[len(asked.equal) :]
    return {name for name, _ in equal} == asked.equal and order == asked.order


@pytest.mark.parametrize("name", sorted(ASKING))
def test_every_query_of_the_code_has_its_index_where_firestore_makes_none_by_itself(name: str) -> None:
    asked = asked_by(ASKING[name])
    assert asked
    assert [one for one in asked if not is_served(one)] == []


@pytest.mark.parametrize("asked", DOCUMENTED)
def test_every_query_of_the_documentation_has_its_index(asked: Asked) -> None:
    assert is_served_by_one_field(asked) or is_served(asked)


def test_every_query_of_the_command_line_has_its_index() -> None:
    asked = asked_by_operators()
    assert len(asked) > len(WATCHED)
    assert [one for one in asked if not (is_served_by_one_field(one) or is_served(one))] == []


def test_every_query_of_the_console_has_its_index() -> None:
    asked = asked_by_the_console()
    assert len(asked) > len(WATCHED)
    assert [one for one in asked if not (is_served_by_one_field(one) or is_served(one))] == []


def test_no_other_index_is_kept() -> None:
    asked = [
        *DOCUMENTED,
        *asked_by_operators(),
        *asked_by_the_console(),
        *(one for ask in ASKING.values() for one in asked_by(ask)),
    ]
    needed = {(one.collection, index) for one in asked for index in composites(one) if is_served_by(index, one)}
    assert len(needed) == len(CONFIGURED["indexes"])
    alone = {
        (one.collection, name)
        for one in asked
        if len(one.equal) + len(one.order) == 1
        for name in (*one.equal, *(name for name, _ in one.order))
    }
    singles = {(rule["collectionGroup"], rule["fieldPath"]) for rule in CONFIGURED["fieldOverrides"] if rule["indexes"]}
    assert singles <= alone


def test_every_function_that_asks_is_asked_here() -> None:
    asking = {
        function.name
        for package in PACKAGES
        for module in (ROOT / package).rglob("*.py")
        for function in ast.walk(ast.parse(module.read_text()))
        if isinstance(function, ast.FunctionDef)
        for part in ast.walk(function)
        if (isinstance(part, ast.Attribute) and part.attr in {"where", "order_by", "collection_group"})
        # What goes over REST.
        or (isinstance(part, ast.Constant) and part.value in {"where", "orderBy"})
    }
    # Orders and pages whatever the others ask; writes a query as Firestore takes it.
    assert asking - {"_batches", "structured_query"} == ASKING.keys() - LISTINGS.keys()


def test_every_query_that_is_a_value_is_asked_here() -> None:
    made = {
        name
        for package in PACKAGES
        for module in (ROOT / package).rglob("*.py")
        for part in ast.walk(ast.parse(module.read_text()))
        for name in listing_named_in(part)
    }
    assert made == LISTINGS.keys()


def listing_named_in(part: ast.AST) -> Iterator[str]:
    """A constant that is a listing, or a function that makes one."""
    match part:
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.Call(func=ast.Name(id="Listing"))):
            yield name
        case ast.FunctionDef(name=name, returns=ast.Name(id="Listing")):
            yield name


class CountingStore(MemoryStore):
    """Keeps what each commit has made of the documents that it wrote, beside what they were."""

    def __init__(self, documents: Mapping[str, Mapping[str, object]]) -> None:
        super().__init__(documents)
        self.written: list[tuple[str, Mapping[str, object], Mapping[str, object]]] = []

    def commit(self, writes: Sequence[Write], *, timeout_seconds: float) -> Committed:
        before = {write.path: dict(self.get(write.path) or {}) for write in writes}
        committed = super().commit(writes, timeout_seconds=timeout_seconds)
        self.written += [(path, old, dict(self.get(path) or {})) for path, old in before.items()]
        return committed


def test_a_paid_order_writes_few_index_rows() -> None:
    store = CountingStore(shop_documents(an_order()))
    settled(a_placement(), store)
    for event in EVENTS_OF_ONE_PAYMENT:
        settled(event, store)
    by_default = Indexes({"indexes": [], "fieldOverrides": []})
    assert sum(by_default.entries_of(*document) for document in store.written) > 7 * ROWS_OF_A_PAID_ORDER_MAX
    assert sum(Indexes(CONFIGURED).entries_of(*document) for document in store.written) <= ROWS_OF_A_PAID_ORDER_MAX


RECONCILED: Final = ("baselines", "findings", "reconciliations")
"""What only reconciliation writes."""


def test_nothing_is_indexed_that_nobody_has_named() -> None:
    store = a_shop_after(a_placement(), a_payment(), redelivered(a_payment()), a_dispute("evt_dispute"))
    # The app alone writes the details, and where a customer is reached; for the rest, something has to be done outside,
    # or a product has to be hot.
    written = {
        "orderDetails",
        "users",
        "fcmTokens",
        "effects",
        "checkouts",
        "mail",
        "anchors",
        "chains",
        "heads",
        "erasures",
        "takings",
        *RECONCILED,
    } | {*(path.split("/")[-2] for path, _ in store.documents())}
    assert written == {rule["collectionGroup"] for rule in CONFIGURED["fieldOverrides"] if rule["fieldPath"] == "*"}
    assert all(rule["indexes"] == [] for rule in CONFIGURED["fieldOverrides"] if rule["fieldPath"] == "*")


def test_what_the_service_gives_a_time_to_live_is_deleted_when_it_is_over() -> None:
    lives = {(rule["collectionGroup"], rule["fieldPath"]) for rule in CONFIGURED["fieldOverrides"] if rule.get("ttl")}
    assert lives == {
        (collection, "expireAt")
        for collection in ("webhookEvents", "messages", "cancelRequests", "operatorRequests", "effects")
    }


def test_no_time_to_live_is_indexed_because_it_rises_steadily_and_nobody_asks_for_it() -> None:
    assert [rule for rule in CONFIGURED["fieldOverrides"] if rule.get("ttl") and rule["indexes"]] == []


def test_no_field_is_configured_twice() -> None:
    named = [(rule["collectionGroup"], rule["fieldPath"]) for rule in CONFIGURED["fieldOverrides"]]
    assert len(set(named)) == len(named)
