"""Amounts and currencies, and what an order says about its payments and units."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from orders.adjustments import Adjustment, AdjustmentKind, is_adjusting
from orders.money import AMOUNT_MINOR_MAX, Money, is_amount, is_currency
from orders.order import OrderStatus
from orders.payments import Payment, Payments, PaymentState
from orders.refunds import Refunds
from tests.support.builders import LATER, NOW
from tests.support.orders import a_held_order, a_sold_order, known, lines_of
from tests.support.refunds import a_refund

TOO_MUCH = AMOUNT_MINOR_MAX + 1
ARE: dict[Callable[[object], bool], tuple[list[object], list[object]]] = {
    # valid values, invalid values
    is_amount: ([0, 1, AMOUNT_MINOR_MAX], [-1, TOO_MUCH, 2**64, 1.0, "1", True, False, None, [1]]),
    is_currency: (
        ["eur", "usd", "jpy"],
        ["", "EUR", "eu", "euro", "eur\n", " eur", "éur", "€", "e1r", None, 978, ["eur"]],
    ),
    # What can be added to a price or taken off.
    is_adjusting: ([0, 1, -1, AMOUNT_MINOR_MAX, -AMOUNT_MINOR_MAX], [TOO_MUCH, -TOO_MUCH, 1.0, "1", True, None, [1]]),
}


@pytest.mark.parametrize("is_one", ARE)
def test_whole_minor_units_are_amounts_and_three_small_letters_a_currency(is_one: Callable[[object], bool]) -> None:
    ones, others = ARE[is_one]
    assert [value for value in (*ones, *others) if is_one(value)] == ones


# --- What is asked, and with what it is paid --------------------------------------------------------------------------

SHIPPING, DISCOUNT = Adjustment(AdjustmentKind.SHIPPING, 499), Adjustment(AdjustmentKind.DISCOUNT, -600, "Spring")
GIFT_CARD = Adjustment(AdjustmentKind.GIFT_CARD, -3_600)
ASKED: dict[str, tuple[int | None, int | None, tuple[Adjustment, ...], int | None]] = {
    # the items' total, the total that was asked, adjustments: the price
    "the catalogue's price": (3_600, 3_600, (), 3_600),
    "what the backend has written over it": (3_600, 4_099, (), 4_099),
    "the items and all adjustments": (3_600, 3_600, (SHIPPING, DISCOUNT), 3_499),
    "the adjustments of now, whatever was asked before": (3_600, 9_999, (SHIPPING,), 4_099),
    "nothing": (3_600, 3_600, (GIFT_CARD,), 0),
    "nothing can be added to no price": (None, None, (SHIPPING,), None),
    "nor to what had no price of its own": (None, 3_600, (SHIPPING,), 3_600),
}


def eur(amount: int | None) -> Money | None:
    return None if amount is None else Money(amount, "eur")


@pytest.mark.parametrize(("items_total", "total", "adjustments", "asked"), ASKED.values(), ids=ASKED)
def test_what_is_asked(
    items_total: int | None, total: int | None, adjustments: tuple[Adjustment, ...], asked: int | None
) -> None:
    order = a_held_order(items_total=eur(items_total), total=eur(total), adjustments=adjustments)
    assert order.asked == eur(asked)


def received(payment_id: str, amount: int, *, is_doubtful: bool = False) -> Payment:
    return Payment(payment_id, PaymentState.SUCCEEDED, NOW, Money(amount, "eur"), is_doubtful=is_doubtful)


WHOLE, HALF = received("pi_1", 3_600), received("pi_2", 1_800)
OTHER_HALF, WRONG = received("pi_3", 1_800), received("pi_4", 700)
FREE, DOUBTFUL = received("cs_1", 0), received("pi_5", 3_600, is_doubtful=True)
ON_ITS_WAY = Payment("pi_6", PaymentState.PROCESSING, LATER)


PAID_WITH: list[tuple[list[Payment], list[Payment], list[Payment], int | None]] = [
    # payments: those that pay, the surplus, the amount received
    *(([WHOLE], [WHOLE], [], 3_600), ([WHOLE, WRONG], [WHOLE], [WRONG], 3_600)),
    ([WRONG, HALF, OTHER_HALF], [HALF, OTHER_HALF], [WRONG], 3_600),
    ([WHOLE, FREE, DOUBTFUL, ON_ITS_WAY], [WHOLE], [], 3_600),
    # Nothing adds up to the price, so a person has to decide about all.
    *(([HALF, WRONG, FREE, ON_ITS_WAY], [HALF, WRONG], [], 2_500), ([DOUBTFUL], [DOUBTFUL], [], 3_600)),
    *(([FREE], [], [], None), ([ON_ITS_WAY], [], [], None), ([], [], [], None)),
]


@pytest.mark.parametrize(("payments", "paid_with", "extra", "amount"), PAID_WITH)
def test_what_a_paid_order_is_paid_with_and_what_is_too_much(
    payments: list[Payment], paid_with: list[Payment], extra: list[Payment], amount: int | None
) -> None:
    order = a_sold_order(payments=Payments.of(*payments))
    assert (order.paid_with, order.extra_payments) == (tuple(paid_with), tuple(extra))
    assert order.received == eur(amount)


@pytest.mark.parametrize("is_mistake", [False, True])
def test_a_payment_that_was_to_go_back_does_not_pay_if_another_does_unless_that_was_a_mistake(
    *, is_mistake: bool
) -> None:
    again, lost = received("pi_9", 3_600), replace(a_refund(status="failed"), is_mistake=is_mistake)
    order = a_sold_order(payments=Payments.of(WHOLE, again), refunds=Refunds.of(lost))
    assert order.paid_with == ((WHOLE,) if is_mistake else (again,))


def test_the_first_payment_pays_for_an_order_without_a_price_even_if_it_is_refunded() -> None:
    payments, refunds = Payments.of(WHOLE, received("pi_9", 3_600)), Refunds.of(a_refund())
    assert a_sold_order(total=None, items_total=None, payments=payments, refunds=refunds).paid_with == (WHOLE,)


@pytest.mark.parametrize(
    ("refunds", "is_meant_back"),
    [
        ([("pending", 3_600)], True),
        ([("failed", 3_600)], True),
        ([("succeeded", 1_800), ("pending", 1_800)], True),
        # The second may be the first once more.
        ([("failed", 1_800), ("succeeded", 1_800)], False),
        ([("failed", 1_800), ("pending", 1_800)], False),
        ([("failed", 3_599), ("succeeded", 3_599)], False),
    ],
)
def test_a_payment_was_to_go_back_if_all_of_it_is_or_was_at_once(
    refunds: list[tuple[str, int]], *, is_meant_back: bool
) -> None:
    known = [a_refund(f"re_{number}", amount, status) for number, (status, amount) in enumerate(refunds)]
    assert Refunds.of(*known).is_meant_back(WHOLE) is is_meant_back


def test_a_payment_of_the_smallest_amount_was_not_to_go_back_either_before_somebody_says_so() -> None:
    assert not Refunds().is_meant_back(received("pi_1", 1))


def test_an_order_is_paid_with_nothing_before_it_is_paid() -> None:
    orders = [a_held_order(status, payments=Payments.of(WHOLE, WRONG)) for status in OrderStatus]
    assert {order.status for order in orders if order.paid_with} == PAID
    assert {order.status for order in orders if order.extra_payments} == PAID


def test_only_refunds_of_what_it_is_paid_with_are_its_own() -> None:
    refunds = Refunds.of(a_refund("re_1", 1_200), a_refund("re_2", 700, payment_id="pi_4"))
    assert a_sold_order(payments=Payments.of(WHOLE, WRONG), refunds=refunds).amount_refunded == 1_200
    assert a_sold_order(payments=Payments.of(HALF, WRONG), refunds=refunds).amount_refunded == 700


SHORT, NO_LIST = "insufficient_stock: 3 of 'shirt' ordered, 2 available", "items must be a list of products"
AWAITING: list[tuple[str | None, str | None, str | None, bool]] = [
    ("review", "amount_mismatch: 700 eur was paid, 3600 eur was asked", None, True),
    *(("review", None, None, True), ("review", f"invalid_order: {NO_LIST}", None, False)),
    *(("review", None, NO_LIST, False), ("refund_due", SHORT, None, False), (None, None, None, False)),
]


@pytest.mark.parametrize(("unfulfilled_as", "failure_reason", "defect", "awaits"), AWAITING)
def test_a_payment_that_makes_up_the_price_is_awaited_only_in_review(
    unfulfilled_as: str | None, failure_reason: str | None, defect: str | None, *, awaits: bool
) -> None:
    for status in "review", "refunded":
        order = a_held_order(status, unfulfilled_as=unfulfilled_as, failure_reason=failure_reason, defect=defect)
        assert order.awaits_payment is awaits


def test_an_order_whose_id_was_used_before_says_so() -> None:
    reasons = "id_used_before: an earlier order had it", "not_on_sale: shirt", None
    assert [a_held_order("failed", failure_reason=reason).is_id_reused for reason in reasons] == [True, False, False]


# --- What an order is, and what it holds and has sold -----------------------------------------------------------------


LINES = known(lines=lines_of(shirt=3, mug=1))
PAID = {"finalized", "partially_refunded", "refunded", "refund_due", "review"}


@pytest.mark.parametrize("status", OrderStatus)
def test_an_order_is_what_its_status_says_unless_somebody_else_wrote_it_over_a_paid_one(status: OrderStatus) -> None:
    taken, not_taken = a_held_order(status, finalized_at=NOW), a_held_order(status)
    due, in_review = (known(unfulfilled_as=OrderStatus(name)) for name in ("refund_due", "review"))
    assert not_taken.settled_status is status
    # Sold units may have been sold again before a refund failed.
    for paid in taken, replace(taken, **due):
        assert paid.settled_status == (status if status in PAID else "finalized")
    assert replace(not_taken, **in_review).settled_status == (status if status in PAID else "review")
    assert replace(not_taken, **due).settled_status == (status if status in PAID else "refund_due")


def test_units_are_held_while_an_order_is_reserved_and_its_hold_is_counted_and_may_be_kept_in_review() -> None:
    holding = [[order for order in OrderStatus if a_held_order(order, hold_kept=kept).holds_units] for kept in (0, 1)]
    assert holding == [["reserving", "reserved"], ["reserving", "reserved", "review"]]


@pytest.mark.parametrize("status", OrderStatus)
def test_an_order_has_sold_units_that_were_taken_or_if_it_says_so_though_nobody_wrote_down_when(
    status: OrderStatus,
) -> None:
    assert a_held_order(status, finalized_at=NOW, **LINES).sold == {"shirt": 3, "mug": 1}
    assert bool(a_held_order(status).sold) == (status in {"finalized", "partially_refunded"})
