"""A rehearsal decides as in earnest, shows each document's change, and writes nothing."""

import pytest

from database.rehearsal import Difference, RehearsalStore
from database.store import Create, Delete, Increase, Update
from orders.outcome import StoreContended
from tests.support.builders import NOW, a_placement, an_order
from tests.support.memory_store import MemoryStore
from tests.support.settling import settled
from tests.support.shop import a_shop, a_shop_after, status_in


def test_a_hold_and_the_decision_on_top_of_it_are_rehearsed_as_one_and_nothing_is_written() -> None:
    store = a_shop(an_order())
    before = store.dump()
    rehearsal = RehearsalStore(store)
    assert settled(a_placement(), rehearsal).result == "reserved"
    assert store.dump() == before
    assert rehearsal.differences["inventory/shirt"] == Difference(
        {"stock": 10, "reserved": 0}, {"stock": 10, "reserved": 3}
    )
    order = rehearsal.differences["orders/order-1"]
    assert order.before and order.after
    assert (order.before["status"], order.after["status"]) == ("pending", "reserved")
    assert rehearsal.differences["auditLog/placed_order-1"].before is None


def test_what_was_rehearsed_and_what_is_done_are_the_same() -> None:
    store = a_shop(an_order())
    rehearsal = RehearsalStore(store)
    settled(a_placement(), rehearsal)
    settled(a_placement(), store)
    assert status_in(store) == "reserved"
    rehearsed = {path: difference.after for path, difference in rehearsal.differences.items()}
    assert rehearsed == {path: store.get(path) for path in rehearsed}
    assert {write.path for write in rehearsal.writes} == set(rehearsed)


def test_a_refused_commit_leaves_no_trace_and_counts_are_of_what_would_be_there() -> None:
    store = MemoryStore({"auditLog/a": {}, "orders/o": {"userId": "alice", "status": "reserved"}})
    rehearsal = RehearsalStore(store)
    with pytest.raises(StoreContended):
        rehearsal.commit((Create("auditLog/b", {}), Increase("inventory/gone", {"stock": 1})), timeout_seconds=1)
    assert (rehearsal.writes, rehearsal.differences) == ((), {})
    version = rehearsal.read(("auditLog/a",), timeout_seconds=1)["auditLog/a"]
    assert version
    order = {"userId": "alice", "status": "reserving"}
    writes = (Create("auditLog/b", {"at": NOW}), Create("auditLog/c", {}), Delete("auditLog/a", version.version))
    more = Create("auditLog/d", {}), Create("auditLog/b/deliveries/2", {}), Create("orders/p", order)
    rehearsal.commit((*writes, *more), timeout_seconds=1)
    assert rehearsal.count("auditLog", timeout_seconds=1) == 3
    assert rehearsal.count("auditLog/b/deliveries", timeout_seconds=1) == 1
    assert rehearsal.count_open_orders("alice", timeout_seconds=1) == 2
    held = rehearsal.read(("orders/o",), timeout_seconds=1)["orders/o"]
    assert held
    rehearsal.commit((Update("orders/o", {"status": "finalized"}, held.version),), timeout_seconds=1)
    assert rehearsal.count_open_orders("alice", timeout_seconds=1) == 1
    assert rehearsal.count_open_orders("bob", timeout_seconds=1) == 0
    store.put("effects/e", {"orderId": "o", "createdAt": NOW})
    rehearsal.commit((Create("effects/f", {"orderId": "o"}), Create("effects/g", {"orderId": "p"})), timeout_seconds=1)
    assert rehearsal.effects_of("o", timeout_seconds=1).keys() == {"e", "f"}


def test_what_is_written_as_it_was_is_no_difference_and_what_was_written_is_asked_of_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rehearsal = RehearsalStore(MemoryStore({"auditLog/a": {"n": 1}}))
    there = rehearsal.read(("auditLog/a",), timeout_seconds=1)["auditLog/a"]
    assert there
    rehearsal.commit((Update("auditLog/a", {"n": 1}, there.version),), timeout_seconds=1)
    assert (len(rehearsal.writes), rehearsal.differences) == (1, {})
    monkeypatch.delattr(MemoryStore, "read")
    again = rehearsal.read(("auditLog/a",), timeout_seconds=1)["auditLog/a"]
    assert again and again.fields == {"n": 1}


def test_units_are_promised_as_they_would_be_and_no_longer_as_they_were() -> None:
    store = a_shop_after(a_placement())
    store.put("takings/order-2", {"units": {"shirt": 2}})
    rehearsal = RehearsalStore(store)
    assert rehearsal.units_promised("shirt", timeout_seconds=1) == (3, 2)
    there = rehearsal.read(("orders/order-1", "takings/order-2"), timeout_seconds=1)
    gone = [Delete(path, document.version) for path, document in there.items() if document]
    rehearsal.commit((*gone, Create("takings/order-1", {"units": {"shirt": 3}})), timeout_seconds=1)
    assert rehearsal.units_promised("shirt", timeout_seconds=1) == (0, 3)
    assert rehearsal.units_to_take("shirt", timeout_seconds=1) == 3
