"""The claim: what is kept of an event, and read back from what was kept."""

from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.events import PaymentSucceeded, StripeDelivery
from orders.order import AMOUNT_MINOR_MAX, Money
from orders.outcome import Result
from settlement.claims import claim_from, parked_claim
from settlement.ledger import Document
from settlement.parked import parked_event_from
from tests.builders import LATER, NOW, a_delivery, a_payment

ids = st.text("abcXYZ019_-", min_size=1, max_size=20)
times = st.datetimes(timezones=st.just(UTC))
deliveries = st.builds(
    StripeDelivery,
    event_id=ids,
    event_type=ids,
    created_at=times,
    delivered_at=times,
    livemode=st.booleans(),
    api_version=st.none() | ids,
)
payments = st.builds(
    PaymentSucceeded,
    delivery=deliveries,
    order_id=ids,
    money=st.builds(Money, st.integers(0, AMOUNT_MINOR_MAX), st.text("abcdefz", min_size=3, max_size=3)),
    payment_intent_id=st.none() | ids,
    charge_id=st.none() | ids,
)


@given(payments)
def test_a_parked_event_is_read_back_as_it_was(payment: PaymentSucceeded) -> None:
    claim = parked_claim(payment.delivery, payment.order_id, Result.ORDER_NOT_FOUND, "no order", NOW, payment)
    taken_up_again = replace(payment, delivery=replace(payment.delivery, is_replay=True))
    assert parked_event_from(payment.event_id, claim.fields) == taken_up_again


def test_an_event_that_nobody_could_read_holds_nothing_to_settle() -> None:
    claim = parked_claim(a_delivery(), "order-1", Result.ERROR, "amount missing", NOW)
    assert parked_event_from("evt_1", claim.fields) is None


@pytest.mark.parametrize("broken", [{"orderId": None}, {"orderId": "a/b"}, {"event": None}, {"event": "pi_1"}], ids=str)
def test_a_parked_claim_that_was_tampered_with_holds_nothing_to_settle(broken: dict[str, object]) -> None:
    claim = parked_claim(a_delivery(), "order-1", Result.ORDER_NOT_FOUND, "no order", NOW, a_payment())
    assert parked_event_from("evt_1", {**claim.fields, **broken}) is None


@pytest.mark.parametrize("broken", [{"amount": -1}, {"amount": 1.5}, {"amount": None}, {"currency": "EUR"}], ids=str)
def test_a_parked_event_without_money_holds_nothing_to_settle(broken: dict[str, object]) -> None:
    claim = parked_claim(a_delivery(), "order-1", Result.ORDER_NOT_FOUND, "no order", NOW, a_payment())
    facts = claim.fields["event"]
    assert isinstance(facts, dict)
    assert parked_event_from("evt_1", {**claim.fields, "event": {**facts, **broken}}) is None


def test_a_claim_is_read_as_it_stands() -> None:
    fields = {"processed": True, "result": "refund_due", "deliveries": 3, "lastDeliveryAt": NOW}
    claim = claim_from(Document(fields, "v7"))
    assert (claim.processed, claim.result, claim.deliveries) == (True, Result.REFUND_DUE, 3)
    assert (claim.last_delivery_at, claim.version) == (NOW, "v7")


@pytest.mark.parametrize("processed", [False, None, "true", 1])
def test_only_what_is_plainly_processed_is_done(processed: object) -> None:
    assert not claim_from(Document({"processed": processed}, "v")).processed


def test_a_claim_knows_the_deliveries_that_it_has_counted() -> None:
    claim = claim_from(Document({"receivedAt": NOW, "lastDeliveryAt": LATER}, "v"))
    assert claim.has_counted(a_delivery(delivered_at=NOW))
    assert claim.has_counted(a_delivery(delivered_at=LATER))
    assert not claim.has_counted(a_delivery(delivered_at=LATER + timedelta(microseconds=1)))


def test_a_parked_event_taken_up_again_is_no_delivery_to_count() -> None:
    claim = claim_from(Document({"receivedAt": NOW, "lastDeliveryAt": LATER}, "v"))
    assert claim.has_counted(a_delivery(delivered_at=LATER + timedelta(days=1), is_replay=True))


def test_a_claim_knows_the_delivery_that_settled_it() -> None:
    claim = claim_from(Document({"processed": True, "processedAt": NOW}, "v"))
    assert claim.was_settled_by(a_delivery(delivered_at=NOW))
    assert not claim.was_settled_by(a_delivery(delivered_at=LATER))
    assert not claim.was_settled_by(a_delivery(delivered_at=NOW, is_replay=True))


def test_a_claim_without_a_time_is_nobodys() -> None:
    claim = claim_from(Document({"processed": True}, "v"))
    assert not claim.has_counted(a_delivery())
    assert not claim.was_settled_by(a_delivery())


def test_a_parked_event_without_times_holds_nothing_to_settle() -> None:
    fields = {"orderId": "order-1", "event": {"amount": 1, "currency": "eur"}}
    assert parked_event_from("evt_1", fields) is None
