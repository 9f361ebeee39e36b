"""A refund made outside Stripe counts at once when an operator reports it, and never twice."""

from dataclasses import replace

import pytest

from effects.effect import EffectKind, EffectState, RefundTerms, StoredEffect, a_stripe_call, an_ordered_refund
from orders.money import Money
from orders.payments import Payments
from orders.refunds import Refund, Refunds
from reconciliation.rules.refunds_differ import RULE
from reconciliation.subjects import RefundsOnBothSides
from settlement.retrying import why_not_again
from settlement.terms import AutoRefund
from tests.support.builders import LATER, NOW, TERMS, a_placement
from tests.support.deciding import given
from tests.support.elsewhere import refunded_elsewhere, sent_back
from tests.support.memory_store import MemoryStore
from tests.support.operators import asked_of_order
from tests.support.orders import PAID, a_held_order, a_sold_order
from tests.support.payments import a_payment
from tests.support.refunds import a_refund, a_refunded_charge, an_updated_refund
from tests.support.settling import settled
from tests.support.shop import a_shop_after, document_at, shirts_in
from tests.support.snapshots import a_known_payment

SECOND = a_payment("evt_2", payment_intent_id="pi_2", charge_id="ch_2", created_at=LATER)


def paid_twice() -> MemoryStore:
    store = a_shop_after(a_placement(), a_payment(), SECOND)
    assert document_at(store, "orders/order-1")["overpaid"] is True
    return store


def test_a_payment_too_many_that_went_back_elsewhere_waits_for_nobody_and_its_order_stays_paid() -> None:
    store = paid_twice()
    shirts = shirts_in(store)
    outcome = sent_back(store, payment="pi_2")
    note = "refunded_elsewhere: 3600 eur of pi_2 went back outside Stripe (elsewhere_refund-1_pi_2)"
    assert tuple(outcome) == ("refund_recorded", "order-1", note)
    order = document_at(store, "orders/order-1")
    assert (order["overpaid"], order["status"], order["amountRefunded"]) == (None, "finalized", 0)
    assert shirts_in(store) == shirts
    entry = document_at(store, "auditLog/operator_refund-1")
    assert (entry["operator"], entry["reason"], entry["note"]) == ("olga", "as agreed", note)
    assert (entry["orderId"], entry["hash"]) == ("order-1", order["auditHead"])
    assert not [path for path in store.dump() if path.startswith("effects/")]
    once_more = sent_back(store, "once-more", payment="pi_2")
    assert once_more.note == "nothing_left: none of its payments has anything left to refund"


def test_the_note_names_the_refund_of_each_payment_returned_elsewhere() -> None:
    note = sent_back(paid_twice()).note or ""
    assert note.endswith("(elsewhere_refund-1_pi_2 and elsewhere_refund-1_pi_1)")


def test_a_refund_elsewhere_of_a_disputed_order_has_to_be_confirmed() -> None:
    for open_disputes in (1, 0):
        disputed = given(a_sold_order(open_disputes=open_disputes))
        change = disputed.changed_by(asked_of_order("refund-1", elsewhere=True))
        why = "disputed: one of its payments is or was disputed, and the bank may have sent the money back already"
        assert change.note == f"{why}: to do it all the same, confirm with again"
        assert change.result == "not_refunded"
        meant = disputed.changed_by(asked_of_order("refund-1", elsewhere=True, again=True))
        assert meant.result == "refunded"
        assert disputed.changed_by(asked_of_order("refund-1")).result == "refund_ordered"
        twice = given(a_sold_order(open_disputes=open_disputes, refunds=Refunds.of(refunded_elsewhere(500))))
        note = twice.changed_by(asked_of_order("refund-1", amount=500, elsewhere=True)).note or ""
        assert note.startswith("refunded_elsewhere: 500 of pi_1") and f"; {why}: " in note


def test_what_stripe_refunds_after_all_counts_once() -> None:
    store = paid_twice()
    sent_back(store, payment="pi_2")
    sent_back(store, "r2", payment="pi_1")
    for payment, charge in (("pi_1", "ch_1"), ("pi_2", "ch_2")):
        refund = a_refund(f"re_{payment}", 3_600, payment_id=payment)
        settled(a_refunded_charge(f"evt_{payment}", refund, payment_intent_id=payment, charge_id=charge), store)
    order = document_at(store, "orders/order-1")
    assert (order["status"], order["amountRefunded"], order["overpaid"]) == ("refunded", 3_600, None)


def test_a_failed_refund_stays_on_the_order_until_its_amount_is_refunded_otherwise() -> None:
    before = a_refunded_charge("evt_3", a_refund("re_0", 600, at=NOW), total=600)
    store = a_shop_after(a_placement(), a_payment(), before)
    sent_back(store, "before", amount=600, again=True)
    failed = a_refund(amount=1_200, status="failed", at=LATER)
    settled(a_refunded_charge("evt_4", failed, total=1_800), store)
    assert document_at(store, "orders/order-1")["refundLost"] is True
    assert sent_back(store, "too-little", LATER, amount=1_000).result == "partially_refunded"
    assert document_at(store, "orders/order-1")["refundLost"] is True
    sent_back(store, "the-rest", LATER, amount=200)
    order = document_at(store, "orders/order-1")
    assert (order["refundLost"], order["amountRefunded"]) == (None, 2_400)


@pytest.mark.parametrize(("elsewhere", "result"), [(3_600, "refund_recorded"), (3_000, "refund_failed")])
def test_nobody_is_asked_to_pay_back_once_more_what_stripe_could_not_refund_besides(
    elsewhere: int, result: str
) -> None:
    order = a_sold_order(refunds=Refunds.of(refunded_elsewhere(elsewhere), a_refund("re_1", 3_600, "pending")))
    change = given(order).changed_by(an_updated_refund("evt_3", a_refund("re_1", 3_600, "failed"), order_id="order-1"))
    assert (change.result, change.order.amount_refunded) == (result, elsewhere)
    assert [notice.type for notice in change.notices] == (["refund_failed"] if result == "refund_failed" else [])


def test_a_refund_that_is_on_its_way_is_no_other_ones_failure() -> None:
    order = a_sold_order(refunds=Refunds.of(a_refund("re_1", 500, "pending", payment_id=None)))
    change = given(order).changed_by(an_updated_refund("evt_3", a_refund("re_2", 100, "pending"), order_id="order-1"))
    assert (change.result, change.notices) == ("refund_recorded", ())


def test_a_refund_that_failed_of_a_payment_too_many_is_only_money_that_came_twice() -> None:
    store = paid_twice()
    refund = a_refund(amount=1_200, status="failed", payment_id="pi_2")
    settled(a_refunded_charge("evt_3", refund, total=1_200, payment_intent_id="pi_2", charge_id="ch_2"), store)
    order = document_at(store, "orders/order-1")
    assert (order["overpaid"], order.get("refundLost")) == (True, None)


def test_what_the_order_is_paid_with_is_refunded_with_its_units_and_its_customer_learns_how_much() -> None:
    change = given(a_sold_order(), effects=()).changed_by(
        asked_of_order("refund-1", amount=1_200, restock="shirt:1", elsewhere=True)
    )
    assert (change.result, change.order.status, change.order.amount_refunded) == (
        *("partially_refunded", "partially_refunded"),
        1_200,
    )
    assert [(move.product_id, move.stock) for move in change.moves] == [("shirt", 1)]
    assert {change.money, *(notice.money for notice in change.notices)} == {Money(1_200, "eur")}
    the_rest = replace(asked_of_order("refund-1", restock="all", elsewhere=True), request_id="refund-2")
    whole = given(change.order, effects=()).changed_by(the_rest)
    assert (whole.result, whole.note, whole.money) == (
        "refunded",
        "refunded_elsewhere: 2400 eur of pi_1 went back outside Stripe (elsewhere_refund-2_pi_1)",
        Money(2_400, "eur"),
    )


def test_its_customer_is_told_of_a_payment_in_another_currency_in_that() -> None:
    dollars = replace(PAID, payment_id="pi_2", charge_id="ch_2", at=LATER, money=Money(900, "usd"))
    wrong = Payments.of(replace(PAID, money=Money(3_000, "eur")), dollars)
    order = a_held_order("review", payments=wrong, unfulfilled_as="review", hold_kept=True)
    for asked in {"payment": "pi_2"}, {"payment": "ch_2", "amount": 900}:
        change = given(order, effects=()).changed_by(asked_of_order("refund-1", elsewhere=True, **asked))
        assert {change.money, *(notice.money for notice in change.notices)} == {Money(900, "usd")}
    # Likewise without naming it, once the other payment is fully refunded.
    order = replace(order, refunds=Refunds.of(a_refund("re_1", 3_000)))
    change = given(order, effects=()).changed_by(asked_of_order("refund-1", elsewhere=True))
    assert {change.money, *(notice.money for notice in change.notices)} == {Money(900, "usd")}


@pytest.mark.parametrize(
    ("elsewhere", "at_stripe", "refunded"), [(3_600, 0, 3_600), (1_200, 1_200, 2_400), (1_200, 3_600, 3_600)]
)
def test_together_they_are_no_more_than_was_paid(elsewhere: int, at_stripe: int, refunded: int) -> None:
    refunds = Refunds.of(refunded_elsewhere(elsewhere), *([a_refund("re_1", at_stripe)] if at_stripe else ()))
    assert (refunds.amount_of(PAID), refunds.promised_of(PAID)) == (refunded, refunded)
    assert refunds.amount_at_stripe(PAID) == at_stripe


def test_the_same_amount_again_has_to_be_confirmed() -> None:
    order = a_sold_order(refunds=Refunds.of(refunded_elsewhere(1_200)))
    for asked in ({"elsewhere": True}, {}):
        change = given(order, effects=()).changed_by(asked_of_order("refund-1", amount=1_200, **asked))
        assert (change.result, (change.note or "").partition(" went")[0]) == (
            "not_refunded",
            "refunded_elsewhere: 1200 of pi_1",
        )
        again = given(order, effects=()).changed_by(asked_of_order("refund-1", amount=1_200, again=True, **asked))
        assert again.result != "not_refunded"


def test_refunding_the_rest_asks_stripe_only_for_what_was_not_refunded_elsewhere() -> None:
    for refunds, amount in (Refunds.of(refunded_elsewhere(1_200)), 2_400), (Refunds.of(a_refund("re_1", 1_200)), None):
        change = given(a_sold_order(refunds=refunds), effects=()).changed_by(asked_of_order("refund-1"))
        assert [each.refund for each in change.effects] == [RefundTerms(amount, None)]
        assert change.note == "2400 eur of pi_1 to refund, 0 left after that"


def test_a_payment_of_an_earlier_order_has_nothing_to_put_on_record_here() -> None:
    snapshot = given(a_sold_order(), effects=(), payments={"pi_9": a_known_payment(order_id="order-1")})
    change = snapshot.changed_by(asked_of_order("refund-1", payment="pi_9", elsewhere=True))
    assert (change.result, (change.note or "").partition(":")[0]) == ("not_refunded", "earlier_order")


def test_what_went_back_elsewhere_is_no_difference_to_stripe() -> None:
    order = a_sold_order("refunded", refunds=Refunds.of(refunded_elsewhere(3_600)))
    assert RULE.judge(RefundsOnBothSides(PAID, order, ())) is None


@pytest.mark.parametrize(
    ("elsewhere", "asked_for"), [((), ["evt_2_stripe_refund_pi_1"]), ((refunded_elsewhere(1_000),), [])]
)
def test_a_payment_partly_refunded_elsewhere_is_not_refunded_automatically(
    elsewhere: tuple[Refund, ...], asked_for: list[str]
) -> None:
    wrong = Payments.of(replace(PAID, money=Money(3_000, "eur")))
    order = a_held_order("review", payments=wrong, unfulfilled_as="review", hold_kept=True)
    order = replace(order, refunds=Refunds.of(*elsewhere), failure_reason="amount_mismatch: 3000 eur was paid")
    terms = replace(TERMS, auto_refund=AutoRefund.EXTRAS)
    change = given(order, shirts=(10, 3), terms=terms).changed_by(SECOND)
    assert (change.result, [each.effect_id for each in change.effects]) == ("first_time_finalized", asked_for)


REFUND = a_stripe_call(EffectKind.STRIPE_REFUND, "pi_1", "order-1", "evt_1", "alice")
GIVEN_UP = StoredEffect(REFUND, EffectState.ERROR, 1, None, None, version=1)


@pytest.mark.parametrize(
    ("refunds", "why"),
    [
        (Refunds(), None),
        (Refunds.of(refunded_elsewhere(1_200)), "refunded_elsewhere"),
        (Refunds.of(refunded_elsewhere(1_200), refunded_elsewhere(400)), "refunded_elsewhere"),
        (Refunds.of(a_refund("re_1", 3_600)), "nothing_left"),
        (Refunds.of(a_refund("re_1", 3_600, "failed")), None),
    ],
)
def test_a_refund_that_was_given_up_is_tried_again_only_while_stripe_owes_all_of_it(
    refunds: Refunds, why: str | None
) -> None:
    said = why_not_again(GIVEN_UP, [GIVEN_UP], a_sold_order(refunds=refunds))
    assert (said and said.partition(":")[0]) == why
    if elsewhere := refunds.elsewhere_of(PAID):
        each_of_them = " and ".join(f"{refund.amount} of pi_1 ({refund.refund_id})" for refund in elsewhere)
        assert said and f": {each_of_them} went back outside Stripe" in said
    assert why_not_again(GIVEN_UP, [GIVEN_UP], None) is None


@pytest.mark.parametrize(("money", "why"), [(Money(1, "eur"), "nothing_left"), (None, None)])
def test_nothing_is_left_of_one_cent_that_is_refunded_and_nobody_knows_what_is_of_an_unknown_sum(
    money: Money | None, why: str | None
) -> None:
    refunds = Refunds.of(*([a_refund("re_1", 1)] if money else ()))
    order = a_sold_order(payments=Payments.of(replace(PAID, money=money)), refunds=refunds)
    said = why_not_again(GIVEN_UP, [GIVEN_UP], order)
    assert (said and said.partition(":")[0]) == why


@pytest.mark.parametrize(
    ("state", "recipient", "is_refused"),
    [("PENDING", "pi_1", True), ("PENDING", "ch_1", True), ("ERROR", "pi_1", False), ("PENDING", "pi_2", False)],
)
def test_a_refund_that_was_given_up_is_not_tried_again_after_a_later_one_of_its_payment(
    state: str, recipient: str, *, is_refused: bool
) -> None:
    another = an_ordered_refund(recipient, RefundTerms(500, "none"), "order-1", "operator_r1", "alice")
    other = StoredEffect(another, EffectState(state), 1, None, None, version=1)
    assert (why_not_again(GIVEN_UP, [GIVEN_UP, other], a_sold_order()) is not None) is is_refused
    assert (why_not_again(GIVEN_UP, [other], a_sold_order()) is not None) is is_refused
    # An earlier refund is no reason.
    assert why_not_again(GIVEN_UP, [other, GIVEN_UP], a_sold_order()) is None
