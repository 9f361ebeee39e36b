"""Several payments for one order: which of them pay, and which are reported to operators as not needed."""

from dataclasses import replace
from itertools import permutations

import pytest

from inventory.stock import together
from orders.events import OrderEvent, PaymentSucceeded
from orders.money import Money
from orders.payments import Payments, PaymentState
from orders.refunds import Refunds
from settlement.decisions import Change
from tests.support.builders import NOW, a_cancel_request, a_placement, a_request
from tests.support.deciding import changes_by, given
from tests.support.decisions import HELD, RELEASED, TAKEN, Moves, shirts, to_customer, to_operators
from tests.support.orders import PAID, a_held_order, a_sold_order, known, paid_as
from tests.support.payments import a_free_session, a_payment, a_processing
from tests.support.refunds import a_refund, a_refunded_charge, an_updated_refund
from tests.support.settling import settled
from tests.support.shop import a_shop_after, complaints_in, document_at
from tests.support.snapshots import Shelf, a_known_payment

AMOUNTS = {"right": 3_600, "wrong": 3_500, "half": 1_800, "other half": 1_800, "most": 3_000, "rest": 600, "tip": 200}


def paid(name: str, amount: int | None = None, currency: str = "eur") -> PaymentSucceeded:
    """A payment of its own; payments further down the list above were made later."""
    at = NOW.replace(second=list(AMOUNTS).index(name))
    money = Money(AMOUNTS[name] if amount is None else amount, currency)
    ids = known(payment_intent_id=f"pi_{name}", charge_id=f"ch_{name}")
    return a_payment(f"evt_{name}_{money.amount}", money=money, created_at=at, **ids)


def refunded(name: str, amount: int | None = None, *, failed: bool = False) -> OrderEvent:
    """The whole charge is refunded, or the given amount; or was to be."""
    ids = known(payment_intent_id=f"pi_{name}", charge_id=f"ch_{name}")
    charge = Money(AMOUNTS[name], "eur")
    lost = [a_refund(amount=charge.amount, status="failed", payment_id=f"pi_{name}")] if failed else []
    return a_refunded_charge(f"evt_{name}_back", *lost, paid=charge, total=amount or charge.amount, **ids)


def paid_each(*names: str) -> list[OrderEvent]:
    return [paid(name) for name in names]


def changes_of(*events: OrderEvent) -> list[Change]:
    """The change of each event for a held order."""
    return changes_by(a_held_order(), *events)


SOLD, PART_BACK, BACK = ("finalized", TAKEN), ("partially_refunded", TAKEN), ("refunded", RELEASED)
IN_REVIEW: tuple[str, Moves] = ("review", ())
HALVES = ("half", "other half")
SETS: dict[str, tuple[list[OrderEvent], tuple[str, Moves], tuple[str, ...], set[str]]] = {
    # reports in any order: status and moves then, the paying payments, the surplus
    "the right one": ([paid("right")], SOLD, ("right",), set()),
    "a wrong and the right one": (paid_each("wrong", "right"), SOLD, ("right",), {"wrong"}),
    "the right one twice": ([paid("right"), paid("tip", 3_600)], SOLD, ("right",), {"tip"}),
    "two halves": (paid_each(*HALVES), SOLD, HALVES, set()),
    "most, the rest, and a tip": (paid_each("most", "rest", "tip"), SOLD, ("most", "rest"), {"tip"}),
    "a half too many": ([*paid_each(*HALVES), paid("tip", 1_800)], SOLD, HALVES, {"tip"}),
    "halves and all of it": (paid_each(*HALVES, "right"), SOLD, ("right",), {*HALVES}),
    "only wrong ones": (paid_each("wrong", "tip"), IN_REVIEW, ("wrong", "tip"), set()),
    "dollars beside euros": ([paid("half"), paid("other half", 1_800, "usd")], IN_REVIEW, HALVES, set()),
    "a wrong one, refunded": ([paid("wrong"), refunded("wrong")], BACK, ("wrong",), set()),
    "a wrong one, refunded, and the right one": (
        [*paid_each("wrong", "right"), refunded("wrong")], SOLD, ("right",), {"wrong"}
    ),
    "the right one, refunded, and a wrong one": (
        [*paid_each("right", "wrong"), refunded("right")], BACK, ("right",), {"wrong"}
    ),
    "one half, refunded": ([*paid_each(*HALVES), refunded("half")], PART_BACK, HALVES, set()),
    "both halves, refunded": ([*paid_each(*HALVES), refunded("half"), refunded("other half")], BACK, HALVES, set()),
    "the right one twice, and the first refunded": (
        [paid("right"), paid("tip", 3_600), refunded("right")], SOLD, ("tip",), {"right"}
    ),
    "the right one twice, both refunded": (
        [paid("right"), paid("tip", 3_600), refunded("right"), refunded("tip", 3_600)], BACK, ("right",), {"tip"}
    ),
    "the right one twice, and the first was to be refunded": (
        [paid("right"), paid("tip", 3_600), refunded("right", failed=True)], SOLD, ("tip",), {"right"}
    ),
    "all of it and halves, and all of it refunded": (
        [*paid_each("right", *HALVES), refunded("right")], SOLD, HALVES, {"right"}
    ),
    "captured in parts": ([paid("right", 1_000), paid("right", 2_600), paid("right")], SOLD, ("right",), set()),
}  # fmt: skip


def test_an_order_waits_for_a_person_while_money_of_another_currency_is_not_back() -> None:
    dollars = Money(3_600, "usd")
    reports: list[OrderEvent] = [paid("wrong"), a_refunded_charge("evt_back", paid=dollars, total=dollars.amount)]
    for events in permutations(reports):
        store = a_shop_after(a_placement(), *events)
        assert document_at(store, "orders/order-1")["status"] == "review"
        assert complaints_in(store) == []


@pytest.mark.parametrize(("events", "ending", "paid_with", "extra"), SETS.values(), ids=SETS)
def test_what_becomes_of_an_order_follows_from_the_set_of_its_payments_and_refunds(
    events: list[OrderEvent], ending: tuple[str, Moves], paid_with: tuple[str, ...], extra: set[str]
) -> None:
    for in_this_order in permutations(events):
        changes = changes_of(*in_this_order)
        order = changes[-1].order
        assert (order.status, together(*(change.moves for change in changes))) == ending
        assert [each.payment_id for each in order.paid_with] == [f"pi_{name}" for name in paid_with]
        assert {each.payment_id for each in order.extra_payments} == {f"pi_{name}" for name in extra}
        assert order.hold_kept == (order.status == "review")


@pytest.mark.parametrize(("second", "ending"), [(5, BACK), (6, SOLD)])
def test_a_payment_made_after_the_first_was_refunded_does_not_open_the_order_again(
    second: int, ending: tuple[str, Moves]
) -> None:
    refund = a_refund(payment_id="pi_right", at=NOW.replace(second=second))
    back = a_refunded_charge("evt_back", refund, payment_intent_id="pi_right", charge_id="ch_right")
    events: list[OrderEvent] = [paid("right"), paid("tip", 3_600), back]
    for in_this_order in permutations(events):
        changes = changes_of(*in_this_order)
        order = changes[-1].order
        assert (order.status, together(*(change.moves for change in changes))) == ending


def test_an_order_stays_sold_while_only_the_total_says_that_the_rest_of_its_first_payment_is_refunded() -> None:
    ids = known(order_id="order-1", payment_intent_id="pi_right", charge_id="ch_right")
    part, rest = (
        a_refund(refund_id, amount, payment_id="pi_right", at=NOW.replace(second=second))
        for refund_id, amount, second in [("re_1", 600, 5), ("re_2", 3_000, 7)]
    )
    events: list[OrderEvent] = [paid("right"), an_updated_refund("evt_1", part, **ids), paid("tip", 3_600)]
    changes = changes_of(*events, a_refunded_charge("evt_2", **ids), an_updated_refund("evt_3", rest, **ids))
    assert [change.order.status for change in changes[-2:]] == ["finalized", "finalized"]


# --- Not needed ------------------------------------------------------------------------------------------------------


def not_needed(*names: str, paid_by: str = "pi_right") -> str:
    extra = " and ".join(f"pi_{name} ({AMOUNTS[name]} eur)" for name in names)
    are, have = "are" if len(names) > 1 else "is", "have" if " and " in paid_by else "has"
    return f"second_payment: {extra} {are} not needed: {paid_by} {have} paid for the order"


TOLD: dict[str, tuple[list[OrderEvent], str, list[str], int, str]] = {
    # reports: the last one's result, notices, the surplus amount, the reason
    "wrong, then right": (paid_each("wrong", "right"), "first_time_finalized", ["paid"], 3_500, not_needed("wrong")),
    "right, then wrong": (paid_each("right", "wrong"), "already_finalized", [], 3_500, not_needed("wrong")),
    "halves, then all of it": (
        paid_each(*HALVES, "right"), "already_finalized", [], 3_600, not_needed(*HALVES)
    ),
    "a tip beside two halves": (
        *(paid_each("half", "tip", "other half"), "first_time_finalized", ["paid"]),
        *(200, not_needed("tip", paid_by="pi_half and pi_other half")),
    ),
    "first heard of when a part is refunded": (
        *([paid("right"), refunded("wrong", 1_000)], "other_payment", [], 3_500),
        f"other_payment: pi_wrong is refunded, but pi_right paid for the order; {not_needed('wrong')}",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("events", "result", "besides", "amount", "note"), TOLD.values(), ids=TOLD)
def test_operators_are_notified_of_what_is_not_needed_with_its_money(
    events: list[OrderEvent], result: str, besides: list[str], amount: int, note: str
) -> None:
    change = changes_of(*events)[-1]
    assert (change.result, [notice.type for notice in change.notices[:-1]]) == (result, besides)
    assert change.notices[-1] == to_operators("second_payment", note, money=Money(amount, "eur"))
    assert change.note == note


RIGHT_UNDER_WAY = an_updated_refund(
    "evt_back",
    a_refund(status="pending", payment_id="pi_right"),
    **known(order_id="order-1", payment_intent_id="pi_right", charge_id="ch_right"),
)
NO_NEWS: dict[str, tuple[list[OrderEvent], str]] = {
    # reports: the last one's result
    "another report of it": ([paid("right"), paid("wrong"), paid("wrong")], "already_finalized"),
    "it is being refunded instead of the other": (
        [paid("right"), paid("tip", 3_600), RIGHT_UNDER_WAY],
        "other_payment",
    ),
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
    authorised = replace(a_processing(charge_id="ch_0"), state=PaymentState.AUTHORISED)
    changes = changes_of(authorised, replace(authorised, charge_id="ch_1"), a_payment("evt_2"))
    assert [change.result for change in changes] == ["hold_extended", "hold_extended", "first_time_finalized"]
    assert changes[-1].order.payments == paid_as()


# --- Kept for review until the right one comes -----------------------------------------------------------------------


def test_every_payment_that_does_not_pay_is_news_and_each_of_them_once() -> None:
    changes = changes_of(paid("wrong"), paid("wrong"), paid("tip"), paid("tip", 200))
    assert [change.result for change in changes] == ["quarantined", "already_quarantined"] * 2
    both = "amount_mismatch: 3500 eur + 200 eur was paid, 3600 eur was asked"
    assert (changes[2].order.failure_reason, changes[2].note) == (both, both)
    all_of_it = known(money=Money(3_700, "eur"))
    assert changes[2].notices == (to_customer("review", **all_of_it), to_operators("review", both, **all_of_it))
    assert changes_of(paid("wrong"), paid("tip", 200, "usd"))[-1].result == "quarantined"


WENT_BACK = changes_of(paid("wrong"), refunded("wrong"))[-1].order
"""Refunded, and its hold was released with the money."""


def test_the_right_payment_takes_units_that_nobody_holds_for_its_order_any_more_unless_they_are_gone() -> None:
    assert (WENT_BACK.status, WENT_BACK.hold_kept) == ("refunded", False)
    change = given(WENT_BACK).changed_by(paid("right"))
    assert (change.result, change.order.status, change.moves) == ("first_time_finalized", "finalized", shirts(-3))
    assert (change.order.finalized_at, change.order.failure_reason, change.order.unfulfilled_as) == (NOW, None, None)
    assert change.notices == (to_customer("paid"),)
    gone = "insufficient_stock: 3 of 'shirt' are no longer available"
    change = given(WENT_BACK, shirts=(5, 3)).changed_by(paid("right"))
    assert (change.result, change.order.status, change.moves) == ("refund_due", "refund_due", ())
    assert change.notices == (to_customer("refund_due"), to_operators("refund_due", gone))


def test_a_refund_that_fails_holds_what_went_back_with_it_again_if_it_is_still_there() -> None:
    ids = known(order_id="order-1", payment_intent_id="pi_wrong", charge_id="ch_wrong")
    made, failed = (
        an_updated_refund(f"evt_{status}", a_refund("re_1", 3_500, status, payment_id="pi_wrong"), **ids)
        for status in ("succeeded", "failed")
    )
    back = changes_of(paid("wrong"), made)[-1].order
    for shelf, moves, result in ((10, 0), HELD, "first_time_finalized"), ((2, 0), (), "refund_due"):
        change = given(back, shirts=shelf).changed_by(failed)
        assert (change.result, change.order.status) == ("refund_failed", "review")
        assert (change.moves, change.order.hold_kept) == (moves, bool(moves))
        assert given(change.order, shirts=shelf).changed_by(paid("right")).result == result


def test_a_payment_that_is_no_longer_in_doubt_is_news_if_it_pays_now_and_is_due_back() -> None:
    """The one that paid is refunded, and a second report says that the other is the order's own."""
    gone = "insufficient_stock: gone"
    due = known(unfulfilled_as="refund_due", failure_reason=gone, settled_by="evt_1")
    both = Payments.of(PAID, replace(PAID, payment_id="pi_2", charge_id="ch_2", is_doubtful=True))
    back = Refunds.of(a_refund(amount=3_600, payment_id="pi_1"))
    order = a_held_order("refunded", payments=both, refunds=back, **due)
    change = given(order).changed_by(a_payment("evt_2", payment_intent_id="pi_2", charge_id="ch_2"))
    assert (change.result, change.order.status, change.moves) == ("refund_due", "refund_due", ())
    assert change.notices == (to_customer("refund_due"), to_operators("refund_due", gone))
    assert given(change.order).changed_by(a_payment("evt_3", payment_intent_id="pi_2", charge_id="ch_2")).notices == ()


@pytest.mark.parametrize("shelf", [(10, 0), (0, 0)])
def test_that_a_payment_is_no_longer_in_doubt_is_told_as_its_refund_if_it_is_back(shelf: Shelf) -> None:
    doubtful, back = paid_as(is_doubtful=True), Refunds.of(a_refund(amount=3_600, payment_id="pi_1"))
    in_review = known(unfulfilled_as="review", failure_reason="doubtful_payment: why", settled_by="evt_1")
    order = a_held_order("refunded", payments=doubtful, refunds=back, **in_review)
    change = given(order, shirts=shelf).changed_by(a_payment("evt_2"))
    assert (change.result, change.order.status, change.notices) == ("refunded", "refunded", (to_customer("refunded"),))


# --- Finished by hand ------------------------------------------------------------------------------------------------


def test_a_payment_for_an_order_that_was_finished_by_hand_is_told_once_as_one_too_many_if_it_is_its_own_money() -> None:
    note = "second_payment: pi_1 (3600 eur) is not needed: somebody has paid for the order"
    by_hand = a_sold_order(payments=Payments(), settled_by=None)
    change = given(by_hand).changed_by(a_payment("evt_2"))
    assert (change.result, change.note) == ("already_finalized", note)
    assert change.notices == (to_operators("second_payment", note),)
    another_orders = given(by_hand, payments={"pi_1": a_known_payment(order_id="order-7")})
    for quiet in (
        given(change.order).changed_by(a_payment("evt_3")),
        given(by_hand).changed_by(a_free_session("evt_2")),
        another_orders.changed_by(a_payment("evt_2")),
    ):
        assert quiet.notices == ()
    assert [notice.type for notice in given(by_hand).changed_by(a_refunded_charge()).notices] == ["refunded"]


def test_an_extra_payment_is_notified_rather_than_the_cancel_request_which_the_reason_names_too() -> None:
    store = a_shop_after(a_placement(), a_payment("evt_1", money=Money(1_200, "eur")))
    store.put("cancelRequests/order-1", a_request())
    settled(a_cancel_request(), store)
    settled(a_payment("evt_2", payment_intent_id="pi_2", charge_id="ch_2"), store)
    notice = document_at(store, "notifications/system/messages/evt_2")
    assert notice["type"] == "second_payment"
    assert "; cancel_requested: " in str(notice["reason"])
