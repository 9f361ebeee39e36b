"""Units that return with a refund, and leave again if it fails."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from inventory.stock import StockMove, together
from orders.money import Money
from orders.order import Order
from orders.refunds import Refund, Refunds, RefundStatus, RestockRule
from tests.support.builders import NOW, TERMS
from tests.support.deciding import changes_by, given
from tests.support.decisions import Moves, a_change, shirts, to_customer, to_operators
from tests.support.orders import a_sold_order, lines_of, paid_as, refunded_as
from tests.support.refunded import (
    ALL_OF_BOTH,
    CHARGE,
    FAILED,
    NO_RESTOCK,
    OF_ANOTHER,
    ONE,
    ONE_BACK,
    PARTLY,
    TWO_OF_THREE,
    TWO_PRODUCTS,
    Refunding,
    a_refunded_order,
    refunded,
)
from tests.support.refunds import a_refund, a_refunded_charge, an_updated_refund
from tests.support.snapshots import Shelf, a_product

# --- Units that go back ----------------------------------------------------------------------------------------------

DEFECT, MUG = "malformed_restock: refund re_1", (StockMove("mug", 1, 0),)
ALL_BACK = a_refunded_order("partially_refunded", refunds=Refunds.of(replace(ONE, restock={"shirt": 3})))
NEVER_SOLD = a_sold_order("review", finalized_at=None)
RESTOCKED = {
    # order, refund: moves, units back, units named in excess
    "one": (a_sold_order(), refunded(1_200, shirt=1), shirts(1), {"shirt": 1}, ""),
    "another one": (ONE_BACK, refunded(1_200, "re_2", shirt=1), shirts(1), {"shirt": 2}, ""),
    "the rest": (ONE_BACK, CHARGE, shirts(2), {"shirt": 3}, ""),
    "one of two products": (a_sold_order(**TWO_PRODUCTS), refunded(1_200, mug=1), MUG, {"mug": 1}, ""),
    "too many": (a_sold_order(), refunded(1, shirt=4), shirts(3), {"shirt": 3}, "4 of 'shirt' named, 3 sold"),
    "twice": (ALL_BACK, refunded(1, "re_2", shirt=3), (), {"shirt": 3}, "6 of 'shirt' named, 3 sold"),
    "none was sold": (NEVER_SOLD, refunded(1, shirt=1), (), {}, "1 of 'shirt' named, 0 sold"),
    "others": (a_sold_order(), refunded(1, mug=1, cap=2), (), {}, "1 of 'mug' named, 0 sold, 2 of 'cap' named, 0 sold"),
}


@pytest.mark.parametrize(("order", "event", "moves", "returned", "excess"), RESTOCKED.values(), ids=RESTOCKED)
def test_the_units_that_refunds_name_go_back_and_never_more_than_were_sold(
    order: Order, event: Refunding, moves: Moves, returned: dict[str, int], excess: str
) -> None:
    change = given(order, mugs=(0, 0)).changed_by(event)
    assert (change.moves, change.order.returned) == (moves, returned)
    assert change.note == (f"restock_excess: {excess}" if excess else None)


def test_a_restock_that_cannot_be_read_is_noted_and_not_obeyed() -> None:
    new, known_before = replace(refunded(1_200), restock_defect=DEFECT), replace(refunded(), restock_defect=DEFECT)
    for order, event, result in (a_sold_order(), new, PARTLY), (a_refunded_order(), known_before, "already_recorded"):
        change = given(order).changed_by(event)
        assert (change.result, change.note, change.moves) == (result, DEFECT, ())


OF_ALL, OF_NONE = (a_refund("re_1", 1_200, restock=rule) for rule in RestockRule)
REST = a_refund("re_2", 2_400)
SAID = {
    # refunds: shirts back in a shop that restocks, and in one that does not
    "nothing, in full": ([a_refund()], 3, 0),
    "all, in full": ([a_refund(restock=RestockRule.ALL)], 3, 3),
    "all, in part": ([OF_ALL], 3, 3),
    "none, in full": ([a_refund(restock=RestockRule.NONE)], 0, 0),
    "one, in full": ([a_refund(restock={"shirt": 1})], 1, 1),
    "one, and nothing of the rest": ([ONE, REST], 3, 1),
    "none, and nothing of the rest": ([OF_NONE, REST], 0, 0),
    "none, and one": ([OF_NONE, replace(REST, restock={"shirt": 1})], 1, 1),
    "all, pending": ([replace(OF_ALL, status=RefundStatus.PENDING)], 0, 0),
}


@pytest.mark.parametrize(("refunds", "restocking", "not_restocking"), SAID.values(), ids=SAID)
def test_what_refunds_say_of_units_is_obeyed_and_the_shops_terms_say_what_is_left_unsaid(
    refunds: list[Refund], restocking: int, not_restocking: int
) -> None:
    for restock, back in (True, restocking), (False, not_restocking):
        events = [an_updated_refund(refund=refund, order_id="order-1") for refund in refunds]
        changes = changes_by(a_sold_order(), *events, terms=replace(TERMS, restock_on_refund=restock))
        order = changes[-1].order
        assert together(*(change.moves for change in changes)) == (shirts(back) if back else ())
        assert order.returned == ({"shirt": back} if back else {})


def test_what_came_back_stays_where_the_shops_terms_have_changed_since() -> None:
    change = given(a_refunded_order(), terms=NO_RESTOCK).changed_by(CHARGE)
    assert (change.order.returned, change.moves) == ({"shirt": 3}, ())
    change = given(a_refunded_order(), terms=NO_RESTOCK, shirts=(10, 2)).changed_by(FAILED)
    assert (change.order.status, change.order.returned, change.moves) == ("finalized", {}, shirts(-3))


def test_what_a_refund_brought_back_that_has_failed_or_counts_no_more_goes_again_though_all_money_is_back() -> None:
    both = Refunds.of(a_refund("re_1"), a_refund("re_2", 500, restock={"shirt": 1}))
    failed = given(a_refunded_order(refunds=both, returned={"shirt": 1}), terms=NO_RESTOCK, shirts=(10, 0))
    extra = Refunds.of(a_refund("re_2", restock={"shirt": 1}, payment_id="pi_2"))
    later = a_refunded_order(**OF_ANOTHER, refunds=extra, returned={"shirt": 1})
    for change in (
        failed.changed_by(refunded(500, "re_2", status="failed", shirt=1)),
        given(later, terms=NO_RESTOCK, shirts=(10, 0)).changed_by(
            a_refunded_charge(created_at=NOW - timedelta(seconds=1))
        ),
    ):
        assert (change.order.status, change.order.returned, change.moves) == ("refunded", {}, shirts(-1))


# --- A refund that failed --------------------------------------------------------------------------------------------


def test_a_refund_that_failed_takes_its_units_off_the_shelf_again_and_is_news_to_operators_alone() -> None:
    after = a_sold_order(refunds=Refunds.of(a_refund(status="failed")))
    notice = to_operators("refund_failed", money=Money(0, "eur"))
    decision = given(a_refunded_order(), shirts=(10, 2)).when(FAILED)
    assert decision == a_change("refund_failed", after, "refunded", notice, moves=shirts(-3))


def test_a_refund_that_failed_or_was_cancelled_leaves_the_others_as_they_are() -> None:
    both = a_refunded_order(**refunded_as(ONE, TWO_OF_THREE, charge_total=3_600))
    just_enough = given(both, shirts=(5, 3))
    for status in "failed", "canceled":
        change = just_enough.changed_by(refunded(2_400, "re_2", status))
        assert (change.result, change.order.status) == ("refund_failed", "partially_refunded")
        assert (change.moves, change.order.returned) == (shirts(-2), {"shirt": 1})


SOLD_AGAIN = "sold_again: a refund failed, and 3 of 'shirt' are no longer available"
DUE_AGAIN = a_refunded_order("refund_due", failure_reason=SOLD_AGAIN, refunds=Refunds.of(a_refund(status="failed")))


def test_units_that_were_sold_again_are_not_taken_from_others_and_the_refund_stays_due() -> None:
    notices = to_customer("refund_due"), to_operators("refund_due", SOLD_AGAIN)
    for promised_to_others_or_not_counted in (5, 3), a_product(level=None):
        decision = given(a_refunded_order(), shirts=promised_to_others_or_not_counted).when(FAILED)
        assert decision == a_change("refund_failed", DUE_AGAIN, "refunded", *notices, note=SOLD_AGAIN)


def test_a_refund_that_is_still_due_is_not_announced_again_with_each_part_of_it() -> None:
    part = an_updated_refund("evt_2", a_refund("re_2", 1_000), order_id="order-1")
    change = given(DUE_AGAIN, shirts=(0, 0)).changed_by(part)
    assert (change.order.status, change.result) == ("refund_due", "partially_refunded")
    assert [notice.type for notice in change.notices] == ["partially_refunded"]


AND_A_MUG = replace(FAILED, refunds=Refunds.of(a_refund(status="failed"), a_refund("re_2", 1, restock={"mug": 1})))
SHORT_OF = {
    # units back, refund, shirts left: moves, units missing
    "one is short": (ALL_OF_BOTH, FAILED, (10, 0), (), "1 of 'mug'"),
    "both are short": (ALL_OF_BOTH, FAILED, (0, 0), (), "2 of 'shirt', 1 of 'mug'"),
    "the other never came back": ({"shirt": 1}, FAILED, (0, 0), (), "1 of 'shirt'"),
    "the other comes back now": ({"shirt": 2}, AND_A_MUG, (0, 0), MUG, "2 of 'shirt'"),
}


@pytest.mark.parametrize(("returned", "event", "shelf", "moves", "gone"), SHORT_OF.values(), ids=SHORT_OF)
def test_units_are_taken_off_the_shelf_all_or_none_and_others_go_back_all_the_same(
    returned: dict[str, int], event: Refunding, shelf: Shelf, moves: Moves, gone: str
) -> None:
    order = a_refunded_order(**TWO_PRODUCTS, returned=returned)
    change = given(order, shirts=shelf, mugs=(0, 0)).changed_by(event)
    assert (change.moves, change.order.returned) == (moves, returned | ({"mug": 1} if moves else {}))
    assert change.note == f"sold_again: a refund failed, and {gone} are no longer available"


def test_units_of_a_product_that_is_counted_no_more_do_not_hold_up_the_others() -> None:
    change = given(a_refunded_order(**TWO_PRODUCTS, returned=ALL_OF_BOTH), mugs=None).changed_by(FAILED)
    assert (change.order.status, change.order.returned, change.moves) == ("finalized", {}, shirts(-2))
    assert change.note == "inventory_gone: 1 of 'mug' could not be counted"


STILL_GONE = "sold_again: fewer units go back, and 3 of 'shirt' are no longer available"
AFTERWARDS = {
    # refund, shirts: status, moves, units back, remaining problem
    "there again": (refunded(1_200, "re_2"), (4, 0), "partially_refunded", shirts(-3), {}, None),
    "there again, not yet refunded": (refunded(1, "re_2", "pending"), (4, 0), "finalized", shirts(-3), {}, None),
    "still gone": (refunded(1_200, "re_2"), (2, 0), "refund_due", (), {"shirt": 3}, STILL_GONE),
    "refunded in full": (refunded(3_600, "re_2"), (2, 0), "refunded", (), {"shirt": 3}, None),
}


@pytest.mark.parametrize(("event", "shelf", "status", "moves", "returned", "note"), AFTERWARDS.values(), ids=AFTERWARDS)
def test_an_order_whose_units_were_sold_again_is_in_order_once_they_are_there_or_all_is_refunded(
    event: Refunding, shelf: Shelf, status: str, moves: Moves, returned: dict[str, int], note: str | None
) -> None:
    change = given(DUE_AGAIN, shirts=shelf).changed_by(event)
    assert (change.order.status, change.moves, change.order.returned, change.note) == (status, moves, returned, note)
    assert change.order.failure_reason == note


def test_a_full_refund_of_such_an_order_needs_no_look_at_the_shelf() -> None:
    assert given(DUE_AGAIN).looks_for(refunded(3_600, "re_2")) == []


@pytest.mark.parametrize("changes", [{"lines": ()}, {"lines": lines_of(mug=1)}, {"returned": {"shirt": 4}}], ids=str)
def test_a_refund_that_failed_is_settled_whatever_somebody_made_of_the_items_since(changes: dict[str, Any]) -> None:
    assert given(a_refunded_order(**changes), mugs=(5, 0)).changed_by(FAILED).result == "refund_failed"


def test_units_that_a_refund_leaves_with_its_customer_and_others_have_by_now_are_owed_to_nobody() -> None:
    before = a_refunded_order(payments=paid_as(amount_refunded=3_600), refunds=Refunds())
    leaves_them = an_updated_refund("evt_1", a_refund(restock=RestockRule.NONE), order_id="order-1")
    change = given(before, shirts=(2, 0)).changed_by(leaves_them)
    assert (change.order.status, change.order.failure_reason, change.notices) == ("refunded", None, ())
    assert change.note == STILL_GONE
