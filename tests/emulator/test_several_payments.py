"""Several payments for one order, in any order: which of them pay for it, and which are due back. Real deliveries."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.emulator.ordering_shop import HELD, ON_THE_SHELF, PAID, REFUNDED, SOLD, Shop, ShopWith
from tests.support.builders import NOW, Fields
from tests.support.stripe_objects import (
    a_checkout_session,
    a_payment_intent,
    a_refunded_charge_object,
    an_event,
    an_expired_session,
    an_unpaid_session,
)


def paid(name: str, amount: int, currency: str = "eur") -> Fields:
    """A payment of its own, as its PaymentIntent reports it."""
    money: dict[str, Any] = {"amount": amount, "amount_received": amount, "currency": currency}
    intent = a_payment_intent(id=f"pi_{name}", latest_charge=f"ch_{name}", **money)
    return an_event(PAID, intent, f"evt_{name}")


def refunded(name: str, amount: int) -> Fields:
    charge = a_refunded_charge_object(
        id=f"ch_{name}", payment_intent=f"pi_{name}", amount=amount, amount_captured=amount, amount_refunded=amount
    )
    return an_event(REFUNDED, charge, f"evt_{name}_refunded")


def settled_in(shop: Shop) -> tuple[object, ...]:
    order = shop.order
    return order["status"], order["amountReceived"], order["amountRefunded"], order["paymentIntentId"], shop.stock


SETS: dict[str, tuple[list[Fields], tuple[object, ...]]] = {
    "wrong and right": (
        [paid("a", 3_500), paid("b", 3_600)],
        ("finalized", 3_600, 0, "pi_b", SOLD),
    ),
    "two halves": (
        [paid("a", 1_800), paid("b", 1_800)],
        ("finalized", 3_600, 0, "pi_a", SOLD),
    ),
    "two halves and one too many": (
        [paid("a", 1_800), paid("b", 1_800), paid("c", 700)],
        ("finalized", 3_600, 0, "pi_a", SOLD),
    ),
    "wrong, refunded, and right": (
        [paid("a", 3_500), refunded("a", 3_500), paid("b", 3_600)],
        ("finalized", 3_600, 0, "pi_b", SOLD),
    ),
    "right, refunded, and wrong": (
        [paid("a", 3_600), refunded("a", 3_600), paid("b", 3_500)],
        ("refunded", 3_600, 3_600, "pi_a", ON_THE_SHELF),
    ),
    "half of it refunded": (
        [paid("a", 1_800), paid("b", 1_800), refunded("b", 1_800)],
        ("partially_refunded", 3_600, 1_800, "pi_a", SOLD),
    ),
    "only wrong": (
        [paid("a", 1_000), paid("b", 700)],
        ("review", 1_700, 0, "pi_a", HELD),
    ),
}


@pytest.mark.parametrize(
    ("events", "ending"),
    [
        pytest.param(order, ending, id=f"{name}-{number}")
        for name, (events, ending) in SETS.items()
        # Every order of many more sets is tried in memory.
        for number, order in enumerate((events, events[::-1]))
    ],
)
def test_the_same_payments_and_refunds_end_the_same_in_any_order(
    shop: Shop, events: list[Fields], ending: tuple[object, ...]
) -> None:
    for event in events:
        shop.deliver(event)
    assert settled_in(shop) == ending


def test_operators_learn_which_payment_is_not_needed(shop: Shop) -> None:
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
    assert shop.deliver(paid("a", 4_000)) == "first_time_finalized"
    order = shop.order
    assert (order["itemsTotal"], order["amountTotal"], order["pricedBy"]) == (3_600, 4_000, "backend")
    entry: dict[str, Any] = shop.read("auditLog/evt_a")
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


def test_an_order_in_review_shows_what_was_asked(shop_with: ShopWith) -> None:
    shop = shop_with(adjustments=[{"kind": "shipping", "amount": 400, "label": None}])
    shop.deliver(paid("a", 3_600))
    assert (shop.order["status"], shop.order["amountTotal"], shop.order["pricedBy"]) == ("review", 4_000, "backend")
    assert shop.deliver(paid("b", 400)) == "first_time_finalized"


# --- Under way elsewhere ---------------------------------------------------------------------------------------------

VOUCHER_EXPIRES = NOW + timedelta(days=3)


def a_voucher(name: str = "voucher") -> Fields:
    details = {"number": "1", "expires_after": int(VOUCHER_EXPIRES.timestamp())}
    action = {"type": "oxxo_display_details", "oxxo_display_details": details}
    intent = a_payment_intent(id=f"pi_{name}", latest_charge=None, status="requires_action", next_action=action)
    return an_event("payment_intent.requires_action", intent, f"evt_{name}")


@pytest.mark.parametrize("session_first", [True, False])
def test_a_voucher_that_a_session_reports_too_keeps_the_units_no_longer(shop: Shop, *, session_first: bool) -> None:
    unpaid = an_unpaid_session(payment_intent="pi_voucher", payment_method_types=["card", "oxxo"])
    events = [a_voucher(), an_event("checkout.session.completed", unpaid, "evt_session")]
    for event in reversed(events) if session_first else events:
        assert shop.deliver(event) == "hold_extended"
    assert shop.order["reservationExpiresAt"] == VOUCHER_EXPIRES


def test_a_voucher_keeps_the_units_until_it_expires(shop: Shop) -> None:
    assert shop.deliver(a_voucher()) == "hold_extended"
    assert shop.order["reservationExpiresAt"] == VOUCHER_EXPIRES
    failed = a_payment_intent(id="pi_voucher", latest_charge=None, status="requires_payment_method")
    event = an_event("payment_intent.payment_failed", failed, "evt_failed", created=NOW + timedelta(minutes=5))
    assert shop.deliver(event) == "payment_failed"
    assert shop.order["reservationExpiresAt"] == NOW + timedelta(minutes=35)


ENDS: dict[str, Callable[[], tuple[str, Fields]]] = {
    "an older session": lambda: ("checkout.session.expired", an_expired_session(payment_intent=None)),
    "another intent": lambda: ("payment_intent.canceled", a_payment_intent(id="pi_other", status="canceled")),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_an_end_elsewhere_leaves_an_order_whose_money_is_on_its_way(
    shop: Shop, end: Callable[[], tuple[str, dict[str, Any]]]
) -> None:
    event_type, stripe_object = end()
    shop.deliver(a_voucher())
    assert shop.deliver(an_event(event_type, stripe_object, "evt_end")) == "payment_canceled"
    assert (shop.order["status"], shop.stock) == ("reserved", HELD)
    assert shop.order["reservationExpiresAt"] == VOUCHER_EXPIRES


# --- Found by the payment --------------------------------------------------------------------------------------------


def test_a_payment_that_only_its_session_has_named_finds_the_order(shop: Shop) -> None:
    session = an_unpaid_session(payment_intent="pi_1")
    assert shop.deliver(an_event("checkout.session.completed", session, "evt_session")) == "hold_extended"
    intent = a_payment_intent(metadata={})
    assert shop.deliver(an_event(PAID, intent, "evt_intent")) == "first_time_finalized"
    assert (
        shop.deliver(an_event(PAID, a_payment_intent(id="pi_2", latest_charge="ch_2", metadata={}), "evt_nobodys"))
        == "ignored"
    )
    assert "evt_nobodys" not in shop.document_ids("webhookEvents")


def test_a_session_for_a_subscription_sells_nothing(shop: Shop) -> None:
    session = a_checkout_session(mode="subscription", payment_intent=None, subscription="sub_1")
    assert shop.deliver(an_event("checkout.session.completed", session)) == "not_paid"
    assert (shop.order["status"], shop.stock, shop.to_operator("evt_1")) == ("reserved", HELD, "subscription")


@pytest.mark.parametrize("event_type", ["payment_intent.canceled", "payment_intent.payment_failed", "charge.pending"])
def test_only_payments_wait_for_an_order_that_is_not_there(shop: Shop, event_type: str) -> None:
    shop.client.document("orders/order-1").delete()
    intent = a_payment_intent(status="canceled") if event_type.startswith("payment") else {"id": "ch_1", "status": "x"}
    event = an_event(event_type, {**intent, "metadata": {"orderId": "order-1"}}, created=NOW - timedelta(hours=2))
    assert shop.deliver(event) == "ignored"
    assert (shop.document_ids("webhookEvents"), shop.document_ids("payments")) == ([], [])


# --- Ids used before -------------------------------------------------------------------------------------------------


def test_nothing_of_a_deleted_order_touches_the_one_that_has_its_id_now(shop: Shop) -> None:
    shop.deliver(paid("old", 3_600))
    created_again = {**shop.order, "status": "failed", "failureReason": "id_used_before: order again"}
    for name in ("payments", "paymentIntentId", "chargeId", "amountReceived", "finalizedAt", "webhookEventId"):
        created_again.pop(name)
    shop.write("orders/order-1", created_again)
    assert shop.deliver(refunded("old", 3_600)) == "earlier_order"
    late = an_event("charge.succeeded", {**a_refunded_charge_object(id="ch_old", payment_intent="pi_old")}, "evt_late")
    assert shop.deliver(late) == "earlier_order"
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
