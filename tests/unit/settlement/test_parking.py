"""Events that wait for their order or payment: parked, counted, released."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orders.events import CarriesPayment, DisputeChanged, StripeEvent
from orders.outcome import OrderNotThereYet, Outcome, Result
from orders.payments import Payment, Payments, PaymentState
from settlement.decisions import Look, Park, Unchanged
from settlement.parking import taken_up
from tests.support.builders import LATER, NOW
from tests.support.deciding import Given, given
from tests.support.decisions import a_count, unchanged
from tests.support.one_of_each import ONE_OF_EACH_KIND
from tests.support.orders import a_held_order, a_sold_order, known
from tests.support.payments import a_cancellation, a_failure, a_payment, a_processing
from tests.support.refunds import a_dispute, a_refunded_charge, an_updated_refund
from tests.support.snapshots import SET_ASIDE, a_claim, a_known_payment, a_parked_claim

HOUR = timedelta(hours=1)
AGAIN, OLD = a_payment(delivered_at=LATER), a_payment(created_at=NOW - HOUR, delivered_at=LATER)
FIRST_REFUND, REFUND = (an_updated_refund(order_id="order-1", delivered_at=moment) for moment in (NOW, LATER))
WAS_SET_ASIDE = known(claim=a_claim("livemode_mismatch"), set_aside=SET_ASIDE)

# --- Waiting for an order --------------------------------------------------------------------------------------------

NO_ORDER = Park(Result.ORDER_NOT_FOUND, "order-1", "the order does not exist")


@pytest.mark.parametrize("before", [{}, WAS_SET_ASIDE], ids=["new", "set aside"])
def test_a_young_event_waits_for_its_order_and_claims_nothing(before: dict[str, Any]) -> None:
    for age in HOUR - timedelta(seconds=1), -timedelta(minutes=3):
        with pytest.raises(OrderNotThereYet, match="order order-1 does not exist yet"):
            given(**before).when(a_payment(created_at=NOW - age, delivered_at=LATER))


LEADS_NOWHERE, IGNORED = {"pi_1": a_known_payment()}, unchanged("ignored", "no_order: the order does not exist")
WAIT_FOR_ORDER = {
    "old": (given(), OLD),
    "from the far future": (given(), a_payment(created_at=NOW + timedelta(days=3_000))),
    "set aside before": (given(**WAS_SET_ASIDE), OLD),
    "not understood before, however young": (given(claim=a_parked_claim("error")), AGAIN),
    "a refunded charge, which says what was paid": (given(), a_refunded_charge(created_at=NOW - HOUR)),
    "its payment leads to an order that is gone": (given(payments=LEADS_NOWHERE), OLD),
}


@pytest.mark.parametrize(("situation", "event"), WAIT_FOR_ORDER.values(), ids=WAIT_FOR_ORDER)
def test_an_event_whose_order_does_not_come_is_parked_until_it_does(situation: Given, event: StripeEvent) -> None:
    assert situation.when(event) == NO_ORDER


NO_PAYMENT = {
    kind: event
    for kind, event in ONE_OF_EACH_KIND.items()
    if isinstance(event, StripeEvent) and not isinstance(event, CarriesPayment | DisputeChanged)
}


@pytest.mark.parametrize("event", NO_PAYMENT.values(), ids=NO_PAYMENT)
def test_only_payments_wait_for_an_order_and_nothing_else_is_looked_up_further(event: StripeEvent) -> None:
    assert given(payments=LEADS_NOWHERE).when(event) == IGNORED
    assert given(payments=LEADS_NOWHERE).looks_for(event) == []


def test_a_refund_or_a_dispute_of_an_order_that_does_not_exist_waits_for_its_payment() -> None:
    for event in an_updated_refund(order_id="order-1"), a_dispute(order_id="order-1"):
        assert given().when(event) == no_payment("order-1")


def test_what_waited_for_a_payment_whose_order_is_gone_stays_parked() -> None:
    parked = given(claim=a_parked_claim("payment_not_found"), payments=LEADS_NOWHERE)
    assert parked.when(REFUND) == a_count("payment_not_found")
    assert parked.when(taken_up(REFUND)) == unchanged("payment_not_found")
    assert given(claim=a_parked_claim("error")).when(a_failure(delivered_at=LATER)) == a_count("error")
    assert given(**WAS_SET_ASIDE).when(a_failure(delivered_at=LATER)) == IGNORED


def test_a_payment_without_an_order_is_ignored() -> None:
    for event in replace(a_payment(), order_id=None), replace(a_failure(), order_id=None):
        assert given().when(event) == Unchanged(Outcome(Result.IGNORED, None, "no order id"))
        assert given().looks_for(event) == []


FOUND = {
    # an event without an order: its result for the order of its payment
    "a payment": (a_payment(), "first_time_finalized"),
    "money on its way": (a_processing(), "hold_extended"),
    "a decline": (a_failure(), "payment_failed"),
    "an end": (a_cancellation(), "cancelled"),
}


@pytest.mark.parametrize(("event", "result"), FOUND.values(), ids=FOUND)
def test_an_event_without_an_order_id_is_settled_for_the_order_that_its_payment_leads_to(
    event: StripeEvent, result: str
) -> None:
    event = replace(event, order_id=None, charge_id="ch_1")
    first_seen = a_held_order(payments=Payments.of(Payment("pi_1", PaymentState.PROCESSING, NOW, charge_id="ch_1")))
    for by in "pi_1", "ch_1":
        found = given(first_seen, payments={by: a_known_payment()})
        assert found.looks_for(event) == [Look(order_id="order-1")]
        assert found.changed_by(event).result == result


def test_what_waits_for_an_order_that_was_created_in_between_is_taken_up_at_once_and_not_counted_again() -> None:
    assert NO_ORDER.looks_again and not no_payment().looks_again
    assert taken_up(OLD) == a_payment(created_at=NOW - HOUR, delivered_at=LATER, is_replay=True)


# --- Waiting for a payment -------------------------------------------------------------------------------------------


def no_payment(order_id: str | None = None) -> Park:
    return Park(Result.PAYMENT_NOT_FOUND, order_id, "no known order was paid with this payment")


BEFORE = {
    "new": None,
    "not understood": a_parked_claim("error"),
    "waited for its order": a_parked_claim("order_not_found"),
    "set aside": a_claim("livemode_mismatch"),
}


@pytest.mark.parametrize("claim", BEFORE.values(), ids=BEFORE)
def test_what_names_only_its_payment_waits_until_that_has_settled_an_order(claim: object) -> None:
    for event in an_updated_refund(), a_refunded_charge(order_id=None), a_dispute():
        assert given(claim=claim).when(event) == no_payment()
    # A refund that names its order waits until the order is paid.
    assert given(a_held_order()).when(REFUND) == no_payment("order-1")


@pytest.mark.parametrize("event", [OLD, an_updated_refund(), a_dispute()], ids=["payment", "refund", "dispute"])
def test_an_event_whose_claim_has_expired_is_a_duplicate_even_if_its_order_is_gone(event: StripeEvent) -> None:
    assert given(audited=True).when(event) == a_count(order_id=event.order_id)


# --- Deliveries ------------------------------------------------------------------------------------------------------


WAITED_FOR_PAYMENT = known(claim=a_parked_claim("payment_not_found"))
AND_A_DUPLICATE = a_claim(last_delivery_at=LATER, deliveries=2)
REPLAY = a_payment(delivered_at=LATER, is_replay=True)
ON_RECORD = {
    "it parked the event": (given(claim=a_parked_claim()), a_payment(), "order_not_found"),
    "it parked a refund": (given(a_held_order(), **WAITED_FOR_PAYMENT), FIRST_REFUND, "payment_not_found"),
    "it settled the event": (given(claim=a_claim("quarantined")), a_payment(), "quarantined"),
    "it settled the event, a duplicate came": (given(claim=AND_A_DUPLICATE), a_payment(), "first_time_finalized"),
    "it is that duplicate": (given(claim=AND_A_DUPLICATE), AGAIN, "duplicate_detected"),
    "it took the event up": (given(claim=a_claim("refund_due")), REPLAY, "refund_due"),
    "it took up what others settled": (given(claim=a_claim(processed_at=LATER)), REPLAY, "duplicate_detected"),
}


@pytest.mark.parametrize(("situation", "event", "result"), ON_RECORD.values(), ids=ON_RECORD)
def test_a_delivery_whose_answer_was_lost_is_not_counted_again_and_ends_as_it_did(
    situation: Given, event: StripeEvent, result: str
) -> None:
    assert situation.when(event) == unchanged(result)


def test_a_further_delivery_of_what_still_waits_is_counted() -> None:
    assert given(claim=a_parked_claim()).when(AGAIN) == a_count("order_not_found")
    assert given(a_held_order(), **WAITED_FOR_PAYMENT).when(REFUND) == a_count("payment_not_found")


# --- Released --------------------------------------------------------------------------------------------------------

NOBODY_PAID = {
    "pi_1": a_known_payment("evt_7", "evt_1", "evt_8", order_id=None),
    "ch_1": a_known_payment("evt_8", "evt_9", order_id=None),
}


def test_a_payment_releases_all_that_waited_for_it_once() -> None:
    for event in a_payment(), a_refunded_charge():
        assert given(a_held_order(), payments=NOBODY_PAID).changed_by(event).released == ("evt_7", "evt_8", "evt_9")


def test_what_still_waits_is_released_by_whatever_comes_once_the_payments_order_is_known_and_not_before() -> None:
    paid = given(a_sold_order(), payments={"pi_1": a_known_payment("evt_7", "evt_1")})
    for event in a_payment(), a_payment(is_replay=True), FIRST_REFUND:
        assert paid.changed_by(event).released == ("evt_7",)
    assert given(a_sold_order(), payments=NOBODY_PAID).changed_by(FIRST_REFUND).released == ()
    declined = given(a_held_order(), payments={"pi_1": a_known_payment("evt_7", is_only_declined=True)})
    assert declined.changed_by(a_failure()).released == ()
    assert given(a_held_order(), payments=NOBODY_PAID).when(a_dispute()) == no_payment()
