"""Whose a payment is: the order's own, also another order's, or older than the order."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from inventory.reservation import Product
from inventory.stock import Level
from orders.events import OrderEvent
from orders.money import Money
from orders.order import Order
from orders.payments import Payments
from tests.support.builders import NOW
from tests.support.deciding import given
from tests.support.decisions import RELEASED, TAKEN, a_change, to_customer, to_operators
from tests.support.orders import EUR_36, PAID, UNPRICED, a_held_order, a_pending_order, a_sold_order, known, paid_as
from tests.support.payments import a_cancellation, a_failure, a_free_session, a_payment, a_processing
from tests.support.refunds import a_dispute, a_refund, a_refunded_charge, an_updated_refund
from tests.support.snapshots import Shelf, a_known_payment, a_parked_claim, a_product

HAD_ASKED = "cancel_requested: the order was to be cancelled before it was paid"
DOUBTFUL = "doubtful_payment: the payment may be for another order"
BY_HAND = a_sold_order(payments=Payments())
PI_2 = known(payment_intent_id="pi_2", charge_id="ch_2")

# --- A payment that names a second order -----------------------------------------------------------------------------

SHARED = "shared_payment: pi_1 has also paid order order-7"
ELSEWHERE = known(payments={"pi_1": a_known_payment(order_id="order-7")})


@pytest.mark.parametrize("price", [{}, UNPRICED], ids=["priced", "unpriced"])
def test_a_second_order_that_a_payment_names_is_kept_for_review_and_never_sold(price: dict[str, Any]) -> None:
    change = given(a_held_order(**price), **ELSEWHERE).changed_by(a_payment())
    assert (change.result, change.order.status, change.order.hold_kept) == ("quarantined", "review", True)
    assert (change.moves, change.order.finalized_at) == ((), None)
    # This order's customer must not see the other order's id.
    assert (change.order.failure_reason, change.note) == (DOUBTFUL, f"{DOUBTFUL}; {SHARED}")
    assert change.notices == (to_customer("review"), to_operators("review", change.note))
    for event in (a_payment("evt_2"), a_refunded_charge("evt_3", total=0)):
        further = given(change.order, **ELSEWHERE).changed_by(event)
        assert (further.order.status, further.moves, further.notices) == ("review", (), ())


def test_a_payment_of_its_own_settles_such_an_order_and_the_others_is_not_called_one_too_many() -> None:
    in_review = given(a_held_order(), **ELSEWHERE).changed_by(a_payment()).order
    change = given(in_review).changed_by(a_payment("evt_2", **PI_2))
    assert (change.result, change.moves, change.notices) == ("first_time_finalized", TAKEN, (to_customer("paid"),))


@pytest.mark.parametrize("order", [a_sold_order(payments=paid_as(payment_id="pi_0", charge_id="ch_0")), BY_HAND])
def test_it_changes_nothing_for_a_paid_order_and_is_noted(order: Order) -> None:
    change = given(order, **ELSEWHERE).changed_by(a_payment())
    assert (change.result, change.note, change.notices) == ("already_finalized", SHARED, ())


def test_another_orders_money_is_not_due_back_from_an_order_that_cannot_be_held() -> None:
    short = "insufficient_stock: not enough is left of 'shirt'"
    change = given(a_pending_order(), shirts=(2, 0), **ELSEWHERE).changed_by(a_payment())
    assert (change.result, change.order.status, change.order.hold_kept) == ("quarantined", "review", False)
    assert (change.order.failure_reason, change.note) == (short, f"{short}; {SHARED}")


LATER_PAID = {
    # the amount paid, what is left then: the order's status
    "a cent, as its customer wrote": (Money(1, "eur"), (10, 0), "review"),
    "half": (Money(1_800, "eur"), (10, 0), "review"),
    "all": (EUR_36, (10, 0), "finalized"),
    "all, and not enough is left": (EUR_36, (2, 0), "refund_due"),
}


@pytest.mark.parametrize(("money", "left", "status"), LATER_PAID.values(), ids=LATER_PAID)
def test_such_an_order_asks_what_the_catalogue_asks(money: Money, left: tuple[int, int], status: str) -> None:
    with_a_price_of_its_own = a_pending_order(total=Money(1, "eur"))
    never_held = given(with_a_price_of_its_own, shirts=(2, 0), **ELSEWHERE).changed_by(a_payment()).order
    assert (never_held.asked, never_held.items_total) == (EUR_36, EUR_36)
    change = given(never_held, shirts=left).changed_by(a_payment("evt_2", money=money, **PI_2))
    assert change.order.status == status


def test_one_of_products_without_a_price_is_the_merchants_to_price() -> None:
    free_of_price = a_product(level=Level(2, 0), unit_price=None)
    in_review = given(a_pending_order(), shirts=free_of_price, **ELSEWHERE).changed_by(a_payment()).order
    assert in_review.asked is None
    now_there = given(in_review, shirts=a_product(unit_price=None))
    assert now_there.changed_by(a_payment("evt_2", money=Money(1, "eur"), **PI_2)).order.status == "finalized"


UNSALEABLE = {
    "is not on sale": a_product(on_sale=False),
    "has a price that cannot be used": a_product(unit_price=None, price_defect="costs less than nothing"),
    "is not counted": a_product(level=None),
}


@pytest.mark.parametrize("product", UNSALEABLE.values(), ids=UNSALEABLE)
def test_one_that_could_never_be_held_is_not_sold_for_later_money_if_its_product(product: Product) -> None:
    in_review = given(a_pending_order(), shirts=product, **ELSEWHERE).changed_by(a_payment()).order
    change = given(in_review, shirts=product).changed_by(a_payment("evt_2", **PI_2))
    assert (change.result, change.order.status, change.moves) == ("refund_due", "refund_due", ())
    assert change.order.failure_reason == in_review.failure_reason


def test_nor_one_whose_id_an_earlier_order_had() -> None:
    used_before = known(payments={"pi_1": a_known_payment(order_id="order-2")}, was_placed=True)
    in_review = given(a_pending_order(), **used_before).changed_by(a_payment()).order
    assert (in_review.status, in_review.is_id_reused) == ("review", True)
    change = given(in_review).changed_by(a_payment("evt_2", **PI_2))
    assert (change.result, change.order.status, change.moves) == ("refund_due", "refund_due", ())
    assert change.order.is_id_reused
    # A free payment, or one that is also another order's, changes nothing.
    assert given(in_review).changed_by(a_payment("evt_2", money=Money(0, "eur"), **PI_2)).order.status == "review"
    others = known(payments={"pi_2": a_known_payment(order_id="order-3")})
    assert given(in_review, **others).changed_by(a_payment("evt_2", **PI_2)).order.status == "review"


# --- A payment that was parked before its order was there ------------------------------------------------------------

A_DAY, A_SECOND = timedelta(days=1), timedelta(seconds=1)
PARKED = known(claim=a_parked_claim())
EARLY = "early_payment: pi_1 was paid more than a day before the order was created"


TOO_EARLY = NOW - A_DAY - A_SECOND


def test_a_payment_that_was_parked_for_more_than_a_day_is_kept_for_review_until_a_report_of_it_was_not_parked() -> None:
    change = given(a_held_order(), **PARKED).changed_by(a_payment(created_at=TOO_EARLY))
    assert (change.result, change.note) == ("quarantined", f"{DOUBTFUL}; {EARLY}")
    assert change.order.payments.by_id["pi_1"].is_doubtful
    sold = given(change.order).changed_by(a_payment("evt_2", created_at=TOO_EARLY))
    assert (sold.result, sold.order.status) == ("first_time_finalized", "finalized")
    # A payment refunded while in doubt sells nothing.
    refunded = given(change.order).changed_by(a_refunded_charge("evt_2"))
    assert (refunded.result, refunded.order.status, refunded.moves) == ("refunded", "refunded", RELEASED)


IN_TIME = {
    # creation of the order, time of the payment, the record
    "parked for a day": (NOW, NOW - A_DAY, PARKED),
    "parked, and its order is of nobody knows when": (None, NOW - 3 * A_DAY, PARKED),
    "delivered for the first time": (NOW, NOW - 3 * A_DAY, {}),
}


@pytest.mark.parametrize(("created_at", "paid_at", "on_record"), IN_TIME.values(), ids=IN_TIME)
def test_every_other_early_payment_pays_for_its_order(created_at: object, paid_at: datetime, on_record: Any) -> None:
    change = given(a_held_order(created_at=created_at), **on_record).changed_by(a_payment(created_at=paid_at))
    assert change.result == "first_time_finalized"


def test_an_early_session_that_was_free_completes_no_order() -> None:
    free = known(total=Money(0, "eur"), items_total=Money(0, "eur"))
    change = given(a_held_order(**free), **PARKED).changed_by(a_free_session(created_at=TOO_EARLY))
    assert (change.result, change.order.status) == ("not_paid", "reserved")


# --- A payment of an order that had the same id ----------------------------------------------------------------------

LISTED = known(payments={"pi_1": a_known_payment(), "ch_1": a_known_payment()})
EARLIER = "earlier_order: pi_1 belongs to an order that had the same id, and was deleted"
OF_EARLIER_ORDER = {
    # the event: the operators' notice
    "a payment": (a_payment(), "earlier_order"),
    "money on its way": (a_processing(), None),
    "a decline": (a_failure(), None),
    "an end": (a_cancellation(), None),
    "a refunded charge": (a_refunded_charge(), None),
    "a refund": (an_updated_refund(order_id="order-1"), None),
    "a refund that failed": (
        an_updated_refund("evt_1", a_refund(status="failed"), order_id="order-1"),
        "refund_failed",
    ),
    "a dispute": (a_dispute(order_id="order-1"), "dispute"),
}


@pytest.mark.parametrize(("event", "notice"), OF_EARLIER_ORDER.values(), ids=OF_EARLIER_ORDER)
@pytest.mark.parametrize("status", ["pending", "finalized"])
def test_nothing_of_an_earlier_orders_payment_touches_the_order_that_has_its_id_now(
    event: OrderEvent, notice: str | None, status: str
) -> None:
    order = a_held_order(status)
    change = given(order, **LISTED).changed_by(event)
    assert (change.result, change.order, change.moves) == ("earlier_order", order, ())
    assert change.note and change.note.endswith(EARLIER)
    assert [(each.audience, each.type) for each in change.notices] == ([("operator", notice)] if notice else [])


def test_a_payment_is_recognised_by_its_charge_alone_and_one_that_the_order_knows_is_its_own() -> None:
    by_charge = given(a_held_order(), payments={"ch_1": a_known_payment()})
    assert by_charge.changed_by(a_payment()).result == "earlier_order"
    for charge_id in "ch_1", None:
        its_own = given(a_sold_order(payments=paid_as(charge_id=charge_id)), **LISTED)
        assert its_own.changed_by(a_payment("evt_2")).result == "already_finalized"


# --- A refund of another payment -------------------------------------------------------------------------------------

HALF, PI_3 = Money(1_800, "eur"), known(payment_intent_id="pi_3", charge_id="ch_3")
BOTH = Payments.of(PAID, replace(PAID, payment_id="pi_2", charge_id="ch_2"))
NOTED = "other_payment: {} is refunded, but pi_1 paid for the order"
OTHER = {
    # refund: the name of its payment
    "another intent": (a_refunded_charge(**PI_2), "pi_2"),
    "another charge": (a_refunded_charge(payment_intent_id=None, charge_id="ch_2"), "ch_2"),
    "a single refund": (an_updated_refund(order_id="order-1", **PI_2), "pi_2"),
}


@pytest.mark.parametrize(("event", "name"), OTHER.values(), ids=OTHER)
def test_a_refund_of_another_payment_is_noted_and_leaves_the_order_as_it_is(event: OrderEvent, name: str) -> None:
    for status, total in ("finalized", 0), ("partially_refunded", 1_200):
        paid = Payments.of(*BOTH.by_id.values(), replace(PAID, amount_refunded=total))
        change = given(a_sold_order(status, payments=paid)).changed_by(event)
        assert (change.result, change.note, change.notices) == ("other_payment", NOTED.format(name), ())
        assert (change.order.status, change.order.amount_refunded, change.moves) == (status, total, ())


def test_a_refund_of_another_payment_is_noted_beside_all_that_paid_the_order() -> None:
    halves = [replace(PAID, payment_id=f"pi_{name}", charge_id=f"ch_{name}", money=HALF) for name in ("1", "2")]
    extra = replace(PAID, payment_id="pi_3", charge_id="ch_3", money=Money(100, "eur"))
    paid_twice = given(a_sold_order(payments=Payments.of(*halves, extra)))
    change = paid_twice.changed_by(a_refunded_charge(paid=Money(100, "eur"), total=100, **PI_3))
    assert change.note == "other_payment: pi_3 is refunded, but pi_1 and pi_2 paid for the order"


def test_money_after_the_first_wrong_payment_is_noted_with_what_is_wrong_and_whether_it_is_in_doubt() -> None:
    in_review = given(a_held_order()).changed_by(a_payment(money=HALF)).order
    early = a_payment("evt_2", money=Money(100, "eur"), created_at=TOO_EARLY, **PI_2)
    change = given(in_review, **PARKED).changed_by(early)
    in_doubt = "early_payment: pi_2 was paid more than a day before the order was created"
    too_little = "amount_mismatch: 1800 eur was paid, 3600 eur was asked"
    assert (change.result, change.note) == ("quarantined", f"{too_little}; {in_doubt}")
    due = given(a_pending_order(), shirts=(0, 0)).changed_by(a_payment(money=HALF)).order
    change = given(due).changed_by(a_payment("evt_2", money=HALF, **PI_2))
    assert (change.result, change.note) == ("refund_due", "insufficient_stock: not enough is left of 'shirt'")


def test_a_refund_in_another_currency_is_of_another_payment_whatever_it_names() -> None:
    nothing = a_change("already_recorded", a_sold_order(), money=Money(3_600, "usd"))
    assert given(a_sold_order()).when(an_updated_refund(order_id="order-1", currency="usd")) == nothing


@pytest.mark.parametrize("payment_id", ["pi_1", "ch_1"])
def test_a_refund_that_names_only_a_charge_is_compared_with_the_charge_that_paid(payment_id: str) -> None:
    paid = given(a_sold_order(payments=paid_as(payment_id=payment_id)))
    refund = an_updated_refund(order_id="order-1", payment_intent_id=None)
    assert paid.changed_by(refund).result == "refunded"


# --- An order that was to be cancelled -------------------------------------------------------------------------------

TO_CANCEL, CANCELLED = (known(status=status, cancel_requested_at=NOW) for status in ("reserved", "cancelled"))
LATE = known(status="reserving", held_from="cancelled", cancel_requested_at=NOW)
A_CENT, PARTLY = Money(1, "eur"), "partially_refunded"
AT_ONCE, COUNTED = "first_time_finalized", (10, 3)
PAID_ANYWAY = {
    # order, shirts, payment: result, notices to customer and operators, the amount in them
    "held": (TO_CANCEL, COUNTED, a_payment(), AT_ONCE, ["paid", "cancel_requested"], EUR_36),
    "a cent": (TO_CANCEL, COUNTED, a_payment(money=A_CENT), "quarantined", ["review", "review"], A_CENT),
    "late": (LATE, COUNTED, a_payment(), AT_ONCE, ["paid", "cancel_requested"], EUR_36),
    "refunded in part": (LATE, COUNTED, a_refunded_charge(total=1_200), PARTLY, [PARTLY, "cancel_requested"], EUR_36),
    "late and short": (CANCELLED, (0, 0), a_payment(), "refund_due", ["refund_due", "refund_due"], EUR_36),
}


@pytest.mark.parametrize(("order", "shelf", "event", "result", "told", "money"), PAID_ANYWAY.values(), ids=PAID_ANYWAY)
def test_whatever_a_payment_ends_as_operators_learn_that_its_customer_had_asked_to_cancel(
    order: dict[str, Any], shelf: Shelf, event: Any, result: str, told: list[str], money: Money
) -> None:
    change = given(a_held_order(**order), shirts=shelf).changed_by(event)
    assert (change.result, [notice.type for notice in change.notices]) == (result, told)
    assert change.notices[-1] == to_operators(told[-1], change.note, money=money)
    assert (change.note or "").endswith(HAD_ASKED)


NOTHING_TO_DECIDE = {
    "it is refunded": (a_held_order(**LATE), a_refunded_charge()),
    "nobody had asked": (a_held_order(**{**LATE, "cancel_requested_at": None}), a_payment()),
    "it was sold before": (a_sold_order(cancel_requested_at=NOW), a_payment("evt_2")),
}


@pytest.mark.parametrize(("order", "event"), NOTHING_TO_DECIDE.values(), ids=NOTHING_TO_DECIDE)
def test_no_operator_is_notified_of_a_cancel_request_where_nothing_is_to_be_decided(order: Order, event: Any) -> None:
    change = given(order, shirts=(10, 3)).changed_by(event)
    assert (change.note, [notice.audience for notice in change.notices if notice.audience == "operator"]) == (None, [])
