"""How often Firestore is asked, counted at the gRPC channel: every round trip costs time and money, and can fail."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from google.cloud import firestore

from orders.events import OrderPlaced
from storefront.availability import PRODUCTS_PER_RUN
from tests.support.builders import NOW, a_cancel_request, a_catalogue_entry, a_request, a_reserved_order, an_order
from tests.support.counted_rpcs import counted
from tests.support.emulated_shop import delivered_to, list_in_catalogue, service_over, stock_up, write_all
from tests.support.stripe_objects import a_charge, a_checkout_session, a_payment_intent, a_stripe_event

READ, COUNT, QUERY, COMMIT = "BatchGetDocuments", "RunAggregationQuery", "RunQuery", "Commit"

Deliver = Callable[[dict[str, object]], tuple[str, list[str]]]


@pytest.fixture
def deliver(firestore_client: firestore.Client, firestore_host: str) -> Deliver:
    """One signed delivery through the real endpoint: what it answers, and which RPCs it made."""
    connection, rpcs = counted(firestore_client.project, firestore_host)
    seconds = count()
    service = replace(service_over(connection), now=lambda: NOW + timedelta(seconds=next(seconds)))
    endpoint = service.webhook_endpoint()

    def deliver_one(event: dict[str, object]) -> tuple[str, list[str]]:
        rpcs.names.clear()
        answer = delivered_to(endpoint, event)
        return answer.get_json()["result"], list(rpcs.names)

    return deliver_one


@pytest.fixture
def reserved_order(firestore_client: firestore.Client) -> None:
    stock_up(firestore_client, 10)
    firestore_client.document("orders/order-1").set(a_reserved_order())


@pytest.mark.usefixtures("reserved_order")
def test_a_first_delivery_takes_two_rpcs(deliver: Deliver) -> None:
    assert deliver(a_stripe_event()) == ("first_time_finalized", [READ, COMMIT])


@pytest.mark.usefixtures("reserved_order")
def test_another_event_for_a_settled_order_takes_two_rpcs(deliver: Deliver) -> None:
    deliver(a_stripe_event())
    other = a_stripe_event(a_charge(), "charge.succeeded", "evt_2")
    assert deliver(other) == ("already_finalized", [READ, COMMIT])


@pytest.mark.usefixtures("reserved_order")
def test_a_duplicate_takes_two_rpcs(deliver: Deliver) -> None:
    deliver(a_stripe_event())
    assert deliver(a_stripe_event()) == ("duplicate_detected", [READ, COMMIT])


def test_an_event_that_names_nothing_of_ours_takes_none(deliver: Deliver) -> None:
    assert deliver(a_stripe_event(event_type="invoice.paid")) == ("ignored", [])
    by_link = a_checkout_session(metadata={}, client_reference_id="order-1", payment_link="plink_1")
    assert deliver(a_stripe_event(by_link, "checkout.session.completed")) == ("ignored", [])


def test_a_payment_of_nobodys_takes_one(deliver: Deliver) -> None:
    assert deliver(a_stripe_event(a_charge(metadata={}), "charge.succeeded")) == ("ignored", [READ])


@pytest.mark.usefixtures("reserved_order")
def test_a_payment_that_only_its_session_has_named_takes_three(deliver: Deliver) -> None:
    unpaid = a_checkout_session(payment_status="unpaid")
    assert deliver(a_stripe_event(unpaid, "checkout.session.completed")) == ("hold_extended", [READ, COMMIT])
    paid = a_stripe_event(a_payment_intent(metadata={}), "payment_intent.succeeded", "evt_2")
    assert deliver(paid) == ("first_time_finalized", [READ, READ, COMMIT])


@pytest.mark.usefixtures("reserved_order")
def test_an_event_of_another_account_takes_two(deliver: Deliver) -> None:
    assert deliver(a_stripe_event(account="acct_1")) == ("other_account", [READ, COMMIT])
    assert deliver(a_stripe_event(account="acct_1")) == ("duplicate_detected", [READ, COMMIT])
    assert deliver(a_stripe_event(event_id="evt_2", account="acct_1", data=None)) == ("other_account", [READ, COMMIT])


UNPAID = {
    "payment_intent.processing": ("hold_extended", a_payment_intent(status="processing")),
    "payment_intent.amount_capturable_updated": ("hold_extended", a_payment_intent(status="requires_capture")),
    "charge.pending": ("hold_extended", a_charge(status="pending")),
    "payment_intent.payment_failed": ("payment_failed", a_payment_intent(status="requires_payment_method")),
    "charge.failed": ("payment_failed", a_charge(status="failed")),
    "checkout.session.async_payment_failed": ("payment_failed", a_checkout_session(payment_status="unpaid")),
    "payment_intent.canceled": ("cancelled", a_payment_intent(status="canceled")),
    "checkout.session.expired": ("cancelled", a_checkout_session(status="expired")),
    # It contains what was paid, and so settles the payment too.
    "charge.refunded": ("refunded", a_charge(amount_refunded=3_600, refunded=True)),
}


@pytest.mark.usefixtures("reserved_order")
@pytest.mark.parametrize(("event_type", "expected"), UNPAID.items(), ids=UNPAID)
def test_every_event_that_names_its_order_takes_two_rpcs(
    deliver: Deliver, event_type: str, expected: tuple[str, dict[str, object]]
) -> None:
    result, stripe_object = expected
    assert deliver(a_stripe_event(stripe_object, event_type)) == (result, [READ, COMMIT])


A_REFUND = {
    "id": "re_1",
    "object": "refund",
    "amount": 1_200,
    "charge": "ch_1",
    "currency": "eur",
    "payment_intent": "pi_1",
    "status": "succeeded",
}
ALL_REFUNDED = {**A_REFUND, "amount": 3_600}
A_DISPUTE = {
    "id": "dp_1",
    "object": "dispute",
    "amount": 3_600,
    "charge": "ch_1",
    "created": int(NOW.timestamp()),
    "currency": "eur",
    "payment_intent": "pi_1",
    "status": "needs_response",
}
FOUND_BY_PAYMENT = {
    "refund.created": ("partially_refunded", A_REFUND),
    "refund.updated": ("partially_refunded", A_REFUND),
    "charge.refund.updated": ("partially_refunded", A_REFUND),
    "refund.failed": ("refund_recorded", {**A_REFUND, "status": "failed"}),
    "charge.dispute.created": ("dispute_recorded", A_DISPUTE),
    "charge.dispute.closed": ("dispute_recorded", {**A_DISPUTE, "status": "lost"}),
}


@pytest.mark.usefixtures("reserved_order")
@pytest.mark.parametrize(("event_type", "expected"), FOUND_BY_PAYMENT.items(), ids=FOUND_BY_PAYMENT)
def test_an_event_whose_order_is_found_by_its_payment_takes_three_rpcs_and_its_duplicate_two(
    deliver: Deliver, event_type: str, expected: tuple[str, dict[str, object]]
) -> None:
    result, stripe_object = expected
    deliver(a_stripe_event())
    event = a_stripe_event(stripe_object, event_type, "evt_2")
    assert deliver(event) == (result, [READ, READ, COMMIT])
    assert deliver(event) == ("duplicate_detected", [READ, COMMIT])


@pytest.mark.usefixtures("reserved_order")
def test_putting_units_back_and_taking_them_again_takes_one_more_read_of_the_inventory(deliver: Deliver) -> None:
    deliver(a_stripe_event())
    refunded = a_stripe_event(ALL_REFUNDED, "refund.created", "evt_2")
    assert deliver(refunded) == ("refunded", [READ, READ, READ, COMMIT])
    failed = a_stripe_event({**ALL_REFUNDED, "status": "failed"}, "refund.failed", "evt_3")
    assert deliver(failed) == ("refund_failed", [READ, READ, READ, COMMIT])


def test_parking_a_refund_of_an_unknown_payment_takes_three_rpcs_and_its_duplicate_two(deliver: Deliver) -> None:
    event = a_stripe_event(A_REFUND, "refund.created")
    assert deliver(event) == ("payment_not_found", [READ, READ, COMMIT])
    assert deliver(event) == ("payment_not_found", [READ, COMMIT])


@pytest.mark.usefixtures("reserved_order")
def test_cancelling_takes_two_rpcs(firestore_client: firestore.Client, firestore_host: str) -> None:
    firestore_client.document("cancelRequests/order-1").set(a_request())
    connection, rpcs = counted(firestore_client.project, firestore_host)
    assert service_over(connection).settle(a_cancel_request(), NOW).result == "cancelled"
    assert rpcs.names == [READ, COMMIT]


def test_holding_takes_four_rpcs_because_the_open_orders_of_its_customer_are_counted(
    firestore_client: firestore.Client, firestore_host: str
) -> None:
    stock_up(firestore_client, 10)
    firestore_client.document("orders/order-1").set(an_order())
    connection, rpcs = counted(firestore_client.project, firestore_host)
    assert service_over(connection).settle(OrderPlaced("order-1", ("shirt",)), NOW).result == "reserved"
    assert rpcs.names == [READ, COUNT, COMMIT, COMMIT]


def test_a_product_whose_word_stays_takes_one_read_after_each_sale_and_another_word_two_rpcs_more(
    firestore_client: firestore.Client, firestore_host: str
) -> None:
    stock_up(firestore_client, 7)
    list_in_catalogue(firestore_client, ["shirt"])
    connection, rpcs = counted(firestore_client.project, firestore_host)
    storefront = service_over(connection).storefront
    assert storefront.show(["shirt"]) == {"shirt": "in"}
    rpcs.names.clear()
    for reserved, expected in (1, [READ]), (2, [READ, COMMIT, READ]), (3, [READ]):
        stock_up(firestore_client, 7, reserved=reserved)
        storefront.show(["shirt"])
        assert rpcs.names == expected
        rpcs.names.clear()


def test_the_sweep_looks_at_the_next_products_by_four_rpcs_however_many_there_are(
    firestore_client: firestore.Client, firestore_host: str
) -> None:
    product_ids = [f"product-{number:03}" for number in range(PRODUCTS_PER_RUN + 1)]
    listed = {f"products/{product_id}": a_catalogue_entry(available="out") for product_id in product_ids}
    write_all(firestore_client, listed)
    connection, rpcs = counted(firestore_client.project, firestore_host)
    assert service_over(connection).storefront.show_next() == {}
    assert rpcs.names == [READ, QUERY, COMMIT, READ]


def test_holding_on_the_way_of_a_payment_counts_nothing(firestore_client: firestore.Client, deliver: Deliver) -> None:
    stock_up(firestore_client, 10)
    firestore_client.document("orders/order-1").set(an_order())
    assert deliver(a_stripe_event()) == ("first_time_finalized", [READ, READ, COMMIT, COMMIT])


def test_what_is_never_short_takes_no_more_rpcs_than_what_is_counted_and_less_for_a_refund(
    firestore_client: firestore.Client, firestore_host: str, deliver: Deliver
) -> None:
    firestore_client.document("inventory/shirt").set({"stock": None})
    firestore_client.document("orders/order-1").set(an_order())
    connection, rpcs = counted(firestore_client.project, firestore_host)
    assert service_over(connection).settle(OrderPlaced("order-1", ("shirt",)), NOW).result == "reserved"
    assert rpcs.names == [READ, COUNT, COMMIT, COMMIT]
    assert deliver(a_stripe_event()) == ("first_time_finalized", [READ, COMMIT])
    refunded = a_stripe_event(ALL_REFUNDED, "refund.created", "evt_2")
    assert deliver(refunded) == ("refunded", [READ, READ, COMMIT])
