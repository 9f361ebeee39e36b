"""Refunds and disputes that arrived before their payment: settled with it, and reported like new deliveries."""

from collections.abc import Callable

import pytest

from orders.events import StripeEvent
from orders.outcome import Outcome, Result, StoreUnavailable
from settlement.parking import taken_up
from tests.support.builders import LATER, a_placement, redelivered
from tests.support.interference import (
    DisturbedStore,
    Interference,
    answer_lost,
    overtaken_by,
    someone_first,
    unanswered,
    undisturbed,
)
from tests.support.payments import a_payment
from tests.support.refunds import a_dispute, a_refund, an_updated_refund
from tests.support.settling import settled
from tests.support.shop import a_shop_after, complaints_in, document_at, shirts_in, status_in

PLACED, PAID, REFUNDED = a_placement(), a_payment(), an_updated_refund("evt_refund")
DISPUTED, REST_REFUNDED = a_dispute("evt_dispute"), an_updated_refund("evt_rest", a_refund("re_2", 2_400))
PART_REFUNDED = an_updated_refund("evt_part", a_refund("re_1", 1_200, restock={"shirt": 1}))

Reports = list[tuple[str, Outcome]]


def recorded_in(reports: Reports) -> Callable[[StripeEvent, Outcome], None]:
    return lambda event, outcome: reports.append((event.event_id, outcome))


# --- Reported ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("commits", [[], [undisturbed, answer_lost]], ids=["undisturbed", "its answer is lost"])
def test_the_outcome_of_each_released_event_is_reported_once(commits: list[Interference]) -> None:
    store, reports = a_shop_after(PLACED, PART_REFUNDED, DISPUTED), Reports()
    settled(PAID, DisturbedStore(store, commits), report=recorded_in(reports))
    settled(redelivered(PAID), store, report=recorded_in(reports))
    assert reports == [
        ("evt_part", Outcome(Result.PARTIALLY_REFUNDED, "order-1")),
        ("evt_dispute", Outcome(Result.DISPUTE_RECORDED, "order-1", a_dispute().dispute.in_words)),
    ]


def test_a_released_event_that_others_have_settled_meanwhile_is_reported_as_a_duplicate() -> None:
    store, reports = a_shop_after(PLACED, REFUNDED), Reports()
    others_first = someone_first(lambda: settled(a_payment("evt_2"), store, now=LATER))
    settled(PAID, DisturbedStore(store, [undisturbed, others_first]), report=recorded_in(reports))
    assert document_at(store, "webhookEvents/evt_refund")["processed"] is True
    assert reports == [("evt_refund", Outcome(Result.DUPLICATE_DETECTED, "order-1"))]


def test_what_was_settled_before_the_time_was_out_is_reported_and_the_rest_done_when_the_payment_comes_again() -> None:
    store, reports = a_shop_after(PLACED, PART_REFUNDED, REST_REFUNDED), Reports()
    disturbed = DisturbedStore(store, [undisturbed, undisturbed, *[unanswered] * 1_000])
    with pytest.raises(StoreUnavailable):
        settled(PAID, disturbed, report=recorded_in(reports))
    assert reports == [("evt_part", Outcome(Result.PARTIALLY_REFUNDED, "order-1"))]
    settled(redelivered(PAID), store)
    assert (status_in(store), shirts_in(store)) == ("refunded", (10, 0))


def test_a_payment_that_comes_again_is_acknowledged_also_if_there_is_never_time_for_what_it_releases() -> None:
    store, out_of_time = a_shop_after(PLACED, REFUNDED), [undisturbed, *[unanswered] * 1_000]
    with pytest.raises(StoreUnavailable):
        settled(PAID, DisturbedStore(store, out_of_time))
    assert settled(redelivered(PAID), DisturbedStore(store, out_of_time)).result == "duplicate_detected"
    assert status_in(store) == "finalized"
    assert settled(taken_up(REFUNDED), store).result == "refunded"


# --- Settled ----------------------------------------------------------------------------------------------------------


def test_a_payment_whose_own_answer_was_lost_settles_what_it_released() -> None:
    store = a_shop_after(PLACED, REFUNDED)
    assert settled(PAID, DisturbedStore(store, [answer_lost])).result == "first_time_finalized"
    assert (status_in(store), shirts_in(store)) == ("refunded", (10, 0))


@pytest.mark.parametrize(
    ("faster", "slower", "result"),
    [(PAID, REFUNDED, "refunded"), (REFUNDED, PAID, "first_time_finalized")],
    ids=["the payment is faster", "the refund is faster"],
)
def test_a_refund_and_its_payment_at_the_same_time_are_both_settled(
    faster: StripeEvent, slower: StripeEvent, result: str
) -> None:
    store = a_shop_after(PLACED)
    assert settled(slower, overtaken_by(faster, store)).result == result
    assert (status_in(store), shirts_in(store)) == ("refunded", (10, 0))
    assert document_at(store, "payments/pi_1").get("waiting", []) == []
    assert complaints_in(store) == []
