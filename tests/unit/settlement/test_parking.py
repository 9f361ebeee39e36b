"""Events that wait for their order or their payment: parked, counted, and released."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orders.events import CarriesPayment, ShopEvent, StripeEvent
from orders.order import OrderStatus
from orders.outcome import OrderNotThereYet, Outcome, Result
from orders.payments import Payment, Payments, PaymentState
from settlement.decisions import Look, Park, Unchanged
from settlement.parking import taken_up
from tests.support.builders import (
    LATER,
    NOW,
    ONE_OF_EACH_KIND,
    a_cancellation,
    a_dispute,
    a_failure,
    a_payment,
    a_processing,
    a_refunded_charge,
    a_subscription,
    an_updated_refund,
)
from tests.support.deciding import (
    SET_ASIDE,
    Given,
    a_claim,
    a_count,
    a_held_order,
    a_known_payment,
    a_parked_claim,
    a_sold_order,
    given,
    known,
    paid_as,
    unchanged,
)

HOUR = timedelta(hours=1)
AGAIN, OLD = a_payment(delivered_at=LATER), a_payment(created_at=NOW - HOUR, delivered_at=LATER)
FIRST_REFUND, REFUND = (an_updated_refund(order_id="order-1", delivered_at=moment) for moment in (NOW, LATER))
WAS_SET_ASIDE = known(claim=a_claim("livemode_mismatch"), set_aside=SET_ASIDE)

# --- Waiting for an order --------------------------------------------------------------------------------------------

NO_ORDER = Park(Result.ORDER_NOT_FOUND, "order-1", "the order does not exist")


@pytest.mark.parametrize("age", [timedelta(0), HOUR - timedelta(seconds=1), -timedelta(minutes=3)], ids=str)
@pytest.mark.parametrize("before", [{}, WAS_SET_ASIDE], ids=["new", "set aside"])
def test_a_young_event_waits_for_its_order_and_claims_nothing(age: timedelta, before: dict[str, Any]) -> None:
    with pytest.raises(OrderNotThereYet, match="order order-1 does not exist yet"):
        given(**before).when(a_payment(created_at=NOW - age, delivered_at=LATER))


PAYMENTS = {"pi_1": a_known_payment("evt_1", order_id=None)}
WAITED_FOR_PAYMENT = known(claim=a_parked_claim("payment_not_found"), payments=PAYMENTS)
WAIT_FOR_ORDER = {
    "old": (given(), OLD),
    "from the far future": (given(), a_payment(created_at=NOW + timedelta(days=3_000))),
    "set aside before": (given(**WAS_SET_ASIDE), OLD),
    "set aside, claim expired": (given(set_aside=SET_ASIDE, after_loss=True), OLD),
    "not understood before, however young": (given(claim=a_parked_claim("error")), AGAIN),
    "a refunded charge, which says what was paid": (given(), a_refunded_charge(created_at=NOW - HOUR)),
    "its payment leads to an order that is gone": (
        given(payments={"pi_1": a_known_payment()}),
        a_payment(created_at=NOW - HOUR),
    ),
}


@pytest.mark.parametrize(("situation", "event"), WAIT_FOR_ORDER.values(), ids=WAIT_FOR_ORDER)
def test_an_event_whose_order_does_not_come_is_parked_until_it_does(situation: Given, event: StripeEvent) -> None:
    assert situation.when(event) == NO_ORDER


NO_PAYMENT = {
    kind: event for kind, event in ONE_OF_EACH_KIND.items() if not isinstance(event, CarriesPayment | ShopEvent)
}
LEADS_NOWHERE, IGNORED = {"pi_1": a_known_payment()}, unchanged("ignored", "no_order: the order does not exist")


@pytest.mark.parametrize("event", NO_PAYMENT.values(), ids=NO_PAYMENT)
@pytest.mark.parametrize("age", [timedelta(0), HOUR], ids=["young", "old"])
def test_only_payments_wait_for_an_order(event: StripeEvent, age: timedelta) -> None:
    event = replace(event, delivery=replace(event.delivery, created_at=NOW - age))
    assert given(payments=LEADS_NOWHERE).when(event) == IGNORED


@pytest.mark.parametrize("event", [a_processing(), a_failure(), a_cancellation(), a_subscription()])
def test_what_says_nothing_of_money_that_came_is_not_even_looked_up_further(event: StripeEvent) -> None:
    assert given().looks_for(event) == []
    assert given().when(event) == IGNORED


@pytest.mark.parametrize("event", [an_updated_refund(order_id="order-1"), a_dispute(order_id="order-1")])
def test_a_refund_or_a_dispute_of_an_order_that_does_not_exist_waits_for_its_payment(event: StripeEvent) -> None:
    assert given().when(event) == no_payment("order-1")


def test_what_waited_for_a_payment_whose_order_is_gone_stays_parked() -> None:
    parked = given(claim=a_parked_claim("payment_not_found"), payments=LEADS_NOWHERE)
    assert parked.when(REFUND) == a_count("payment_not_found")
    assert parked.when(taken_up(REFUND)) == unchanged("payment_not_found")
    assert given(claim=a_parked_claim("error")).when(a_failure(delivered_at=LATER)) == a_count("error")
    assert given(**WAS_SET_ASIDE).when(a_failure(delivered_at=LATER)) == IGNORED


NOBODYS = [
    replace(event, order_id=None)
    for event in (a_payment(), a_processing(), a_failure(), a_cancellation(), a_subscription())
]


@pytest.mark.parametrize("event", NOBODYS, ids=lambda event: str(event.kind))
def test_a_payment_of_nobodys_is_ignored(event: StripeEvent) -> None:
    assert given().when(event) == Unchanged(Outcome(Result.IGNORED, None, "no order id"))
    assert given().looks_for(event) == []


FOUND = {
    # an event that names no order: how it ends for the one that its payment leads to
    "a payment": (a_payment(), "first_time_finalized"),
    "money on its way": (a_processing(), "hold_extended"),
    "a decline": (a_failure(), "payment_failed"),
    "an end": (a_cancellation(), "cancelled"),
}


@pytest.mark.parametrize(("event", "result"), FOUND.values(), ids=FOUND)
@pytest.mark.parametrize("by", ["pi_1", "ch_1"])
def test_an_event_without_an_order_id_is_settled_for_the_order_that_its_payment_leads_to(
    event: StripeEvent, result: str, by: str
) -> None:
    event = replace(event, order_id=None, charge_id="ch_1")
    first_seen = a_held_order(payments=Payments.of(Payment("pi_1", PaymentState.PROCESSING, NOW, charge_id="ch_1")))
    found = given(first_seen, payments={by: a_known_payment()})
    assert found.looks_for(event) == [Look(order_id="order-1")]
    assert found.changed_by(event).result == result


def test_what_waits_for_an_order_that_was_created_in_between_is_taken_up_at_once_and_not_counted_again() -> None:
    assert NO_ORDER.looks_again and not no_payment().looks_again
    assert taken_up(OLD) == a_payment(created_at=NOW - HOUR, delivered_at=LATER, is_replay=True)


# --- Waiting for a payment -------------------------------------------------------------------------------------------


def no_payment(order_id: str | None = None) -> Park:
    return Park(Result.PAYMENT_NOT_FOUND, order_id, "no order is known that this payment has paid for")


BEFORE = {
    "new": None,
    "not understood": a_parked_claim("error"),
    "waited for its order": a_parked_claim("order_not_found"),
    "set aside": a_claim("livemode_mismatch"),
}


@pytest.mark.parametrize("event", [an_updated_refund(), a_refunded_charge(order_id=None), a_dispute()])
@pytest.mark.parametrize("claim", BEFORE.values(), ids=BEFORE)
def test_what_names_only_its_payment_waits_until_that_has_settled_an_order(event: StripeEvent, claim: object) -> None:
    assert given(claim=claim).when(event) == no_payment()


UNPAID = ["pending", "reserving", "reserved", "failed", "expired", "cancelled", "unknown"]


@pytest.mark.parametrize("status", UNPAID)
def test_a_refund_that_names_its_order_waits_until_that_is_paid(status: str) -> None:
    assert given(a_held_order(status)).when(REFUND) == no_payment("order-1")


@pytest.mark.parametrize("status", [status for status in OrderStatus if status not in UNPAID])
def test_a_refund_of_an_order_that_is_paid_waits_for_nothing(status: str) -> None:
    assert given(a_held_order(status, payments=paid_as())).changed_by(REFUND).result == "refunded"


@pytest.mark.parametrize("event", [OLD, an_updated_refund(), a_dispute()], ids=["payment", "refund", "dispute"])
def test_an_event_whose_claim_has_expired_is_a_duplicate_even_if_its_order_is_gone(event: StripeEvent) -> None:
    assert given(audited=True).when(event) == a_count(order_id=event.order_id)


# --- Deliveries ------------------------------------------------------------------------------------------------------


def test_a_further_delivery_of_what_still_waits_is_counted() -> None:
    assert given(claim=a_parked_claim()).when(AGAIN) == a_count("order_not_found")
    assert given(a_held_order(), **WAITED_FOR_PAYMENT).when(REFUND) == a_count("payment_not_found")


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


# --- Released --------------------------------------------------------------------------------------------------------

NOBODY_PAID = {
    "pi_1": a_known_payment("evt_7", "evt_1", "evt_8", order_id=None),
    "ch_1": a_known_payment("evt_8", "evt_9", order_id=None),
}


@pytest.mark.parametrize("event", [a_payment(), a_refunded_charge()], ids=["payment", "refunded charge"])
def test_a_payment_releases_all_that_waited_for_it_once(event: CarriesPayment) -> None:
    assert given(a_held_order(), payments=NOBODY_PAID).changed_by(event).released == ("evt_7", "evt_8", "evt_9")


@pytest.mark.parametrize("event", [a_payment(), a_payment(is_replay=True), FIRST_REFUND])
def test_what_still_waits_is_released_by_whatever_comes_once_the_payments_order_is_known(event: StripeEvent) -> None:
    paid = given(a_sold_order(), payments={"pi_1": a_known_payment("evt_7", "evt_1")})
    assert paid.changed_by(event).released == ("evt_7",)


def test_a_refund_does_not_say_whose_payment_it_is_and_releases_nothing_before_that_is_known() -> None:
    assert given(a_sold_order(), payments=NOBODY_PAID).changed_by(FIRST_REFUND).released == ()
    assert given(a_held_order(), payments=NOBODY_PAID).when(a_dispute()) == no_payment()
