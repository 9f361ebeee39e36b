"""The command line's queries have the same answers in memory and from Firestore, so its tests need no emulator."""

from datetime import timedelta

import pytest

from ops.firestore_reader import FirestoreReader
from ops.reading import LAST, Query, Reader, Where
from tests.contract.database import Database, InFirestore, InMemory
from tests.support.builders import NOW
from tests.support.memory_reader import MemoryReader

LATER = NOW + timedelta(hours=1)


def reader_of(database: Database) -> Reader:
    if isinstance(database, InFirestore):
        return FirestoreReader(database.client)
    assert isinstance(database, InMemory)
    return MemoryReader(database.store)


@pytest.fixture
def reader(database: Database) -> Reader:
    """Four orders, three of them of the same time; two documents of one collection group; an open finding."""
    for order_id, status, at in (("a", "x", NOW), ("ab", "y", NOW), ("b", "x", NOW), ("c", "x", LATER)):
        database.put(f"orders/{order_id}", {"status": status, "createdAt": at, "userId": f"user-{order_id}"})
    for event_id in ("evt_1", "evt_2"):
        database.put(f"auditLog/{event_id}/deliveries/2", {"orderId": "a", "createdAt": NOW})
    database.put("findings/open", {"state": "open"})
    database.put("findings/closed", {"state": "closed"})
    return reader_of(database)


OF_X = (Where("status", "==", "x"),)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        (Query("orders"), ["a", "ab", "b", "c"]),
        (Query("orders", prefix="a"), ["a", "ab"]),
        (Query("orders", at_most=1), ["a"]),
        (Query("orders", after=(None, "ab")), ["b", "c"]),
        (Query("orders", OF_X), ["a", "b", "c"]),
        (Query("orders", OF_X, "createdAt", is_descending=True), ["c", "b", "a"]),
        (Query("orders", OF_X, "createdAt", is_descending=True, after=(NOW, "b")), ["a"]),
        (Query("orders", OF_X, "createdAt", after=(NOW, "a")), ["b", "c"]),
        (Query("orders", (Where("status", "in", ["x", "y"]), Where("createdAt", ">=", LATER)), "createdAt"), ["c"]),
        (Query("orders", (*OF_X, Where("createdAt", "<=", NOW)), "createdAt"), ["a", "b"]),
        (
            Query("orders", (Where("userId", ">=", "user-a"), Where("userId", "<=", f"user-a{LAST}")), "userId"),
            ["a", "ab"],
        ),
        (Query("orders", order_by="finalizedAt"), []),
        (Query("findings", (Where("state", "==", "open"),)), ["open"]),
        (Query("deliveries", (Where("orderId", "==", "a"),), "createdAt", is_group=True), ["2", "2"]),
    ],
)
def test_a_query_finds_the_same_in_the_same_order(reader: Reader, query: Query, ids: list[str]) -> None:
    assert [found.id for found in reader.find(query)] == ids


def test_all_are_counted_however_many_are_wanted(reader: Reader) -> None:
    assert reader.count(Query("orders", OF_X, "createdAt", at_most=1)) == 3


def test_documents_are_read_by_their_paths_and_those_that_are_missing_are_left_out(reader: Reader) -> None:
    found = reader.read("orders/a", "orders/z", "auditLog/evt_1/deliveries/2")
    assert {path: (each.path, each.fields["createdAt"]) for path, each in found.items()} == {
        path: (path, NOW) for path in ("orders/a", "auditLog/evt_1/deliveries/2")
    }
