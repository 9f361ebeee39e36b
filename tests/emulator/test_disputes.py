"""Disputes of a payment: signed deliveries of whole Stripe events to the real endpoint."""

from typing import Any

import pytest

from tests.emulator.ordering_shop import (
    DISPUTE_CLOSED,
    DISPUTE_OPENED,
    PAID,
    SOLD,
    Shop,
)
from tests.support.builders import LATER
from tests.support.stripe_objects import (
    DUE_BY,
    a_dispute_object,
    an_event,
    the_event,
)


@pytest.mark.parametrize("found_by", [{}, {"payment_intent": None}], ids=["its payment", "its charge alone"])
def test_a_dispute_finds_its_order_and_notifies_the_operator(
    paid_shop: Shop, version: str, found_by: dict[str, Any]
) -> None:
    assert paid_shop.deliver(the_event(DISPUTE_OPENED, version, "evt_2", **found_by)) == "dispute_recorded"
    dispute = paid_shop.order["dispute"]
    assert isinstance(dispute, dict)
    assert (dispute["id"], dispute["status"], dispute["reason"]) == ("dp_1", "needs_response", "fraudulent")
    assert (dispute["amount"], dispute["currency"], dispute["dueBy"]) == (3_600, "eur", DUE_BY)
    assert (paid_shop.order["status"], paid_shop.stock) == ("finalized", SOLD)
    assert (paid_shop.to_customer("evt_2"), paid_shop.to_operator("evt_2")) == (None, "dispute")
    assert paid_shop.read("auditLog/evt_2")["orderId"] == "order-1"


def test_a_late_opening_event_never_reopens_a_closed_dispute(paid_shop: Shop, version: str) -> None:
    closed = an_event(
        DISPUTE_CLOSED, a_dispute_object(version, status="lost"), "evt_2", api_version=version, created=LATER
    )
    assert paid_shop.deliver(closed) == "dispute_recorded"
    before = paid_shop.dump()
    assert paid_shop.deliver(the_event(DISPUTE_OPENED, version, "evt_3")) == "already_recorded"
    assert paid_shop.dump() == before
    assert paid_shop.to_operator("evt_3") is None


def test_a_dispute_that_arrives_before_its_payment_is_parked_and_recorded_with_it(shop: Shop, version: str) -> None:
    assert shop.deliver(the_event(DISPUTE_OPENED, version, "evt_2")) == "payment_not_found"
    assert shop.parked == ["evt_2"]
    assert shop.deliver(the_event(PAID, version, "evt_paid")) == "first_time_finalized"
    assert shop.parked == []
    dispute = shop.order["dispute"]
    assert isinstance(dispute, dict)
    assert (dispute["id"], dispute["status"]) == ("dp_1", "needs_response")
    assert (shop.order["status"], shop.to_operator("evt_2")) == ("finalized", "dispute")
