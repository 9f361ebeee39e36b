"""In bulk, commands change only the orders that were counted, and report each result."""

import re
from types import SimpleNamespace
from typing import Any

import pytest

from ops.output import Output
from orders.outcome import StoreUnavailable
from tests.support.builders import a_placement, a_reserved_order
from tests.support.interference import before_each_commit, failing_after
from tests.support.memory_store import MemoryStore
from tests.support.operating import YES, operated
from tests.support.payments import a_payment
from tests.support.shop import a_shop_after, a_shop_paid_twice, a_shop_with_a_hold, document_at, shirts_in, status_in

ALL = ("release", "--all", "--status", "reserved")


def a_shop_with_two_holds() -> MemoryStore:
    store = a_shop_with_a_hold()
    store.put("orders/order-2", a_reserved_order())
    store.put("inventory/shirt", {"stock": 10, "reserved": 6})
    return store


def the_set(store: MemoryStore, *words: str) -> tuple[str, ...]:
    """The options that confirm the set of orders for these words."""
    found = re.search(r"--count \d+ --set \w+", operated(store, *words).stdout)
    assert found
    return tuple(found[0].split())


@pytest.mark.parametrize("change", [{"status": "expired"}, {"amountTotal": 3_700}])
def test_a_set_that_has_changed_since_it_was_shown_is_left_alone_also_if_it_is_as_many(change: dict[str, Any]) -> None:
    store = a_shop_with_two_holds()
    meant = the_set(store, *ALL)
    store.put("orders/order-2", a_reserved_order(**change))
    store.put("orders/order-3", a_reserved_order())
    if "status" not in change:
        store.delete("orders/order-3")
    before = store.dump()
    refused = operated(store, *ALL, *YES, *meant)
    assert (refused.exit_code, "not the ones that --set names" in refused.stderr, store.dump()) == (2, True, before)


def test_at_a_terminal_the_money_is_said_before_the_number_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    store, told = a_shop_with_two_holds(), list[str]()
    monkeypatch.setattr(Output, "screen", SimpleNamespace(is_terminal=True))
    monkeypatch.setattr(Output, "say", lambda _, text: told.append(text))

    def typed(text: str, **_: object) -> int:
        told.append(text)
        return 3

    monkeypatch.setattr("click.prompt", typed)
    assert operated(store, *ALL, *YES).exit_code == 2
    assert [told[0], told[-1]] == ["2 orders, 7200 eur in minor units", "Type how many orders you are about to change"]
    monkeypatch.setattr("click.prompt", lambda *_, **__: 2)
    refused = operated(store, *ALL, *YES, "--set", "0")
    assert (refused.exit_code, "not the ones that --set names" in refused.stderr) == (2, True), "a set was named"
    assert operated(store, *ALL, *YES).exit_code == 0


def test_what_would_go_back_of_an_order_that_was_paid_twice_is_both() -> None:
    assert "1 order, 7200 eur" in operated(a_shop_paid_twice(), "refund", "--all", "--status", "finalized").stdout


def test_bulk_says_how_many_and_how_much_money_and_does_all_of_them_only_for_who_knows_how_many() -> None:
    store = a_shop_with_two_holds()
    shown = operated(store, *ALL)
    assert (shown.exit_code, "2 orders, 7200 eur in minor units" in shown.stdout) == (0, True)
    before = store.dump()
    meant = the_set(store, *ALL)
    for said in ((), ("--count", "2"), ("--count", "3", *meant[2:]), ("--count", "2", "--set", "0")):
        refused = operated(store, *ALL, *YES, *said)
        assert (refused.exit_code, "add --count 2 --set" in refused.stderr, store.dump()) == (2, True, before)
    assert operated(store, *ALL, *YES, *meant).exit_code == 0
    assert ([status_in(store), status_in(store, "order-2")], shirts_in(store)) == (["expired"] * 2, (10, 0))


def test_where_some_cannot_be_done_the_others_are_and_it_ends_with_3() -> None:
    store = a_shop_with_two_holds()
    for order_id in ("order-1", "order-2"):
        store.put(f"orders/{order_id}", a_reserved_order(status="expired"))
    store.put("inventory/shirt", {"stock": 5, "reserved": 0})
    words = ("accept", "--all", "--status", "expired")
    # A rehearsal of all sees what each leaves for the next.
    assert operated(store, *words).exit_code == 3
    assert operated(store, *words, *YES, *the_set(store, *words)).exit_code == 3
    assert sorted([str(status_in(store)), str(status_in(store, "order-2"))]) == ["expired", "finalized"]
    assert shirts_in(store) == (2, 0)


def test_what_was_done_is_said_also_if_the_database_ends_it_halfway() -> None:
    store = a_shop_with_two_holds()
    meant = the_set(store, *ALL)
    with before_each_commit(store, failing_after(2, StoreUnavailable("down"))):
        failed = operated(store, *ALL, *YES, *meant)
    assert (failed.exit_code, "release order-1 was done (down)" in failed.stderr) == (1, True)
    assert failed.stdout.splitlines()[-1] == "release order-2 ended as expired"


def test_an_order_that_has_left_its_status_since_it_was_counted_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    store = a_shop_after(a_placement(), a_payment())
    sold = document_at(store, "orders/order-1")
    store.put("orders/order-1", {**sold, "status": "review", "holdKept": True})

    def accepted_by_somebody_else(*_: object) -> None:
        store.put("orders/order-1", sold)

    monkeypatch.setattr("ops.repair.check_set", accepted_by_somebody_else)
    refused = operated(store, "refund", "--all", "--status", "review", *YES)
    assert (refused.exit_code, "finalized: it is paid" in refused.stdout) == (1, True)
    assert not [path for path in store.dump() if path.startswith("effects/operator_")]
