"""Each product's stock is what the trail makes of it, whatever happens during the count."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from database.store import Write
from orders.outcome import StoreContended
from tests.support.builders import NOW
from tests.support.folding import folded
from tests.support.interference import before_each_commit
from tests.support.operators import OPERATORS_REQUESTS, asked_by_operator
from tests.support.reconciling import ShopAtStripe, a_shop_with_paid_orders, broken, progress_of
from tests.support.settling import settled
from tests.support.shop import document_at, shirts_in


def a_reconciled_shop() -> ShopAtStripe:
    """One of a hundred shirts is sold."""
    shop = a_shop_with_paid_orders(1)
    shop.later(hours=1)
    shop.reconcile()
    return shop


def sell_one_a_day(shop: ShopAtStripe, *, days: int) -> None:
    for day in range(1, days + 1):
        shop.sell(f"order-{day}")
        shop.later(days=1)


def test_what_the_trail_moves_is_expected_and_what_an_operator_has_seen_to_is_accepted() -> None:
    shop = a_reconciled_shop()
    shop.sell("order-5")
    shop.later(hours=3)
    assert shop.reconcile().opened == ()
    stock, _ = shirts_in(shop.store)
    broken(shop.store, "inventory/shirt", stock=int(str(stock)) + 20)
    (found,) = shop.reconcile().opened
    assert found.words == f"stock of shirt is {int(str(stock)) + 20}, but {stock} by the trail: +20 is unexplained"
    assert found.severity == "WARNING"

    early = {"kind": "operator_adjusted_stock", "orderId": None, "createdAt": shop.now - timedelta(seconds=1)}
    shop.store.put("auditLog/operator_0", {**early, "stock": [], "note": "'shirt' had 9 on hand, and has 9"})
    assert shop.reconcile().closed == ()
    # At the moment when it was found, and followed by others.
    act: dict[str, object] = {"kind": "operator_adjusted_stock", "orderId": None, "createdAt": shop.now, "stock": []}
    shop.store.put("auditLog/operator_1", {**act, "note": "'shirts' had 9 on hand, and has 9"})
    assert shop.reconcile().closed == ()
    shop.store.put("auditLog/operator_2", {**act, "note": "'shirt' had 20 on hand, and has 20"})
    for number in range(3, 6):
        shop.store.put(f"auditLog/operator_{number}", {**act, "kind": "operator_handled"})
    assert shop.reconcile().closed == (found.finding_id,)
    shop.later(hours=1)
    assert shop.reconcile().opened == ()

    move = {"productId": "shirt", "stock": -5, "reserved": 0}
    shop.store.put("auditLog/operator_6", {**act, "createdAt": shop.now, "stock": [move]})
    broken(shop.store, "inventory/shirt", stock=int(str(stock)) + 15)
    shop.later(hours=1)
    assert shop.reconcile().opened == ()


def test_figures_that_cannot_be_read_are_no_finding_any_more_once_they_are_deleted() -> None:
    shop = a_reconciled_shop()
    broken(shop.store, "inventory/shirt", stock="99")
    (found,) = shop.reconcile().opened
    assert found.words.startswith("nobody can order shirt: stock must be a whole number")
    shop.store.delete("inventory/shirt")
    assert shop.reconcile().closed == (found.finding_id,)


def test_who_recounts_what_is_reserved_has_not_seen_to_the_stock() -> None:
    shop = a_reconciled_shop()
    broken(shop.store, "inventory/shirt", stock=120, reserved=5)
    assert [found.rule for found in shop.reconcile().opened] == ["reserved_not_held", "stock_off_trail"]
    shop.later(minutes=1)
    shop.store.put("operatorRequests/recount-1", OPERATORS_REQUESTS["recount-1"])
    assert settled(asked_by_operator("recount-1"), shop.store, now=shop.now).result == "stock_adjusted"
    assert shop.reconcile().closed == ("reserved_not_held_shirt",)
    shop.later(hours=1)
    shop.reconcile()
    assert shop.open_findings() == ["stock_off_trail_shirt"]


def test_sold_units_that_are_not_taken_yet_are_no_finding_before_or_after_folding() -> None:
    shop = ShopAtStripe()
    broken(shop.store, "inventory/shirt", hot=True)
    assert shop.reconcile().opened == ()
    shop.buy("order-1")
    shop.deliver()
    assert "takings/order-1" in shop.store.dump()
    shop.later(minutes=5)
    assert shop.reconcile(NOW).opened == ()
    shop.later(minutes=15)
    assert [finding.rule for finding in shop.reconcile(NOW).opened] == ["taking_overdue"]
    folded(shop.store)
    closing = shop.reconcile(NOW)
    assert (closing.opened, closing.closed, shop.open_findings()) == ((), ("taking_overdue_order-1",), [])


def test_a_product_that_is_first_looked_at_before_it_is_folded_is_counted_without_what_is_sold() -> None:
    shop = ShopAtStripe()
    broken(shop.store, "inventory/shirt", hot=True)
    shop.buy("order-1")
    shop.deliver()
    assert shop.reconcile().opened == ()
    folded(shop.store)
    shop.later(hours=1)
    assert shop.reconcile().opened == ()


@pytest.mark.parametrize("days", [0, 3])
def test_what_a_run_has_counted_that_died_is_not_counted_again(days: int) -> None:
    shop = a_reconciled_shop()
    before = document_at(shop.store, "reconciliations/stripe")
    shop.sell("order-5")
    shop.later(days=days, hours=1)
    shop.reconcile()
    broken(shop.store, "reconciliations/stripe", trailUntil=before["trailUntil"])
    shop.later(hours=1)
    assert shop.reconcile().opened == ()
    assert document_at(shop.store, "baselines/shirt")["stock"] == shirts_in(shop.store)[0]


def test_every_product_is_looked_at_and_a_baseline_is_written_only_where_it_changes() -> None:
    shop = a_reconciled_shop()
    for product_id, stock in ("mug", 5), ("cap", None):
        shop.store.put(f"inventory/{product_id}", {"stock": stock, "reserved": 0})
    assert shop.reconcile().products == 3
    before = baselines_in(shop)
    shop.later(hours=1)
    assert (shop.reconcile().products, baselines_in(shop)) == (3, before)


def test_what_was_moved_of_a_product_whose_stock_by_the_trail_has_not_begun_is_not_counted() -> None:
    shop = a_reconciled_shop()
    shop.store.put("inventory/cap", {"stock": None, "reserved": 0})
    shop.reconcile()
    shop.store.put("inventory/mug", {"stock": 5, "reserved": 0})
    moves = [{"productId": product_id, "stock": -1, "reserved": 0} for product_id in ("mug", "cap")]
    shop.store.put("auditLog/evt_9", {"orderId": None, "createdAt": shop.now, "stock": moves})
    shop.later(days=3)
    reconciled = shop.reconcile()
    assert (reconciled.opened, reconciled.faults, reconciled.products) == ((), 0, 3)
    assert [baselines_in(shop)[each]["stock"] for each in ("mug", "cap")] == [5, None]


def test_what_was_moved_of_several_products_is_counted_in_one_commit() -> None:
    shop = a_reconciled_shop()
    shop.store.put("inventory/mug", {"stock": 4, "reserved": 0})
    shop.reconcile()
    moves = [{"productId": product_id, "stock": -1, "reserved": 0} for product_id in ("mug", "shirt")]
    shop.store.put("auditLog/evt_9", {"orderId": None, "createdAt": shop.now, "stock": moves})
    shop.later(days=3)
    written = list[set[str]]()
    with before_each_commit(shop.store, lambda writes: written.append({write.path for write in writes})):
        shop.reconcile()
    assert [paths for paths in written if "baselines/shirt" in paths] == [{"baselines/mug", "baselines/shirt"}]


def baselines_in(shop: ShopAtStripe) -> dict[str, dict[str, object]]:
    found = ((path.partition("/"), fields) for path, fields in shop.store.dump().items())
    return {product_id: fields for (collection, _, product_id), fields in found if collection == "baselines"}


def test_only_baselines_that_another_run_has_written_are_skipped() -> None:
    shop = ShopAtStripe()
    shop.store.put("inventory/mug", {"stock": 5, "reserved": 0})

    def overtake(writes: Sequence[Write]) -> None:
        if len(writes) > 1:
            shop.store.put("baselines/mug", {"stock": 5, "until": shop.now})

    with before_each_commit(shop.store, overtake):
        shop.reconcile()
    assert [document_at(shop.store, f"baselines/{each}")["stock"] for each in ("mug", "shirt")] == [5, 10]


@pytest.mark.parametrize("days", [0, 3])
def test_a_baseline_that_the_database_did_not_write_for_no_reason_is_written_by_the_next_run(days: int) -> None:
    shop = a_reconciled_shop()
    shop.sell("order-5")
    shop.later(days=days, hours=1)

    def abort(writes: Sequence[Write]) -> None:
        if writes[0].path == "baselines/shirt":
            raise StoreContended("ABORTED")

    with before_each_commit(shop.store, abort):
        assert not shop.reconcile().complete
    shop.later(hours=1)
    assert shop.reconcile().opened == ()
    assert document_at(shop.store, "baselines/shirt")["stock"] == shirts_in(shop.store)[0]


def test_a_product_that_is_gone_and_one_that_is_never_short_are_not_wrong() -> None:
    shop = a_reconciled_shop()
    broken(shop.store, "inventory/shirt", stock=90)
    shop.reconcile()
    broken(shop.store, "inventory/shirt", stock=None)
    assert shop.reconcile().closed == ("stock_off_trail_shirt",)
    broken(shop.store, "inventory/shirt", stock=50)
    assert shop.reconcile().opened == ()
    broken(shop.store, "inventory/shirt", stock=51)
    shop.reconcile()
    shop.store.delete("inventory/shirt")
    assert shop.reconcile().closed == ("stock_off_trail_shirt",)


def test_what_was_sold_at_the_moment_up_to_which_a_run_has_counted_is_counted_once() -> None:
    shop = a_reconciled_shop()
    shop.sell("order-5")
    sold_at = shop.now
    shop.later(minutes=10)
    shop.reconcile()
    assert progress_of(shop)["trailUntil"] == sold_at
    shop.later(hours=1)
    assert shop.reconcile().opened == ()
    assert document_at(shop.store, "baselines/shirt")["stock"] == shirts_in(shop.store)[0]


def test_what_was_sold_while_no_run_came_to_its_end_is_expected() -> None:
    shop = a_reconciled_shop()
    sell_one_a_day(shop, days=5)
    assert shop.reconcile().opened == ()
    assert document_at(shop.store, "baselines/shirt")["stock"] == shirts_in(shop.store)[0]
    # Nothing else is wrong.
    shop.sell("order-6")
    shop.later(days=3)
    broken(shop.store, "inventory/shirt", stock=50)
    (found,) = shop.reconcile().opened
    assert found.words == "stock of shirt is 50, but 93 by the trail: -43 is unexplained"


def test_a_trail_that_is_too_long_for_one_run_is_counted_by_several() -> None:
    shop = a_reconciled_shop()
    sell_one_a_day(shop, days=8)
    counted = progress_of(shop)["trailUntil"] + timedelta(days=7)
    shop.clock.per_look, keyless = 24, replace(shop.job(), stripe=None)
    runs = 0
    while progress_of(shop)["trailUntil"] < counted:
        runs += 1
        assert (keyless.run().opened, runs < 30) == ((), True)
        shop.later(minutes=1)
    assert runs > 1


def test_what_is_sold_after_a_first_run_that_died_is_expected() -> None:
    shop = a_reconciled_shop()
    begun = document_at(shop.store, "baselines/shirt")["until"]
    # It had written one baseline, but not that all are written.
    assert progress_of(shop)["trailUntil"] == begun
    dying = replace(shop.job(), moment=lambda: shop.store.as_of(shop.now))
    shop.store.delete("reconciliations/stripe")
    shop.store.delete("baselines/shirt")

    def die_after_the_baseline(_writes: object) -> None:
        if "baselines/shirt" in {path for path, _ in shop.store.documents()}:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), before_each_commit(shop.store, die_after_the_baseline):
        dying.run()
    shop.sell("order-9")
    shop.later(hours=1)
    assert shop.reconcile().opened == ()
