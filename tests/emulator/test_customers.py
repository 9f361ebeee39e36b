"""What one customer can hold, what they read when they cannot, and what an order still does once they are erased."""

from datetime import timedelta
from typing import Any

import pytest
from google.cloud import firestore

from tests.emulator.ordering_shop import HELD, ON_THE_SHELF, PAID, REFUND_CREATED, REFUNDED, SOLD, Shop, ShopWith
from tests.support.builders import NOW, TERMS, a_lapse, a_reserved_order, an_order
from tests.support.emulated_shop import now, order_in, service_in, statuses, stock_up, write_all
from tests.support.firestore_events import a_created_event, created
from tests.support.shop import MUCH_LATER
from tests.support.stripe_objects import a_stripe_event, the_event


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
    assert shop.deliver(a_stripe_event()) == "first_time_finalized"
    service_in(firestore_client).reservation_sweep().sweep()
    assert (shop.order["status"], order_in(firestore_client, "order-2")["status"]) == ("finalized", "failed")


@pytest.mark.parametrize(("quantity", "status"), [(1_000, "reserved"), (1_001, "failed"), (1_000.0, "reserved")])
def test_an_order_is_for_at_most_a_thousand_units_of_a_product(
    firestore_client: firestore.Client, quantity: float, status: str
) -> None:
    stock_up(firestore_client, 10_000)
    assert place(firestore_client, items=[{"productId": "shirt", "quantity": quantity}])["status"] == status


def test_whoever_orders_too_many_learns_that_and_not_how_many_there_are(firestore_client: firestore.Client) -> None:
    stock_up(firestore_client, 737)
    order = place(firestore_client, items=[{"productId": "shirt", "quantity": 1_000}])
    assert order["failureReason"] == "insufficient_stock: not enough is left of 'shirt'"
    notice = firestore_client.document("notifications/alice/messages/placed_order-1").get()
    # Not in the whole documents: a time may have any digits.
    assert "737" not in f"{order['failureReason']} {order['items']} {notice.get('reason')} {notice.get('amount')}"
    entry = firestore_client.document("auditLog/placed_order-1").get()
    assert entry.get("note") == "insufficient_stock: 1000 of 'shirt' ordered, 737 available"


# --- Under which ids -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order_id", ["new order", "new.order", "bestellung-ü", "o" * 129, "ü" * 700])
def test_an_order_under_an_id_that_rules_refuse_fails_and_says_why(
    firestore_client: firestore.Client, order_id: str
) -> None:
    stock_up(firestore_client, 10)
    order = place(firestore_client, order_id)
    assert order["status"] == "failed"
    assert order["failureReason"].startswith("invalid_order: the id of an order has 1 to 128 letters")
    shop = Shop(firestore_client, TERMS)
    assert shop.deliver(the_event(PAID, metadata={"orderId": order_id})) == "ignored"


def test_an_order_under_an_id_too_long_for_audit_ids_is_left_alone_and_stops_no_sweep(
    firestore_client: firestore.Client,
) -> None:
    stock_up(firestore_client, 10)
    assert place(firestore_client, "o" * 1_401)["status"] == "pending"
    firestore_client.document("orders/order-1").set(an_order())
    service_in(firestore_client).reservation_sweep().sweep()
    assert statuses(firestore_client) == {"pending": 1, "reserved": 1}


# --- Erased ----------------------------------------------------------------------------------------------------------


def erase(shop: Shop, user_id: object) -> None:
    """The customer asked to be forgotten."""
    shop.client.document("orders/order-1").update({"userId": user_id})


erased = pytest.mark.parametrize("user_id", [None, firestore.DELETE_FIELD], ids=["null", "no field"])


@erased
@pytest.mark.parametrize("event_type", [REFUNDED, REFUND_CREATED])
def test_a_paid_order_is_refunded_right_once_its_customer_is_erased(
    shop: Shop, user_id: object, event_type: str
) -> None:
    shop.deliver(the_event(PAID, event_id="evt_paid"))
    assert shop.stock == SOLD
    erase(shop, user_id)
    assert shop.deliver(the_event(event_type, event_id="evt_2")) == "refunded"
    assert (shop.order["status"], shop.order["amountRefunded"], shop.stock) == ("refunded", 3_600, ON_THE_SHELF)
    assert shop.to_customer("evt_2") is None


@erased
def test_a_held_order_is_paid_once_its_customer_is_erased_and_operators_still_learn_of_it(
    shop: Shop, user_id: object
) -> None:
    erase(shop, user_id)
    assert shop.deliver(the_event(PAID, event_id="evt_paid")) == "first_time_finalized"
    assert (shop.order["status"], shop.stock) == ("finalized", SOLD)
    opened = the_event("charge.dispute.created", event_id="evt_dispute")
    assert shop.deliver(opened) == "dispute_recorded"
    assert (shop.to_operator("evt_dispute"), shop.to_customer("evt_paid")) == ("dispute", None)
    recipients = shop.client.collection("notifications").list_documents()
    assert [recipient.id for recipient in recipients] == ["system"]


@erased
def test_late_money_finalizes_an_expired_order_whose_customer_is_erased(shop: Shop, user_id: object) -> None:
    assert service_in(shop.client).settle(a_lapse(), MUCH_LATER).result == "expired"
    erase(shop, user_id)
    assert shop.deliver(the_event(PAID, event_id="evt_late")) == "first_time_finalized"
    assert shop.stock == SOLD


@erased
def test_a_held_order_whose_customer_is_erased_expires_and_releases_its_units(shop: Shop, user_id: object) -> None:
    erase(shop, user_id)
    assert service_in(shop.client).settle(a_lapse(), MUCH_LATER).result == "expired"
    assert (shop.order["status"], shop.stock) == ("expired", ON_THE_SHELF)


@erased
def test_an_order_that_was_never_held_is_not_held_for_nobody(shop_with: ShopWith, user_id: object) -> None:
    shop = shop_with()
    shop.write("orders/order-1", an_order(items=[{"productId": "shirt", "quantity": 2}]))
    erase(shop, user_id)
    assert shop.deliver(the_event(PAID)) == "refund_due"
    assert (shop.order["failureReason"], shop.stock) == ("invalid_order: userId must name the customer", HELD)
