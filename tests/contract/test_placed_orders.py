"""A customer has placed an order: its units are held and it has a price, or it fails for good and says why."""

from datetime import timedelta

import pytest

from orders.events import OrderEvent
from tests.contract.database import Database
from tests.support.builders import (
    NOW,
    Fields,
    a_catalogue_entry,
    a_dispute,
    a_lapse,
    a_payment,
    a_placement,
    a_refunded_charge,
    an_order,
    an_updated_refund,
    as_large_as_may_be,
)
from tests.support.interference import DisturbedStore, someone_first
from tests.support.settling import settled
from tests.support.shop import MUCH_LATER, document_at, open_shop, shirts_in, status_in

SHIRTS_AND_A_HAT: Fields = {
    "items": [{"productId": "shirt", "quantity": 3}, {"productId": "hat", "quantity": 2}],
}

# --- Held -------------------------------------------------------------------------------------------------------------


def test_a_placed_order_is_held_and_priced(database: Database) -> None:
    open_shop(database, an_order())
    assert settled(a_placement(), database.store).result == "reserved"
    assert shirts_in(database) == (10, 3)
    order = document_at(database, "orders/order-1")
    assert (order["status"], order["amountTotal"], order["currency"]) == ("reserved", 3_600, "eur")
    assert order["reservedAt"] == NOW
    assert order["reservationExpiresAt"] == NOW + timedelta(minutes=30)


def test_an_order_is_held_while_its_product_is_written_and_needs_no_second_try(database: Database) -> None:
    open_shop(database, an_order())
    written = someone_first(lambda: database.put("products/shirt", a_catalogue_entry(available="few")))
    disturbed = DisturbedStore(database.store, [written, written])
    assert settled(a_placement(), disturbed).result == "reserved"
    assert disturbed.calls == ["read", "count", "commit", "commit"]


def test_holding_leaves_one_audit_entry(database: Database) -> None:
    open_shop(database, an_order())
    settled(a_placement(), database.store)
    entry = document_at(database, "auditLog/placed_order-1")
    assert (entry["statusBefore"], entry["statusAfter"], entry["result"]) == ("pending", "reserved", "reserved")
    assert entry["stock"] == [{"productId": "shirt", "stock": 0, "reserved": 3}]


def test_a_hint_that_names_the_wrong_products_does_no_harm(database: Database) -> None:
    open_shop(database, an_order(), hat={"stock": 5, "reserved": 0})
    assert settled(a_placement(product_ids=("hat",)), database.store).result == "reserved"
    assert shirts_in(database) == (10, 3)
    assert database.get("inventory/hat") == {"stock": 5, "reserved": 0}


def test_the_same_product_on_two_lines_is_held_and_sold_with_both_quantities(database: Database) -> None:
    items = [{"productId": "shirt", "quantity": 1}, {"productId": "shirt", "quantity": 2}]
    open_shop(database, an_order(items=items))
    settled(a_placement(), database.store)
    assert shirts_in(database) == (10, 3)
    settled(a_payment(), database.store)
    assert shirts_in(database) == (7, 0)


def test_nothing_that_the_client_wrote_into_the_items_stays_but_which_products_and_how_many(database: Database) -> None:
    shirt: Fields = {"productId": "shirt", "quantity": 1.0, "unitAmount": 1, "note": "<script>"}
    open_shop(database, an_order(items=[shirt, {"productId": "hat", "quantity": 1}, shirt]), hat={"stock": 5})
    assert settled(a_placement(), database.store).result == "reserved"
    items = document_at(database, "orders/order-1")["items"]
    assert items == [{"productId": "shirt", "quantity": 2}, {"productId": "hat", "quantity": 1}]


def test_an_amount_written_by_the_client_is_never_believed(database: Database) -> None:
    open_shop(database, an_order(amountTotal=1, currency="eur"))
    settled(a_placement(), database.store)
    assert document_at(database, "orders/order-1")["amountTotal"] == 3_600


def test_an_order_without_catalogue_prices_stays_unpriced(database: Database) -> None:
    open_shop(database, an_order(amountTotal=1, currency="eur"))
    database.delete("products/shirt")
    settled(a_placement(), database.store)
    order = document_at(database, "orders/order-1")
    assert (order["status"], order["amountTotal"], order["currency"]) == ("reserved", None, None)


def test_an_order_as_large_as_may_be_is_held_and_released_like_any_other(database: Database) -> None:
    open_shop(database, as_large_as_may_be())
    assert settled(a_placement(), database.store).result == "reserved"
    assert shirts_in(database) == (10, 3)
    assert settled(a_lapse(), database.store, now=MUCH_LATER).result == "expired"
    assert shirts_in(database) == (10, 0)


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


def test_units_promised_to_others_are_not_available(database: Database) -> None:
    open_shop(database, an_order(), reserved=8)
    assert settled(a_placement(), database.store).result == "reservation_failed"
    assert shirts_in(database) == (10, 8)


NO_COUNT = "invalid_order: line 1: the quantity must be a whole number from 1 to 1000000, not"
BROKEN: dict[str, tuple[Fields, str]] = {
    "items missing": ({"items": None}, "invalid_order: items must be a list of products"),
    "items not a list": (
        {"items": {"productId": "shirt", "quantity": 1}},
        "invalid_order: items must be a list of products",
    ),
    "no items": ({"items": []}, "invalid_order: the order has no items"),
    "a line that is no object": ({"items": ["shirt"]}, "invalid_order: line 1 must have a productId and a quantity"),
    "quantity zero": ({"items": [{"productId": "shirt", "quantity": 0}]}, f"{NO_COUNT} 0"),
    "quantity negative": ({"items": [{"productId": "shirt", "quantity": -3}]}, f"{NO_COUNT} -3"),
    "quantity fractional": ({"items": [{"productId": "shirt", "quantity": 1.5}]}, f"{NO_COUNT} 1.5"),
    "quantity boolean": ({"items": [{"productId": "shirt", "quantity": True}]}, f"{NO_COUNT} True"),
    "quantity text": ({"items": [{"productId": "shirt", "quantity": "3"}]}, f"{NO_COUNT} '3'"),
    "quantity absurd": ({"items": [{"productId": "shirt", "quantity": 10**15}]}, f"{NO_COUNT} 1000000000000000"),
    "unknown product": (
        {"items": [{"productId": "unicorn", "quantity": 1}]},
        "unknown_product: the inventory does not count 'unicorn'",
    ),
    "malformed product": (
        {"items": [{"productId": "a/b", "quantity": 1}]},
        "invalid_order: line 1 names no possible product: 'a/b'",
    ),
    "reserved product id": (
        {"items": [{"productId": "__all__", "quantity": 1}]},
        "invalid_order: line 1 names no possible product: '__all__'",
    ),
    "too many lines": (
        {"items": [{"productId": f"p{n}", "quantity": 1} for n in range(101)]},
        "invalid_order: the order has 101 lines; at most 100 are possible",
    ),
    "no user": ({"userId": None}, "invalid_order: userId must name the customer"),
    "malformed user": ({"userId": "a/b"}, "invalid_order: userId must name the customer"),
    "a status of its own": ({"status": "paid"}, "invalid_order: status must be 'pending'"),
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


def test_mixed_currencies_cannot_be_ordered_together(database: Database) -> None:
    open_shop(database, an_order(**SHIRTS_AND_A_HAT), hat={"stock": 5})
    database.put("products/hat", a_catalogue_entry(currency="usd"))
    settled(a_placement(), database.store)
    reason = document_at(database, "orders/order-1")["failureReason"]
    assert reason == "mixed_currencies: the products are priced in eur and usd"


def test_an_order_too_large_to_be_written_to_is_refused_while_it_still_can_be(database: Database) -> None:
    padding = "x" * 1_047_900
    open_shop(database, an_order(items=[{"productId": "shirt", "quantity": 3, "note": padding}]))
    assert settled(a_placement(), database.store).result == "reservation_failed"
    order = document_at(database, "orders/order-1")
    assert (order["status"], order["items"]) == ("failed", [])
    assert order["failureReason"] == "invalid_order: the order is larger than 524288 bytes"
    assert shirts_in(database) == (10, 0)
    assert settled(a_payment(), database.store).result == "refund_due"


# --- Placed before ----------------------------------------------------------------------------------------------------


def test_the_trigger_again_changes_nothing(database: Database) -> None:
    open_shop(database, an_order())
    settled(a_placement(), database.store)
    before = database.dump()
    assert settled(a_placement(), database.store).result == "already_placed"
    assert database.dump() == before


def test_the_trigger_again_after_finalization_changes_nothing(database: Database) -> None:
    open_shop(database, an_order())
    settled(a_placement(), database.store)
    settled(a_payment(), database.store)
    before = database.dump()
    assert settled(a_placement(), database.store).result == "already_placed"
    assert database.dump() == before


def test_a_trigger_for_a_deleted_order_changes_nothing(database: Database) -> None:
    assert settled(a_placement(), database.store).result == "already_placed"
    assert database.dump() == {}


# --- A hold that a crash has left -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "status", "shirts"),
    [(a_placement(), "reserved", (10, 3)), (a_payment(), "finalized", (7, 0))],
    ids=["by the trigger", "by the payment"],
)
def test_a_hold_left_by_a_crash_is_finished(
    database: Database, event: OrderEvent, status: str, shirts: tuple[int, int]
) -> None:
    open_shop(database, an_order(status="reserving", amountTotal=3_600, currency="eur"), reserved=3)
    settled(event, database.store)
    assert (status_in(database), shirts_in(database)) == (status, shirts)


def test_a_hold_left_by_a_crash_is_given_back_if_it_is_not_covered(database: Database) -> None:
    open_shop(database, an_order(status="reserving"), stock=4, reserved=5)
    assert settled(a_placement(), database.store).result == "reservation_failed"
    assert (status_in(database), shirts_in(database)) == ("failed", (4, 2))


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


def test_each_order_under_a_used_id_is_on_record_and_its_customer_is_told(database: Database) -> None:
    open_shop(database, an_order())
    settled(a_placement(), database.store)
    for day in (1, 2):
        create_again(database)
        settled(a_placement(), database.store, now=NOW + timedelta(days=day))
    entries = [path for path in database.dump() if path.startswith("auditLog/placed_order-1_")]
    told = [path for path in database.dump() if path.startswith("notifications/bob/messages/placed_order-1_")]
    assert (len(entries), len(told)) == (2, 2)


def test_money_of_a_deleted_order_leaves_the_one_that_has_its_id_now_as_it_is(database: Database) -> None:
    open_shop(database, an_order())
    settled(a_placement(), database.store)
    settled(a_payment(), database.store)
    create_again(database)
    settled(a_placement(), database.store)
    before = document_at(database, "orders/order-1")
    for late in (a_refunded_charge("evt_2"), an_updated_refund("evt_3"), a_dispute("evt_4"), a_payment("evt_5")):
        assert settled(late, database.store).result == "earlier_order"
    assert (document_at(database, "orders/order-1"), shirts_in(database)) == (before, (7, 0))
    assert document_at(database, "disputes/dp_1")["status"] == "needs_response"
