"""The life of an order: signed deliveries of whole Stripe events to the endpoint.

Which types of events mean the same, in which API version, what each does in which status, and who is believed, the unit
tests list; what any mixture of them leaves on the emulator, `test_any_order.py` and the faults' scenarios show.
"""

from collections import Counter
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
from tests.support.builders import NOW
from tests.support.emulated_shop import documents_in
from tests.support.stripe.customer import PRIVATE
from tests.support.stripe.versions import API_VERSIONS
from tests.support.stripe_objects import PAYMENT_EVENTS, the_event

FAILED = "payment_intent.payment_failed"

# --- Paid ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", API_VERSIONS)
def test_the_first_event_of_a_payment_finalizes_its_order_and_the_others_change_nothing(
    shop: Shop, version: str
) -> None:
    results = [shop.deliver(the_event(each, version, f"evt_{n}")) for n, each in enumerate(PAYMENT_EVENTS)]
    assert results == ["first_time_finalized", "already_finalized", "already_finalized"]
    assert (shop.order["status"], shop.order["amountReceived"], shop.stock) == ("finalized", 3_600, SOLD)
    assert [shop.to_customer(f"evt_{number}") for number in range(3)] == ["paid", None, None]


def test_what_the_backend_adds_to_the_price_is_asked_and_on_record(shop_with: ShopWith) -> None:
    added = [
        {"kind": "shipping", "amount": 490, "label": "Parcel"},
        {"kind": "discount", "amount": -90.0, "label": None},
    ]
    shop = shop_with(adjustments=added)
    assert shop.report(PAID, "evt_without") == "quarantined"
    assert (shop.order["status"], shop.order["amountTotal"], shop.order["pricedBy"]) == ("review", 4_000, "backend")
    rest: dict[str, Any] = {"id": "pi_2", "latest_charge": "ch_2", "amount_received": 400}
    assert shop.report(PAID, "evt_rest", **rest) == "first_time_finalized"
    order = shop.order
    assert (order["itemsTotal"], order["amountTotal"], order["pricedBy"]) == (3_600, 4_000, "backend")
    entry: dict[str, Any] = shop.read("auditLog/evt_rest")
    assert [each["amount"] for each in entry["adjustments"]] == [490, -90]


def test_an_order_whose_payment_named_no_order_is_accepted_and_its_refund_finds_it(shop: Shop) -> None:
    assert shop.report(PAID, "evt_paid", metadata={}) == "ignored"
    assert (shop.ask("accept", payment="pi_1"), shop.stock) == ("accepted", SOLD)
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
