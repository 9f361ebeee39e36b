"""What a payment has to do with an order: whether it is the order's own, another one, or paid another order too."""

from dataclasses import replace
from typing import Any

import pytest

from orders.events import PaymentSucceeded
from orders.order import Money, Order, Payment
from tests.support.builders import NOW, a_free_session, a_payment, a_refunded_charge, an_updated_refund
from tests.support.deciding import (
    EUR_36,
    PAID_BEFORE,
    Shelf,
    a_change,
    a_held_order,
    a_known_payment,
    a_sold_order,
    given,
    known,
    refunds_of,
    to_customer,
    to_operators,
)

CANCEL_REQUESTED = "cancel_requested: its customer had asked to cancel the order before it was paid"

# --- A payment that has paid another order too -----------------------------------------------------------------------

SHARED, ELSEWHERE = "shared_payment: pi_1 has also paid order order-7", a_known_payment(order_id="order-7")


@pytest.mark.parametrize(("requested_at", "note"), [(None, SHARED), (NOW, f"{SHARED}; {CANCEL_REQUESTED}")])
def test_operators_are_notified_of_a_payment_that_has_paid_another_order_too(requested_at: object, note: str) -> None:
    shared = given(a_held_order(cancel_requested_at=requested_at), payments={"pi_1": ELSEWHERE})
    change = shared.changed_by(a_payment())
    assert (change.result, change.note) == ("first_time_finalized", note)
    assert change.notices == (to_customer("paid"), to_operators("shared_payment", note))


def test_another_report_of_such_a_payment_is_noted_and_no_news() -> None:
    shared = given(a_sold_order(), payments={"pi_1": ELSEWHERE, "ch_1": ELSEWHERE})
    assert shared.when(a_payment("evt_2")) == a_change("already_finalized", a_sold_order(), note=SHARED)


def test_a_payment_that_only_parked_events_know_of_is_nobodys_yet() -> None:
    waited_for = given(a_held_order(), payments={"pi_1": a_known_payment(order_id=None)})
    assert waited_for.changed_by(a_payment()).note is None


# --- A second payment of one order -----------------------------------------------------------------------------------

PI_2, CH_2 = (known(payment_intent_id=intent_id, charge_id="ch_2") for intent_id in ("pi_2", None))
NAMELESS = known(payment_intent_id=None, charge_id=None)
SECOND = "second_payment: pi_2 paid an order that pi_1 had paid"
once = pytest.mark.parametrize(
    ("heard_of", "is_news"),
    [({}, True), ({"pi_2": a_known_payment(order_id=None)}, True), ({"pi_2": a_known_payment()}, False)],
    ids=["never heard of", "waited for", "known"],
)


@once
def test_operators_are_notified_once_of_a_second_payment(heard_of: dict[str, Any], *, is_news: bool) -> None:
    money = Money(3_500, "eur")
    notices = [to_operators("second_payment", SECOND, money=money)] if is_news else []
    decision = given(a_sold_order(), payments=heard_of).when(a_payment("evt_2", money=money, **PI_2))
    assert decision == a_change("already_finalized", a_sold_order(), None, *notices, money=money, note=SECOND)


@pytest.mark.parametrize("total", [1_200, 3_600], ids=["a part", "all"])
@once
def test_so_they_are_of_one_that_is_first_heard_of_when_it_is_refunded(
    heard_of: dict[str, Any], total: int, *, is_news: bool
) -> None:
    change = given(a_sold_order(), payments=heard_of).changed_by(a_refunded_charge(total=total, **PI_2))
    note = "other_payment: pi_2 is refunded, and pi_1 had paid the order"
    assert (change.result, change.note) == ("other_payment", note)
    assert change.notices == ((to_operators("second_payment", note),) if is_news else ())


FREE, BY_CHARGE = Payment(Money(0, "eur"), None, None, "evt_free"), replace(PAID_BEFORE, payment_intent_id=None)
BY_HAND = "paid an order that was finished by hand"
PAID_TWICE = {
    # what had paid the order, what pays it now: what is noted
    "intents, the charge unknown": (
        replace(PAID_BEFORE, charge_id=None),
        a_payment(**PI_2),
        "pi_2 paid an order that pi_1 had paid",
    ),
    "charges alone": (BY_CHARGE, a_payment(**CH_2), "ch_2 paid an order that ch_1 had paid"),
    "it cost nothing": (FREE, a_payment(), "pi_1 paid an order that the session of evt_free had paid"),
    "by hand": (None, a_payment(), f"pi_1 {BY_HAND}"),
    "by hand, and without a name": (None, a_payment(**NAMELESS), f"the session of evt_1 {BY_HAND}"),
    "by hand, and free": (None, a_free_session(), None),
    "its own session": (PAID_BEFORE, a_payment(**NAMELESS), None),
}


@pytest.mark.parametrize(("payment", "event", "note"), PAID_TWICE.values(), ids=PAID_TWICE)
def test_a_payment_is_a_second_one_if_it_is_certainly_another(
    payment: Payment | None, event: PaymentSucceeded, note: str | None
) -> None:
    change = given(a_sold_order(payment=payment)).changed_by(event)
    assert (change.result, change.note) == ("already_finalized", f"second_payment: {note}" if note else None)
    assert [notice.type for notice in change.notices] == (["second_payment"] if note else [])


# --- A refund of another payment -------------------------------------------------------------------------------------

OF_PI_2, OF_CH_2 = (f"{payment} is refunded, and pi_1 had paid the order" for payment in ("pi_2", "ch_2"))
SINGLE = an_updated_refund(order_id="order-1", payment_intent_id="pi_2", charge_id=None)
IN_DOLLARS = an_updated_refund(order_id="order-1", currency="usd")
OTHER = {
    # refund: what it is about, what is noted, whether it is the first report of that payment
    "another intent": (a_refunded_charge(**PI_2), EUR_36, OF_PI_2, True),
    "another charge": (a_refunded_charge(**CH_2), EUR_36, OF_CH_2, True),
    "a single refund": (SINGLE, EUR_36, OF_PI_2, False),
    "another currency": (IN_DOLLARS, Money(3_600, "usd"), "refunded in usd, paid in eur", False),
}


@pytest.mark.parametrize(("event", "money", "why", "is_news"), OTHER.values(), ids=OTHER)
@pytest.mark.parametrize("status", ["finalized", "partially_refunded", "refunded"])
def test_a_refund_of_another_payment_is_noted_and_changes_nothing(
    event: Any, money: Money, why: str, status: str, *, is_news: bool
) -> None:
    order, note = a_sold_order(status, refunds=refunds_of(charge_total=1_200)), f"other_payment: {why}"
    notices = [to_operators("second_payment", note)] if is_news else []
    assert given(order).when(event) == a_change("other_payment", order, None, *notices, money=money, note=note)


PAID_OTHERWISE = {
    # what had paid the order, the charge that is refunded: result, what is noted
    "by its charge": (PAID_BEFORE, "ch_1", "refunded", None),
    "by a charge alone": (BY_CHARGE, "ch_2", "other_payment", "ch_2 is refunded, and ch_1 had paid the order"),
    "free": (FREE, "ch_1", "other_payment", "ch_1 is refunded, and the session of evt_free had paid the order"),
}


@pytest.mark.parametrize(("payment", "charge_id", "result", "why"), PAID_OTHERWISE.values(), ids=PAID_OTHERWISE)
def test_a_refund_that_names_only_a_charge_is_compared_with_what_had_paid_the_order(
    payment: Payment, charge_id: str, result: str, why: str | None
) -> None:
    refund = an_updated_refund(order_id="order-1", payment_intent_id=None, charge_id=charge_id)
    change = given(a_sold_order(payment=payment)).changed_by(refund)
    assert (change.result, change.note) == (result, f"other_payment: {why}" if why else None)


# --- An order that was to be cancelled -------------------------------------------------------------------------------

TO_CANCEL, CANCELLED = (known(status=status, cancel_requested_at=NOW) for status in ("reserved", "cancelled"))
LATE = known(status="reserving", held_from="cancelled", cancel_requested_at=NOW)
A_CENT, PARTLY = Money(1, "eur"), "partially_refunded"
PAID_AFTER_ALL = {
    # order, shirts, what pays it: result, what the customer and operators are notified of, and of how much
    "held": (TO_CANCEL, (10, 3), a_payment(), "first_time_finalized", "paid", "cancel_requested", EUR_36),
    "a cent": (TO_CANCEL, (10, 3), a_payment(money=A_CENT), "quarantined", "review", "review", A_CENT),
    "late": (LATE, (10, 3), a_payment(), "first_time_finalized", "paid", "cancel_requested", EUR_36),
    "refunded in part": (LATE, (10, 3), a_refunded_charge(total=1_200), PARTLY, PARTLY, "cancel_requested", EUR_36),
    "late and short": (CANCELLED, (0, 0), a_payment(), "refund_due", "refund_due", "refund_due", EUR_36),
}


@pytest.mark.parametrize(
    ("order", "shelf", "event", "result", "to_alice", "to_shop", "money"), PAID_AFTER_ALL.values(), ids=PAID_AFTER_ALL
)
def test_whatever_a_payment_ends_as_operators_learn_that_its_customer_had_asked_to_cancel(
    order: dict[str, Any], shelf: Shelf, event: Any, result: str, to_alice: str, to_shop: str, money: Money
) -> None:
    change = given(a_held_order(**order), shirts=shelf).changed_by(event)
    for_alice, for_operators = change.notices
    assert (change.result, for_alice.type) == (result, to_alice)
    assert for_operators == to_operators(to_shop, change.note, money=money)
    assert (change.note or "").endswith(CANCEL_REQUESTED)


NOTHING_TO_DECIDE = {
    "it is refunded": (a_held_order(**LATE), a_refunded_charge()),
    "nobody had asked": (a_held_order(**{**LATE, "cancel_requested_at": None}), a_payment()),
    "it was sold before": (a_sold_order(cancel_requested_at=NOW), a_payment("evt_2")),
}


@pytest.mark.parametrize(("order", "event"), NOTHING_TO_DECIDE.values(), ids=NOTHING_TO_DECIDE)
def test_no_operator_is_notified_of_a_cancel_request_where_nothing_is_to_be_decided(order: Order, event: Any) -> None:
    change = given(order, shirts=(10, 3)).changed_by(event)
    assert (change.note, [notice.audience for notice in change.notices if notice.audience == "operator"]) == (None, [])
