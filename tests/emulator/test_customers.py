"""What one customer can hold, what they read when they cannot, and under which ids."""

from datetime import timedelta
from typing import Any

from google.cloud import firestore

from tests.emulator.ordering_shop import PAID, Shop
from tests.support.builders import NOW, TERMS, a_reserved_order, an_order
from tests.support.emulated_shop import now, order_in, service_in, stock_up, write_all
from tests.support.firestore_events import a_created_event, created


def place(client: firestore.Client, order_id: str = "order-1", **fields: object) -> dict[str, Any]:
    """The order as the trigger of its creation leaves it."""
    client.document(f"orders/{order_id}").set(an_order(**fields))
    service_in(client).order_created_trigger().receive(a_created_event(None, created(f"orders/{order_id}")))
    return dict(order_in(client, order_id))


# --- At most so much -------------------------------------------------------------------------------------------------


def test_a_customer_has_at_most_twenty_unpaid_orders_and_others_are_not_kept_from_theirs(
    firestore_client: firestore.Client,
) -> None:
    stock_up(firestore_client, 1_000)
    write_all(firestore_client, {f"orders/open-{number}": a_reserved_order() for number in range(19)})
    write_all(firestore_client, {f"orders/paid-{number}": a_reserved_order(status="finalized") for number in range(9)})
    assert place(firestore_client, "the-twentieth")["status"] == "reserved"
    refused = place(firestore_client, "one-too-many")
    assert (refused["status"], refused["failureReason"].partition(":")[0]) == ("failed", "too_many_open_orders")
    assert place(firestore_client, "another-customers", userId="bob")["status"] == "reserved"
    firestore_client.document("orders/open-0").update({"status": "cancelled"})
    assert place(firestore_client, "after-a-cancellation")["status"] == "reserved"


def test_the_sweep_counts_open_orders_as_the_trigger_does_and_a_payment_does_not(
    firestore_client: firestore.Client,
) -> None:
    stock_up(firestore_client, 1_000)
    held = a_reserved_order(reservationExpiresAt=now() + timedelta(hours=1))
    write_all(firestore_client, {f"orders/open-{number}": held for number in range(20)})
    write_all(firestore_client, {f"orders/{name}": an_order(createdAt=NOW) for name in ("order-1", "order-2")})
    shop = Shop(firestore_client, TERMS)
    assert shop.report(PAID) == "first_time_finalized"
    service_in(firestore_client).reservation_sweep().sweep()
    assert (shop.order["status"], order_in(firestore_client, "order-2")["status"]) == ("finalized", "failed")


# --- Under which ids -------------------------------------------------------------------------------------------------


def test_an_order_under_an_id_that_rules_refuse_fails_and_says_why(firestore_client: firestore.Client) -> None:
    order_id = "ü" * 700
    stock_up(firestore_client, 10)
    order = place(firestore_client, order_id)
    assert order["status"] == "failed"
    assert order["failureReason"].startswith("invalid_order: the id of an order has 1 to 128 letters")
    shop = Shop(firestore_client, TERMS)
    assert shop.report(PAID, metadata={"orderId": order_id}) == "ignored"
