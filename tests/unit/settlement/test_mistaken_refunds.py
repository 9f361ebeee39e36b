"""An operator says that a refund was a mistake: it counts for nothing, and nobody is owed it."""

from dataclasses import replace

import pytest

from database.documents.operator_requests import operator_request_path
from orders.money import Money
from orders.outcome import Outcome
from orders.refunds import Refunds, RestockRule
from settlement.terms import AutoRefund
from tests.support.builders import LATER, TERMS, a_placement
from tests.support.deciding import given
from tests.support.decisions import shirts
from tests.support.elsewhere import refunded_elsewhere, sent_back
from tests.support.memory_store import MemoryStore
from tests.support.operators import an_operators_request, asked_of_order
from tests.support.orders import a_sold_order
from tests.support.payments import a_payment
from tests.support.refunds import a_refund, a_refunded_charge, an_updated_refund
from tests.support.settling import settled
from tests.support.shop import a_shop_after, a_shop_paid_twice, complaints_in, document_at, notices_in, shirts_in


def taken_back(store: MemoryStore, refund_id: str, request_id: str = "mistake-1") -> Outcome:
    """The outcome when an operator reports that this refund was a mistake."""
    store.put(operator_request_path(request_id), an_operators_request("refund", mistake=refund_id))
    return settled(replace(asked_of_order("refund-1", mistake=refund_id), request_id=request_id), store)


def test_what_was_recorded_by_mistake_counts_no_more_and_its_units_are_taken_again() -> None:
    store = a_shop_after(a_placement(), a_payment())
    before = document_at(store, "orders/order-1")
    assert sent_back(store, restock="all").result == "refunded"
    assert shirts_in(store) == (10, 0)
    outcome = taken_back(store, "elsewhere_refund-1_pi_1")
    note = "mistake: 3600 eur of pi_1 did not go back elsewhere (elsewhere_refund-1_pi_1)"
    assert tuple(outcome) == ("refund_recorded", "order-1", note)
    order = document_at(store, "orders/order-1")
    for name in "status", "amountRefunded", "returned", "overpaid", "refundLost", "failureReason":
        assert (order.get(name) or None) == (before.get(name) or None), name
    assert shirts_in(store) == (7, 0)
    entry = document_at(store, "auditLog/operator_mistake-1")
    assert (entry["operator"], entry["reason"], entry["note"], entry["amount"]) == ("olga", "as agreed", note, None)
    assert complaints_in(store) == []
    # As much is recorded, or sent back, as if nothing had been.
    assert sent_back(store, "the-right-one", amount=3_600).result == "refunded"


def test_a_mistake_announces_no_refund_that_has_long_been_due() -> None:
    store = a_shop_after(a_placement(), a_payment(), an_updated_refund("evt_2", a_refund(restock=RestockRule.ALL)))
    store.put("inventory/shirt", {"stock": 2, "reserved": 0})
    settled(an_updated_refund("evt_3", a_refund(status="failed")), store)
    assert "refund_due" in notices_in(store, of_event="evt_3")
    assert taken_back(store, "re_1").result == "refund_recorded"
    assert (document_at(store, "orders/order-1")["status"], notices_in(store, of_event="mistake-1")) == (
        "refund_due",
        [],
    )


def test_operators_learn_of_returned_units_that_were_sold_again() -> None:
    store = a_shop_after(a_placement(), a_payment())
    sent_back(store, restock="all")
    store.put("inventory/shirt", {"stock": 2, "reserved": 0})
    assert taken_back(store, "elsewhere_refund-1_pi_1").note == (
        "mistake: 3600 eur of pi_1 did not go back elsewhere (elsewhere_refund-1_pi_1); "
        "sold_again: fewer units go back, and 3 of 'shirt' are no longer available"
    )
    assert document_at(store, "orders/order-1")["status"] == "refund_due"
    assert "refund_due" in notices_in(store, of_event="operator_mistake-1")


def test_units_that_only_a_mistake_brought_back_do_not_stay_though_all_money_is_refunded_otherwise() -> None:
    refunds = Refunds.of(replace(refunded_elsewhere(1_200), restock={"shirt": 1}), a_refund("re_1", 3_600))
    order = a_sold_order("refunded", refunds=refunds, returned={"shirt": 1})
    terms = replace(TERMS, restock_on_refund=False)
    change = given(order, terms=terms).changed_by(asked_of_order("refund-1", mistake="elsewhere_pi_1_1200"))
    assert (change.order.status, change.order.returned, change.moves) == ("refunded", {}, shirts(-1))


def test_a_payment_too_many_is_too_many_again_and_nothing_is_sent_back_by_itself() -> None:
    store = a_shop_paid_twice()
    sent_back(store, payment="pi_2")
    terms = replace(TERMS, auto_refund=AutoRefund.ALL)
    request = replace(asked_of_order("refund-1", mistake="elsewhere_refund-1_pi_2"), request_id="mistake-1")
    store.put(operator_request_path("mistake-1"), an_operators_request("refund", mistake="elsewhere_refund-1_pi_2"))
    settled(request, store, terms=terms)
    order = document_at(store, "orders/order-1")
    assert (order["overpaid"], order["status"]) == (True, "finalized")
    assert not [path for path in store.dump() if path.startswith("effects/")]


def test_an_order_in_review_waits_for_a_person_again_and_holds_its_units() -> None:
    store = a_shop_after(a_placement(), a_payment(money=Money(3_000, "eur")))
    sent_back(store)
    assert (document_at(store, "orders/order-1")["status"], shirts_in(store)) == ("refunded", (10, 0))
    taken_back(store, "elsewhere_refund-1_pi_1")
    assert (document_at(store, "orders/order-1")["status"], shirts_in(store)) == ("review", (10, 3))


def test_what_stripe_could_not_refund_is_owed_again_if_it_did_not_go_back_elsewhere_either() -> None:
    store = a_shop_after(a_placement(), a_payment())
    sent_back(store)
    settled(a_refunded_charge("evt_4", a_refund("re_1", 3_600, "failed", at=LATER), total=3_600), store)
    assert document_at(store, "orders/order-1").get("refundLost") is None
    assert taken_back(store, "elsewhere_refund-1_pi_1").result == "refund_failed"
    assert document_at(store, "orders/order-1")["refundLost"] is True


def test_a_refund_that_failed_and_was_a_mistake_is_owed_to_nobody() -> None:
    store = a_shop_after(a_placement(), a_payment())
    failed = a_refunded_charge("evt_4", a_refund("re_1", 1_200, "failed", at=LATER), total=1_200)
    settled(failed, store)
    assert document_at(store, "orders/order-1")["refundLost"] is True
    assert taken_back(store, "re_1").note == "mistake: 1200 eur of pi_1 is owed to nobody (re_1)"
    settled(replace(failed, delivery=replace(failed.delivery, event_id="evt_5")), store)
    order = document_at(store, "orders/order-1")
    assert (order["refundLost"], order["status"], order["amountRefunded"]) == (None, "finalized", 0)


@pytest.mark.parametrize(
    ("refund_id", "why"),
    [
        ("re_9", "no_refund: re_9 is not one of its refunds"),
        ("re_1", "not_undone: re_1 is succeeded at Stripe, and only Stripe can end it"),
        ("re_2", "not_undone: re_2 is pending at Stripe, and only Stripe can end it"),
        ("re_3", "mistake: re_3 is already recorded as a mistake"),
    ],
)
def test_only_what_did_not_go_back_can_be_a_mistake_and_only_once(refund_id: str, why: str) -> None:
    mistake = replace(a_refund("re_3", 100, "failed"), is_mistake=True)
    order = a_sold_order(refunds=Refunds.of(a_refund("re_1", 100), a_refund("re_2", 100, "pending"), mistake))
    change = given(order).changed_by(asked_of_order("refund-1", mistake=refund_id))
    assert (change.result, change.note, change.order) == ("not_refunded", why, order)


def test_of_a_refund_that_names_no_payment_only_the_amount_is_said_and_it_stays_failed() -> None:
    order = a_sold_order(refunds=Refunds.of(a_refund("re_1", 100, "failed", payment_id=None)))
    change = given(order).changed_by(asked_of_order("refund-1", mistake="re_1"))
    assert change.note == "mistake: 100 is owed to nobody (re_1)"
    assert change.order.refunds.by_id["re_1"].status == "failed"
