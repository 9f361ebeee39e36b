"""Payments that arrive late or do not match the order: signed deliveries of whole Stripe events to the endpoint."""

import pytest

from tests.emulator.ordering_shop import HELD, ON_THE_SHELF, PAID, REFUNDED, SOLD, Shop, ShopWith


@pytest.mark.parametrize("status", ["expired", "cancelled", "failed"])
def test_a_late_payment_gets_the_units_if_they_are_there(shop_with: ShopWith, status: str) -> None:
    shop = shop_with(stock=ON_THE_SHELF, status=status)
    assert shop.report(PAID) == "first_time_finalized"
    assert (shop.order["status"], shop.stock) == ("finalized", SOLD)
    assert shop.to_customer("evt_1") == "paid"


def test_a_late_payment_is_due_for_refund_if_the_units_are_gone(shop_with: ShopWith) -> None:
    gone = {"shirt": (10, 9), "hat": (5, 0)}
    shop = shop_with(stock=gone, status="expired")
    assert shop.report(PAID) == "refund_due"
    assert (shop.order["status"], shop.order["amountReceived"], shop.stock) == ("refund_due", 3_600, gone)
    assert shop.order["failureReason"] == "insufficient_stock: not enough is left of 'shirt'"
    figures = "insufficient_stock: 2 of 'shirt' ordered, 1 available"
    assert shop.read("notifications/system/messages/evt_1")["reason"] == figures
    assert (shop.to_customer("evt_1"), shop.to_operator("evt_1")) == ("refund_due", "refund_due")
    assert shop.report(REFUNDED, "evt_2") == "refunded"
    assert (shop.order["status"], shop.stock) == ("refunded", gone)


def test_a_refund_that_arrives_before_its_late_payment_leaves_the_stock_as_it_was(shop_with: ShopWith) -> None:
    shop = shop_with(stock=ON_THE_SHELF, status="expired")
    assert shop.report(REFUNDED) == "refunded"
    assert (shop.order["status"], shop.stock) == ("refunded", ON_THE_SHELF)


def test_a_wrong_currency_is_left_to_a_person_and_its_other_event_changes_nothing(shop: Shop) -> None:
    assert shop.report(PAID, currency="usd") == "quarantined"
    assert (shop.order["status"], shop.order["amountTotal"], shop.order["currency"]) == ("review", 3_600, "eur")
    assert shop.report("charge.succeeded", "evt_2", currency="usd") == "already_quarantined"
    assert shop.stock == HELD


def test_a_wrong_amount_is_left_to_a_person_with_its_hold_until_it_is_refunded_in_full(shop: Shop) -> None:
    assert shop.report(PAID, amount_received=3_500) == "quarantined"
    assert (shop.order["status"], shop.order["amountReceived"], shop.order["amountTotal"]) == ("review", 3_500, 3_600)
    assert (shop.stock, shop.read("auditLog/evt_1")["stock"]) == (HELD, [])
    customers = shop.read("notifications/alice/messages/evt_1")
    operators = shop.read("notifications/system/messages/evt_1")
    assert (customers["type"], customers["audience"], customers["reason"]) == ("review", "customer", None)
    assert (operators["type"], operators["audience"]) == ("review", "operator")
    assert operators["reason"] == "amount_mismatch: 3500 eur was paid, 3600 eur was asked"
    refund = dict.fromkeys(("amount", "amount_captured", "amount_refunded"), 3_500)
    assert shop.report(REFUNDED, "evt_2", **refund) == "refunded"
    assert (shop.order["status"], shop.stock) == ("refunded", ON_THE_SHELF)
