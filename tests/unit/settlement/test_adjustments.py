"""The price: the catalogue's, what the shop's backend adds to it, or what the backend wrote instead."""

from dataclasses import replace
from typing import Any

import pytest

from orders.adjustments import Adjustment, AdjustmentKind
from orders.events import OrderEvent
from orders.money import Money
from tests.support.deciding import changes_by, given
from tests.support.decisions import TAKEN, to_customer, to_operators
from tests.support.orders import UNPRICED, a_held_order, a_sold_order, known
from tests.support.payments import a_free_session, a_payment
from tests.support.refunds import a_refunded_charge

SHIPPING, DISCOUNT = Adjustment(AdjustmentKind.SHIPPING, 490, "Parcel"), Adjustment(AdjustmentKind.DISCOUNT, -1_000)
GIFT_CARD = Adjustment(AdjustmentKind.GIFT_CARD, -3_600)


def eur(amount: int) -> Money:
    return Money(amount, "eur")


ASKED: dict[str, tuple[dict[str, Any], int]] = {
    # what the backend wrote while the order was reserved: the amount to pay
    "nothing": ({}, 3_600),
    "shipping": (known(adjustments=(SHIPPING,)), 4_090),
    "shipping and a discount": (known(adjustments=(SHIPPING, DISCOUNT)), 3_090),
    "another total": (known(total=eur(5_000)), 5_000),
    "adjustments and another total": (known(adjustments=(SHIPPING,), total=eur(5_000)), 4_090),
    "no total any more": (known(total=None), 3_600),
    "a total of what had no price": (known(items_total=None, total=eur(5_000)), 5_000),
}


@pytest.mark.parametrize(("written", "asked"), ASKED.values(), ids=ASKED)
def test_what_the_backend_wrote_while_the_order_was_reserved_is_part_of_what_is_asked(
    written: dict[str, Any], asked: int
) -> None:
    order = a_held_order(**written)
    change = given(order).changed_by(a_payment(money=eur(asked)))
    assert (change.result, change.moves, change.order.total) == ("first_time_finalized", TAKEN, eur(asked))
    assert (change.order.adjustments, change.notices) == (order.adjustments, (to_customer("paid", money=eur(asked)),))
    for off in asked - 1, asked + 1:
        change = given(order).changed_by(a_payment(money=eur(off)))
        reason = f"amount_mismatch: {off} eur was paid, {asked} eur was asked"
        assert (change.result, change.note, change.order.hold_kept) == ("quarantined", reason, True)
        assert change.order.total == eur(asked)


@pytest.mark.parametrize(("defect", "total"), [(None, 4_090), ("what?", 3_600)])
def test_an_order_that_cannot_be_fulfilled_shows_what_was_asked_as_far_as_it_can_be_read(
    defect: str | None, total: int
) -> None:
    written = known(adjustments=(SHIPPING,), price_defect=defect)
    gone = given(a_held_order("expired", **written), shirts=(0, 0)).changed_by(a_payment(money=eur(1)))
    broken = given(a_held_order(lines=(), defect="no items", **written)).changed_by(a_payment(money=eur(1)))
    assert [(change.result, change.order.total) for change in (gone, broken)] == [
        ("refund_due", eur(total)),
        ("quarantined", eur(total)),
    ]


def test_a_free_session_completes_an_order_that_a_gift_card_has_paid_and_nothing_one_that_takes_off_more() -> None:
    change = given(a_held_order(adjustments=(GIFT_CARD,))).changed_by(a_free_session())
    assert (change.result, change.order.total) == ("first_time_finalized", eur(0))
    too_much = given(a_held_order(adjustments=(GIFT_CARD, DISCOUNT)))
    assert too_much.changed_by(a_free_session()).result == "not_paid"
    why = "invalid_price: the adjustments take off more than the items cost"
    assert too_much.changed_by(a_payment()).note == why


DEFECT = "amountTotal must be a whole amount"


@pytest.mark.parametrize("event", [a_payment(), a_refunded_charge(total=0)], ids=["payment", "charge"])
def test_a_price_that_cannot_be_read_sends_every_payment_to_review_with_the_hold_kept(event: OrderEvent) -> None:
    for price in {}, UNPRICED:
        change = given(a_held_order(price_defect=DEFECT, **price)).changed_by(event)
        assert (change.result, change.order.status, change.order.hold_kept) == ("quarantined", "review", True)
        reason = f"invalid_price: {DEFECT}"
        assert (change.order.failure_reason, change.moves) == (reason, ())
        assert change.notices == (to_customer("review"), to_operators("review", reason))
    # After a free session it is still to be paid.
    change = given(a_held_order(price_defect=DEFECT, **UNPRICED)).changed_by(a_free_session())
    assert (change.result, change.order.status) == ("not_paid", "reserved")


def test_such_an_order_is_settled_by_the_next_report_of_its_payment_once_its_price_is_corrected() -> None:
    in_review = given(a_held_order(price_defect=DEFECT)).changed_by(a_payment(money=eur(4_090))).order
    corrected = replace(in_review, price_defect=None, adjustments=(SHIPPING,))
    change = given(corrected).changed_by(a_payment("evt_2", money=eur(4_090)))
    assert (change.result, change.moves, change.order.failure_reason) == ("first_time_finalized", TAKEN, None)


def test_while_nobody_knows_what_is_asked_no_payment_is_called_one_too_many() -> None:
    wrong = a_payment("evt_2", money=eur(3_500), payment_intent_id="pi_2", charge_id="ch_2")
    both = changes_by(a_held_order(price_defect=DEFECT), a_payment(), wrong)
    assert [notice.type for notice in both[-1].notices] == ["review", "review"]
    assert both[-1].order.extra_payments == ()


@pytest.mark.parametrize("changes", [{"price_defect": DEFECT}, {"adjustments": (SHIPPING,)}], ids=str)
def test_what_is_written_after_an_order_was_paid_takes_nothing_back_and_calls_no_payment_one_too_many(
    changes: dict[str, Any],
) -> None:
    order = a_sold_order(**changes)
    change = given(order).changed_by(a_payment())
    assert (change.result, change.order.status, change.notices) == ("already_finalized", "finalized", ())
    assert given(order).changed_by(a_refunded_charge()).order.status == "refunded"
