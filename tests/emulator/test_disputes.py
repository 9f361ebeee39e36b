"""Disputes of a payment: signed deliveries of whole Stripe events to the real endpoint."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from google.cloud import firestore

from tests.emulator.ordering_shop import DISPUTE_OPENED, PAID, SOLD, Shop
from tests.support.builders import NOW, Fields
from tests.support.stripe_objects import DUE_BY, a_dispute_object, an_event, the_event

_NEWS = count(2)


def news(version: str, dispute_id: str, status: str, **fields: object) -> Fields:
    """What Stripe reports of a dispute, later than all before."""
    number = next(_NEWS)
    dispute = a_dispute_object(version, id=dispute_id, status=status, **fields)  # type: ignore[arg-type]
    created = NOW + timedelta(seconds=number)
    return an_event("charge.dispute.updated", dispute, f"evt_{number}", api_version=version, created=created)


def deliver_news(shop: Shop, *events: Fields) -> None:
    """Deliver events that are all news, of which each reaches operators and none the customer."""
    for event in events:
        assert shop.deliver(event) == "dispute_recorded"
        assert (shop.to_customer(str(event["id"])), shop.to_operator(str(event["id"]))) == (None, "dispute")


@pytest.mark.parametrize("found_by", [{}, {"payment_intent": None}], ids=["its payment", "its charge alone"])
def test_a_dispute_finds_its_order_and_notifies_the_operator(
    paid_shop: Shop, version: str, found_by: dict[str, Any]
) -> None:
    assert paid_shop.deliver(the_event(DISPUTE_OPENED, version, "evt_2", **found_by)) == "dispute_recorded"
    dispute = {"orderId": "order-1", "status": "needs_response", "reason": "fraudulent", "dueBy": DUE_BY}
    told = {"amount": 3_600, "currency": "eur", "openedAt": NOW, "toldAt": NOW}
    assert paid_shop.read("disputes/dp_1") == {**dispute, **told}
    assert (paid_shop.order["status"], paid_shop.stock) == ("finalized", SOLD)
    assert (paid_shop.to_customer("evt_2"), paid_shop.to_operator("evt_2")) == (None, "dispute")
    assert paid_shop.read("auditLog/evt_2")["orderId"] == "order-1"


def test_all_that_the_customer_can_read_of_disputes_is_that_the_order_is_disputed(
    paid_shop: Shop, version: str
) -> None:
    before = paid_shop.order
    deliver_news(paid_shop, news(version, "dp_1", "needs_response"), news(version, "dp_2", "needs_response"))
    new = {name: value for name, value in paid_shop.order.items() if before.get(name) != value}
    assert {**new, "updatedAt": None} == {"disputed": True, "openDisputes": 2, "updatedAt": None}
    assert paid_shop.document_ids("notifications/alice/messages") == ["evt_paid"]


def test_an_order_with_two_disputes_is_disputed_until_both_are_closed_in_whatever_order(
    paid_shop: Shop, version: str
) -> None:
    deliver_news(paid_shop, news(version, "dp_1", "needs_response"), news(version, "dp_2", "warning_needs_response"))
    deliver_news(paid_shop, news(version, "dp_2", "warning_closed"))
    assert (paid_shop.order["disputed"], paid_shop.read("disputes/dp_1")["status"]) == (True, "needs_response")
    deliver_news(paid_shop, news(version, "dp_1", "under_review"), news(version, "dp_1", "won"))
    assert (paid_shop.order["disputed"], paid_shop.read("disputes/dp_1")["status"]) == (False, "won")
    deliver_news(paid_shop, news(version, "dp_1", "under_review"))
    assert paid_shop.order["disputed"] is True


def test_two_disputes_of_two_payments_of_one_order_are_not_confused(paid_shop: Shop, version: str) -> None:
    paid_again = the_event(PAID, version, "evt_again", id="pi_2", latest_charge="ch_2")
    assert paid_shop.deliver(paid_again) == "already_finalized"
    second: Fields = {"payment_intent": "pi_2", "charge": "ch_2"}
    deliver_news(paid_shop, news(version, "dp_2", "needs_response", **second), news(version, "dp_1", "needs_response"))
    deliver_news(paid_shop, news(version, "dp_1", "lost"))
    assert paid_shop.order["disputed"] is True
    deliver_news(paid_shop, news(version, "dp_2", "prevented", **second))
    assert paid_shop.order["disputed"] is False


def test_a_late_event_of_a_closed_dispute_is_no_news_nor_is_what_was_delivered_before(
    paid_shop: Shop, version: str
) -> None:
    opened, closed = news(version, "dp_1", "needs_response"), news(version, "dp_1", "lost")
    deliver_news(paid_shop, news(version, "dp_2", "needs_response"), closed)
    before = paid_shop.dump()
    assert paid_shop.deliver(closed) == "duplicate_detected"
    assert paid_shop.deliver(opened) == "already_recorded"
    assert paid_shop.dump() == before
    assert paid_shop.to_operator(str(opened["id"])) is None


def test_disputes_that_arrive_before_their_payment_are_parked_and_recorded_with_it(shop: Shop, version: str) -> None:
    opened = [news(version, "dp_1", "needs_response"), news(version, "dp_2", "needs_response")]
    closed = news(version, "dp_1", "lost")
    for event in (closed, *opened):
        assert shop.deliver(event) == "payment_not_found"
    assert shop.document_ids("disputes") == []
    assert shop.deliver(the_event(PAID, version, "evt_paid")) == "first_time_finalized"
    assert shop.parked == []
    assert [shop.read(f"disputes/{name}")["status"] for name in ("dp_1", "dp_2")] == ["lost", "needs_response"]
    assert (shop.order["status"], shop.order["disputed"]) == ("finalized", True)
    assert [shop.to_operator(str(event["id"])) for event in (closed, opened[1])] == ["dispute", "dispute"]


def test_operators_find_what_needs_a_response_by_its_deadline(paid_shop: Shop, version: str) -> None:
    later, sooner = DUE_BY + timedelta(days=1), DUE_BY
    deliver_news(paid_shop, news(version, "dp_1", "needs_response", due_by=later))
    deliver_news(paid_shop, news(version, "dp_2", "warning_needs_response", due_by=sooner))
    deliver_news(paid_shop, news(version, "dp_3", "under_review", due_by=sooner))
    waiting = firestore.FieldFilter("status", "in", ["needs_response", "warning_needs_response"])
    found = paid_shop.client.collection("disputes").where(filter=waiting).order_by("dueBy").get()
    assert [dispute.id for dispute in found] == ["dp_2", "dp_1"]
