"""The scheduled check of the trail: a few orders at a time; what is wrong is an open finding until it is fixed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import pytest

from audit.checking import ORDERS_AT_ONCE_MAX, ROUND_EVERY, TrailCheck
from database.documents.audit_log import audit_path
from database.documents.operator_requests import operator_request_path
from database.documents.trail_checks import TRAIL_CHECK
from database.ids import is_document_id
from database.store import Document, Fields, Listing
from orders.outcome import StoreUnavailable
from reconciliation.records import entries_of
from service.wiring import answering
from tests.support.builders import NOW, TERMS, a_placement
from tests.support.memory_store import MemoryMoment, MemoryStore
from tests.support.payments import a_payment
from tests.support.settling import settling_on
from tests.support.shop import a_shop_after, a_shop_with_a_hold, document_at

FINDING = "findings/chain_broken_order-1"
NOT_AS_WRITTEN = "the audit trail of order-1 is not as it was written"


def checked(store: MemoryStore, now: datetime = NOW) -> list[str]:
    """The new findings, in words."""
    check = TrailCheck(store, lambda: store.as_of(now), entries_of, 8)
    return [finding.words for finding in check.check_next(now)]


def a_paid_shop() -> MemoryStore:
    return a_shop_after(a_placement(), a_payment())


def changed(store: MemoryStore, path: str, **fields: object) -> None:
    store.put(path, {**document_at(store, path), **fields})


def test_a_trail_as_it_was_written_is_no_finding() -> None:
    store = a_paid_shop()
    assert checked(store) == []
    assert not [path for path in store.dump() if path.startswith("findings/")]


def test_what_somebody_has_changed_is_found_once_and_over_once_it_is_put_right() -> None:
    store = a_paid_shop()
    amount = document_at(store, audit_path("evt_1"))["amount"]
    changed(store, audit_path("evt_1"), amount=1)
    (words,) = checked(store)
    assert words == f"{NOT_AS_WRITTEN}: changed (evt_1): number 2 is not what was hashed"
    found = document_at(store, FINDING)
    assert found.items() >= {"state": "open", "since": NOW, "lastSeenAt": NOW, "closedAt": None, "earlier": []}.items()
    assert (found["orderId"], found["found"], found["severity"]) == ("order-1", words, "ERROR")
    assert found["remedy"] == "./shop audit verify order-1"
    assert checked(store, NOW + ROUND_EVERY) == []
    assert document_at(store, FINDING) == {**found, "lastSeenAt": NOW + ROUND_EVERY}
    changed(store, audit_path("evt_1"), amount=amount)
    assert checked(store, NOW + 2 * ROUND_EVERY) == []
    assert document_at(store, FINDING)["state"] == "closed"
    changed(store, audit_path("evt_1"), amount=1)
    changed(store, audit_path("placed_order-1"), result="error")
    assert checked(store, NOW + 3 * ROUND_EVERY) == [f"{words}, and 1 more"]
    assert document_at(store, FINDING)["state"] == "open"


@pytest.mark.parametrize(("gone", "number"), [("placed_order-1", 1), ("evt_1", 2)])
def test_what_somebody_has_deleted_is_found(gone: str, number: int) -> None:
    store = a_paid_shop()
    store.delete(audit_path(gone))
    assert checked(store) == [f"{NOT_AS_WRITTEN}: missing: number {number}"]


def test_a_finding_about_an_order_deleted_since_is_over_once_the_entries_are_right() -> None:
    store = a_paid_shop()
    amount = document_at(store, audit_path("evt_1"))["amount"]
    changed(store, audit_path("evt_1"), amount=1)
    checked(store)
    store.delete("orders/order-1")
    assert checked(store, NOW + ROUND_EVERY) == []
    assert document_at(store, FINDING)["state"] == "open"
    changed(store, audit_path("evt_1"), amount=amount)
    checked(store, NOW + 2 * ROUND_EVERY)
    assert document_at(store, FINDING)["state"] == "closed"


def test_deleting_an_order_with_its_entries_puts_nothing_right() -> None:
    store = a_paid_shop()
    changed(store, audit_path("evt_1"), amount=1)
    checked(store)
    for path in ("orders/order-1", audit_path("evt_1"), audit_path("placed_order-1")):
        store.delete(path)
    checked(store, NOW + ROUND_EVERY)
    assert document_at(store, FINDING)["state"] == "open"


ACTS_FINDING = "findings/chain_broken_chains:operators"
AN_ACT = audit_path("operator_stock-1")


def a_shop_with_acts() -> MemoryStore:
    """Two acts of operators on no order, and one on an order."""
    store = a_shop_with_a_hold()
    store.put(operator_request_path("stock-2"), store.get(operator_request_path("stock-1")) or {})
    for request_id in ("stock-1", "stock-2", "accept-1"):
        answering(store, settling_on(store), TERMS).answer(request_id, NOW)
    # An event of another shop names no order either, and is in no chain.
    store.put(audit_path("evt_z"), {"eventId": "evt_z", "orderId": None, "result": "other_account", "createdAt": NOW})
    return store


def test_the_chain_of_operators_other_acts_is_verified_once_a_round() -> None:
    store = a_shop_with_acts()
    assert checked(store) == []
    note = document_at(store, AN_ACT)["note"]
    changed(store, AN_ACT, note="nothing")
    assert checked(store, NOW + ROUND_EVERY / 2) == []
    (words,) = checked(store, NOW + ROUND_EVERY)
    assert words == (
        "the audit trail of operators' acts is not as it was written: "
        "changed (operator_stock-1): number 1 is not what was hashed"
    )
    found = document_at(store, ACTS_FINDING)
    assert (found["state"], found["orderId"], found["remedy"]) == ("open", None, "./shop audit verify --since 1h")
    changed(store, AN_ACT, note=note)
    assert checked(store, NOW + 2 * ROUND_EVERY) == []
    assert document_at(store, ACTS_FINDING)["state"] == "closed"


def test_only_the_last_run_of_a_round_reads_that_chain() -> None:
    store, order = a_shop_with_acts(), document_at(a_paid_shop(), "orders/order-1")
    for number in range(ORDERS_AT_ONCE_MAX):
        store.put(f"orders/{number:03}", order)
    changed(store, AN_ACT, note="nothing")
    assert not [words for words in checked(store) if "operators' acts" in words]
    assert [words for words in checked(store) if "operators' acts" in words]


class Unread(MemoryMoment):
    """Fails to list this collection's documents, or to read this document."""

    unread: str

    def read(self, paths: Sequence[str]) -> Mapping[str, Document | None]:
        if self.unread in paths:
            raise StoreUnavailable(self.unread)
        return super().read(paths)

    def find(self, listing: Listing) -> Iterator[Sequence[tuple[str, Fields]]]:
        if self.unread == listing.collection:
            raise StoreUnavailable(self.unread)
        return super().find(listing)


@pytest.mark.parametrize("unread", ["chains/operators", "findings", "orders/gone"])
def test_a_round_ends_only_once_deleted_orders_and_operators_acts_are_read(unread: str) -> None:
    store = a_shop_with_acts()
    store.put("findings/chain_broken_gone", {"rule": "chain_broken", "orderId": "gone", "state": "open", "since": NOW})
    changed(store, AN_ACT, note="nothing")
    hindered = type("Hindered", (Unread,), {"unread": unread})
    check = TrailCheck(store, lambda: hindered(dict(store.as_of(NOW).documents()), NOW), entries_of, 8)
    with pytest.raises(StoreUnavailable):
        list(check.check_next(NOW))
    assert len(checked(store)) == 1


def test_deleted_orders_are_looked_for_some_at_a_time() -> None:
    store, read = MemoryStore(), list[int]()
    for number in range(2 * ORDERS_AT_ONCE_MAX + 1):
        fields = {"rule": "chain_broken", "orderId": f"{number}", "state": "open", "since": NOW}
        store.put(f"findings/chain_broken_{number}", fields)

    class Counting(MemoryMoment):
        def read(self, paths: Sequence[str]) -> Mapping[str, Document | None]:
            read.append(len(paths))
            return super().read(paths)

    check = TrailCheck(store, lambda: Counting(dict(store.as_of(NOW).documents()), NOW), entries_of, 8)
    assert list(check.check_next(NOW)) == []
    assert read == [ORDERS_AT_ONCE_MAX, ORDERS_AT_ONCE_MAX, 1, 1]


def test_a_deleted_act_is_found_and_so_is_a_deleted_end() -> None:
    for gone in (AN_ACT, audit_path("operator_stock-2"), "chains/operators"):
        store = a_shop_with_acts()
        store.delete(gone)
        assert len(checked(store)) == 1


def test_that_a_trail_is_too_long_to_be_verified_is_a_finding_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    store = a_shop_with_acts()
    changed(store, AN_ACT, note="nothing")
    monkeypatch.setattr("audit.checking.ACTS_MAX", 2)
    (words,) = checked(store)
    assert words.startswith("the audit trail of operators' acts has more than ")
    assert document_at(store, ACTS_FINDING)["state"] == "open"
    store.put(ACTS_FINDING, {**document_at(store, ACTS_FINDING), "state": "handled"})
    assert checked(store, NOW + ROUND_EVERY) == []
    monkeypatch.setattr("audit.checking.ACTS_MAX", 3)
    (words,) = checked(store, NOW + 2 * ROUND_EVERY)
    assert "is not as it was written" in words


def test_an_overwritten_status_is_a_finding_until_it_is_written_back() -> None:
    store = a_paid_shop()
    changed(store, "orders/order-1", status="cancelled")
    (words,) = checked(store)
    assert words == (
        "the status of order-1 is not as it was written: status (evt_1): "
        "the order is cancelled, but its last entry left it finalized"
    )
    checked(store, NOW + ROUND_EVERY)
    assert document_at(store, FINDING)["state"] == "open"
    changed(store, "orders/order-1", status="finalized")
    assert checked(store, NOW + 2 * ROUND_EVERY) == []
    assert document_at(store, FINDING)["state"] == "closed"


def test_an_order_that_knows_no_end_of_its_trail_is_a_finding_unless_it_was_created_after_that() -> None:
    store = a_paid_shop()
    knows_nothing = {**document_at(store, "orders/order-1"), "auditHead": None, "auditCount": None}
    for created_at, found in (NOW + timedelta(minutes=1), 0), (NOW, 1):
        store.put("orders/order-1", {**knows_nothing, "createdAt": created_at})
        assert len(checked(store, NOW + found * ROUND_EVERY)) == found


def test_all_orders_are_looked_at_some_at_a_time_and_then_nobody_before_a_day_is_over() -> None:
    order, store = document_at(a_paid_shop(), "orders/order-1"), MemoryStore()
    for number in range(ORDERS_AT_ONCE_MAX + 2):
        store.put(f"orders/{number:03}", order)
    hour = timedelta(hours=1)
    assert len(checked(store)) == ORDERS_AT_ONCE_MAX
    assert document_at(store, TRAIL_CHECK)["after"] == f"{ORDERS_AT_ONCE_MAX - 1:03}"
    assert len(checked(store, NOW + hour)) == 2
    store.delete("findings/chain_broken_000")
    assert checked(store, NOW + ROUND_EVERY - hour) == []
    assert len(checked(store, NOW + ROUND_EVERY)) == 1


def test_a_round_also_ends_behind_a_full_page_and_where_there_is_no_order() -> None:
    order, store = document_at(a_paid_shop(), "orders/order-1"), MemoryStore()
    assert (checked(store), document_at(store, TRAIL_CHECK)["after"]) == ([], None)
    for number in range(ORDERS_AT_ONCE_MAX):
        store.put(f"orders/{number:03}", order)
    assert len(checked(store, NOW + ROUND_EVERY)) == ORDERS_AT_ONCE_MAX
    assert document_at(store, TRAIL_CHECK)["after"] == f"{ORDERS_AT_ONCE_MAX - 1:03}"
    assert (checked(store, NOW + ROUND_EVERY), document_at(store, TRAIL_CHECK)["after"]) == ([], None)


class Short(MemoryMoment):
    """Answers at most two orders at a time."""

    def find(self, listing: Listing) -> Iterator[Sequence[tuple[str, Fields]]]:
        for page in super().find(listing):
            yield from (page[first : first + 2] for first in range(0, len(page), 2))


def test_no_order_is_left_out_behind_orders_that_are_too_large_for_one_answer() -> None:
    order, store = document_at(a_paid_shop(), "orders/order-1"), MemoryStore()
    for number in range(5):
        store.put(f"orders/{number}", order)
    check = TrailCheck(store, lambda: Short(dict(store.as_of(NOW).documents()), NOW), entries_of, 8)
    assert [[each.target for each in check.check_next(NOW)] for _ in range(4)] == [["0", "1"], ["2", "3"], ["4"], []]


def test_an_order_whose_id_is_too_long_for_a_finding_keeps_nobody_else_from_being_looked_at() -> None:
    order, long_id = document_at(a_paid_shop(), "orders/order-1"), "o" * 1_500
    store = Strict({f"orders/{order_id}": order for order_id in ("a", long_id, "z")})
    assert [long_id in words for words in checked(store)] == [False, False, True]
    assert document_at(store, "findings/chain_broken_z")["state"] == "open"
    (words,) = checked(Strict({f"orders/{long_id}": order}))
    assert long_id in words


class Strict(MemoryStore):
    """Refuses ids that Firestore refuses, and empty requests."""

    def read(self, paths: Sequence[str], *, timeout_seconds: float) -> Mapping[str, Document | None]:
        assert paths and all(is_document_id(path.rpartition("/")[2]) for path in paths)
        return super().read(paths, timeout_seconds=timeout_seconds)
