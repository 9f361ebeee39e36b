"""Disputes of a payment: signed deliveries of whole Stripe events to the real endpoint."""

from datetime import timedelta
from itertools import count
from typing import Any

from google.cloud import firestore

from tests.emulator.ordering_shop import DISPUTE_OPENED, SOLD, Shop
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
    of_the_trail = {"auditHead", "auditCount", "updatedAt"}
    assert {name: new[name] for name in new.keys() - of_the_trail} == {"disputed": True, "openDisputes": 2}
    assert paid_shop.document_ids("notifications/alice/messages") == ["evt_paid"]


def test_operators_find_what_needs_a_response_by_its_deadline(paid_shop: Shop) -> None:
    later, sooner = DUE_BY + timedelta(days=1), DUE_BY
    due = [news("dp_1", OPEN, due_by=later), news("dp_2", WARNING, due_by=sooner), news("dp_3", REVIEWED)]
    deliver_news(paid_shop, *due)
    waiting = firestore.FieldFilter("status", "in", [OPEN, WARNING])
    found = paid_shop.client.collection("disputes").where(filter=waiting).order_by("dueBy").get()
    assert [dispute.id for dispute in found] == ["dp_2", "dp_1"]
