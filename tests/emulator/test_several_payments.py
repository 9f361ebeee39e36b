"""Several payments for one order: which of them pay for it, and which are due back. Real deliveries.

Every order of many sets of them is tried in memory, and one order of each on the emulator by `test_any_order.py`.
"""

from datetime import timedelta
from typing import Any

import pytest

from tests.emulator.ordering_shop import HELD, PAID, REFUNDED, SOLD, Shop, ShopWith
from tests.support.builders import NOW, Fields
from tests.support.stripe_objects import the_event

SESSION, EXPIRED, CANCELED = "checkout.session.completed", "checkout.session.expired", "payment_intent.canceled"
WAITING, FAILED = "payment_intent.requires_action", "payment_intent.payment_failed"


def paid(name: str, amount: int, currency: str = "eur") -> Fields:
    """A payment of its own, as its PaymentIntent reports it."""
    fields: dict[str, Any] = {
        "id": f"pi_{name}",
        "latest_charge": f"ch_{name}",
        "amount": amount,
        "amount_received": amount,
        "currency": currency,
    }
    return the_event(PAID, event_id=f"evt_{name}", **fields)


def refunded(name: str, amount: int) -> Fields:
    fields: dict[str, Any] = dict.fromkeys(("amount", "amount_captured", "amount_refunded"), amount)
    ids = {"id": f"ch_{name}", "payment_intent": f"pi_{name}"}
    return the_event(REFUNDED, event_id=f"evt_{name}_refunded", **ids, **fields)


def settled_in(shop: Shop) -> tuple[object, ...]:
    order = shop.order
    return order["status"], order["amountReceived"], order["amountRefunded"], order["paymentIntentId"], shop.stock


def test_a_wrong_payment_first_does_not_make_the_right_one_the_second_that_is_due_back(shop: Shop) -> None:
    assert shop.deliver(paid("wrong", 3_500)) == "quarantined"
    assert shop.deliver(paid("right", 3_600)) == "first_time_finalized"
    notice = shop.read("notifications/system/messages/evt_right")
    assert (notice["type"], notice["amount"]) == ("second_payment", 3_500)
    assert "pi_wrong (3500 eur) is not needed: pi_right" in str(notice["reason"])
    assert shop.to_customer("evt_right") == "paid"


def test_a_refund_counts_against_the_payment_it_names(shop: Shop) -> None:
    shop.deliver(paid("a", 3_600))
    shop.deliver(paid("b", 3_600))
    assert shop.deliver(refunded("b", 3_600)) == "other_payment"
    assert settled_in(shop) == ("finalized", 3_600, 0, "pi_a", SOLD)


def test_what_the_backend_adds_to_the_price_is_asked_and_on_record(shop_with: ShopWith) -> None:
    added = [
        {"kind": "shipping", "amount": 490, "label": "Parcel"},
        {"kind": "discount", "amount": -90.0, "label": None},
    ]
    shop = shop_with(adjustments=added)
    assert shop.deliver(paid("without", 3_600)) == "quarantined"
    assert (shop.order["status"], shop.order["amountTotal"], shop.order["pricedBy"]) == ("review", 4_000, "backend")
    assert shop.deliver(paid("rest", 400)) == "first_time_finalized"
    order = shop.order
    assert (order["itemsTotal"], order["amountTotal"], order["pricedBy"]) == (3_600, 4_000, "backend")
    entry: dict[str, Any] = shop.read("auditLog/evt_rest")
    assert [each["amount"] for each in entry["adjustments"]] == [490, -90]


@pytest.mark.parametrize(
    ("money", "status"), [((5_000, "usd"), "finalized"), ((5_000, "eur"), "review"), ((3_600, "usd"), "review")]
)
def test_what_the_backend_writes_as_the_total_of_a_reserved_order_is_asked_and_shown_as_its_price(
    shop: Shop, money: tuple[int, str], status: str
) -> None:
    shop.client.document("orders/order-1").update({"amountTotal": 5_000, "currency": "usd"})
    shop.deliver(paid("a", *money))
    order = shop.order
    assert (order["status"], order["amountTotal"], order["currency"]) == (status, 5_000, "usd")
    assert order["pricedBy"] == "backend"


# --- Under way elsewhere ---------------------------------------------------------------------------------------------

VOUCHER_EXPIRES = NOW + timedelta(days=3)
_DETAILS = {"number": "1", "expires_after": int(VOUCHER_EXPIRES.timestamp())}
VOUCHER: dict[str, Any] = {"next_action": {"type": "oxxo_display_details", "oxxo_display_details": _DETAILS}}


@pytest.fixture
def shop_with_a_voucher(shop: Shop) -> Shop:
    assert shop.report(WAITING, "evt_voucher", **VOUCHER) == "hold_extended"
    return shop


@pytest.mark.parametrize("session_first", [True, False])
def test_a_voucher_that_a_session_reports_too_keeps_the_units_no_longer(shop: Shop, *, session_first: bool) -> None:
    unpaid: dict[str, Any] = {"payment_status": "unpaid", "payment_method_types": ["card", "oxxo"]}
    events = [the_event(WAITING, event_id="evt_2", **VOUCHER), the_event(SESSION, **unpaid)]
    for event in reversed(events) if session_first else events:
        assert shop.deliver(event) == "hold_extended"
    assert shop.order["reservationExpiresAt"] == VOUCHER_EXPIRES


def test_a_voucher_keeps_the_units_until_it_expires_or_fails(shop_with_a_voucher: Shop) -> None:
    shop = shop_with_a_voucher
    assert shop.order["reservationExpiresAt"] == VOUCHER_EXPIRES
    failed = the_event(FAILED, event_id="evt_failed")
    failed["created"] = int((NOW + timedelta(minutes=5)).timestamp())
    assert shop.deliver(failed) == "payment_failed"
    assert shop.order["reservationExpiresAt"] == NOW + timedelta(minutes=35)


ENDS: dict[str, tuple[str, Fields]] = {
    "an abandoned older session": (EXPIRED, {}),
    "another intent": (CANCELED, {"id": "pi_other"}),
}


@pytest.mark.parametrize(("event_type", "fields"), ENDS.values(), ids=ENDS)
def test_an_end_elsewhere_leaves_an_order_whose_money_is_on_its_way(
    shop_with_a_voucher: Shop, event_type: str, fields: Fields
) -> None:
    shop = shop_with_a_voucher
    assert shop.report(event_type, "evt_end", **fields) == "payment_canceled"
    assert (shop.order["status"], shop.stock) == ("reserved", HELD)
    assert shop.order["reservationExpiresAt"] == VOUCHER_EXPIRES


# --- Found by the payment --------------------------------------------------------------------------------------------


def test_a_payment_that_only_its_session_has_named_finds_the_order(shop: Shop) -> None:
    assert shop.report(SESSION, "evt_session", payment_status="unpaid") == "hold_extended"
    assert shop.report(PAID, "evt_intent", metadata={}) == "first_time_finalized"
    nobodys: dict[str, Any] = {"id": "pi_2", "latest_charge": "ch_2", "metadata": {}}
    assert shop.report(PAID, "evt_nobodys", **nobodys) == "ignored"
    assert "evt_nobodys" not in shop.document_ids("webhookEvents")


def test_a_session_for_a_subscription_sells_nothing(shop: Shop) -> None:
    subscription: dict[str, Any] = {"mode": "subscription", "payment_intent": None, "subscription": "sub_1"}
    assert shop.report(SESSION, **subscription) == "not_paid"
    assert (shop.order["status"], shop.stock, shop.to_operator("evt_1")) == ("reserved", HELD, "subscription")


def test_only_payments_wait_for_an_order_that_is_not_there(shop: Shop) -> None:
    shop.client.document("orders/order-1").delete()
    for event_type in (CANCELED, FAILED, "charge.pending"):
        long_ago = int((NOW - timedelta(hours=2)).timestamp())
        assert shop.deliver({**the_event(event_type), "created": long_ago}) == "ignored"
    assert (shop.document_ids("webhookEvents"), shop.document_ids("payments")) == ([], [])


# --- Ids used before -------------------------------------------------------------------------------------------------


def test_nothing_of_a_deleted_order_touches_the_one_that_has_its_id_now(shop: Shop) -> None:
    shop.deliver(paid("old", 3_600))
    created_again = {**shop.order, "status": "failed", "failureReason": "id_used_before: order again"}
    for name in ("payments", "paymentIntentId", "chargeId", "amountReceived", "finalizedAt", "webhookEventId"):
        created_again.pop(name)
    shop.write("orders/order-1", created_again)
    assert shop.deliver(refunded("old", 3_600)) == "earlier_order"
    assert shop.report("charge.succeeded", "evt_late", id="ch_old", payment_intent="pi_old") == "earlier_order"
    assert shop.order == created_again
    assert (shop.stock, shop.to_operator("evt_late")) == (SOLD, "earlier_order")


def test_a_payment_that_was_parked_long_before_its_order_was_created_waits_for_a_person(shop: Shop) -> None:
    order = shop.order
    shop.client.document("orders/order-1").delete()
    old = {**paid("early", 3_600), "created": int((NOW - timedelta(days=2)).timestamp())}
    assert shop.deliver(old) == "order_not_found"
    shop.write("orders/order-1", order)
    assert shop.deliver(old) == "quarantined"
    assert (shop.order["status"], shop.stock, shop.to_operator("evt_early")) == ("review", HELD, "review")
