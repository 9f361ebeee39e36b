"""What settlement relies on in a database: Firestore, the store in memory and a rehearsal keep the same promises."""

import pytest

from database.store import Create, Delete, Document, Increase, Update, Write
from orders.order import OrderStatus
from orders.outcome import StoreContended
from tests.contract.database import Database, InFirestore, InMemory, InRehearsal
from tests.support.builders import NOW
from tests.support.memory_store import MemoryStore

SOON = 5.0


@pytest.fixture(params=["memory", "rehearsal", "firestore"])
def database(request: pytest.FixtureRequest) -> Database:
    """A rehearsal keeps the same promises, whatever it is a rehearsal of."""
    if request.param == "firestore":
        return InFirestore(request.getfixturevalue("firestore_client"))
    return InMemory() if request.param == "memory" else InRehearsal(MemoryStore())


def read(database: Database, path: str) -> Document | None:
    return database.store.read([path], timeout_seconds=SOON)[path]


def version_of(database: Database, path: str) -> object:
    document = read(database, path)
    assert document is not None
    return document.version


def test_a_read_answers_what_is_there_and_what_is_not(database: Database) -> None:
    database.put("orders/here", {"status": "pending"})
    documents = database.store.read(["orders/here", "orders/gone"], timeout_seconds=SOON)
    assert documents["orders/gone"] is None
    assert documents["orders/here"] is not None and documents["orders/here"].fields == {"status": "pending"}


def test_a_document_is_created_once(database: Database) -> None:
    database.store.commit([Create("webhookEvents/e", {"n": 1})], timeout_seconds=SOON)
    with pytest.raises(StoreContended):
        database.store.commit([Create("webhookEvents/e", {"n": 2})], timeout_seconds=SOON)
    assert database.get("webhookEvents/e") == {"n": 1}


def test_an_update_keeps_the_other_fields(database: Database) -> None:
    database.put("orders/o", {"a": 1, "b": 2})
    database.store.commit([Update("orders/o", {"b": 3}, version_of(database, "orders/o"))], timeout_seconds=SOON)
    assert database.get("orders/o") == {"a": 1, "b": 3}


def test_an_update_loses_to_any_write_since_the_read(database: Database) -> None:
    database.put("orders/o", {"a": 1})
    version = version_of(database, "orders/o")
    database.put("orders/o", {"a": 2})
    with pytest.raises(StoreContended):
        database.store.commit([Update("orders/o", {"a": 3}, version)], timeout_seconds=SOON)
    assert database.get("orders/o") == {"a": 2}


def test_an_update_loses_to_a_deletion(database: Database) -> None:
    database.put("orders/o", {"a": 1})
    version = version_of(database, "orders/o")
    database.delete("orders/o")
    with pytest.raises(StoreContended):
        database.store.commit([Update("orders/o", {"a": 3}, version)], timeout_seconds=SOON)
    assert database.get("orders/o") is None


def test_a_commit_answers_the_version_to_update_next(database: Database) -> None:
    database.put("orders/o", {"a": 1})
    first = Update("orders/o", {"a": 2}, version_of(database, "orders/o"))
    committed = database.store.commit([first], timeout_seconds=SOON)
    second = Update("orders/o", {"a": 3}, committed.versions["orders/o"])
    database.store.commit([second], timeout_seconds=SOON)
    assert database.get("orders/o") == {"a": 3}


def test_an_increase_needs_no_read_and_answers_the_new_figures(database: Database) -> None:
    database.put("inventory/p", {"stock": 10, "reserved": 1})
    committed = database.store.commit([Increase("inventory/p", {"stock": 0, "reserved": 3})], timeout_seconds=SOON)
    assert committed.figures["inventory/p"] == {"stock": 10, "reserved": 4}
    assert database.get("inventory/p") == {"stock": 10, "reserved": 4}


def test_an_increase_starts_a_missing_figure_at_zero(database: Database) -> None:
    database.put("inventory/p", {"stock": 10})
    committed = database.store.commit([Increase("inventory/p", {"stock": 0, "reserved": 3})], timeout_seconds=SOON)
    assert committed.figures["inventory/p"] == {"stock": 10, "reserved": 3}


def test_an_increase_of_a_double_answers_a_double(database: Database) -> None:
    database.put("inventory/p", {"stock": 10.0, "reserved": 0.5})
    committed = database.store.commit([Increase("inventory/p", {"stock": -3, "reserved": 3})], timeout_seconds=SOON)
    assert committed.figures["inventory/p"] == {"stock": 7.0, "reserved": 3.5}
    assert {type(figure) for figure in committed.figures["inventory/p"].values()} == {float}


def test_an_increase_never_creates_a_document(database: Database) -> None:
    with pytest.raises(StoreContended):
        database.store.commit([Increase("inventory/gone", {"stock": -1})], timeout_seconds=SOON)
    assert database.get("inventory/gone") is None


def test_a_deletion_leaves_nothing(database: Database) -> None:
    database.put("users/alice/fcmTokens/t", {"platform": "web"})
    committed = database.store.commit(
        [Delete("users/alice/fcmTokens/t", version_of(database, "users/alice/fcmTokens/t"))], timeout_seconds=SOON
    )
    assert (database.dump(), dict(committed.versions)) == ({}, {})


def test_a_deletion_loses_to_any_write_since_the_read(database: Database) -> None:
    database.put("orders/o", {"a": 1})
    version = version_of(database, "orders/o")
    database.put("orders/o", {"a": 2})
    with pytest.raises(StoreContended):
        database.store.commit([Delete("orders/o", version)], timeout_seconds=SOON)
    database.delete("orders/o")
    with pytest.raises(StoreContended):
        database.store.commit([Delete("orders/o", version)], timeout_seconds=SOON)


def test_one_refused_write_refuses_them_all(database: Database) -> None:
    database.put("inventory/p", {"stock": 10})
    database.put("auditLog/e", {})
    writes: list[Write] = [
        Create("webhookEvents/e", {}),
        Increase("inventory/p", {"stock": -1}),
        Create("auditLog/e", {}),
    ]
    with pytest.raises(StoreContended):
        database.store.commit(writes, timeout_seconds=SOON)
    assert database.dump() == {"auditLog/e": {}, "inventory/p": {"stock": 10}}


def test_the_open_orders_of_a_customer_are_those_that_hold_units_and_are_not_paid(database: Database) -> None:
    for number, status in enumerate(OrderStatus):
        database.put(f"orders/alices-{number}", {"userId": "alice", "status": str(status)})
        database.put(f"orders/bobs-{number}", {"userId": "bob", "status": str(status)})
    database.put("orders/nobodys", {"userId": None, "status": "reserved"})
    database.put("orders/alices-own", {"userId": "alice", "status": None})
    assert database.store.count_open_orders("alice", timeout_seconds=SOON) == 2
    assert database.store.count_open_orders("carol", timeout_seconds=SOON) == 0


def test_the_effects_of_an_order_are_found_by_their_ids_as_of_now(database: Database) -> None:
    database.put("effects/e", {"orderId": "o", "createdAt": NOW, "refund": {"amount": 5}})
    database.put("effects/f", {"orderId": "p", "createdAt": NOW, "refund": None})
    found = database.store.effects_of("o", timeout_seconds=SOON)
    assert {name: dict(effect.fields) for name, effect in found.items()} == {
        "e": {"orderId": "o", "createdAt": NOW, "refund": {"amount": 5}}
    }
    assert database.store.effects_of("q", timeout_seconds=SOON) == {}


def test_a_count_is_of_the_documents_of_one_collection(database: Database) -> None:
    database.put("auditLog/e", {})
    database.put("auditLog/e/deliveries/2", {})
    database.put("auditLog/e/deliveries/3", {})
    database.put("auditLog/f/deliveries/2", {})
    assert database.store.count("auditLog/e/deliveries", timeout_seconds=SOON) == 2
