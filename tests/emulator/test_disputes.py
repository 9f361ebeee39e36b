"""Disputes of a payment: signed deliveries of whole Stripe events to the real endpoint."""

from datetime import timedelta
from itertools import count
from typing import Any

from google.cloud import firestore

from tests.emulator.ordering_shop import DISPUTE_OPENED, PAID, SOLD, Shop
from tests.support.builders import NOW, Fields
from tests.support.stripe.disputes import a_dispute_object
from tests.support.stripe.versions import DUE_BY
from tests.support.stripe_objects import an_event

OPEN, WARNING, REVIEWED = "needs_response", "warning_needs_response", "under_review"
_NEWS = count(2)


def news(dispute_id: str, status: str, **fields: Any) -> Fields:
    """What Stripe reports of a dispute, later than all before."""
    number = next(_NEWS)
    dispute = a_dispute_object(id=dispute_id, status=status, **fields)
    return an_event("charge.dispute.updated", dispute, f"evt_{number}", created=NOW + timedelta(seconds=number))


def deliver_news(shop: Shop, *events: Fields) -> None:
    """Deliver events that are all news, of which each reaches operators and none the customer."""
    for event in events:
        assert shop.deliver(event) == "dispute_recorded"
        assert (shop.to_customer(str(event["id"])), shop.to_operator(str(event["id"]))) == (None, "dispute")


def test_a_dispute_finds_its_order_by_its_charge_alone_and_notifies_the_operator(paid_shop: Shop) -> None:
    assert paid_shop.report(DISPUTE_OPENED, "evt_2", payment_intent=None) == "dispute_recorded"
    dispute = {"orderId": "order-1", "status": OPEN, "reason": "fraudulent", "dueBy": DUE_BY}
    told = {"amount": 3_600, "currency": "eur", "openedAt": NOW, "toldAt": NOW}
    assert paid_shop.read("disputes/dp_1") == {**dispute, **told}
    assert (paid_shop.order["status"], paid_shop.stock) == ("finalized", SOLD)
    assert (paid_shop.to_customer("evt_2"), paid_shop.to_operator("evt_2")) == (None, "dispute")
    assert paid_shop.read("auditLog/evt_2")["orderId"] == "order-1"


def test_all_that_the_customer_can_read_of_disputes_is_that_the_order_is_disputed(paid_shop: Shop) -> None:
    before = paid_shop.order
    deliver_news(paid_shop, news("dp_1", OPEN), news("dp_2", OPEN))
    new = {name: value for name, value in paid_shop.order.items() if before.get(name) != value}
    assert {**new, "updatedAt": None} == {"disputed": True, "openDisputes": 2, "updatedAt": None}
    assert paid_shop.document_ids("notifications/alice/messages") == ["evt_paid"]


def test_an_order_with_disputes_of_two_payments_is_disputed_until_both_are_closed_in_whatever_order(
    paid_shop: Shop,
) -> None:
    assert paid_shop.report(PAID, "evt_again", id="pi_2", latest_charge="ch_2") == "already_finalized"
    second: Fields = {"payment_intent": "pi_2", "charge": "ch_2"}
    deliver_news(paid_shop, news("dp_1", OPEN), news("dp_2", WARNING, **second))
    deliver_news(paid_shop, news("dp_2", "warning_closed", **second))
    assert (paid_shop.order["disputed"], paid_shop.read("disputes/dp_1")["status"]) == (True, OPEN)
    deliver_news(paid_shop, news("dp_1", REVIEWED), news("dp_1", "won"))
    assert (paid_shop.order["disputed"], paid_shop.read("disputes/dp_1")["status"]) == (False, "won")
    deliver_news(paid_shop, news("dp_1", REVIEWED))
    assert paid_shop.order["disputed"] is True


def test_news_of_an_older_dispute_is_not_swallowed_by_a_newer_one_and_a_late_event_is_no_news(paid_shop: Shop) -> None:
    opened, closed = news("dp_1", OPEN), news("dp_1", "lost")
    deliver_news(paid_shop, news("dp_2", OPEN), closed)
    before = paid_shop.dump()
    assert paid_shop.deliver(closed) == "duplicate_detected"
    assert paid_shop.deliver(opened) == "already_recorded"
    assert paid_shop.dump() == before
    assert paid_shop.to_operator(str(opened["id"])) is None


def test_disputes_that_arrive_before_their_payment_are_parked_and_recorded_with_it(shop: Shop) -> None:
    opened, closed = [news("dp_1", OPEN), news("dp_2", OPEN)], news("dp_1", "lost")
    for event in (closed, *opened):
        assert shop.deliver(event) == "payment_not_found"
    assert shop.document_ids("disputes") == []
    assert shop.report(PAID, "evt_paid") == "first_time_finalized"
    assert shop.parked == []
    assert [shop.read(f"disputes/{name}")["status"] for name in ("dp_1", "dp_2")] == ["lost", OPEN]
    assert (shop.order["status"], shop.order["disputed"]) == ("finalized", True)
    assert [shop.to_operator(str(event["id"])) for event in (closed, opened[1])] == ["dispute", "dispute"]


def test_operators_find_what_needs_a_response_by_its_deadline(paid_shop: Shop) -> None:
    later, sooner = DUE_BY + timedelta(days=1), DUE_BY
    due = [news("dp_1", OPEN, due_by=later), news("dp_2", WARNING, due_by=sooner), news("dp_3", REVIEWED)]
    deliver_news(paid_shop, *due)
    waiting = firestore.FieldFilter("status", "in", [OPEN, WARNING])
    found = paid_shop.client.collection("disputes").where(filter=waiting).order_by("dueBy").get()
    assert [dispute.id for dispute in found] == ["dp_2", "dp_1"]
