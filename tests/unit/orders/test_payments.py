"""What is known of payments, and which of them pay, does not depend on the order of reports."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations, permutations, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.money import Money
from orders.payments import TOGETHER_MAX, Payment, Payments, PaymentState, amount_of, sum_of
from tests.support.builders import LATER, NOW

FINAL = (PaymentState.SUCCEEDED, PaymentState.CANCELED)
MUCH_LATER = NOW + timedelta(days=3)


def a_payment(payment_id: str = "pi_1", amount: int | None = 3_600, **fields: Any) -> Payment:
    """Succeeded, unless the test says otherwise."""
    money = None if amount is None else Money(amount, fields.pop("currency", "eur"))
    known: dict[str, Any] = {"state": PaymentState.SUCCEEDED, "at": NOW, **fields}
    return Payment(payment_id, known.pop("state"), known.pop("at"), money, **known)


def under_way(state: PaymentState = PaymentState.PROCESSING, **fields: Any) -> Payment:
    return a_payment(amount=None, state=state, **fields)


def reports_of(number: int) -> st.SearchStrategy[Payment]:
    """Possible reports of one payment; once paid, they may name only its charge."""
    # Bank-account charges are called py_, which sorts after pi_.
    intent, charge, declined = f"pi_{number}", f"py_{number}", f"ch_{number}"
    moments = st.sampled_from([NOW, LATER, MUCH_LATER])
    rest: dict[str, Any] = {
        "at": moments,
        "until": st.none() | moments,
        "is_estimate": st.booleans(),
        "amount_refunded": st.integers(0, 9),
        "is_doubtful": st.booleans(),
        "attempt": st.none() | st.integers(1, 2),
    }
    succeeded = st.builds(
        lambda ids, **fields: Payment(ids[0], PaymentState.SUCCEEDED, charge_id=ids[1], **fields),
        st.sampled_from([(intent, charge), (intent, None), (charge, charge)]),
        money=st.builds(Money, st.integers(1, 9), st.sampled_from(["eur", "usd"])),
        **rest,
    )
    other_states = st.sampled_from([state for state in PaymentState if state is not PaymentState.SUCCEEDED])
    return succeeded | st.builds(
        Payment, st.just(intent), other_states, charge_id=st.none() | st.just(declined), **rest
    )


# --- Laws -------------------------------------------------------------------------------------------------------------


@given(st.lists(reports_of(1) | reports_of(2), min_size=1, max_size=4), st.integers(1, 9))
def test_what_is_known_and_what_pays_depends_on_what_was_reported_and_never_on_the_order_nor_how_often(
    reported: list[Payment], asked: int
) -> None:
    known = [Payments.of(*order) for order in permutations(reported)]
    assert all(payments == known[0] for payments in known)
    assert len({payments.paying(Money(asked, "eur")) for payments in known}) == 1
    assert Payments.of(*reported, *reported) == known[0]


def test_a_payment_that_was_known_by_its_charge_is_the_one_of_its_intent() -> None:
    by_charge, whole = a_payment("py_1", charge_id="py_1"), a_payment("pi_1", charge_id="py_1")
    for reports in permutations([by_charge, whole, a_payment("pi_1")]):
        assert Payments.of(*reports) == Payments({"pi_1": whole})


def test_no_report_takes_the_place_of_a_payment_with_the_same_id() -> None:
    paid, misnamed = a_payment(charge_id="ch_1"), a_payment(amount=None, state=PaymentState.FAILED, charge_id="pi_1")
    for reports in permutations([paid, misnamed]):
        assert Payments.of(*reports).succeeded == (paid,)


def test_two_charges_are_two_payments_as_long_as_nothing_says_otherwise() -> None:
    payments = Payments.of(a_payment("ch_1", charge_id="ch_1"), a_payment("pi_1"), a_payment("pi_2", charge_id="ch_2"))
    assert list(payments.by_id) == ["ch_1", "pi_1", "pi_2"]


# --- One payment ------------------------------------------------------------------------------------------------------


def test_the_states_of_a_payment_come_in_this_order_and_what_is_final_is_never_taken_back() -> None:
    assert list(PaymentState) == ["processing", "failed", "authorised", "canceled", "succeeded"]
    for final, state in product(FINAL, set(PaymentState) - set(FINAL)):
        assert Payments.of(under_way(final), under_way(state, at=MUCH_LATER)).by_id["pi_1"].state is final


MERGED = {
    # two reports of one payment, in any order: what is known then
    "money that arrived outweighs a cancellation": (
        *(a_payment(), under_way(PaymentState.CANCELED, at=LATER)),
        a_payment(),
    ),
    "of what is not final the later report counts": (
        *(under_way(PaymentState.FAILED), under_way(at=LATER)),
        under_way(at=LATER),
    ),
    "it has succeeded when that was reported first": (a_payment(), a_payment(at=LATER), a_payment()),
    "captured in parts, the larger report is the later one": (a_payment(amount=1_200), a_payment(), a_payment()),
    "once refunded it stays so": (
        *(a_payment(amount_refunded=600), a_payment(amount_refunded=1_200)),
        a_payment(amount_refunded=1_200),
    ),
    "one report that names its session is enough": (*(under_way(attempt=1), a_payment()), a_payment(attempt=1)),
    "one report of its money clears its doubt": (a_payment(is_doubtful=True), a_payment(), a_payment()),
    "no other report does": (a_payment(is_doubtful=True), under_way(), a_payment(is_doubtful=True)),
    "nor the same again": (*[a_payment(is_doubtful=True)] * 2, a_payment(is_doubtful=True)),
}


@pytest.mark.parametrize(("one", "other", "merged"), MERGED.values(), ids=MERGED)
def test_two_reports_of_a_payment_are_merged(one: Payment, other: Payment, merged: Payment) -> None:
    assert one.merged_with(other) == other.merged_with(one) == merged


def test_only_a_session_that_cost_nothing_is_free_and_only_an_intents_payment_has_an_intent() -> None:
    by_intent, by_charge, free = a_payment(charge_id="ch_1"), a_payment("ch_1", charge_id="ch_1"), a_payment("cs_1", 0)
    payments = by_intent, by_charge, free, under_way()
    known = [(each.payment_intent_id, each.is_free, amount_of(each)) for each in payments]
    assert known == [("pi_1", False, 3_600), (None, False, 3_600), (None, True, 0), ("pi_1", False, 0)]


def test_a_payment_is_found_under_each_of_its_ids() -> None:
    payments = Payments.of(a_payment("pi_1", charge_id="ch_1"), a_payment("pi_2"))
    assert payments.find("pi_1") == payments.find("ch_1") == payments.find(None, "ch_1") == payments.by_id["pi_1"]
    assert payments.find("ch_2") is payments.find(None) is payments.find("") is None


def test_only_what_may_still_bring_money_is_under_way() -> None:
    assert {state for state in PaymentState if Payments.of(under_way(state)).under_way} == {"processing", "authorised"}


IN_TWO_DAYS, IN_THREE_WEEKS = NOW + timedelta(days=2), NOW + timedelta(days=21)


def test_an_end_that_is_known_outweighs_a_later_one_that_is_assumed() -> None:
    session = under_way(until=IN_THREE_WEEKS, is_estimate=True)
    for reports in permutations((session, under_way(until=IN_TWO_DAYS))):
        assert Payments.of(*reports).by_id["pi_1"] == under_way(until=IN_TWO_DAYS)
        known = replace(session, is_estimate=False)
        assert Payments.of(*reports, known).by_id["pi_1"] == known


# --- How long units are held for it ----------------------------------------------------------------------------------

SOON, RETRY = NOW + timedelta(minutes=5), timedelta(minutes=30)


ENDS = [
    *((under_way(until=MUCH_LATER), MUCH_LATER), (under_way(PaymentState.AUTHORISED, until=MUCH_LATER), MUCH_LATER)),
    # A failed payment is retried at once or not at all, never longer than it was waited for.
    (under_way(PaymentState.FAILED, until=MUCH_LATER), NOW + RETRY),
    *((under_way(PaymentState.FAILED, until=SOON), SOON), (under_way(PaymentState.FAILED), None), (under_way(), None)),
    *((under_way(PaymentState.CANCELED, until=MUCH_LATER), None), (a_payment(until=MUCH_LATER), None)),
    # A person has to decide whether the order was meant to be free.
    (a_payment("cs_1", amount=0, until=MUCH_LATER), MUCH_LATER),
]


@pytest.mark.parametrize(("payment", "end"), ENDS)
def test_units_are_worth_holding_while_money_may_come(payment: Payment, end: datetime | None) -> None:
    assert payment.holds_until(RETRY) == end


# --- Which payments pay ----------------------------------------------------------------------------------------------

EUR_36 = Money(3_600, "eur")


def received(**amounts: int) -> Payments:
    """Payments by id, each received a second after the one before."""
    seconds = enumerate(amounts.items())
    return Payments.of(*(a_payment(name, amount, at=NOW + timedelta(seconds=at)) for at, (name, amount) in seconds))


FREE, DOUBTFUL = a_payment("cs_1", amount=0), a_payment(is_doubtful=True)
IN_DOLLARS, SECOND = a_payment("pi_2", 2_400, currency="usd"), a_payment("pi_2", at=LATER)
PAYING = [
    *((received(a=3_600), "a"), (received(a=1_200, b=2_400), "ab"), (received(a=1_200, b=1_200, c=1_200), "abc")),
    # A surplus payment, before or after, changes nothing.
    *((received(a=700, b=3_600), "b"), (received(a=1_200, b=2_400, c=700), "ab")),
    (received(a=1_200, b=700, c=2_400), "ac"),
    # As few as possible; of equally many, the earliest.
    *((received(a=1_200, b=2_400, c=3_600), "c"), (received(a=3_600, b=3_600), "a")),
    (received(a=1_200, b=2_400, c=1_200), "ab"),
    # Too little, too much, or nothing yet; free, in another currency, or doubtful.
    *((received(), ""), (received(a=3_599), ""), (received(a=3_601), "")),
    *((received(a=1_200, b=1_200), ""), (received(a=2_400, b=2_400), "")),
    *((Payments.of(under_way()), ""), (Payments.of(under_way(PaymentState.AUTHORISED)), "")),
    *((Payments.of(FREE), ""), (Payments.of(a_payment(currency="usd")), ""), (Payments.of(DOUBTFUL), "")),
    (Payments.of(a_payment("pi_1", 1_200), IN_DOLLARS), ""),
    (Payments.of(DOUBTFUL, SECOND), ["pi_2"]),
]


@pytest.mark.parametrize(("payments", "paying"), PAYING)
def test_paid_is_what_comes_to_exactly_what_is_asked(payments: Payments, paying: Sequence[str]) -> None:
    assert [payment.payment_id for payment in payments.paying(EUR_36)] == [*paying]


WITHOUT_PRICE = [
    *((received(a=700, b=3_600), ["a"]), (received(), []), (Payments.of(FREE), ["cs_1"])),
    *(
        (Payments.of(FREE, SECOND), ["pi_2"]),
        (Payments.of(FREE, DOUBTFUL), []),
        (Payments.of(DOUBTFUL, SECOND), ["pi_2"]),
    ),
]


@pytest.mark.parametrize(("payments", "paying"), WITHOUT_PRICE)
def test_where_nothing_is_asked_the_first_payment_decides(payments: Payments, paying: list[str]) -> None:
    assert [payment.payment_id for payment in payments.paying(None)] == paying


def test_what_costs_nothing_is_paid_by_a_session_that_was_free_and_by_no_money() -> None:
    nothing, free = Money(0, "eur"), a_payment("cs_1", amount=0, at=LATER)
    assert Payments.of(a_payment()).paying(nothing) == ()
    assert Payments.of(a_payment(), free, a_payment("cs_2", amount=0, at=MUCH_LATER)).paying(nothing) == (free,)


def test_among_more_payments_than_anybody_makes_one_or_all_pay_and_of_some_the_earliest() -> None:
    several = {f"p{number:02}": 1 for number in range(TOGETHER_MAX)}
    assert len(received(**several, last=3_600).paying(EUR_36)) == 1
    assert len(received(**several, last=3_600 - TOGETHER_MAX).paying(EUR_36)) == TOGETHER_MAX + 1
    assert received(**several, last=3_599).paying(EUR_36) == ()


@given(st.lists(st.integers(1, 6), min_size=1, max_size=6), st.integers(1, 12), st.integers(1, 6))
def test_payments_that_pay_are_as_few_as_can_be_and_a_further_one_never_takes_that_back(
    amounts: list[int], asked: int, further: int
) -> None:
    payments = received(**{f"p{number}": amount for number, amount in enumerate(amounts)})
    paying = payments.paying(Money(asked, "eur"))
    counts = [n for n in range(1, len(amounts) + 1) if asked in map(sum, combinations(amounts, n))]
    assert len(paying) == min(counts, default=0)
    assert not paying or sum_of(paying) == Money(asked, "eur")
    later = payments.with_report(a_payment("further", further, at=MUCH_LATER))
    assert bool(later.paying(Money(asked, "eur"))) >= bool(paying)


def test_several_currencies_do_not_add_up() -> None:
    in_dollars = a_payment("pi_3", currency="usd")
    assert sum_of([a_payment(), under_way(), a_payment("pi_2", 700), in_dollars]) == Money(4_300, "eur")
    assert sum_of([]) is sum_of([under_way()]) is None
