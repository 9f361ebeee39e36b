"""What folding relies on: takings are listed by their orders, and deleted by the state in which they were listed."""

import pytest

from database import firestore_store
from database.store import Create, Delete
from orders.outcome import StoreContended
from tests.contract.database import Database, InFirestore, InMemory, InRehearsal
from tests.support.memory_store import MemoryStore

SOON = 5.0


@pytest.fixture(params=["memory", "rehearsal", "firestore"])
def database(request: pytest.FixtureRequest) -> Database:
    if request.param == "firestore":
        return InFirestore(request.getfixturevalue("firestore_client"))
    return InMemory() if request.param == "memory" else InRehearsal(MemoryStore())


def put(database: Database, **takings: object) -> None:
    for order_id, units in takings.items():
        database.put(f"takings/{order_id}", {"units": units})


def test_takings_are_listed_by_the_ids_of_their_orders_a_page_at_a_time(database: Database) -> None:
    put(database, c={"shirt": 3}, a={"shirt": 1, "p.q \u00fc`": 2}, b={"shirt": 2}, d={"shirt": "what"})
    first, rest = database.takings_after("", 2), database.takings_after("b", 5)
    assert [(taking.order_id, taking.units) for taking in (*first, *rest)] == [
        ("a", {"shirt": 1, "p.q \u00fc`": 2}),
        ("b", {"shirt": 2}),
        ("c", {"shirt": 3}),
        ("d", None),
    ]
    assert database.takings_after("d", 1) == []
    assert all(taking.created_at.utcoffset() is not None for taking in first)


def test_one_is_deleted_as_it_was_listed_and_once(database: Database) -> None:
    put(database, a={"shirt": 1}, b={"shirt": 2})
    a, b = (Delete(f"takings/{taking.order_id}", taking.version) for taking in database.takings_after("", 2))
    database.store.commit([a], timeout_seconds=SOON)
    with pytest.raises(StoreContended):
        database.store.commit([b, a], timeout_seconds=SOON)
    assert database.dump().keys() == {"takings/b"}


def test_what_is_still_to_be_taken_of_a_product_is_counted_whole(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firestore_store, "TAKINGS_AT_ONCE_MAX", 2)
    put(database, a={"shirt": 1}, b={"shirt": 2, "mug": 5}, c={"mug": 1}, d={"shirt": 4}, e={"shirt": None})
    assert database.store.units_to_take("shirt", timeout_seconds=SOON) == 7
    database.store.commit([Create("takings/f", {"units": {"shirt": 3}})], timeout_seconds=SOON)
    assert database.store.units_to_take("shirt", timeout_seconds=SOON) == 10
    assert database.store.units_to_take("cap", timeout_seconds=SOON) == 0
