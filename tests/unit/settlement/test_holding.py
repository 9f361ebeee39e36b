"""Units held for an order: counted, confirmed, given back, kept for longer, released."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orders.events import OrderEvent
from orders.order import CLOSED, Money, Order, OrderStatus
from settlement.decisions import GiveBack, Hold, Look, Terms
from tests.support.builders import (
    NOW,
    TERMS,
    a_cancel_request,
    a_cancellation,
    a_lapse,
    a_payment,
    a_placement,
    a_processing,
    a_refunded_charge,
)
from tests.support.deciding import (
    HELD,
    RELEASED,
    Moves,
    a_change,
    a_counted_order,
    a_held_order,
    a_pending_order,
    a_product,
    given,
    known,
    lines_of,
    shirts,
    to_customer,
    unchanged,
)

IN_A_WEEK, IN_A_MONTH = NOW + timedelta(days=7), NOW + timedelta(days=30)
placed_or_paid = pytest.mark.parametrize("event", [a_placement(), a_payment()], ids=["placed", "paid"])

# --- Counted ---------------------------------------------------------------------------------------------------------


@placed_or_paid
def test_units_are_counted_before_they_are_held(event: OrderEvent) -> None:
    assert given(a_pending_order()).when(event) == Hold(a_counted_order(), HELD)


@pytest.mark.parametrize("status", ["pending", *sorted(CLOSED)])
@pytest.mark.parametrize("event", [a_payment(), a_refunded_charge(total=1_200)], ids=["paid", "refunded"])
def test_what_was_asked_when_an_order_was_held_before_is_what_it_asks(event: OrderEvent, status: str) -> None:
    dearer = given(a_held_order(status), shirts=a_product(unit_price=Money(9_900, "eur")))
    assert dearer.when(event) == Hold(a_held_order("reserving", held_from=status), HELD)


def test_a_price_that_a_customer_wrote_is_never_believed() -> None:
    order = a_pending_order(total=Money(1, "eur"))
    assert given(order).when(a_placement()) == Hold(a_counted_order(), HELD)
    unpriced = given(order, shirts=a_product(unit_price=None))
    assert unpriced.when(a_placement()) == Hold(a_counted_order(total=None), HELD)


# --- Refused before it is held for the first time ---------------------------------------------------------------------

NOBODYS = "invalid_order: userId must name the customer"
TOO_MANY = "invalid_order: 3 units of 'shirt'; at most 2 are possible"
AT_MOST_TWO = replace(TERMS, order_units_max=2)
NEVER_HELD = {
    "nobody's": (known(user_id=None), TERMS, NOBODYS),
    "too many units": (known(), AT_MOST_TWO, TOO_MANY),
    "too many units of one of them": (known(lines=lines_of(mug=2, shirt=3)), AT_MOST_TWO, TOO_MANY),
}


@pytest.mark.parametrize(("order", "terms", "why"), NEVER_HELD.values(), ids=NEVER_HELD)
def test_nobodys_order_and_one_for_too_many_units_are_not_held_whether_or_not_they_are_paid(
    order: dict[str, Any], terms: Terms, why: str
) -> None:
    situation = given(a_pending_order(**order), terms=terms, mugs=(9, 0))
    failed, due = situation.changed_by(a_placement()), situation.changed_by(a_payment())
    assert (failed.order.status, failed.order.failure_reason, failed.note) == ("failed", why, why)
    assert (due.order.status, due.order.failure_reason, due.moved) == ("refund_due", why, ())


def test_as_many_units_as_possible_are_held() -> None:
    held = given(a_pending_order(), terms=replace(TERMS, order_units_max=3))
    assert held.when(a_payment()) == Hold(a_counted_order(), HELD)


@pytest.mark.parametrize("status", ["pending", *sorted(CLOSED)])
def test_what_was_held_before_is_held_again_whoever_was_erased_and_whatever_is_too_many_by_now(status: str) -> None:
    order = a_held_order(status, user_id=None)
    held = replace(order, status=OrderStatus.RESERVING, held_from=OrderStatus(status))
    assert given(order, terms=AT_MOST_TWO).when(a_payment()) == Hold(held, HELD)


OPEN = "too_many_open_orders: 20 unpaid orders at a time are possible; pay for one of them, or cancel it"


@pytest.mark.parametrize("open_orders", [20, 21])
def test_an_order_fails_whose_customer_has_too_many_open_ones(open_orders: int) -> None:
    change = given(a_pending_order(), open_orders=open_orders).changed_by(a_placement())
    assert (change.result, change.order.status, change.moved) == ("reservation_failed", "failed", ())
    assert change.order.failure_reason == OPEN
    assert change.notices == (to_customer("failed", OPEN, money=None),)
    assert change.note == f"{OPEN} ({open_orders} are open)"


def test_the_last_order_that_may_be_open_is_held() -> None:
    assert given(a_pending_order(), open_orders=19).when(a_placement()) == Hold(a_counted_order(), HELD)
    one_more = given(a_pending_order(), open_orders=20, terms=replace(TERMS, open_orders_max=21))
    assert one_more.when(a_placement()) == Hold(a_counted_order(), HELD)


@pytest.mark.parametrize("event", [a_payment(), a_processing(), a_refunded_charge()], ids=lambda event: event.kind)
def test_money_that_comes_or_is_on_its_way_is_never_kept_waiting_for_a_count(event: OrderEvent) -> None:
    many = given(a_pending_order(), open_orders=500)
    assert many.when(event) == Hold(a_counted_order(), HELD)
    assert Look(open_orders=True) not in many.looks_for(event)


# --- Confirmed, or given back ----------------------------------------------------------------------------------------


def test_a_covered_hold_reserves_its_order_until_its_time_is_out() -> None:
    reserved = a_change("reserved", a_held_order(), "pending", to_customer("reserved"), moved=HELD)
    assert given(a_counted_order(), shirts=(3, 3)).when(a_placement()) == reserved


def test_the_shops_terms_say_how_long_units_are_held() -> None:
    counted = given(a_counted_order(), shirts=(3, 3), terms=replace(TERMS, reservation=timedelta(minutes=5)))
    assert counted.changed_by(a_placement()).order.reservation_expires_at == NOW + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("event", "was", "is_again"),
    [
        (a_placement(), "pending", "pending"),
        (a_payment(), None, "pending"),
        *((a_payment(), one, one) for one in sorted(CLOSED)),
    ],
)
def test_a_hold_that_is_not_covered_is_given_back_and_leaves_the_order_as_it_was(
    event: OrderEvent, was: str | None, is_again: str
) -> None:
    before = a_counted_order(is_again, held_from=None)
    assert given(a_counted_order(held_from=was), shirts=(3, 4)).when(event) == GiveBack(before, RELEASED)


@placed_or_paid
def test_two_buyers_of_the_last_unit_are_never_both_confirmed(event: OrderEvent) -> None:
    assert isinstance(given(a_counted_order(lines=lines_of(shirt=1)), shirts=(1, 2)).when(event), GiveBack)


@placed_or_paid
def test_a_hold_whose_inventory_vanished_gives_back_what_can_be_counted(event: OrderEvent) -> None:
    both = known(lines=lines_of(shirt=2, mug=2))
    before = a_counted_order("pending", held_from=None, **both)
    assert given(a_counted_order(**both)).when(event) == GiveBack(before, shirts(0, -2))


def test_a_placement_that_was_settled_gives_back_the_hold_that_a_payment_left_behind() -> None:
    left_behind = given(a_counted_order(), shirts=(10, 3), audited=True)
    assert left_behind.when(a_placement()) == GiveBack(a_counted_order("pending", held_from=None), RELEASED)


# --- Kept for longer -------------------------------------------------------------------------------------------------

EXTENDED = {
    # Stripe's event, the end of the hold: its end afterwards
    "from now on": (NOW, NOW, IN_A_WEEK),
    "since Stripe said so": (NOW - timedelta(days=2), NOW, NOW + timedelta(days=5)),
    "no end before": (NOW, None, IN_A_WEEK),
    "never shortened": (NOW, IN_A_MONTH, IN_A_MONTH),
    "not from the future": (NOW + timedelta(days=2), NOW, IN_A_WEEK),
    "nor from the end of time": (datetime.max.replace(tzinfo=UTC), NOW, IN_A_WEEK),
}


@pytest.mark.parametrize(("created_at", "end", "end_after"), EXTENDED.values(), ids=EXTENDED)
def test_money_on_its_way_keeps_the_units_held_for_longer(
    created_at: datetime, end: datetime | None, end_after: datetime
) -> None:
    extended = a_change("hold_extended", a_held_order(reservation_expires_at=end_after))
    assert given(a_held_order(reservation_expires_at=end)).when(a_processing(created_at=created_at)) == extended


def test_the_shops_terms_say_for_how_long_a_hold_is_extended() -> None:
    held = given(a_held_order(), terms=replace(TERMS, async_reservation=timedelta(days=14)))
    assert held.changed_by(a_processing()).order.reservation_expires_at == NOW + timedelta(days=14)


@pytest.mark.parametrize(
    ("created_at", "end"), [(NOW, IN_A_WEEK), (NOW - timedelta(days=9), NOW + timedelta(minutes=30))]
)
def test_money_on_its_way_that_finds_its_order_counted_reserves_it_for_the_longer_of_both(
    created_at: datetime, end: datetime
) -> None:
    reserved = a_held_order(reservation_expires_at=end)
    decision = given(a_counted_order(), shirts=(10, 3)).when(a_processing(created_at=created_at))
    assert decision == a_change("reserved", reserved, "pending", to_customer("reserved"), moved=HELD)


# --- Released --------------------------------------------------------------------------------------------------------


def test_a_reservation_past_its_time_gives_its_units_back() -> None:
    expired = a_held_order("expired", reservation_expires_at=NOW)
    assert given(a_held_order(reservation_expires_at=NOW)).when(a_lapse()) == a_change(
        "expired", expired, "reserved", to_customer("expired"), moves=RELEASED
    )


@pytest.mark.parametrize("end", [NOW + timedelta(microseconds=1), None], ids=["time left", "no end"])
def test_a_reservation_that_has_time_left_is_not_touched(end: datetime | None) -> None:
    assert given(a_held_order(reservation_expires_at=end)).when(a_lapse()) == unchanged("not_expired")


@pytest.mark.parametrize("status", [status for status in OrderStatus if status is not OrderStatus.RESERVED])
def test_only_what_is_reserved_expires(status: str) -> None:
    assert given(a_held_order(status, reservation_expires_at=NOW)).when(a_lapse()) == unchanged("not_expired")


CANCELLED = {
    # order: what it was before, what moves now, what has moved from the first step to the last
    "pending": (a_pending_order(), "pending", (), ()),
    "reserving": (a_counted_order(reserved_at=NOW), "pending", RELEASED, ()),
    "reserved": (a_held_order(), "reserved", RELEASED, RELEASED),
}
BY_STRIPE, BY_CUSTOMER = (a_cancellation(), known()), (a_cancel_request(), known(cancel_requested_at=NOW))


@pytest.mark.parametrize(("event", "asked"), [BY_STRIPE, BY_CUSTOMER], ids=["by Stripe", "by its customer"])
@pytest.mark.parametrize(("order", "before", "moves", "moved"), CANCELLED.values(), ids=CANCELLED)
def test_a_cancelled_order_gives_back_what_it_holds_and_is_recorded_with_just_what_moved(
    event: OrderEvent, asked: dict[str, Any], order: Order, before: str, moves: Moves, moved: Moves
) -> None:
    after = replace(order, status=OrderStatus.CANCELLED, held_from=None, **asked)
    notice, money = to_customer("cancelled", money=order.total), order.total
    assert given(order).when(event) == a_change(
        "cancelled", after, before, notice, moves=moves, moved=moved, money=money
    )


def test_an_order_that_stripe_cancels_remembers_when_its_customer_had_asked_for_it() -> None:
    asked_at = NOW - timedelta(minutes=1)
    asked = given(a_held_order(cancel_requested_at=asked_at))
    assert asked.changed_by(a_cancellation()).order.cancel_requested_at == asked_at


def test_a_price_that_a_customer_wrote_is_repeated_to_nobody() -> None:
    change = given(a_pending_order(total=Money(1, "eur"))).changed_by(a_cancel_request())
    assert (change.money, change.notices) == (None, (to_customer("cancelled", money=None),))
