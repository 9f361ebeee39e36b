"""The life of an order, one test for each turn it can take: signed deliveries of whole Stripe events to the endpoint.

Which types of events mean the same, in which API version, and what each does in which status, the unit tests list.
"""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

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
from tests.support.builders import NOW, TERMS, a_lapse
from tests.support.emulated_shop import documents_in, settle_in
from tests.support.stripe.customer import PRIVATE
from tests.support.stripe.versions import API_VERSIONS
from tests.support.stripe_objects import PAYMENT_EVENTS, the_event

SESSION, EXPIRED, CANCELED = "checkout.session.completed", "checkout.session.expired", "payment_intent.canceled"
PROCESSING, FAILED = "payment_intent.processing", "payment_intent.payment_failed"

# --- Paid ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", API_VERSIONS)
def test_the_first_event_of_a_payment_finalizes_its_order_and_the_others_change_nothing(
    shop: Shop, version: str
) -> None:
    results = [shop.deliver(the_event(each, version, f"evt_{n}")) for n, each in enumerate(PAYMENT_EVENTS)]
    assert results == ["first_time_finalized", "already_finalized", "already_finalized"]
    assert (shop.order["status"], shop.order["amountReceived"], shop.stock) == ("finalized", 3_600, SOLD)
    assert [shop.to_customer(f"evt_{number}") for number in range(3)] == ["paid", None, None]


FREE: dict[str, Any] = {"payment_status": "no_payment_required", "amount_total": 0, "payment_intent": None}


def test_an_order_that_costs_nothing_is_finalized_once_by_its_session(shop_with: ShopWith) -> None:
    shop = shop_with(amountTotal=0)
    assert shop.report(SESSION, **FREE) == "first_time_finalized"
    assert shop.report(SESSION, **FREE) == "duplicate_detected"
    assert (shop.order["status"], shop.order["amountReceived"], shop.stock) == ("finalized", 0, SOLD)
    assert shop.to_customer("evt_1") == "paid"


def test_a_free_session_for_an_order_that_has_a_price_does_not_pay_for_it(shop: Shop) -> None:
    assert shop.report(SESSION, "evt_free", **FREE) == "not_paid"
    assert (shop.order["status"], shop.order.get("amountReceived"), shop.stock) == ("reserved", None, HELD)
    assert (shop.to_customer("evt_free"), shop.to_operator("evt_free")) == (None, "not_paid")
    assert shop.report(PAID, "evt_paid") == "first_time_finalized"


def test_an_order_that_was_finished_by_hand_is_refunded_like_any_other(shop: Shop) -> None:
    assert shop.report(PAID, "evt_paid", amount_received=3_500) == "quarantined"
    shop.finish_by_hand()
    assert shop.report(REFUNDED, "evt_2", amount_captured=3_500, amount_refunded=3_500) == "refunded"
    assert (shop.order["status"], shop.stock) == ("refunded", ON_THE_SHELF)


def test_an_order_whose_payment_named_no_order_is_finished_by_hand_and_its_refund_finds_it(shop: Shop) -> None:
    assert shop.report(PAID, "evt_paid", metadata={}) == "ignored"
    shop.finish_by_hand(paymentIntentId="pi_1", amountReceived=3_600, currencyReceived="eur")
    shop.write("payments/pi_1", {"orderId": "order-1"})
    assert shop.report(REFUND_CREATED, "evt_2") == "refunded"
    assert (shop.order["status"], shop.order["amountRefunded"], shop.stock) == ("refunded", 3_600, ON_THE_SHELF)


# --- Declined --------------------------------------------------------------------------------------------------------


def test_a_success_after_a_decline_that_was_reported_twice_finalizes_the_order(shop: Shop) -> None:
    assert [shop.report("charge.failed", "evt_1"), shop.report(FAILED, "evt_2")] == ["payment_failed"] * 2
    assert (shop.order["status"], shop.stock) == ("reserved", HELD)
    decline = {"code": "card_declined", "declineCode": "insufficient_funds", "at": NOW}
    assert shop.order["lastPaymentError"] == {**decline, "paymentIntentId": "pi_1", "chargeId": "ch_0"}
    notice = shop.read("notifications/alice/messages/evt_1")
    assert (notice["type"], notice["reason"]) == ("payment_failed", "insufficient_funds")
    assert shop.to_customer("evt_2") is None
    assert shop.report(PAID, "evt_3") == "first_time_finalized"
    assert shop.stock == SOLD


def test_no_document_contains_data_of_a_customer_or_a_card(shop: Shop) -> None:
    results = {
        "refund.updated": "payment_not_found",
        DISPUTE_OPENED: "payment_not_found",
        "charge.failed": "payment_failed",
        FAILED: "payment_failed",
        PAID: "first_time_finalized",
        REFUNDED: "refund_recorded",
    }
    for number, (event_type, result) in enumerate(results.items()):
        assert shop.report(event_type, f"evt_{number}") == result
    found = {path: str(fields) for path, fields in documents_in(shop.client).items()}
    collections = Counter(path.partition("/")[0] for path in found)
    assert (collections["webhookEvents"], collections["auditLog"], collections["notifications"]) == (6, 6, 4)
    assert [(path, word) for path, text in found.items() for word in PRIVATE if word in text] == []


# --- Ended without money, or on its way ------------------------------------------------------------------------------


def test_an_end_without_payment_releases_the_hold_once(shop: Shop) -> None:
    assert shop.report(CANCELED, "evt_1") == "cancelled"
    assert shop.report(CANCELED, "evt_1") == "duplicate_detected"
    assert shop.report(CANCELED, "evt_2") == "already_cancelled"
    assert shop.report(EXPIRED, "evt_3") == "already_cancelled"
    assert (shop.order["status"], shop.stock) == ("cancelled", ON_THE_SHELF)
    assert [shop.to_customer(f"evt_{number}") for number in (1, 2, 3)] == ["cancelled", None, None]


def test_no_event_of_a_failed_or_ended_or_processing_payment_changes_a_paid_order(paid_shop: Shop) -> None:
    before = paid_shop.order, paid_shop.stock
    for number, event_type in enumerate((CANCELED, EXPIRED, FAILED, PROCESSING, "charge.pending")):
        assert paid_shop.report(event_type, f"evt_{number}") == "already_finalized"
    assert (paid_shop.order, paid_shop.stock) == before


def test_a_hold_does_not_lapse_while_its_payment_is_processing(shop: Shop) -> None:
    assert shop.report(PROCESSING) == "hold_extended"
    # SEPA Direct Debit: fourteen business days, with the weekends and a holiday between them.
    end = NOW + timedelta(days=21)
    assert (shop.order["reservationExpiresAt"], shop.order.get("amountReceived")) == (end, None)
    settle = settle_in(shop.client)
    assert settle(a_lapse(), end - timedelta(days=1)).result == "not_expired"
    assert settle(a_lapse(), end).result == "expired"
    assert (shop.order["status"], shop.stock) == ("expired", ON_THE_SHELF)


# --- Another mode ----------------------------------------------------------------------------------------------------


def test_an_event_of_the_other_mode_is_recorded_and_changes_no_order(shop_with: ShopWith) -> None:
    shop = shop_with(replace(TERMS, expected_livemode=True))
    before = shop.dump()
    assert [shop.report(PAID), shop.report(PAID)] == ["livemode_mismatch", "duplicate_detected"]
    assert shop.dump() == before
    entry = shop.read("auditLog/evt_1")
    assert (entry["result"], entry["statusAfter"], entry["stock"]) == ("livemode_mismatch", None, [])
    assert shop.read("webhookEvents/evt_1")["processed"] is True
    assert (shop.to_customer("evt_1"), shop.to_operator("evt_1")) == (None, None)
    assert shop.deliver({**the_event(PAID, event_id="evt_2"), "livemode": True}) == "first_time_finalized"
