"""The events made here mean the same to the service as Stripe's."""

from dataclasses import replace

import pytest

from orders.events import Ignored, NotUnderstood, RefundUpdated
from orders.money import Money
from tests.support.builders import NOW
from tests.support.translating import meaning_of, translated
from tools.stripe_events import OBJECT_OF, CardPayment, payment_event, refund_event

SECONDS = int(NOW.timestamp())
PAYMENT = CardPayment("1", "order-1", 3_600, "eur", SECONDS)


@pytest.mark.parametrize("event_type", OBJECT_OF)
def test_an_event_means_what_stripes_own_of_that_type_means(event_type: str) -> None:
    event, stripes = translated(payment_event(PAYMENT, event_type)), meaning_of(event_type)
    assert not isinstance(event, Ignored | NotUnderstood)
    assert not isinstance(stripes, Ignored | NotUnderstood)
    assert (event.kind, event.order_id) == (stripes.kind, "order-1")
    assert getattr(event, "money", None) == getattr(stripes, "money", None)


@pytest.mark.parametrize(
    ("event_type", "charge_id"),
    [("payment_intent.succeeded", "ch_1"), ("charge.succeeded", "ch_1"), ("checkout.session.completed", None)],
)
def test_the_events_of_one_payment_name_the_same_payment(event_type: str, charge_id: str | None) -> None:
    event = translated(payment_event(PAYMENT, event_type))
    assert not isinstance(event, Ignored | NotUnderstood)
    assert (event.payment_intent_id, event.charge_id) == ("pi_1", charge_id)


def test_an_event_is_the_same_when_it_is_asked_for_again_and_another_for_another_payment() -> None:
    payments = (PAYMENT, PAYMENT, replace(PAYMENT, name="2"))
    assert len({payment_event(each, event_type)["id"] for each in payments for event_type in OBJECT_OF}) == 14


def test_a_declined_attempt_has_a_charge_of_its_own() -> None:
    declined = translated(payment_event(PAYMENT, "payment_intent.payment_failed"))
    assert not isinstance(declined, Ignored | NotUnderstood)
    assert declined.charge_id == "ch_1_declined"


def test_a_session_that_costs_nothing_has_no_payment() -> None:
    free = translated(payment_event(replace(PAYMENT, amount=0), "checkout.session.completed"))
    assert not isinstance(free, Ignored | NotUnderstood)
    assert (getattr(free, "money", None), free.payment_intent_id) == (Money(0, "eur"), None)


def test_a_refund_names_its_payment_and_no_order() -> None:
    payment_ids = {"payment_intent": "pi_1", "charge": None}
    refund = translated(refund_event("2", payment_ids, 600, "eur", SECONDS))
    assert isinstance(refund, RefundUpdated)
    assert (refund.order_id, refund.payment_intent_id, refund.money) == (None, "pi_1", Money(600, "eur"))
    assert list(refund.refunds.by_id) == ["re_2"]


def test_a_refund_says_which_units_come_back() -> None:
    refund = translated(refund_event("2", {"payment_intent": "pi_1"}, 600, "eur", SECONDS, "shirt:1"))
    assert isinstance(refund, RefundUpdated)
    assert refund.refunds.by_id["re_2"].restock == {"shirt": 1}
