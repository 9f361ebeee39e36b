"""A customer has placed an order: its units are held and it has a price, or it fails for good and says why."""

from datetime import timedelta

import pytest

from orders.events import OrderEvent
from tests.contract.database import Database
from tests.support.builders import (
    NOW,
    Fields,
    a_catalogue_entry,
    a_lapse,
    a_payment,
    a_placement,
    a_refunded_charge,
    an_order,
    as_large_as_may_be,
)
from tests.support.interference import DisturbedStore, someone_first
from tests.support.settling import settled
from tests.support.shop import MUCH_LATER, document_at, open_shop, shirts_in

SHIRTS_AND_A_HAT: Fields = {"items": [{"productId": "shirt", "quantity": 3}, {"productId": "hat", "quantity": 2}]}

# --- Held -------------------------------------------------------------------------------------------------------------


def test_a_placed_order_is_held_and_priced(database: Database) -> None:
    open_shop(database, an_order())
    assert settled(a_placement(), database.store).result == "reserved"
    assert shirts_in(database) == (10, 3)
    order = document_at(database, "orders/order-1")
    assert (order["status"], order["amountTotal"], order["currency"]) == ("reserved", 3_600, "eur")
    assert order["reservedAt"] == NOW
    assert order["reservationExpiresAt"] == NOW + timedelta(minutes=30)
    entry = document_at(database, "auditLog/placed_order-1")
    assert (entry["statusBefore"], entry["statusAfter"], entry["result"]) == ("pending", "reserved", "reserved")
    assert entry["stock"] == [{"productId": "shirt", "stock": 0, "reserved": 3}]


def test_an_order_is_held_while_its_product_is_written_and_needs_no_second_try(database: Database) -> None:
    open_shop(database, an_order())
    written = someone_first(lambda: database.put("products/shirt", a_catalogue_entry(available="few")))
    disturbed = DisturbedStore(database.store, [written, written])
    assert settled(a_placement(), disturbed).result == "reserved"
    assert disturbed.calls == ["read", "count", "commit", "commit"]


def test_the_same_product_on_two_lines_is_held_and_sold_with_both_quantities_and_nothing_else_of_them_stays(
    database: Database,
) -> None:
    shirt: Fields = {"productId": "shirt", "quantity": 1.0, "unitAmount": 1, "note": "<script>"}
    open_shop(database, an_order(items=[shirt, {"productId": "hat", "quantity": 1}, shirt]), hat={"stock": 5})
    assert settled(a_placement(), database.store).result == "reserved"
    items = document_at(database, "orders/order-1")["items"]
    assert items == [{"productId": "shirt", "quantity": 2}, {"productId": "hat", "quantity": 1}]
    assert shirts_in(database) == (10, 2)
    settled(a_payment(), database.store)
    assert shirts_in(database) == (8, 0)


# --- Refused ----------------------------------------------------------------------------------------------------------


def test_an_order_is_held_whole_or_not_at_all(database: Database) -> None:
    open_shop(database, an_order(**SHIRTS_AND_A_HAT), hat={"stock": 1, "reserved": 0})
    assert settled(a_placement(), database.store).result == "reservation_failed"
    assert shirts_in(database) == (10, 0)
    assert database.get("inventory/hat") == {"stock": 1, "reserved": 0}
    reason = document_at(database, "orders/order-1")["failureReason"]
    assert reason == "insufficient_stock: not enough is left of 'hat'"
    assert document_at(database, "notifications/alice/messages/placed_order-1")["reason"] == reason
    note = document_at(database, "auditLog/placed_order-1")["note"]
    assert note == "insufficient_stock: 2 of 'hat' ordered, 1 available"


# Every defect is named in the unit tests.
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


# --- Placed before ----------------------------------------------------------------------------------------------------


def test_stock_that_lost_its_meaning_after_the_hold_is_released_all_the_same(database: Database) -> None:
    open_shop(database, an_order(status="reserving"))
    database.put("inventory/shirt", {"stock": "ten", "reserved": 3})
    assert settled(a_placement(), database.store).result == "reservation_failed"
    assert shirts_in(database) == ("ten", 0)


# --- Under an id that was used before ---------------------------------------------------------------------------------


def create_again(database: Database) -> None:
    database.delete("orders/order-1")
    database.put("orders/order-1", an_order(userId="bob"))


@pytest.mark.parametrize("first", [a_placement(), a_payment("evt_new", payment_intent_id="pi_2", charge_id="ch_2")])
def test_an_order_under_the_id_of_one_that_was_deleted_fails_and_holds_nothing(
    database: Database, first: OrderEvent
) -> None:
    open_shop(database, an_order())
    settled(a_placement(), database.store)
    settled(a_payment(), database.store)
    create_again(database)
    assert settled(first, database.store).result in ("reservation_failed", "refund_due")
    order = document_at(database, "orders/order-1")
    assert str(order["failureReason"]).startswith("id_used_before: ")
    assert shirts_in(database) == (7, 0)
    before = database.dump()
    assert settled(a_placement(), database.store).result == "already_placed"
    assert database.dump() == before
