"""`firestore.indexes.json` has every index that a query needs, and no other."""

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pytest

from database.store import Committed, Write
from ops.attention import WATCHED
from tests.support.asked_of_firestore import (
    ASKING,
    DOCUMENTED,
    LISTINGS,
    UP,
    Asked,
    Order,
    asked_by,
    asked_by_operators,
    asked_by_the_console,
)
from tests.support.builders import a_placement, an_order, redelivered
from tests.support.deployed import PACKAGES
from tests.support.index_entries import Indexes
from tests.support.memory_store import MemoryStore
from tests.support.payments import EVENTS_OF_ONE_PAYMENT, a_payment
from tests.support.refunds import a_dispute
from tests.support.settling import settled
from tests.support.shop import a_shop_after, shop_documents
from tools.toolchain import ROOT

CONFIGURED: dict[str, Any] = json.loads((ROOT / "firestore.indexes.json").read_text())
ROWS_OF_A_PAID_ORDER_MAX: Final = 43


def composites(asked: Asked) -> list[Order]:
    return [
        tuple((one["fieldPath"], one["order"]) for one in index["fields"])
        for index in CONFIGURED["indexes"]
        if (index["collectionGroup"], index["queryScope"]) == (asked.collection, asked.scope)
    ]


def is_served(asked: Asked) -> bool:
    # A collection is always ordered by name.
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
        # Queries over REST.
        or (isinstance(part, ast.Constant) and part.value in {"where", "orderBy"})
    }
    # These two only page and encode the others' queries.
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
    """Records each document that a commit changes, before and after."""

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
"""Only reconciliation writes these."""


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
