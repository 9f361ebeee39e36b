"""What settlement relies on: Firestore and everything that stands in for it keep the same promises."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.postgres.firestore_stand_in import Log
from database.store import Create, Delete, Document, Increase, Update, Write
from orders.order import OrderStatus
from orders.outcome import StoreContended
from tests.contract.database import Database, Documented, InFirestore, InGroups, InMemory, InRehearsal, InStandIn
from tests.support.builders import NOW
from tests.support.memory_store import MemoryStore

SOON = 5.0


@pytest.fixture(params=["memory", "rehearsal", "groups", "stand-in", "firestore", "groups in firestore"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Documented]:
    """Includes the bench's stand-in for Firestore, which answers no queries."""
    match request.param:
        case "memory":
            yield InMemory()
        case "rehearsal":
            yield InRehearsal(MemoryStore())
        case "groups":
            yield InGroups(InMemory())
        case "firestore":
            yield InFirestore(request.getfixturevalue("firestore_client"))
        case "groups in firestore":
            yield InGroups(InFirestore(request.getfixturevalue("firestore_client")))
        case _:
            with (tmp_path / "log").open("wb", buffering=0) as file:
                yield InStandIn(Log(file))


def read(database: Documented, path: str) -> Document | None:
    return database.store.read([path], timeout_seconds=SOON)[path]


def version_of(database: Documented, path: str) -> object:
    document = read(database, path)
    assert document is not None
    return document.version


def test_a_read_answers_what_is_there_and_what_is_not(database: Documented) -> None:
    database.put("orders/here", {"status": "pending"})
    documents = database.store.read(["orders/here", "orders/gone"], timeout_seconds=SOON)
    assert documents["orders/gone"] is None
    assert documents["orders/here"] is not None and documents["orders/here"].fields == {"status": "pending"}


def test_a_document_is_created_once(database: Documented) -> None:
    database.store.commit([Create("webhookEvents/e", {"n": 1})], timeout_seconds=SOON)
    with pytest.raises(StoreContended):
        database.store.commit([Create("webhookEvents/e", {"n": 2})], timeout_seconds=SOON)
    assert database.get("webhookEvents/e") == {"n": 1}


def test_an_update_keeps_the_other_fields(database: Documented) -> None:
    database.put("orders/o", {"a": 1, "b": 2})
    database.store.commit([Update("orders/o", {"b": 3}, version_of(database, "orders/o"))], timeout_seconds=SOON)
    assert database.get("orders/o") == {"a": 1, "b": 3}


def test_an_update_loses_to_any_write_since_the_read(database: Documented) -> None:
    database.put("orders/o", {"a": 1})
    version = version_of(database, "orders/o")
    database.put("orders/o", {"a": 2})
    with pytest.raises(StoreContended):
        database.store.commit([Update("orders/o", {"a": 3}, version)], timeout_seconds=SOON)
    assert database.get("orders/o") == {"a": 2}


def test_an_update_loses_to_a_deletion(database: Documented) -> None:
    database.put("orders/o", {"a": 1})
    version = version_of(database, "orders/o")
    database.delete("orders/o")
    with pytest.raises(StoreContended):
        database.store.commit([Update("orders/o", {"a": 3}, version)], timeout_seconds=SOON)
    assert database.get("orders/o") is None


def test_a_commit_answers_the_version_to_update_next(database: Documented) -> None:
    write: Write = Create("orders/o", {"a": 1})
    for number in 2, 3:
        committed = database.store.commit([write], timeout_seconds=SOON)
        write = Update("orders/o", {"a": number}, committed.versions["orders/o"])
    committed = database.store.commit([write, Increase("orders/o", {"b": 1})], timeout_seconds=SOON)
    database.store.commit([Update("orders/o", {"a": 4}, committed.versions["orders/o"])], timeout_seconds=SOON)
    assert database.get("orders/o") == {"a": 4, "b": 1}


def test_an_increase_needs_no_read_and_answers_the_new_figures(database: Documented) -> None:
    database.put("inventory/p", {"stock": 10, "reserved": 1})
    committed = database.store.commit([Increase("inventory/p", {"stock": 0, "reserved": 3})], timeout_seconds=SOON)
    assert committed.figures["inventory/p"] == {"stock": 10, "reserved": 4}
    assert database.get("inventory/p") == {"stock": 10, "reserved": 4}


def test_an_increase_starts_a_missing_figure_at_zero(database: Documented) -> None:
    database.put("inventory/p", {"stock": 10})
    committed = database.store.commit([Increase("inventory/p", {"stock": 0, "reserved": 3})], timeout_seconds=SOON)
    assert committed.figures["inventory/p"] == {"stock": 10, "reserved": 3}


def test_an_increase_of_a_double_answers_a_double(database: Documented) -> None:
    database.put("inventory/p", {"stock": 10.0, "reserved": 0.5})
    committed = database.store.commit([Increase("inventory/p", {"stock": -3, "reserved": 3})], timeout_seconds=SOON)
    assert committed.figures["inventory/p"] == {"stock": 7.0, "reserved": 3.5}
    assert {type(figure) for figure in committed.figures["inventory/p"].values()} == {float}


def test_an_increase_never_creates_a_document(database: Documented) -> None:
    with pytest.raises(StoreContended):
        database.store.commit([Increase("inventory/gone", {"stock": -1})], timeout_seconds=SOON)
    assert database.get("inventory/gone") is None


def test_a_deletion_leaves_nothing(database: Documented) -> None:
    database.put("users/alice/fcmTokens/t", {"platform": "web"})
    committed = database.store.commit(
        [Delete("users/alice/fcmTokens/t", version_of(database, "users/alice/fcmTokens/t"))], timeout_seconds=SOON
    )
    assert (database.dump(), dict(committed.versions)) == ({}, {})


def test_a_deletion_loses_to_any_write_since_the_read(database: Documented) -> None:
    database.put("orders/o", {"a": 1})
    version = version_of(database, "orders/o")
    database.put("orders/o", {"a": 2})
    with pytest.raises(StoreContended):
        database.store.commit([Delete("orders/o", version)], timeout_seconds=SOON)
    database.delete("orders/o")
    with pytest.raises(StoreContended):
        database.store.commit([Delete("orders/o", version)], timeout_seconds=SOON)


def test_one_refused_write_refuses_them_all(database: Documented) -> None:
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


def test_the_open_orders_of_a_customer_are_those_that_hold_units_and_are_not_paid(queried: Database) -> None:
    for number, status in enumerate(OrderStatus):
        queried.put(f"orders/alices-{number}", {"userId": "alice", "status": str(status)})
        queried.put(f"orders/bobs-{number}", {"userId": "bob", "status": str(status)})
    queried.put("orders/nobodys", {"userId": None, "status": "reserved"})
    queried.put("orders/alices-own", {"userId": "alice", "status": None})
    assert queried.store.count_open_orders("alice", timeout_seconds=SOON) == 2
    assert queried.store.count_open_orders("carol", timeout_seconds=SOON) == 0


def test_the_effects_of_an_order_are_found_by_their_ids_as_of_now(queried: Database) -> None:
    queried.put("effects/e", {"orderId": "o", "createdAt": NOW, "refund": {"amount": 5}, "payload": {"to": "alice"}})
    queried.put("effects/not-ours", {"orderId": "o"})
    queried.put("effects/f", {"orderId": "p", "createdAt": NOW, "refund": None})
    found = queried.store.effects_of("o", timeout_seconds=SOON)
    assert {name: dict(effect.fields) for name, effect in found.items()} == {
        "e": {"orderId": "o", "createdAt": NOW, "refund": {"amount": 5}}
    }
    assert queried.store.effects_of("q", timeout_seconds=SOON) == {}


def test_they_are_found_however_much_was_to_be_done_for_an_order(queried: Database) -> None:
    for number in range(6):
        queried.put(f"effects/{number}", {"orderId": "o", "createdAt": NOW, "error": "x" * 900_000})
    assert len(queried.store.effects_of("o", timeout_seconds=30)) == 6


def test_a_count_is_of_the_documents_of_one_collection(queried: Database) -> None:
    queried.put("auditLog/e", {})
    queried.put("auditLog/e/deliveries/2", {})
    queried.put("auditLog/e/deliveries/3", {})
    queried.put("auditLog/f/deliveries/2", {})
    assert queried.store.count("auditLog/e/deliveries", timeout_seconds=SOON) == 2
