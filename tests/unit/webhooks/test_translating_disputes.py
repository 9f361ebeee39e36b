"""What Stripe's dispute events mean: they seldom name an order, but always the payment that leads to it."""

from datetime import timedelta

import pytest

from orders.events import DisputeChanged
from tests.support.builders import NOW
from tests.support.stripe.charges import a_charge
from tests.support.stripe.payment_intents import a_payment_intent
from tests.support.stripe.versions import DUE_BY
from tests.support.stripe_objects import OBJECT_OF
from tests.support.translating import meaning_of, why_ignored, why_not_understood

DISPUTED = "charge.dispute.updated"


def changed_dispute(event_type: str = DISPUTED, **fields: object) -> DisputeChanged:
    event = meaning_of(event_type, **fields)
    assert isinstance(event, DisputeChanged), event
    return event


@pytest.mark.parametrize("event_type", [event_type for event_type in OBJECT_OF if "dispute" in event_type])
def test_what_counts_is_the_disputes_status_and_not_the_events_name(event_type: str) -> None:
    assert changed_dispute(event_type, status="won").dispute.status == "won"


def test_a_dispute_says_how_much_is_at_stake_and_when_an_answer_is_due() -> None:
    opened = NOW - timedelta(days=2)
    dispute = changed_dispute(amount=1_200, reason="product_not_received", created=int(opened.timestamp())).dispute
    assert (dispute.dispute_id, dispute.amount, dispute.currency) == ("dp_1", 1_200, "eur")
    assert (dispute.reason, dispute.due_by) == ("product_not_received", DUE_BY)
    assert (dispute.opened_at, dispute.told_at) == (opened, NOW)


@pytest.mark.parametrize("evidence_details", [{"due_by": None}, {"due_by": 0}, {}, None], ids=str)
def test_a_dispute_that_takes_no_answer_has_no_date_for_it(evidence_details: object) -> None:
    assert changed_dispute(evidence_details=evidence_details).dispute.due_by is None


def test_a_dispute_leads_to_its_order_by_payment_or_charge_and_without_either_is_not_ours() -> None:
    assert changed_dispute().order_id is None
    assert changed_dispute(metadata={"orderId": "order-7"}).order_id == "order-7"
    assert changed_dispute().payment_ids == ("pi_1", "ch_1")
    assert changed_dispute(payment_intent=None).payment_ids == ("ch_1",)
    whole = changed_dispute(payment_intent=a_payment_intent(id="pi_7"), charge=a_charge(id="ch_7"))
    assert whole.payment_ids == ("pi_7", "ch_7")
    assert why_ignored(DISPUTED, payment_intent=None, charge=None) == "no payment"


@pytest.mark.parametrize("status", ["appeal_under_review", "a_status_of_tomorrow"])
def test_a_dispute_keeps_a_status_that_nobody_knows(status: str) -> None:
    assert changed_dispute(status=status).dispute.status == status


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": None}, "status must be a dispute's status"),
        ({"status": "Your bank says no."}, "status must be a dispute's status"),
        ({"id": 7}, "id must be an id"),
        ({"amount": 1.5}, "amount must be an amount in minor units"),
        ({"currency": None}, "currency must be three lower-case letters"),
        ({"created": None}, "created must be a time in seconds"),
        ({"created": 10**30}, "created must be a time in seconds"),
        ({"evidence_details": {"due_by": "soon"}}, "evidence_details.due_by must be a time in seconds"),
    ],
    ids=str,
)
def test_a_dispute_that_cannot_be_read_is_kept_for_a_person(fields: dict[str, object], reason: str) -> None:
    assert why_not_understood(DISPUTED, **fields) == reason
