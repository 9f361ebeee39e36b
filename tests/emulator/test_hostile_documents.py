"""Values of every Firestore type: a customer can write them, and must not block anyone by it."""

from math import inf, nan

import pytest
from google.cloud import firestore
from google.cloud.firestore import GeoPoint
from google.cloud.firestore_v1.vector import Vector

from database.documents.size import VALUES_MAX
from tests.support.builders import NOW, a_placement, a_reserved_order, an_order
from tests.support.emulated_shop import inventory_of, order_in, settle_in, stock_up
from tests.support.payments import a_payment


@pytest.fixture
def elsewhere() -> firestore.DocumentReference:
    """A document in the database of another project."""
    return firestore.Client(project="demo-elsewhere").document("products/shirt")


@pytest.fixture
def every_kind(firestore_client: firestore.Client, elsewhere: firestore.DocumentReference) -> dict[str, object]:
    """Includes a reference to another database, which the client library refuses to decode."""
    here = firestore_client.document("products/shirt")
    values: list[object] = [None, True, 2**62, nan, -inf, "", b"\xff", NOW, GeoPoint(1, 2), here, elsewhere, {}]
    by_number = {str(number): value for number, value in enumerate(values)}
    return {"vector": Vector([0.5]), "`.*~/[]": [*values, {"values": values}], **by_number}


def test_whatever_else_an_order_contains_it_is_held_and_paid(
    firestore_client: firestore.Client, every_kind: dict[str, object]
) -> None:
    stock_up(firestore_client, 10)
    items = [{"productId": "shirt", "quantity": 3, "note": every_kind}]
    firestore_client.document("orders/order-1").set(an_order(items=items, notes=every_kind))
    settle_event = settle_in(firestore_client)
    assert settle_event(a_placement(), NOW).result == "reserved"
    assert settle_event(a_payment(), NOW).result == "first_time_finalized"
    assert inventory_of(firestore_client) == (7, 0)


def test_whatever_a_line_contains_instead_of_a_product_the_order_fails_for_good(
    firestore_client: firestore.Client, every_kind: dict[str, object]
) -> None:
    stock_up(firestore_client, 10)
    settle_event = settle_in(firestore_client)
    for number, value in enumerate(every_kind.values()):
        order = firestore_client.document(f"orders/order-{number}")
        order.set(an_order(items=[{"productId": value, "quantity": value}]))
        assert settle_event(a_placement(f"order-{number}"), NOW).result == "reservation_failed"
        assert order.get(["status"]).to_dict() == {"status": "failed"}
    assert inventory_of(firestore_client) == (10, 0)


def test_a_payment_for_such_an_order_is_not_lost(
    firestore_client: firestore.Client, elsewhere: firestore.DocumentReference
) -> None:
    stock_up(firestore_client, 10)
    firestore_client.document("orders/order-1").set(an_order(items=[elsewhere]))
    assert settle_in(firestore_client)(a_payment(), NOW).result == "refund_due"
    assert inventory_of(firestore_client) == (10, 0)


def test_such_an_order_of_the_greatest_size_can_still_be_written_to(
    firestore_client: firestore.Client, elsewhere: firestore.DocumentReference
) -> None:
    stock_up(firestore_client, 10)
    items = [{"productId": "shirt", "quantity": 3, "note": elsewhere, "padding": "x" * 1_048_100}]
    firestore_client.document("orders/order-1").set(an_order(items=items))
    assert settle_in(firestore_client)(a_placement(), NOW).result == "reservation_failed"
    found = firestore_client.document("orders/order-1").get().to_dict() or {}
    assert (found["status"], found["items"]) == ("failed", [])
    assert found["failureReason"] == "invalid_order: the order is larger than 524288 bytes"
    assert settle_in(firestore_client)(a_payment(), NOW).result == "refund_due"


def test_an_order_that_takes_too_much_to_be_read_is_refused_and_a_payment_for_it_is_not_lost(
    firestore_client: firestore.Client,
) -> None:
    stock_up(firestore_client, 10)
    # Firestore counts an empty map as nothing; in memory it takes some 330 bytes.
    items = [{"productId": "shirt", "quantity": 3, "many": [{}] * VALUES_MAX}]
    firestore_client.document("orders/order-1").set(an_order(items=items))
    assert settle_in(firestore_client)(a_placement(), NOW).result == "reservation_failed"
    found = firestore_client.document("orders/order-1").get().to_dict() or {}
    assert (found["status"], found["userId"], found["items"]) == ("failed", "alice", [])
    assert found["failureReason"] == "invalid_order: the order is larger than 524288 bytes"
    assert settle_in(firestore_client)(a_payment(), NOW).result == "refund_due"


def test_vectors_count_towards_the_size_of_an_order(firestore_client: firestore.Client) -> None:
    stock_up(firestore_client, 10)
    vectors = {f"v{number}": Vector([0.5] * 2_048) for number in range(10)}
    items = [{"productId": "shirt", "quantity": 3, "vectors": vectors, "padding": "x" * 390_000}]
    firestore_client.document("orders/order-1").set(an_order(items=items))
    assert settle_in(firestore_client)(a_placement(), NOW).result == "reservation_failed"
    assert inventory_of(firestore_client) == (10, 0)


def test_an_order_under_an_id_that_rules_refuse_fails_and_says_why(firestore_client: firestore.Client) -> None:
    order_id = "ü" * 700
    stock_up(firestore_client, 10)
    firestore_client.document(f"orders/{order_id}").set(an_order())
    assert settle_in(firestore_client)(a_placement(order_id), NOW).result == "reservation_failed"
    reason = str(order_in(firestore_client, order_id)["failureReason"])
    assert reason.startswith("invalid_order: the id of an order has 1 to 128 letters")


def test_such_a_value_in_a_field_that_nothing_reads_does_no_harm(
    firestore_client: firestore.Client, elsewhere: firestore.DocumentReference
) -> None:
    firestore_client.document("inventory/shirt").set({"stock": 10, "reserved": 3, "origin": elsewhere})
    firestore_client.document("orders/order-1").set(a_reserved_order(gift=elsewhere))
    assert settle_in(firestore_client)(a_payment(), NOW).result == "first_time_finalized"
    inventory = firestore_client.document("inventory/shirt").get(["stock", "reserved"]).to_dict()
    assert inventory == {"stock": 7, "reserved": 0}
    assert firestore_client.document("orders/order-1").get(["status"]).to_dict() == {"status": "finalized"}
