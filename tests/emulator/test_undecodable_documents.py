"""Values that the client library cannot decode: a customer can write them, and must not be able to block anyone."""

import pytest
from google.cloud import firestore
from google.cloud.firestore_v1.vector import Vector

from tests.builders import NOW, a_payment, a_placement, a_reserved_order, an_order
from tests.emulator.shop import inventory_of, settle_in, stock_up


@pytest.fixture
def elsewhere() -> firestore.DocumentReference:
    """A document in the database of another project."""
    return firestore.Client(project="demo-elsewhere").document("products/shirt")


def test_an_order_that_refers_to_another_database_fails_for_good(
    firestore_client: firestore.Client, elsewhere: firestore.DocumentReference
) -> None:
    stock_up(firestore_client, 10)
    items = [{"productId": "shirt", "quantity": 3, "note": elsewhere}]
    firestore_client.document("orders/order-1").set(an_order(items=items))
    assert settle_in(firestore_client)(a_placement(), NOW).result == "reservation_failed"
    found = firestore_client.document("orders/order-1").get(["status", "failureReason"]).to_dict()
    assert found == {"status": "failed", "failureReason": "invalid_order: items must be a list of products"}
    assert inventory_of(firestore_client) == (10, 0)


def test_a_payment_for_such_an_order_is_not_lost(
    firestore_client: firestore.Client, elsewhere: firestore.DocumentReference
) -> None:
    stock_up(firestore_client, 10)
    firestore_client.document("orders/order-1").set(an_order(items=[elsewhere]))
    assert settle_in(firestore_client)(a_payment(), NOW).result == "refund_due"
    assert inventory_of(firestore_client) == (10, 0)


def test_such_an_order_that_is_also_full_to_the_brim_can_still_be_written_to(
    firestore_client: firestore.Client, elsewhere: firestore.DocumentReference
) -> None:
    stock_up(firestore_client, 10)
    items = [{"productId": "shirt", "quantity": 3, "note": elsewhere, "padding": "x" * 1_048_100}]
    firestore_client.document("orders/order-1").set(an_order(items=items))
    assert settle_in(firestore_client)(a_placement(), NOW).result == "reservation_failed"
    found = firestore_client.document("orders/order-1").get().to_dict() or {}
    assert (found["status"], found["items"]) == ("failed", [])


def test_vectors_count_for_what_they_weigh(firestore_client: firestore.Client) -> None:
    stock_up(firestore_client, 10)
    vectors = {f"v{number}": Vector([0.5] * 2_048) for number in range(40)}
    items = [{"productId": "shirt", "quantity": 3, "vectors": vectors, "padding": "x" * 390_000}]
    firestore_client.document("orders/order-1").set(an_order(items=items))
    assert settle_in(firestore_client)(a_placement(), NOW).result == "reservation_failed"
    assert inventory_of(firestore_client) == (10, 0)


def test_such_a_value_in_a_field_nobody_reads_does_no_harm(
    firestore_client: firestore.Client, elsewhere: firestore.DocumentReference
) -> None:
    firestore_client.document("inventory/shirt").set({"stock": 10, "reserved": 3, "origin": elsewhere})
    firestore_client.document("orders/order-1").set(a_reserved_order(gift=elsewhere))
    assert settle_in(firestore_client)(a_payment(), NOW).result == "first_time_finalized"
    assert inventory_of_fields(firestore_client) == {"stock": 7, "reserved": 0}
    assert firestore_client.document("orders/order-1").get(["status"]).to_dict() == {"status": "finalized"}


def inventory_of_fields(client: firestore.Client) -> dict[str, object]:
    return client.document("inventory/shirt").get(["stock", "reserved"]).to_dict() or {}
