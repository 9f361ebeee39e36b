"""A placed order's units are held, or it fails for good, whatever the database contains."""

import pytest

from tests.contract.database import Database
from tests.support.builders import Fields, a_catalogue_entry, a_lapse, a_placement, an_order, as_large_as_may_be
from tests.support.interference import DisturbedStore, someone_first
from tests.support.payments import a_payment
from tests.support.refunds import a_refunded_charge
from tests.support.settling import settled
from tests.support.shop import MUCH_LATER, document_at, open_shop, shirts_in


def test_an_order_is_held_while_its_product_is_written_and_needs_no_second_try(database: Database) -> None:
    open_shop(database, an_order())
    written = someone_first(lambda: database.put("products/shirt", a_catalogue_entry(available="few")))
    disturbed = DisturbedStore(database.store, [written, written])
    assert settled(a_placement(), disturbed).result == "reserved"
    assert disturbed.calls == ["read", "count", "commit", "commit"]


# The unit tests have every defect.
BROKEN: dict[str, tuple[Fields, str]] = {
    "items missing": ({"items": None}, "invalid_order: items must be a list of products"),
    "unknown product": (
        {"items": [{"productId": "unicorn", "quantity": 1}]},
        "unknown_product: the inventory does not count 'unicorn'",
    ),
    "reserved product id": (
        {"items": [{"productId": "__all__", "quantity": 1}]},
        "invalid_order: line 1 names no possible product: '__all__'",
    ),
    "a hold of its own": ({"status": "reserving", "items": []}, "invalid_order: the order has no items"),
}


@pytest.mark.parametrize(("fields", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_broken_order_fails_for_good_and_touches_no_stock(database: Database, fields: Fields, reason: str) -> None:
    open_shop(database, an_order(**fields))
    assert settled(a_placement(), database.store).result == "reservation_failed"
    order = document_at(database, "orders/order-1")
    assert (order["status"], order["failureReason"]) == ("failed", reason)
    assert shirts_in(database) == (10, 0)
    assert settled(a_placement(), database.store).result == "already_placed"


def test_an_order_as_large_as_may_be_is_held_released_paid_and_refunded_like_any_other(database: Database) -> None:
    open_shop(database, as_large_as_may_be())
    assert settled(a_placement(), database.store).result == "reserved"
    assert settled(a_lapse(), database.store, now=MUCH_LATER).result == "expired"
    assert shirts_in(database) == (10, 0)
    assert settled(a_payment(), database.store).result == "first_time_finalized"
    assert settled(a_refunded_charge("evt_2"), database.store).result == "refunded"
    assert shirts_in(database) == (10, 0)


def test_stock_that_lost_its_meaning_after_the_hold_is_released_all_the_same(database: Database) -> None:
    open_shop(database, an_order(status="reserving"))
    database.put("inventory/shirt", {"stock": "ten", "reserved": 3})
    assert settled(a_placement(), database.store).result == "reservation_failed"
    assert shirts_in(database) == ("ten", 0)
