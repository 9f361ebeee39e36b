"""Units held for an order: counted, confirmed, returned, released."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from inventory.stock import Level
from orders.adjustments import Adjustment, AdjustmentKind
from orders.events import OrderEvent
from orders.money import Money
from orders.order import CLOSED, Order, OrderStatus
from orders.payments import Payment, Payments, PaymentState
from settlement.decisions import GiveBack, Hold, Look
from tests.support.builders import NOW, TERMS, a_cancel_request, a_lapse, a_placement
from tests.support.deciding import given
from tests.support.decisions import (
    CANCEL_REQUESTED,
    HELD,
    LAPSED,
    PLACED,
    RELEASED,
    Moves,
    a_change,
    shirts,
    to_customer,
    unchanged,
)
from tests.support.orders import EUR_36, UNPRICED, a_counted_order, a_held_order, a_pending_order, known, lines_of
from tests.support.payments import a_cancellation, a_free_session, a_payment, a_processing
from tests.support.refunds import a_refunded_charge
from tests.support.snapshots import a_product

SHIPPING = (Adjustment(AdjustmentKind.SHIPPING, 500),)
PLACES, PAYS, CENT = a_placement(), a_payment(), known(total=Money(1, "eur"))
WITHOUT_PRICE = known(unit_price=None)


# --- Counted ---------------------------------------------------------------------------------------------------------

COUNTED: dict[str, tuple[dict[str, Any], dict[str, Any], OrderEvent, dict[str, Any]]] = {
    # the order, the shirt, the event: what is asked from now on
    "placed": ({}, {}, PLACES, {}),
    "paid": ({}, {}, PAYS, {}),
    "a price that its customer wrote is never believed": (CENT, {}, PLACES, {}),
    "not even where nothing has a price": (CENT, WITHOUT_PRICE, PLACES, UNPRICED),
    "adjustments written too early are dropped": (known(adjustments=SHIPPING), {}, PAYS, {}),
    "and so is what nobody can read": (known(price_defect="what?"), {}, PAYS, {}),
}


@pytest.mark.parametrize(("order", "shirt", "event", "asked"), COUNTED.values(), ids=COUNTED)
def test_units_are_counted_before_they_are_held_for_what_the_catalogue_asks(
    order: dict[str, Any], shirt: dict[str, Any], event: OrderEvent, asked: dict[str, Any]
) -> None:
    situation = given(a_pending_order(**order), shirts=a_product(**shirt), terms=replace(TERMS, order_units_max=3))
    assert situation.when(event) == Hold(a_counted_order(**asked), HELD)


@pytest.mark.parametrize("event", [PAYS, a_refunded_charge(total=1_200)], ids=["paid", "refunded"])
def test_what_was_asked_when_an_order_was_held_before_is_what_it_asks(event: OrderEvent) -> None:
    before = known(adjustments=SHIPPING)
    # Pending again, because somebody overwrote its status.
    for status in "expired", "pending":
        dearer = given(a_held_order(status, **before), shirts=a_product(unit_price=Money(9_900, "eur")))
        assert dearer.when(event) == Hold(a_held_order("reserving", held_from=status, **before), HELD)


# --- Late money ------------------------------------------------------------------------------------------------------

ENDED_LONG_AGO = known(reserved_at=NOW - timedelta(days=8), reservation_expires_at=NOW - timedelta(days=7, minutes=1))
IN_TIME = NOW - timedelta(minutes=1)
EUR_40, DEARER = Money(4_000, "eur"), Money(1_300, "eur")
ASKS_39, ASKS_40 = known(total=Money(3_900, "eur"), items_total=Money(3_900, "eur")), known(total=EUR_40)
LATE_PRICES: dict[str, tuple[dict[str, Any], ...]] = {
    # the order, the shirt now, the payment: what is asked
    "the same": ({}, {}, {}, {}),
    "dearer": ({}, known(unit_price=DEARER), {}, ASKS_39),
    "dearer, and paid just in time": ({}, known(unit_price=DEARER), known(created_at=IN_TIME), {}),
    "the backend's, and all else the same": (ASKS_40, {}, {}, ASKS_40),
    "the backend's, and the shirts are dearer": (ASKS_40, known(unit_price=DEARER), {}, ASKS_39),
    "never priced": (UNPRICED, WITHOUT_PRICE, {}, UNPRICED),
    "priced since": (UNPRICED, {}, {}, known(total=EUR_36, items_total=EUR_36)),
    "gone, and paid just in time": ({}, WITHOUT_PRICE, known(created_at=IN_TIME), {}),
}


@pytest.mark.parametrize(("order", "shirt", "payment", "asked"), LATE_PRICES.values(), ids=LATE_PRICES)
def test_money_that_comes_too_late_is_compared_with_what_the_catalogue_asks_by_now(
    order: dict[str, Any], shirt: dict[str, Any], payment: dict[str, Any], asked: dict[str, Any]
) -> None:
    over = a_held_order("expired", **{**ENDED_LONG_AGO, **order})
    held = replace(over, status=OrderStatus.RESERVING, held_from=OrderStatus.EXPIRED, **asked)
    assert given(over, shirts=a_product(**shirt)).when(a_payment(**payment)) == Hold(held, HELD)


GONE = "price_gone: the catalogue no longer says what the order costs"
LATE, PRICELESS = a_held_order("expired", **ENDED_LONG_AGO), a_product(**WITHOUT_PRICE)


def test_late_money_for_an_order_that_has_no_price_any_more_is_kept_for_review_whatever_else_is_told_of_it() -> None:
    change = given(replace(LATE, adjustments=SHIPPING), shirts=PRICELESS).changed_by(PAYS)
    assert (change.result, change.order.status, change.note) == ("quarantined", "review", GONE)
    assert (change.moves, change.order.hold_kept, change.order.total) == ((), False, Money(4_100, "eur"))
    assert [notice.type for notice in change.notices] == ["review", "review"]
    for event in (a_payment("evt_2"), a_payment("evt_3", payment_intent_id="pi_2", charge_id="ch_2")):
        further = given(change.order, shirts=PRICELESS).changed_by(event)
        assert (further.order.status, further.moves) == ("review", ())
    assert given(change.order).changed_by(a_refunded_charge()).order.status == "refunded"


def test_without_stock_it_is_due_back_and_a_session_that_was_free_never_pays_for_what_once_had_a_price() -> None:
    assert given(LATE, shirts=PRICELESS._replace(level=Level(2, 0))).changed_by(PAYS).result == "refund_due"
    change = given(LATE, shirts=PRICELESS).changed_by(a_free_session())
    assert (change.result, change.order.status) == ("not_paid", "expired")


# --- Refused before it is held for the first time ---------------------------------------------------------------------

AT_MOST_TWO = replace(TERMS, order_units_max=2)
TOO_MANY = "invalid_order: 3 units of 'shirt'; at most 2 are possible"
NEVER_HELD = {
    "nobody's": (known(user_id=None), "invalid_order: userId must name the customer"),
    "too many units of one product": (known(lines=lines_of(mug=2, shirt=3)), TOO_MANY),
}


@pytest.mark.parametrize(("order", "why"), NEVER_HELD.values(), ids=NEVER_HELD)
def test_an_order_without_a_customer_or_for_too_many_units_is_not_held_even_if_paid(
    order: dict[str, Any], why: str
) -> None:
    situation = given(a_pending_order(**order), terms=AT_MOST_TWO, mugs=(9, 0))
    failed, due = situation.changed_by(PLACES), situation.changed_by(PAYS)
    assert (failed.order.status, failed.order.failure_reason, failed.note) == ("failed", why, why)
    assert (due.order.status, due.order.failure_reason, due.moved) == ("refund_due", why, ())


@pytest.mark.parametrize("status", ["pending", *sorted(CLOSED)])
def test_what_was_held_before_is_held_again_whoever_was_erased_and_whatever_is_too_many_by_now(status: str) -> None:
    held = a_held_order("reserving", held_from=status, user_id=None)
    assert given(a_held_order(status, user_id=None), terms=AT_MOST_TWO).when(PAYS) == Hold(held, HELD)


OPEN = "too_many_open_orders: at most 20 unpaid orders are possible at a time; pay for one of them, or cancel it"


def test_an_order_fails_whose_customer_has_too_many_open_ones_and_the_last_that_may_be_open_is_held() -> None:
    for too_many in 20, 21:
        change = given(a_pending_order(), open_orders=too_many).changed_by(PLACES)
        assert (change.result, change.order.status, change.moved) == ("reservation_failed", "failed", ())
        assert (change.order.failure_reason, change.note) == (OPEN, f"{OPEN} ({too_many} are open)")
        assert change.notices == (to_customer("failed", OPEN, money=None),)
    for open_orders_max, not_too_many in (20, 19), (21, 20):
        terms = replace(TERMS, open_orders_max=open_orders_max)
        last = given(a_pending_order(), open_orders=not_too_many, terms=terms)
        assert last.when(PLACES) == Hold(a_counted_order(), HELD)


@pytest.mark.parametrize("event", [PAYS, a_processing(), a_refunded_charge()], ids=lambda event: event.kind)
def test_money_that_comes_or_is_on_its_way_is_never_kept_waiting_for_a_count(event: OrderEvent) -> None:
    many = given(a_pending_order(), open_orders=500)
    assert many.when(event) == Hold(a_counted_order(), HELD)
    assert Look(open_orders=True) not in many.looks_for(event)


# --- Confirmed, or given back ----------------------------------------------------------------------------------------


def test_a_covered_hold_reserves_its_order_until_its_time_is_out() -> None:
    reserved = a_change("reserved", a_held_order(), "pending", to_customer("reserved"), moved=HELD, **PLACED)
    assert given(a_counted_order(), shirts=(3, 3)).when(PLACES) == reserved


def test_a_hold_that_is_not_covered_is_given_back_and_leaves_the_order_as_it_was() -> None:
    for event, was in (PLACES, "pending"), (PAYS, None), (PAYS, "expired"):
        before = a_counted_order(was or "pending", held_from=None)
        assert given(a_counted_order(held_from=was), shirts=(3, 4)).when(event) == GiveBack(before, RELEASED)


def test_so_is_one_whose_inventory_vanished_as_far_as_it_can_be_counted() -> None:
    both = known(lines=lines_of(shirt=2, mug=2))
    before = a_counted_order("pending", held_from=None, **both)
    assert given(a_counted_order(**both)).when(PAYS) == GiveBack(before, shirts(0, -2))


def test_a_placement_that_was_settled_gives_back_the_hold_that_a_payment_left_behind() -> None:
    left_behind = given(a_counted_order(), shirts=(10, 3), audited=True)
    assert left_behind.when(PLACES) == GiveBack(a_counted_order("pending", held_from=None), RELEASED)


# --- Released --------------------------------------------------------------------------------------------------------


def test_a_reservation_past_its_time_gives_its_units_back_and_one_that_has_time_left_is_not_touched() -> None:
    expired = a_held_order("expired", reservation_expires_at=NOW)
    change = a_change("expired", expired, "reserved", to_customer("expired"), moves=RELEASED, **LAPSED)
    assert given(a_held_order(reservation_expires_at=NOW)).when(a_lapse()) == change
    for end in NOW + timedelta(microseconds=1), None:
        assert given(a_held_order(reservation_expires_at=end)).when(a_lapse()) == unchanged("not_expired")


CANCELLED = {
    # order: its earlier status, what moves now, what moves in all steps
    "pending": (a_pending_order(), "pending", (), ()),
    "reserving": (a_counted_order(reserved_at=NOW), "pending", RELEASED, ()),
    "reserved": (a_held_order(), "reserved", RELEASED, RELEASED),
}
ENDED = known(payments=Payments.of(Payment("pi_1", PaymentState.CANCELED, NOW)))
CANCELLED_BY = {
    # the event: what is known then, how it is recorded
    "Stripe": (a_cancellation(), ENDED, known()),
    "its customer": (a_cancel_request(), known(cancel_requested_at=NOW), CANCEL_REQUESTED),
}


@pytest.mark.parametrize(("event", "known_then", "entry"), CANCELLED_BY.values(), ids=CANCELLED_BY)
@pytest.mark.parametrize(("order", "before", "moves", "moved"), CANCELLED.values(), ids=CANCELLED)
def test_a_cancelled_order_gives_back_what_it_holds_and_is_recorded_with_just_what_moved(
    event: OrderEvent, known_then: Any, entry: Any, order: Order, before: str, moves: Moves, moved: Moves
) -> None:
    after = replace(order, status=OrderStatus.CANCELLED, held_from=None, **known_then)
    notice, moving = to_customer("cancelled", money=order.total), known(moves=moves, moved=moved)
    assert given(order).when(event) == a_change(
        "cancelled", after, before, notice, money=order.total, **moving, **entry
    )
