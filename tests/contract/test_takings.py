"""What folding relies on: takings are listed by order, and deleted only in the version that was listed."""

import pytest

from database import firestore_store, listings
from database.rehearsal import RehearsalStore
from database.store import Create, Delete
from orders.outcome import StoreContended, Uncountable
from tests.contract.database import Database
from tests.support import memory_store
from tests.support.builders import NOW, an_order

SOON = 5.0


def put(database: Database, **takings: object) -> None:
    for order_id, units in takings.items():
        database.put(f"takings/{order_id}", {"units": units})


def test_takings_are_listed_by_the_ids_of_their_orders_a_page_at_a_time(queried: Database) -> None:
    put(queried, c={"shirt": 3}, a={"shirt": 1, "p.q \u00fc`": 2}, b={"shirt": 2}, d={"shirt": "what"})
    first, rest = queried.takings_after("", 2), queried.takings_after("b", 5)
    assert [(taking.order_id, taking.units) for taking in (*first, *rest)] == [
        ("a", {"shirt": 1, "p.q \u00fc`": 2}),
        ("b", {"shirt": 2}),
        ("c", {"shirt": 3}),
        ("d", None),
    ]
    assert queried.takings_after("d", 1) == []
    assert all(taking.created_at.utcoffset() is not None for taking in first)


def test_one_is_deleted_as_it_was_listed_and_once(queried: Database) -> None:
    put(queried, a={"shirt": 1}, b={"shirt": 2})
    a, b = (Delete(f"takings/{taking.order_id}", taking.version) for taking in queried.takings_after("", 2))
    queried.store.commit([a], timeout_seconds=SOON)
    with pytest.raises(StoreContended):
        queried.store.commit([b, a], timeout_seconds=SOON)
    assert queried.dump().keys() == {"takings/b"}


def test_what_is_still_to_be_taken_of_a_product_is_counted_whole(
    queried: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listings, "BATCH_DOCUMENTS_MAX", 2)
    put(queried, a={"shirt": 1}, b={"shirt": 2, "mug": 5}, c={"mug": 1}, d={"shirt": 4})
    assert queried.store.units_to_take("shirt", timeout_seconds=SOON) == 7
    queried.store.commit([Create("takings/f", {"units": {"shirt": 3}})], timeout_seconds=SOON)
    assert queried.store.units_to_take("shirt", timeout_seconds=SOON) == 10
    assert queried.store.units_to_take("cap", timeout_seconds=SOON) == 0


def test_what_somebody_has_written_over_is_named_where_it_would_be_counted(queried: Database) -> None:
    put(queried, a={"shirt": 1}, e={"shirt": None})
    for count in queried.store.units_to_take, queried.store.units_promised:
        with pytest.raises(Uncountable, match="takings/e is not what this service writes"):
            count("mug", timeout_seconds=SOON)


def test_holds_of_too_many_orders_are_not_counted(queried: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in firestore_store, memory_store:
        monkeypatch.setattr(module, "COUNTED_ORDERS_MAX", 2)
    for number in range(3):
        queried.store.units_promised("shirt", timeout_seconds=SOON)
        queried.put(f"orders/order-{number}", an_order(createdAt=NOW, status="reserved"))
    with pytest.raises(Uncountable, match="more than 2 orders may hold units"):
        queried.store.units_promised("shirt", timeout_seconds=SOON)


def test_what_is_promised_of_a_product_is_counted_whole(queried: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listings, "BATCH_DOCUMENTS_MAX", 2)
    monkeypatch.setattr(firestore_store, "_HOLDING_BATCH_MAX", 2)
    orders: tuple[dict[str, object], ...] = (
        {"status": "reserved"},
        {"status": "reserving"},
        {"status": "reserved", "unlimited": ["shirt"]},
        {"status": "review", "holdKept": True},
        {"status": "review"},
        {"status": "finalized"},
        {"status": "reserved"},
    )
    for number, fields in enumerate(orders):
        queried.put(f"orders/order-{number}", an_order(createdAt=NOW, **fields))
    put(queried, a={"shirt": 1}, b={"shirt": 2}, c={"cap": 1})
    assert queried.store.units_promised("shirt", timeout_seconds=SOON) == (4 * 3, 3)
    assert queried.store.units_promised("cap", timeout_seconds=SOON) == (0, 1)
    rehearsal = RehearsalStore(queried.store)
    rehearsal.commit([Create("orders/order-8", an_order(status="reserved"))], timeout_seconds=SOON)
    rehearsal.commit([Create("takings/d", {"units": {"shirt": 4}})], timeout_seconds=SOON)
    assert rehearsal.units_promised("shirt", timeout_seconds=SOON) == (5 * 3, 7)
