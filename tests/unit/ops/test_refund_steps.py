"""Whose money is accepted, refunded or refunded anew next; nothing if it is on its way back."""

import shlex
from collections.abc import Callable
from typing import Any

import pytest

from effects.effect import EffectKind, EffectState, RefundTerms, a_stripe_call, an_ordered_refund
from ops.exit_codes import ExitCode
from orders.money import Money
from tests.support.builders import (
    LATER,
    NOW,
    Fields,
    a_cancel_request,
    a_placement,
    a_reserved_order,
    an_order,
)
from tests.support.effects import with_effect
from tests.support.memory_store import MemoryStore
from tests.support.operating import YES, operated
from tests.support.payments import a_payment
from tests.support.refunds import a_dispute, a_refund, a_refunded_charge, an_updated_refund
from tests.support.settling import settled
from tests.support.shop import (
    a_shop,
    a_shop_after,
    a_shop_paid_twice,
    document_at,
    shop_documents,
    status_in,
    without_requests,
)
from tests.support.why import (
    A_REFUND,
    TOO_LITTLE,
    a_shop_in_review,
    an_ordered_refund_effect,
    next_steps,
    told,
    ways_back,
    ways_of_lost,
)


def test_an_order_in_review_is_accepted_or_refunded() -> None:
    assert next_steps(a_shop_in_review()) == ["./shop accept order-1", *ways_back()]


def test_an_order_that_somebody_has_made_unreadable_is_written_back_before_it_is_accepted() -> None:
    store = a_shop_in_review()
    store.put("orders/order-1", {**document_at(store, "orders/order-1"), "items": {"0": "shirt"}})
    assert next_steps(store)[:1] == ["./shop accept order-1"]
    assert "It cannot be accepted as it is (items must be a list of products)" in told(store)
    assert operated(store, "accept", "order-1").exit_code == ExitCode.FAILED


def a_shop_with_another_orders_money() -> MemoryStore:
    """Its payment has paid order-7."""
    store = without_requests(MemoryStore({**shop_documents(an_order()), "orders/order-7": an_order()}))
    for event in a_placement("order-7"), a_payment(order_id="order-7"), a_placement(), a_payment("evt_2"):
        settled(event, store)
    return store


def test_what_may_be_another_orders_money_is_first_looked_at() -> None:
    store = a_shop_with_another_orders_money()
    first, *others = next_steps(store)
    assert first.startswith("pi_1 may belong to another order: first see")
    assert others == ["./shop accept --payment pi_1 order-1", *ways_back("--payment pi_1 ")]
    assert [operated(store, *shlex.split(each)[1:]).exit_code for each in others] == [ExitCode.FINE] * 3
    assert "shared_payment: pi_1 has also paid order order-7" in told(store)


@pytest.mark.parametrize("act", ["accept", "refund"])
@pytest.mark.parametrize("which", [("order-1",), ("--all", "--status", "review")])
def test_what_may_be_another_orders_money_is_neither_accepted_nor_refunded_unnamed(
    act: str, which: tuple[str, ...]
) -> None:
    refused = operated(a_shop_with_another_orders_money(), act, *which)
    assert refused.exit_code == ExitCode.FAILED
    assert "doubtful_payment: pi_1 may be for another order: if not, name the payment" in refused.stdout


def test_of_several_payments_each_is_refunded_by_its_name_if_one_may_be_another_orders() -> None:
    store = a_shop_with_another_orders_money()
    settled(a_payment("evt_3", payment_intent_id="pi_2", charge_id="ch_2", money=TOO_LITTLE), store)
    _, accept, *ways = next_steps(store)
    assert accept == "./shop accept --payment pi_1 order-1"
    assert ways == [*ways_back("--payment pi_1 "), *ways_back("--payment pi_2 ")]


@pytest.mark.parametrize(
    ("money", "is_due"),
    [
        ({"amount": 3_600, "currency": "eur", "amountRefunded": 0}, True),
        ({"amount": 3_600, "currency": "eur", "amountRefunded": 3_600}, False),
        ({}, True),
    ],
)
def test_an_order_that_cannot_be_fulfilled_is_refunded_once_however_much_it_is(money: Fields, *, is_due: bool) -> None:
    paid: Fields = {"state": "succeeded", "at": NOW, **money}
    order = a_reserved_order(status="refund_due", unfulfilledAs="refund_due", payments={"pi_1": paid})
    assert next_steps(a_shop(order)) == (ways_back() if is_due else [])


@pytest.mark.parametrize(
    ("before", "accept"),
    [
        ({"status": "refund_due", "unfulfilledAs": "refund_due"}, []),
        ({"status": "review", "unfulfilledAs": "review"}, ["./shop accept order-1"]),
        ({"status": "finalized", "finalizedAt": NOW, "cancelRequestedAt": LATER}, []),
    ],
)
def test_what_stripe_is_sending_back_for_days_is_not_there_to_be_refunded(before: Fields, accept: list[str]) -> None:
    paid: Fields = {"state": "succeeded", "at": NOW, "amount": 3_600, "currency": "eur", "amountRefunded": 0}
    for amount, ways in ((3_600, []), (3_599, ways_back())):
        refunds = {"re_1": {"amount": amount, "status": "pending", "paymentId": "pi_1"}}
        store = a_shop(a_reserved_order(**before, payments={"pi_1": paid}, refunds=refunds))
        assert next_steps(without_requests(store)) == [*accept, *ways]


@pytest.mark.parametrize("state", EffectState)
def test_what_the_service_refunds_itself_is_left_to_it_until_that_is_over(state: EffectState) -> None:
    steps = next_steps(with_effect(a_shop_in_review(), A_REFUND, state=str(state)))
    by_a_person = ["./shop accept order-1", *ways_back()]
    given_up = [f"./shop retry {A_REFUND.effect_id}", *by_a_person, f"./shop handle {A_REFUND.effect_id}"]
    assert steps == {EffectState.SUCCESS: by_a_person, EffectState.ERROR: given_up}.get(state, [])


def test_what_stripe_has_refunded_and_not_reported_yet_is_not_there_to_be_refunded() -> None:
    for shop, paid, left in (
        (a_shop_in_review(), "pi_1", ["./shop accept order-1"]),
        (a_shop_paid_twice(), "pi_2", []),
    ):
        refund = a_stripe_call(EffectKind.STRIPE_REFUND, paid, "order-1", "evt_1", "alice")
        assert next_steps(with_effect(without_requests(shop), refund, state="SUCCESS", refundId="re_9")) == left


@pytest.mark.parametrize(("shop", "paid"), [(a_shop_in_review, "pi_1"), (a_shop_paid_twice, "pi_2")])
def test_a_refund_besides_one_that_stripe_has_yet_to_report_is_advised_so_that_it_is_not_refused(
    shop: Callable[[], MemoryStore], paid: str
) -> None:
    part = an_ordered_refund(paid, RefundTerms(600, None), "order-1", "operator_1", "alice")
    store = with_effect(without_requests(shop()), part, state="SUCCESS", refundId="re_9")
    assert "in addition to re_9, which Stripe has made and not reported yet" in told(store)
    refunds = [shlex.split(each)[1:] for each in next_steps(store) if each.startswith("./shop refund")]
    assert [operated(store, *each).exit_code for each in refunds] == [ExitCode.FINE] * 2


def test_what_is_in_another_currency_is_not_advised_before_stripe_has_reported_what_goes_back_first() -> None:
    of_extra = an_ordered_refund("pi_2", RefundTerms(None, None), "order-1", "operator_1", "alice")
    extra = a_payment("evt_2", payment_intent_id="pi_2", charge_id="ch_2", money=Money(900, "usd"))
    store = without_requests(a_shop_after(a_placement(), a_payment(), extra, a_cancel_request()))
    with_effect(store, of_extra, state="SUCCESS", refundId="re_9")
    assert operated(store, "refund", "order-1", "--again").exit_code == ExitCode.FAILED
    assert next_steps(store) == []
    settled(an_updated_refund("evt_4", a_refund("re_9", 900, payment_id="pi_2"), payment_intent_id="pi_2"), store)
    assert next_steps(store) == ways_back()


def test_an_unreported_refund_of_another_payment_needs_no_such_care() -> None:
    part = an_ordered_refund("pi_1", RefundTerms(600, None), "order-1", "operator_1", "alice")
    store = with_effect(without_requests(a_shop_paid_twice()), part, state="SUCCESS", refundId="re_9")
    assert next_steps(store) == ways_back("--payment pi_2 ")


@pytest.mark.parametrize(("made", "left"), [(None, []), (1_200, []), (700, ways_of_lost(500, "re_1"))])
def test_a_failed_refund_that_stripe_has_made_anew_is_not_there_to_be_made_again(
    made: int | None, left: list[str]
) -> None:
    failed = a_refunded_charge("evt_2", a_refund(amount=1_200, status="failed", at=NOW), total=1_200)
    store = without_requests(a_shop_after(a_placement(), a_payment(), failed))
    assert next_steps(store) == ways_of_lost(1_200, "re_1")
    with_effect(store, an_ordered_refund_effect("operator_1", made), state="SUCCESS", refundId="re_9")
    assert next_steps(store) == left
    # Whoever follows one of them, or another operator after them, pays once.
    followed = [operated(store, *shlex.split(each)[1:], *YES).exit_code for each in (*left[:1], *left[:2])]
    assert followed == [ExitCode.FINE, ExitCode.FAILED, ExitCode.FAILED][: len(followed)]


def test_a_payment_too_many_that_the_service_refunds_is_left_to_it() -> None:
    assert next_steps(with_effect(a_shop_paid_twice(), A_REFUND)) == []


def test_a_payment_too_many_is_refunded_by_its_name() -> None:
    assert next_steps(a_shop_paid_twice()) == ways_back("--payment pi_2 ")
    for status, command in (("succeeded", []), ("failed", ways_back("--payment pi_2 "))):
        refund = a_refund(status=status, payment_id="pi_2")
        back = a_refunded_charge("evt_3", refund, payment_intent_id="pi_2", charge_id="ch_2")
        assert next_steps(a_shop_paid_twice(back)) == command


def test_a_failed_refund_is_ordered_again_until_its_amount_is_refunded() -> None:
    sold = (a_placement(), a_payment())
    failed = a_refunded_charge("evt_2", a_refund(amount=1_200, status="failed"), total=1_200)
    store = a_shop_after(*sold, failed)
    assert "- refund re_1 paid nothing back: it is failed" in told(store)
    assert next_steps(store) == ways_of_lost(1_200, "re_1")
    another = a_refunded_charge("evt_3", a_refund("re_2", amount=1_200, status="failed"), total=2_400)
    assert next_steps(a_shop_after(*sold, failed, another)) == ways_of_lost(2_400, "re_1", "re_2")
    once_more = a_refunded_charge("evt_3", a_refund("re_2", amount=1_200, status="failed", at=NOW), total=2_400)
    assert next_steps(a_shop_after(*sold, failed, once_more)) == ways_of_lost(1_200, "re_2")
    again = a_refunded_charge("evt_3", a_refund("re_2", amount=1_200), total=2_400)
    assert "re_1 came to nothing" not in (said := told(store := a_shop_after(*sold, failed, again)))
    assert "refunded €12.00" in said
    assert next_steps(store) == []
    before = a_refunded_charge("evt_3", a_refund("re_0", amount=1_200, at=NOW), total=1_200)
    failed = a_refunded_charge("evt_2", a_refund(amount=1_200, status="failed", at=LATER), total=2_400)
    assert next_steps(a_shop_after(*sold, before, failed)) == ways_of_lost(1_200, "re_1")
    since = a_refunded_charge("evt_4", a_refund("re_2", amount=1_000, at=LATER), total=3_400)
    store = a_shop_after(*sold, before, failed, since)
    assert next_steps(store) == ways_of_lost(200, "re_1")
    assert "€2.00, refund re_1 is failed" in operated(store, "status").stdout


def test_what_went_back_elsewhere_is_named_with_how_it_is_taken_back_and_waits_for_nobody() -> None:
    store = a_shop_after(a_placement(), a_payment())
    assert operated(store, "refund", "order-1", "--amount", "1200", "--elsewhere", *YES).exit_code == ExitCode.FINE
    said = " ".join(told(store).split())
    refunds: Any = document_at(store, "orders/order-1")["refunds"]
    taken_back = f"refund --mistake {next(iter(refunds))} order-1"
    assert f"€12.00 of pi_1 went back outside Stripe. If that was recorded by mistake: ./shop {taken_back}" in said
    assert next_steps(store) == []
    assert operated(store, *taken_back.split(), *YES).exit_code == ExitCode.FINE
    assert ("went back outside Stripe. If" in told(store), next_steps(store)) == (False, [])


def test_a_paid_order_that_its_customer_wants_cancelled_can_be_refunded() -> None:
    paid: Fields = {"state": "succeeded", "at": NOW, "amount": 3_600, "currency": "eur"}
    order = a_reserved_order(status="finalized", finalizedAt=NOW, payments={"pi_1": paid}, cancelRequestedAt=NOW)
    assert next_steps(a_shop(order)) == ways_back()
    assert "- the customer asked at 2026-03-14 15:09:26" in told(a_shop(order))
    assert next_steps(a_shop({**order, "payments": {}})) == [], "nothing was paid at Stripe that could be refunded"


@pytest.mark.parametrize("status", ["needs_response", "lost"])
def test_what_the_bank_may_have_sent_back_can_be_recorded(status: str) -> None:
    store = without_requests(a_shop_after(a_placement(), a_payment(money=TOO_LITTLE), a_dispute("evt_2", status)))
    accept, refund, elsewhere = next_steps(store)[:3]
    assert (accept, refund) == ("./shop accept order-1", "./shop refund order-1")
    assert elsewhere == "./shop refund --elsewhere --again order-1"
    assert "by the customer's bank because of the dispute" in " ".join(told(store).split())
    assert operated(store, *shlex.split(elsewhere)[1:], *YES).exit_code == ExitCode.FINE
    assert status_in(store) == "refunded"
