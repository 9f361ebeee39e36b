"""Refunds of an order, in full, in part and failed: signed deliveries of whole Stripe events to the real endpoint."""

from typing import Any

from tests.emulator.ordering_shop import HELD, ON_THE_SHELF, PAID, REFUND_CREATED, REFUNDED, SOLD, Shop

UPDATED, FAILED = "refund.updated", "refund.failed"


def money_of(shop: Shop) -> tuple[object, ...]:
    return shop.order["status"], shop.order["amountReceived"], shop.order["amountRefunded"]


# --- Refunded --------------------------------------------------------------------------------------------------------


def test_all_events_of_a_full_refund_restore_the_stock_once(paid_shop: Shop) -> None:
    reports = {"evt_2": REFUND_CREATED, "evt_3": UPDATED, "evt_4": "charge.refund.updated", "evt_5": REFUNDED}
    results = [paid_shop.report(event_type, event_id) for event_id, event_type in reports.items()]
    assert results == ["refunded", "already_recorded", "already_recorded", "refund_recorded"]
    again = [paid_shop.report(event_type, event_id) for event_id, event_type in reports.items()]
    assert again == ["duplicate_detected"] * 4
    assert (money_of(paid_shop), paid_shop.stock) == (("refunded", 3_600, 3_600), ON_THE_SHELF)
    assert [paid_shop.to_customer(event_id) for event_id in reports] == ["refunded", None, None, None]
    entry = paid_shop.read("auditLog/evt_2")
    assert (entry["orderId"], entry["statusBefore"], entry["statusAfter"]) == ("order-1", "finalized", "refunded")
    assert entry["stock"] == [
        {"productId": "shirt", "stock": 2, "reserved": 0},
        {"productId": "hat", "stock": 1, "reserved": 0},
    ]


def test_a_partial_refund_returns_only_the_units_it_names_and_a_full_one_the_rest(paid_shop: Shop) -> None:
    named: dict[str, Any] = {"amount": 1_200, "metadata": {"restock": "shirt:1"}}
    assert paid_shop.report(REFUND_CREATED, "evt_2", **named) == "partially_refunded"
    assert money_of(paid_shop) == ("partially_refunded", 3_600, 1_200)
    assert paid_shop.stock == {"shirt": (9, 0), "hat": (4, 0)}
    assert paid_shop.to_customer("evt_2") == "partially_refunded"
    assert paid_shop.report(REFUNDED, "evt_3") == "refunded"
    assert (money_of(paid_shop), paid_shop.stock) == (("refunded", 3_600, 3_600), ON_THE_SHELF)


def test_units_sold_again_before_their_refund_failed_are_left_to_a_person_who_accepts_the_order(
    paid_shop: Shop,
) -> None:
    assert paid_shop.report(REFUNDED, "evt_2") == "refunded"
    paid_shop.write("inventory/hat", {"stock": 5, "reserved": 5})
    assert paid_shop.report(FAILED, "evt_3") == "refund_failed"
    assert money_of(paid_shop) == ("refund_due", 3_600, 0)
    code, _, words = str(paid_shop.order["failureReason"]).partition(": ")
    assert (code, "1 of 'hat'" in words, "shirt" in words) == ("sold_again", True, False)
    assert paid_shop.stock == {"shirt": (10, 0), "hat": (5, 5)}
    assert (paid_shop.to_customer("evt_3"), paid_shop.to_operator("evt_3")) == ("refund_due", "refund_due")

    paid_shop.write("inventory/hat", {"stock": 5, "reserved": 0})
    assert (paid_shop.ask("accept"), paid_shop.stock) == ("accepted", SOLD)
    assert paid_shop.report(REFUND_CREATED, "evt_4", id="re_2") == "refunded"
    assert (paid_shop.order["status"], paid_shop.stock) == ("refunded", ON_THE_SHELF)


# --- Refunds that arrive before their payment ------------------------------------------------------------------------


def test_a_refund_without_its_payment_stays_parked_and_is_settled_with_it(shop: Shop) -> None:
    for _ in range(3):
        assert shop.report(REFUND_CREATED, "evt_2", amount=1_200) == "payment_not_found"
    claim = shop.read("webhookEvents/evt_2")
    assert (claim["processed"], claim["result"], claim["deliveries"]) == (False, "payment_not_found", 3)
    assert "expireAt" not in claim
    assert (shop.parked, shop.order["status"], shop.stock) == (["evt_2"], "reserved", HELD)

    assert shop.report(PAID, "evt_paid") == "first_time_finalized"
    assert (money_of(shop), shop.stock) == (("partially_refunded", 3_600, 1_200), SOLD)
    assert (shop.parked, shop.read("webhookEvents/evt_2")["processed"]) == ([], True)
    assert shop.read("auditLog/evt_2")["result"] == "partially_refunded"
    assert shop.report(REFUND_CREATED, "evt_2", amount=1_200) == "duplicate_detected"
