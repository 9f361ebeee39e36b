"""What a person does with an order, and its record: signed deliveries of whole Stripe events.

The unit tests list which event types mean the same, in which API version, what each does in each status, and who is
believed; `test_any_order.py` and the scenarios of faults show what any mixture of them leaves on the emulator.
"""

from collections import Counter
from typing import Any

from google.cloud import firestore

from tests.emulator.ordering_shop import DISPUTE_OPENED, ON_THE_SHELF, PAID, REFUND_CREATED, REFUNDED, SOLD, Shop
from tests.support.emulated_shop import documents_in
from tests.support.stripe.customer import PRIVATE

FAILED = "payment_intent.payment_failed"

# --- Finished by hand, as the runbook describes it -------------------------------------------------------------------


def test_an_order_whose_payment_named_no_order_is_accepted_and_its_refund_finds_it(shop: Shop) -> None:
    assert shop.report(PAID, "evt_paid", metadata={}) == "ignored"
    assert (shop.ask("accept", payment="pi_1"), shop.stock) == ("accepted", SOLD)
    assert shop.report(REFUND_CREATED, "evt_2") == "refunded"
    assert (shop.order["status"], shop.order["amountRefunded"], shop.stock) == ("refunded", 3_600, ON_THE_SHELF)


def test_units_sold_again_before_their_refund_failed_are_left_to_a_person_who_finishes_the_order(
    paid_shop: Shop,
) -> None:
    """`finalizedAt` is set, and the units in `returned` are missing."""
    assert paid_shop.report(REFUNDED, "evt_2") == "refunded"
    paid_shop.write("inventory/hat", {"stock": 5, "reserved": 5})
    assert paid_shop.report("refund.failed", "evt_3") == "refund_failed"
    assert (paid_shop.order["status"], paid_shop.order["amountRefunded"]) == ("refund_due", 0)
    code, _, words = str(paid_shop.order["failureReason"]).partition(": ")
    assert (code, "1 of 'hat'" in words, "shirt" in words) == ("sold_again", True, False)
    assert paid_shop.stock == {"shirt": (10, 0), "hat": (5, 5)}
    assert (paid_shop.to_customer("evt_3"), paid_shop.to_operator("evt_3")) == ("refund_due", "refund_due")

    paid_shop.write("inventory/hat", {"stock": 5, "reserved": 0})
    returned: Any = paid_shop.order["returned"]
    for unit in returned:
        taken = {"stock": firestore.Increment(-unit["quantity"])}
        paid_shop.client.document(f"inventory/{unit['productId']}").update(taken)
    paid_shop.client.document("orders/order-1").update({"status": "finalized", "returned": []})
    assert paid_shop.stock == SOLD
    assert paid_shop.report(REFUND_CREATED, "evt_4", id="re_2") == "refunded"
    assert (paid_shop.order["status"], paid_shop.stock) == ("refunded", ON_THE_SHELF)


# --- On record -------------------------------------------------------------------------------------------------------


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
