"""The life of an order, rule by rule: signed deliveries of whole Stripe events to the real endpoint."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from google.cloud import firestore

from tests.emulator.ordering_shop import (
    DISPUTE_OPENED,
    HELD,
    ON_THE_SHELF,
    PAID,
    REFUND_CREATED,
    REFUNDED,
    SOLD,
    Shop,
    ShopWith,
)
from tests.support.builders import NOW, TERMS, Fields, a_lapse
from tests.support.emulated_shop import documents_in, settle_in
from tests.support.stripe_objects import (
    PRIVATE,
    an_authorised_charge,
    an_event,
    an_unpaid_session,
    the_event,
)

# --- Paid ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "event_type",
    [
        *(PAID, "charge.succeeded", "charge.captured"),
        *("checkout.session.completed", "checkout.session.async_payment_succeeded"),
    ],
)
def test_every_event_of_a_payment_finalizes_the_order(shop: Shop, version: str, event_type: str) -> None:
    assert shop.deliver(the_event(event_type, version)) == "first_time_finalized"
    assert (shop.order["status"], shop.order["amountReceived"], shop.stock) == ("finalized", 3_600, SOLD)
    assert shop.to_customer("evt_1") == "paid"


def a_free_session(version: str) -> Fields:
    free = {"payment_status": "no_payment_required", "amount_total": 0, "payment_intent": None}
    return the_event("checkout.session.completed", version, "evt_free", **free)


@pytest.mark.parametrize(
    "price", [{"amountTotal": 0}, {"amountTotal": None, "currency": None}], ids=["free", "unpriced"]
)
def test_an_order_that_costs_nothing_is_finalized_by_its_session(
    shop_with: ShopWith, version: str, price: dict[str, object]
) -> None:
    shop = shop_with(**price)
    assert shop.deliver(a_free_session(version)) == "first_time_finalized"
    assert (shop.order["status"], shop.order["amountReceived"], shop.stock) == ("finalized", 0, SOLD)
    assert shop.to_customer("evt_free") == "paid"
    assert shop.deliver(a_free_session(version)) == "duplicate_detected"
    assert shop.stock == SOLD


def test_a_free_session_for_an_order_that_has_a_price_does_not_pay_for_it(shop: Shop, version: str) -> None:
    assert shop.deliver(a_free_session(version)) == "not_paid"
    assert (shop.order["status"], shop.order.get("amountReceived"), shop.stock) == ("reserved", None, HELD)
    assert (shop.to_customer("evt_free"), shop.to_operator("evt_free")) == (None, "not_paid")
    assert shop.deliver(the_event(PAID, version, "evt_paid")) == "first_time_finalized"
    assert (shop.order["status"], shop.order["amountReceived"], shop.stock) == ("finalized", 3_600, SOLD)


def test_an_order_that_was_finished_by_hand_is_refunded_like_any_other(shop: Shop, version: str) -> None:
    """By hand, as the runbook describes it."""
    assert shop.deliver(the_event(PAID, version, "evt_paid", amount_received=3_500)) == "quarantined"
    batch = shop.client.batch()
    order = shop.client.document("orders/order-1")
    batch.update(order, {"status": "finalized", "finalizedAt": NOW, "holdKept": False})
    for product_id, quantity in (("shirt", 2), ("hat", 1)):
        taken = {"stock": firestore.Increment(-quantity), "reserved": firestore.Increment(-quantity)}
        batch.update(shop.client.document(f"inventory/{product_id}"), taken)
    batch.commit()
    assert shop.stock == SOLD
    refund = the_event(REFUNDED, version, "evt_2", amount_captured=3_500, amount_refunded=3_500)
    assert shop.deliver(refund) == "refunded"
    assert (shop.order["status"], shop.stock) == ("refunded", ON_THE_SHELF)


def test_an_order_whose_payment_named_no_order_is_finished_by_hand_and_its_refund_finds_it(
    shop: Shop, version: str
) -> None:
    """By hand, as the runbook describes it."""
    assert shop.deliver(the_event(PAID, version, "evt_paid", metadata={})) == "ignored"
    payment = {"paymentIntentId": "pi_1", "amountReceived": 3_600, "currencyReceived": "eur"}
    batch = shop.client.batch()
    order = shop.client.document("orders/order-1")
    batch.update(order, {"status": "finalized", "finalizedAt": NOW, "holdKept": False, **payment})
    batch.create(shop.client.document("payments/pi_1"), {"orderId": "order-1"})
    for product_id, quantity in (("shirt", 2), ("hat", 1)):
        taken = {"stock": firestore.Increment(-quantity), "reserved": firestore.Increment(-quantity)}
        batch.update(shop.client.document(f"inventory/{product_id}"), taken)
    batch.commit()
    assert shop.stock == SOLD
    assert shop.deliver(the_event(REFUND_CREATED, version, "evt_2")) == "refunded"
    assert (shop.order["status"], shop.order["amountRefunded"], shop.stock) == ("refunded", 3_600, ON_THE_SHELF)


# --- Declined --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event_type", ["payment_intent.payment_failed", "charge.failed"])
def test_a_decline_keeps_the_hold_and_records_its_reason(shop: Shop, version: str, event_type: str) -> None:
    assert shop.deliver(the_event(event_type, version)) == "payment_failed"
    assert (shop.order["status"], shop.stock) == ("reserved", HELD)
    assert shop.order["lastPaymentError"] == {
        "code": "card_declined",
        "declineCode": "insufficient_funds",
        "at": NOW,
        "paymentIntentId": "pi_1",
        "chargeId": "ch_0",
    }
    notice = shop.read("notifications/alice/messages/evt_1")
    assert (notice["type"], notice["reason"]) == ("payment_failed", "insufficient_funds")


def test_one_decline_reported_twice_is_one_notice(shop: Shop, version: str) -> None:
    assert shop.deliver(the_event("charge.failed", version, "evt_1")) == "payment_failed"
    assert shop.deliver(the_event("payment_intent.payment_failed", version, "evt_2")) == "payment_failed"
    assert (shop.to_customer("evt_1"), shop.to_customer("evt_2")) == ("payment_failed", None)


def test_a_success_after_a_decline_finalizes_the_order(shop: Shop, version: str) -> None:
    assert shop.deliver(the_event("payment_intent.payment_failed", version, "evt_1")) == "payment_failed"
    assert shop.deliver(the_event(PAID, version, "evt_2")) == "first_time_finalized"
    assert shop.stock == SOLD


def test_no_document_contains_data_of_a_customer_or_a_card(
    shop: Shop, firestore_client: firestore.Client, version: str
) -> None:
    results = {
        "refund.updated": "payment_not_found",
        DISPUTE_OPENED: "payment_not_found",
        "charge.failed": "payment_failed",
        "payment_intent.payment_failed": "payment_failed",
        PAID: "first_time_finalized",
        REFUNDED: "refund_recorded",
    }
    for number, (event_type, result) in enumerate(results.items()):
        assert shop.deliver(the_event(event_type, version, f"evt_{number}")) == result
    found = {path: str(fields) for path, fields in documents_in(firestore_client).items()}
    collections = Counter(path.partition("/")[0] for path in found)
    assert (collections["webhookEvents"], collections["auditLog"], collections["notifications"]) == (6, 6, 4)
    assert [(path, word) for path, text in found.items() for word in PRIVATE if word in text] == []


# --- Ended without money ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event_type", ["payment_intent.canceled", "checkout.session.expired"])
def test_an_end_without_payment_releases_the_hold_once(shop: Shop, version: str, event_type: str) -> None:
    assert shop.deliver(the_event(event_type, version, "evt_1")) == "cancelled"
    assert (shop.order["status"], shop.stock) == ("cancelled", ON_THE_SHELF)
    assert shop.to_customer("evt_1") == "cancelled"
    assert shop.deliver(the_event(event_type, version, "evt_1")) == "duplicate_detected"
    assert shop.deliver(the_event("payment_intent.canceled", version, "evt_2")) == "already_cancelled"
    assert shop.deliver(the_event("checkout.session.expired", version, "evt_3")) == "already_cancelled"
    assert (shop.order["status"], shop.stock) == ("cancelled", ON_THE_SHELF)
    assert [shop.to_customer(event_id) for event_id in ("evt_2", "evt_3")] == [None, None]


def test_releasing_an_authorisation_cancels_the_order(shop: Shop, version: str) -> None:
    charge = an_authorised_charge(version, amount_captured=None, amount_refunded=3_600, refunded=True)
    assert shop.deliver(an_event(REFUNDED, charge, api_version=version)) == "cancelled"
    assert (shop.order["status"], shop.stock) == ("cancelled", ON_THE_SHELF)


@pytest.mark.parametrize(
    "event_type", ["payment_intent.canceled", "checkout.session.expired", "payment_intent.payment_failed"]
)
def test_no_event_of_a_failed_or_ended_payment_changes_a_paid_order(
    paid_shop: Shop, version: str, event_type: str
) -> None:
    before = paid_shop.order, paid_shop.stock
    assert paid_shop.deliver(the_event(event_type, version, "evt_2")) == "already_finalized"
    assert (paid_shop.order, paid_shop.stock) == before


# --- Processing ------------------------------------------------------------------------------------------------------

SEPA_DAYS = 21
"""Fourteen business days, with the weekends and a holiday between them."""


def an_unpaid_session_event(version: str) -> Fields:
    return an_event("checkout.session.completed", an_unpaid_session(version), api_version=version)


def an_authorised_charge_event(version: str) -> Fields:
    return an_event("charge.succeeded", an_authorised_charge(version), api_version=version)


@pytest.mark.parametrize(
    ("event_of", "days"),
    [
        (partial(the_event, "payment_intent.processing"), SEPA_DAYS),
        (partial(the_event, "charge.pending"), SEPA_DAYS),
        (partial(the_event, "payment_intent.amount_capturable_updated"), 7),
        (an_unpaid_session_event, 7),
        (an_authorised_charge_event, 7),
    ],
    ids=["processing", "pending", "capturable", "an unpaid session", "an authorised charge"],
)
def test_a_payment_that_is_on_its_way_keeps_the_units_held_for_as_long_as_its_method_takes(
    shop: Shop, version: str, event_of: Callable[[str], Fields], days: int
) -> None:
    assert shop.deliver(event_of(version)) == "hold_extended"
    assert (shop.order["status"], shop.stock) == ("reserved", HELD)
    assert shop.order["reservationExpiresAt"] == NOW + timedelta(days=days)
    assert shop.order.get("amountReceived") is None
    assert shop.deliver(the_event("payment_intent.succeeded", version, "evt_2")) == "first_time_finalized"


def test_a_payment_that_is_processing_holds_an_order_that_is_not_held_yet(shop_with: ShopWith, version: str) -> None:
    shop = shop_with(stock=ON_THE_SHELF, status="pending")
    assert shop.deliver(the_event("payment_intent.processing", version)) == "reserved"
    assert (shop.order["status"], shop.stock) == ("reserved", HELD)
    assert shop.order["reservationExpiresAt"] == NOW + timedelta(days=SEPA_DAYS)


@pytest.mark.parametrize("event_type", ["payment_intent.processing", "charge.pending"])
def test_processing_after_success_changes_nothing(paid_shop: Shop, version: str, event_type: str) -> None:
    before = paid_shop.order, paid_shop.stock
    assert paid_shop.deliver(the_event(event_type, version, "evt_2")) == "already_finalized"
    assert (paid_shop.order, paid_shop.stock) == before


def test_a_slow_payment_that_failed_keeps_the_hold_and_notifies_the_customer(shop: Shop, version: str) -> None:
    assert shop.deliver(the_event("checkout.session.async_payment_failed", version)) == "payment_failed"
    assert (shop.order["status"], shop.stock) == ("reserved", HELD)
    assert shop.to_customer("evt_1") == "payment_failed"


def test_a_hold_does_not_lapse_while_its_payment_is_processing(shop: Shop, firestore_client: firestore.Client) -> None:
    assert shop.deliver(the_event("payment_intent.processing")) == "hold_extended"
    tick = settle_in(firestore_client)
    assert tick(a_lapse(), NOW + timedelta(days=SEPA_DAYS - 1)).result == "not_expired"
    assert tick(a_lapse(), NOW + timedelta(days=SEPA_DAYS)).result == "expired"
    assert (shop.order["status"], shop.stock) == ("expired", ON_THE_SHELF)


# --- Another mode ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event_type", [PAID, REFUNDED, "payment_intent.canceled", REFUND_CREATED, DISPUTE_OPENED])
def test_an_event_of_the_other_mode_is_recorded_and_changes_no_order(
    shop_with: ShopWith, version: str, event_type: str
) -> None:
    shop = shop_with(replace(TERMS, expected_livemode=True))
    before = shop.dump()
    assert shop.deliver(the_event(event_type, version)) == "livemode_mismatch"
    assert shop.dump() == before
    entry = shop.read("auditLog/evt_1")
    assert (entry["result"], entry["statusAfter"], entry["stock"]) == ("livemode_mismatch", None, [])
    assert shop.read("webhookEvents/evt_1")["processed"] is True
    assert (shop.to_customer("evt_1"), shop.to_operator("evt_1")) == (None, None)
    assert shop.deliver(the_event(event_type, version)) == "duplicate_detected"


def test_an_event_of_the_expected_mode_is_settled(shop_with: ShopWith) -> None:
    shop = shop_with(replace(TERMS, expected_livemode=True))
    assert shop.deliver({**the_event(PAID), "livemode": True}) == "first_time_finalized"
