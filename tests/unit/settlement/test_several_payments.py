"""Several payments for one order: which of them pay for it, and which are told to operators as not needed."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from inventory.stock import together
from orders.events import OrderEvent, PaymentSucceeded
from orders.money import Money
from orders.payments import Payments, PaymentState
from settlement.decisions import Change
from tests.support.builders import (
    NOW,
    a_free_session,
    a_payment,
    a_processing,
    a_refund,
    a_refunded_charge,
    an_updated_refund,
)
from tests.support.deciding import (
    HELD,
    RELEASED,
    TAKEN,
    Moves,
    a_held_order,
    a_known_payment,
    a_sold_order,
    changes_by,
    given,
    known,
    paid_as,
    shirts,
    to_customer,
    to_operators,
)

AMOUNTS = {"right": 3_600, "wrong": 3_500, "half": 1_800, "other half": 1_800, "most": 3_000, "rest": 600, "tip": 200}


def paid(name: str, amount: int | None = None, currency: str = "eur") -> PaymentSucceeded:
    """A payment of its own; the later they are named above, the later they were made."""
    at = NOW.replace(second=list(AMOUNTS).index(name))
    money = Money(AMOUNTS[name] if amount is None else amount, currency)
    ids = known(payment_intent_id=f"pi_{name}", charge_id=f"ch_{name}")
    return a_payment(f"evt_{name}_{money.amount}", money=money, created_at=at, **ids)


def refunded(name: str, amount: int | None = None) -> OrderEvent:
    """So much of its charge, or else all of it."""
    ids = known(payment_intent_id=f"pi_{name}", charge_id=f"ch_{name}")
    charge = Money(AMOUNTS[name], "eur")
    return a_refunded_charge(f"evt_{name}_back", paid=charge, total=amount or charge.amount, **ids)


def changes_of(*events: OrderEvent) -> list[Change]:
    """What each of them changes for an order that is held."""
    return changes_by(a_held_order(), *events)


SETS: dict[str, tuple[list[OrderEvent], str, list[str], set[str], Moves]] = {
    # what is reported, in any order: what the order is then, what it is paid with, what is not needed, what has moved
    "the right one": ([paid("right")], "finalized", ["right"], set(), TAKEN),
    "a wrong and the right one": ([paid("wrong"), paid("right")], "finalized", ["right"], {"wrong"}, TAKEN),
    "the right one twice": ([paid("right"), paid("tip", 3_600)], "finalized", ["right"], {"tip"}, TAKEN),
    "two halves": ([paid("half"), paid("other half")], "finalized", ["half", "other half"], set(), TAKEN),
    "most, and the rest": ([paid("most"), paid("rest")], "finalized", ["most", "rest"], set(), TAKEN),
    "and a tip": ([paid("most"), paid("rest"), paid("tip")], "finalized", ["most", "rest"], {"tip"}, TAKEN),
    "a half too many": (
        [paid("half"), paid("other half"), paid("tip", 1_800)],
        "finalized",
        ["half", "other half"],
        {"tip"},
        TAKEN,
    ),
    "halves and all of it": (
        [paid("half"), paid("other half"), paid("right")],
        "finalized",
        ["right"],
        {"half", "other half"},
        TAKEN,
    ),
    "only wrong ones": ([paid("wrong"), paid("tip")], "review", ["wrong", "tip"], set(), ()),
    "dollars beside euros": (
        [paid("half"), paid("other half", 1_800, "usd")],
        "review",
        ["half", "other half"],
        set(),
        (),
    ),
    "a wrong one, refunded": ([paid("wrong"), refunded("wrong")], "refunded", ["wrong"], set(), RELEASED),
    "a wrong one, refunded, and the right one": (
        [paid("wrong"), refunded("wrong"), paid("right")],
        "finalized",
        ["right"],
        {"wrong"},
        TAKEN,
    ),
    "the right one, refunded, and a wrong one": (
        [paid("right"), refunded("right"), paid("wrong")],
        "refunded",
        ["right"],
        {"wrong"},
        RELEASED,
    ),
    "one half, refunded": (
        [paid("half"), paid("other half"), refunded("half")],
        "partially_refunded",
        ["half", "other half"],
        set(),
        TAKEN,
    ),
    "both halves, refunded": (
        [paid("half"), paid("other half"), refunded("half"), refunded("other half")],
        "refunded",
        ["half", "other half"],
        set(),
        RELEASED,
    ),
    "what was not needed, refunded": (
        [paid("right"), paid("wrong"), refunded("wrong")],
        "finalized",
        ["right"],
        {"wrong"},
        TAKEN,
    ),
    "captured in parts": (
        [paid("right", 1_000), paid("right", 2_600), paid("right")],
        "finalized",
        ["right"],
        set(),
        TAKEN,
    ),
}


@pytest.mark.parametrize(("events", "status", "paid_with", "extra", "moved"), SETS.values(), ids=SETS)
def test_what_becomes_of_an_order_follows_from_the_set_of_its_payments_and_refunds(
    events: list[OrderEvent], status: str, paid_with: list[str], extra: set[str], moved: Moves
) -> None:
    for in_this_order in permutations(events):
        changes = changes_of(*in_this_order)
        order = changes[-1].order
        assert (order.status, [each.payment_id for each in order.paid_with]) == (status, [f"pi_{n}" for n in paid_with])
        assert {each.payment_id for each in order.extra_payments} == {f"pi_{name}" for name in extra}
        assert order.received == Money(
            sum(m.amount for p in order.paid_with if (m := p.money) and m.currency == "eur"), "eur"
        )
        assert together(*(change.moves for change in changes)) == moved
        assert order.hold_kept == (status == "review")


# --- Not needed ------------------------------------------------------------------------------------------------------


def not_needed(*names: str, paid_by: str = "pi_right") -> str:
    extra = " and ".join(f"pi_{name} ({AMOUNTS[name]} eur)" for name in names)
    return f"second_payment: {extra} is not needed: {paid_by} has paid the order"


TOLD: dict[str, tuple[list[OrderEvent], str, list[str], int, str]] = {
    # what is reported: how the last of it ends, who is notified of what, how much is not needed, why
    "wrong, then right": (
        [paid("wrong"), paid("right")],
        "first_time_finalized",
        ["paid", "second_payment"],
        3_500,
        not_needed("wrong"),
    ),
    "right, then wrong": (
        [paid("right"), paid("wrong")],
        "already_finalized",
        ["second_payment"],
        3_500,
        not_needed("wrong"),
    ),
    "halves, then all of it": (
        [paid("half"), paid("other half"), paid("right")],
        "already_finalized",
        ["second_payment"],
        3_600,
        not_needed("half", "other half"),
    ),
    "a tip beside two halves": (
        [paid("half"), paid("tip"), paid("other half")],
        "first_time_finalized",
        ["paid", "second_payment"],
        200,
        not_needed("tip", paid_by="pi_half and pi_other half"),
    ),
    "first heard of when a part is refunded": (
        [paid("right"), refunded("wrong", 1_000)],
        "other_payment",
        ["second_payment"],
        3_500,
        f"other_payment: pi_wrong is refunded, and pi_right paid the order; {not_needed('wrong')}",
    ),
}


@pytest.mark.parametrize(("events", "result", "notices", "amount", "note"), TOLD.values(), ids=TOLD)
def test_operators_are_notified_of_what_is_not_needed_with_its_money(
    events: list[OrderEvent], result: str, notices: list[str], amount: int, note: str
) -> None:
    change = changes_of(*events)[-1]
    assert (change.result, [notice.type for notice in change.notices]) == (result, notices)
    assert change.notices[-1] == to_operators("second_payment", note, money=Money(amount, "eur"))
    assert change.note == note


NO_NEWS: dict[str, tuple[list[OrderEvent], str]] = {
    # what is reported: how the last of it ends
    "another report of it": ([paid("right"), paid("wrong"), paid("wrong")], "already_finalized"),
    "it is refunded": ([paid("right"), paid("wrong"), refunded("wrong")], "other_payment"),
    "first heard of when all of it is refunded": ([paid("right"), refunded("wrong")], "other_payment"),
    "it was free": ([paid("right"), a_free_session("evt_9")], "already_finalized"),
    "its charge is named later": ([a_payment(charge_id=None), a_payment("evt_2")], "already_finalized"),
    "its intent is named later": ([a_payment(payment_intent_id=None), a_payment("evt_2")], "already_finalized"),
}


@pytest.mark.parametrize(("events", "result"), NO_NEWS.values(), ids=NO_NEWS)
def test_nobody_is_notified_of_what_is_known_already_or_cost_nothing(events: list[OrderEvent], result: str) -> None:
    change = changes_of(*events)[-1]
    assert (change.result, change.notices, change.moves, change.order.status) == (result, (), (), "finalized")


def test_an_authorisation_that_is_repeated_is_one_payment() -> None:
    first, again = (
        replace(a_processing(f"evt_{charge}", charge_id=charge), state=PaymentState.AUTHORISED)
        for charge in ("ch_0", "ch_1")
    )
    changes = changes_of(first, again, a_payment("evt_2"))
    assert [change.result for change in changes] == ["hold_extended", "hold_extended", "first_time_finalized"]
    assert changes[-1].order.payments == paid_as()


# --- Kept for review until the right one comes -----------------------------------------------------------------------


def test_every_payment_that_does_not_pay_is_news_and_each_of_them_once() -> None:
    changes = changes_of(paid("wrong"), paid("wrong"), paid("tip"), paid("tip", 200))
    assert [change.result for change in changes] == ["quarantined", "already_quarantined"] * 2
    both = "amount_mismatch: 3500 eur + 200 eur was paid, 3600 eur was asked"
    assert (changes[2].order.failure_reason, changes[2].note) == (both, both)
    assert changes[2].notices == (
        to_customer("review", money=Money(3_700, "eur")),
        to_operators("review", both, money=Money(3_700, "eur")),
    )


def test_so_is_one_in_another_currency() -> None:
    assert changes_of(paid("wrong"), paid("tip", 200, "usd"))[-1].result == "quarantined"


BACK = changes_of(paid("wrong"), refunded("wrong"))[-1].order
"""Refunded, and its hold went back with the money."""


def test_the_right_payment_takes_units_that_nobody_holds_for_its_order_any_more() -> None:
    assert (BACK.status, BACK.hold_kept) == ("refunded", False)
    change = given(BACK).changed_by(paid("right"))
    assert (change.result, change.order.status, change.moves) == ("first_time_finalized", "finalized", shirts(-3))
    assert (change.order.finalized_at, change.order.failure_reason, change.order.unfulfilled_as) == (NOW, None, None)
    assert change.notices == (to_customer("paid"),)


def test_units_that_are_gone_by_then_are_not_taken_from_others_and_the_money_is_due_back() -> None:
    gone = "insufficient_stock: 3 of 'shirt' are gone by now"
    change = given(BACK, shirts=(5, 3)).changed_by(paid("right"))
    assert (change.result, change.order.status, change.moves) == ("refund_due", "refund_due", ())
    assert change.notices == (to_customer("refund_due"), to_operators("refund_due", gone))


@pytest.mark.parametrize(
    ("shelf", "moves", "kept"), [((10, 0), HELD, True), ((2, 0), (), False)], ids=["there", "gone"]
)
def test_a_refund_that_fails_holds_what_went_back_with_it_again_if_it_is_still_there(
    shelf: tuple[int, int], moves: Moves, *, kept: bool
) -> None:
    by_single_refunds = an_updated_refund("evt_2", a_refund(amount=3_500, payment_id="pi_wrong"), order_id="order-1")
    back = changes_of(paid("wrong"), by_single_refunds)[-1].order
    assert (back.status, back.hold_kept) == ("refunded", False)
    failed = a_refund(amount=3_500, status="failed", payment_id="pi_wrong")
    change = given(back, shirts=shelf).changed_by(an_updated_refund("evt_3", failed, order_id="order-1"))
    assert (change.result, change.order.status) == ("refund_failed", "review")
    assert (change.moves, change.order.hold_kept) == (moves, kept)
    settled = given(change.order, shirts=shelf).changed_by(paid("right"))
    assert settled.result == ("first_time_finalized" if kept else "refund_due")


# --- Finished by hand ------------------------------------------------------------------------------------------------

BY_HAND = a_sold_order(payments=Payments(), settled_by=None)


def test_a_payment_for_an_order_that_was_finished_by_hand_is_told_as_one_too_many() -> None:
    note = "second_payment: pi_1 (3600 eur) is not needed: somebody has paid the order"
    change = given(BY_HAND).changed_by(a_payment("evt_2"))
    assert (change.result, change.note) == ("already_finalized", note)
    assert change.notices == (to_operators("second_payment", note),)
    assert given(change.order).changed_by(a_payment("evt_3")).notices == ()


ELSEWHERE = {"pi_1": a_known_payment(order_id="order-7")}


@pytest.mark.parametrize(
    ("event", "payments", "notices"),
    [(a_free_session("evt_2"), {}, []), (a_refunded_charge(), {}, ["refunded"]), (a_payment("evt_2"), ELSEWHERE, [])],
    ids=["free", "refunded", "another order's"],
)
def test_but_not_one_that_was_free_is_refunded_or_is_another_orders(
    event: OrderEvent, payments: Any, notices: list[str]
) -> None:
    change = given(BY_HAND, payments=payments).changed_by(event)
    assert [notice.type for notice in change.notices] == notices
