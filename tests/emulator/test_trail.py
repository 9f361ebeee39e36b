"""The history of one order, read back from the real database."""

from google.cloud import firestore

from audit.trail import trail_of
from tests.support.builders import LATER, NOW, a_catalogue_entry, a_placement, an_order
from tests.support.emulated_shop import settle_in, stock_up
from tests.support.payments import a_payment


def test_the_trail_lists_every_cause_and_every_further_delivery_in_order(firestore_client: firestore.Client) -> None:
    stock_up(firestore_client, 10)
    firestore_client.document("products/shirt").set(a_catalogue_entry())
    for order_id in ("order-1", "order-2"):
        firestore_client.document(f"orders/{order_id}").set(an_order())
    settle = settle_in(firestore_client)
    settle(a_placement(), LATER)
    # A slow clock does not change the order of events.
    settle(a_payment(), NOW)
    settle(a_payment("evt_2", event_type="charge.succeeded"), LATER)
    settle(a_payment(delivered_at=LATER), LATER)
    settle(a_placement("order-2"), NOW)
    trail = trail_of("order-1", firestore_client)
    assert [(passage.event_id, passage.result) for passage in trail] == [
        ("placed_order-1", "reserved"),
        ("evt_1", "first_time_finalized"),
        ("evt_2", "already_finalized"),
        ("evt_1", "duplicate_detected"),
    ]
    assert [(passage.status_before, passage.status_after) for passage in trail] == [
        ("pending", "reserved"),
        ("reserved", "finalized"),
        ("finalized", "finalized"),
        (None, None),
    ]
    assert trail[1].stock == [{"productId": "shirt", "stock": -3, "reserved": -3}]
