"""Payments that arrive late or do not match the order: signed deliveries of whole Stripe events to the endpoint."""

import pytest

from tests.emulator.ordering_shop import (
    HELD,
    ON_THE_SHELF,
    PAID,
    REFUNDED,
    SOLD,
    Shop,
    ShopWith,
)
from tests.support.stripe_objects import (
    a_refund_object,
    the_event,
)

# --- Late payments ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["expired", "cancelled", "failed"])
@pytest.mark.parametrize("event_type", [PAID, "charge.succeeded", "checkout.session.completed"])
def test_a_late_payment_gets_the_units_if_they_are_there(
    shop_with: ShopWith, version: str, status: str, event_type: str
) -> None:
    shop = shop_with(stock=ON_THE_SHELF, status=status)
    assert shop.deliver(the_event(event_type, version)) == "first_time_finalized"
    assert (shop.order["status"], shop.stock) == ("finalized", SOLD)
    assert shop.to_customer("evt_1") == "paid"


@pytest.mark.parametrize("status", ["expired", "cancelled", "failed"])
def test_a_late_payment_is_due_for_refund_if_the_units_are_gone(shop_with: ShopWith, version: str, status: str) -> None:
    gone = {"shirt": (10, 9), "hat": (5, 0)}
    shop = shop_with(stock=gone, status=status)
    assert shop.deliver(the_event(PAID, version)) == "refund_due"
    assert (shop.order["status"], shop.order["amountReceived"], shop.stock) == ("refund_due", 3_600, gone)
    assert (shop.to_customer("evt_1"), shop.to_operator("evt_1")) == ("refund_due", "refund_due")
    assert shop.deliver(the_event(REFUNDED, version, "evt_2")) == "refunded"
    assert (shop.order["status"], shop.stock) == ("refunded", gone)


def test_a_refund_that_arrives_before_its_late_payment_leaves_the_stock_as_it_was(
    shop_with: ShopWith, version: str
) -> None:
    shop = shop_with(stock=ON_THE_SHELF, status="expired")
    assert shop.deliver(the_event(REFUNDED, version)) == "refunded"
    assert (shop.order["status"], shop.stock) == ("refunded", ON_THE_SHELF)


# --- Payments that do not match --------------------------------------------------------------------------------------


def test_a_wrong_amount_is_left_to_a_person_and_the_hold_is_kept(shop: Shop, version: str) -> None:
    assert shop.deliver(the_event(PAID, version, amount_received=3_500)) == "quarantined"
    assert (shop.order["status"], shop.order["amountReceived"], shop.order["amountTotal"]) == ("review", 3_500, 3_600)
    assert shop.stock == HELD
    customers = shop.read("notifications/alice/messages/evt_1")
    operators = shop.read("notifications/system/messages/evt_1")
    assert (customers["type"], customers["audience"], customers["reason"]) == ("review", "customer", None)
    assert (operators["type"], operators["audience"]) == ("review", "operator")
    assert operators["reason"] == "amount_mismatch: 3500 eur was paid, 3600 eur was asked"
    assert shop.read("auditLog/evt_1")["stock"] == []


def test_a_wrong_currency_is_left_to_a_person(shop: Shop, version: str) -> None:
    assert shop.deliver(the_event("charge.succeeded", version, currency="usd")) == "quarantined"
    assert (shop.order["status"], shop.order["currency"], shop.order["currencyReceived"]) == ("review", "eur", "usd")
    assert shop.stock == HELD


def test_a_full_refund_of_a_wrong_payment_ends_the_order_and_its_hold(shop: Shop, version: str) -> None:
    assert shop.deliver(the_event(PAID, version, amount_received=3_500)) == "quarantined"
    refund = a_refund_object(version, amount=3_500)
    charge = the_event(
        REFUNDED, version, "evt_2", amount_captured=3_500, amount=3_500, amount_refunded=3_500, refunds=[refund]
    )
    assert shop.deliver(charge) == "refunded"
    assert (shop.order["status"], shop.stock) == ("refunded", ON_THE_SHELF)
