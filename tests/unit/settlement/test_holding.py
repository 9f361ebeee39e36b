"""Units held for an order: counted, confirmed, given back, kept for longer, released."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inventory.stock import Level
from orders.adjustments import Adjustment, AdjustmentKind
from orders.events import OrderEvent
from orders.money import Money
from orders.order import CLOSED, Order, OrderStatus
from orders.payments import Payment, Payments, PaymentState
from settlement.decisions import GiveBack, Hold, Look, Terms
from tests.support.builders import (
    NOW,
    TERMS,
    a_cancel_request,
    a_cancellation,
    a_failure,
    a_free_session,
    a_lapse,
    a_payment,
    a_placement,
    a_processing,
    a_refunded_charge,
)
from tests.support.deciding import (
    CANCEL_REQUESTED,
    EUR_36,
    HELD,
    LAPSED,
    PLACED,
    RELEASED,
    UNPRICED,
    Moves,
    a_change,
    a_counted_order,
    a_held_order,
    a_pending_order,
    a_product,
    changes_by,
    given,
    known,
    lines_of,
    shirts,
    to_customer,
    unchanged,
)

IN_3_DAYS, IN_A_WEEK, IN_30_DAYS, IN_40_DAYS = (NOW + timedelta(days=days) for days in (3, 7, 30, 40))
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
    assert unpriced.when(a_placement()) == Hold(a_counted_order(**UNPRICED), HELD)


SHIPPING = (Adjustment(AdjustmentKind.SHIPPING, 500),)


@placed_or_paid
@pytest.mark.parametrize("written", [{"adjustments": SHIPPING}, {"price_defect": "what?"}])
def test_adjustments_that_were_written_before_an_order_is_held_are_dropped(
    event: OrderEvent, written: dict[str, Any]
) -> None:
    assert given(a_pending_order(**written)).when(event) == Hold(a_counted_order(), HELD)


def test_adjustments_of_an_order_that_was_held_before_stay() -> None:
    expired = a_held_order("expired", adjustments=SHIPPING)
    held = given(expired).when(a_payment())
    assert held == Hold(a_held_order("reserving", held_from="expired", adjustments=SHIPPING), HELD)


# --- Late money ------------------------------------------------------------------------------------------------------

ENDED_LONG_AGO = known(reserved_at=NOW - timedelta(days=8), reservation_expires_at=NOW - timedelta(days=7, minutes=1))
IN_TIME = NOW - timedelta(minutes=1)
EUR_40, DEARER, WITHOUT_PRICE = Money(4_000, "eur"), Money(1_300, "eur"), known(unit_price=None)
ASKS_39, ASKS_40 = known(total=Money(3_900, "eur"), items_total=Money(3_900, "eur")), known(total=EUR_40)
LATE_PRICES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]] = {
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
@pytest.mark.parametrize("was", sorted(CLOSED))
def test_money_that_comes_too_late_is_compared_with_what_the_catalogue_asks_by_now(
    was: str, order: dict[str, Any], shirt: dict[str, Any], payment: dict[str, Any], asked: dict[str, Any]
) -> None:
    over = a_held_order(was, **{**ENDED_LONG_AGO, **order})
    held = replace(over, status=OrderStatus.RESERVING, held_from=OrderStatus(was), **asked)
    assert given(over, shirts=a_product(**shirt)).when(a_payment(**payment)) == Hold(held, HELD)


@pytest.mark.parametrize(
    ("paid", "result", "kept"), [(EUR_36, "quarantined", True), (ASKS_39["total"], "first_time_finalized", False)]
)
def test_so_late_money_that_is_not_what_is_asked_by_now_is_kept_for_review(
    paid: Money, result: str, *, kept: bool
) -> None:
    asks_39 = a_held_order("reserving", held_from="expired", **ENDED_LONG_AGO, **ASKS_39)
    change = given(asks_39, shirts=(10, 3)).changed_by(a_payment(money=paid))
    assert (change.result, change.order.hold_kept) == (result, kept)


GONE = "price_gone: the catalogue no longer says what the order costs"
LATE, PRICELESS = a_held_order("expired", **ENDED_LONG_AGO), a_product(**WITHOUT_PRICE)


@pytest.mark.parametrize("adjustments", [(), SHIPPING], ids=["plain", "adjusted"])
def test_late_money_for_an_order_that_has_no_price_any_more_is_kept_for_review_whatever_else_is_told_of_it(
    adjustments: Any,
) -> None:
    change = given(replace(LATE, adjustments=adjustments), shirts=PRICELESS).changed_by(a_payment())
    assert (change.result, change.order.status, change.note) == ("quarantined", "review", GONE)
    assert (change.moves, change.order.hold_kept, change.order.total) == ((), False, change.order.asked)
    assert [notice.type for notice in change.notices] == ["review", "review"]
    for event in (a_payment("evt_2"), a_payment("evt_3", payment_intent_id="pi_2", charge_id="ch_2")):
        further = given(change.order, shirts=PRICELESS).changed_by(event)
        assert (further.order.status, further.moves) == ("review", ())
    assert given(change.order).changed_by(a_refunded_charge()).order.status == "refunded"


def test_late_money_for_what_has_neither_price_nor_stock_is_due_back() -> None:
    assert given(LATE, shirts=replace(PRICELESS, level=Level(2, 0))).changed_by(a_payment()).result == "refund_due"


def test_a_session_that_was_free_never_pays_for_what_once_had_a_price() -> None:
    change = given(LATE, shirts=PRICELESS).changed_by(a_free_session())
    assert (change.result, change.order.status) == ("not_paid", "expired")


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
    reserved = a_change("reserved", a_held_order(), "pending", to_customer("reserved"), moved=HELD, **PLACED)
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
    "never shortened": (NOW, IN_40_DAYS, IN_40_DAYS),
    "not from the future": (NOW + timedelta(days=2), NOW, IN_A_WEEK),
    "nor from the end of time": (datetime.max.replace(tzinfo=UTC), NOW, IN_A_WEEK),
}


@pytest.mark.parametrize(("created_at", "end", "end_after"), EXTENDED.values(), ids=EXTENDED)
def test_money_on_its_way_keeps_the_units_held_for_longer(
    created_at: datetime, end: datetime | None, end_after: datetime
) -> None:
    change = given(a_held_order(reservation_expires_at=end)).changed_by(a_processing(created_at=created_at))
    assert (change.result, change.order.reservation_expires_at) == ("hold_extended", end_after)
    assert (change.moves, change.notices, change.order.status) == ((), (), "reserved")


def test_the_shops_terms_say_for_how_long_a_hold_is_extended() -> None:
    held = given(a_held_order(), terms=replace(TERMS, async_reservation=timedelta(days=14)))
    assert held.changed_by(a_processing()).order.reservation_expires_at == NOW + timedelta(days=14)


@pytest.mark.parametrize(
    ("created_at", "end"), [(NOW, IN_A_WEEK), (NOW - timedelta(days=9), NOW + timedelta(minutes=30))]
)
def test_money_on_its_way_that_finds_its_order_counted_reserves_it_for_the_longer_of_both(
    created_at: datetime, end: datetime
) -> None:
    change = given(a_counted_order(), shirts=(10, 3)).changed_by(a_processing(created_at=created_at))
    assert (change.result, change.order.reservation_expires_at, change.moved) == ("reserved", end, HELD)
    assert change.notices == (to_customer("reserved"),)


VOUCHER, CARD = a_processing(until=IN_3_DAYS), a_processing(payment_intent_id="pi_2", until=IN_A_WEEK)
FOR_EVER = a_processing(until=IN_40_DAYS)


def after(*events: OrderEvent, order: Order | None = None) -> Order:
    """What these events have made of a held order."""
    held = order or a_held_order()
    return changes_by(held, *events)[-1].order if events else held


UNTIL = {
    # what is on its way: until when the units are held
    "a voucher, until it expires": ([VOUCHER], IN_3_DAYS),
    "the slower of two": ([CARD, VOUCHER], IN_A_WEEK),
    "no longer than the shop holds anything": ([FOR_EVER], IN_30_DAYS),
    "an authorisation": ([replace(VOUCHER, state=PaymentState.AUTHORISED)], IN_3_DAYS),
    "a payment that is named later": ([a_processing(payment_intent_id=None, charge_id="ch_1"), VOUCHER], IN_A_WEEK),
}


@pytest.mark.parametrize(("events", "until"), UNTIL.values(), ids=UNTIL)
def test_units_are_held_for_as_long_as_the_slowest_payment_takes(events: list[OrderEvent], until: datetime) -> None:
    assert after(*events).reservation_expires_at == until


def test_the_longest_hold_is_counted_from_when_the_units_were_held() -> None:
    since = NOW - timedelta(days=10)
    assert after(FOR_EVER, order=a_held_order(reserved_at=since)).reservation_expires_at == NOW + timedelta(days=20)


SOON, MINUTES_5 = NOW + timedelta(minutes=30), timedelta(minutes=5)
FAILED_LATER = a_failure("evt_2", created_at=NOW + MINUTES_5)
FALLEN_BACK = {
    # what was on its way, what ends it: until when the units are held then
    "failed": ([VOUCHER], FAILED_LATER, SOON + MINUTES_5),
    "failed, and is told late": ([FAILED_LATER], VOUCHER, SOON + MINUTES_5),
    "failed, and another one is on its way": ([VOUCHER, CARD], FAILED_LATER, IN_A_WEEK),
    "ended, and another one is on its way": ([VOUCHER, CARD], a_cancellation("evt_2"), IN_A_WEEK),
    "only declined": ([], FAILED_LATER, SOON),
    "declined again and again": ([FAILED_LATER], a_failure("evt_3", created_at=NOW + 2 * MINUTES_5), SOON),
}


@pytest.mark.parametrize(("before", "event", "until"), FALLEN_BACK.values(), ids=FALLEN_BACK)
def test_a_hold_falls_back_to_the_short_term_once_what_it_was_extended_for_has_come_to_nothing(
    before: list[OrderEvent], event: OrderEvent, until: datetime
) -> None:
    held = after(*before, event)
    assert (held.status, held.reservation_expires_at) == ("reserved", until)


@pytest.mark.parametrize("status", ["pending", *sorted(CLOSED)])
def test_what_is_not_held_any_more_has_no_hold_that_could_fall_back(status: str) -> None:
    order = replace(after(VOUCHER), status=OrderStatus(status))
    assert after(FAILED_LATER, order=order).reservation_expires_at == IN_3_DAYS


def test_a_decline_after_a_card_was_tried_leaves_a_hold_that_somebody_extended_by_hand() -> None:
    by_hand = a_held_order(reservation_expires_at=IN_40_DAYS)
    assert after(a_failure(), order=by_hand).reservation_expires_at == IN_40_DAYS


def test_money_on_its_way_under_no_name_changes_no_hold_not_even_one_without_an_end() -> None:
    nameless = a_processing(payment_intent_id=None)
    assert after(nameless) == a_held_order()
    endless = a_held_order(reserved_at=None, reservation_expires_at=None)
    assert after(nameless, order=endless).reservation_expires_at is None


# --- Released --------------------------------------------------------------------------------------------------------


def test_a_reservation_past_its_time_gives_its_units_back() -> None:
    expired = a_held_order("expired", reservation_expires_at=NOW)
    assert given(a_held_order(reservation_expires_at=NOW)).when(a_lapse()) == a_change(
        "expired", expired, "reserved", to_customer("expired"), moves=RELEASED, **LAPSED
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
ENDED = known(payments=Payments.of(Payment("pi_1", PaymentState.CANCELED, NOW)))
BY_STRIPE = (a_cancellation(), ENDED, known())
BY_CUSTOMER = (a_cancel_request(), known(cancel_requested_at=NOW), CANCEL_REQUESTED)


@pytest.mark.parametrize(
    ("event", "known_then", "entry"), [BY_STRIPE, BY_CUSTOMER], ids=["by Stripe", "by its customer"]
)
@pytest.mark.parametrize(("order", "before", "moves", "moved"), CANCELLED.values(), ids=CANCELLED)
def test_a_cancelled_order_gives_back_what_it_holds_and_is_recorded_with_just_what_moved(
    event: OrderEvent, known_then: Any, entry: Any, order: Order, before: str, moves: Moves, moved: Moves
) -> None:
    after = replace(order, status=OrderStatus.CANCELLED, held_from=None, **known_then)
    notice, money = to_customer("cancelled", money=order.total), order.total
    assert given(order).when(event) == a_change(
        "cancelled", after, before, notice, moves=moves, moved=moved, money=money, **entry
    )


AUTHORISED = replace(CARD, state=PaymentState.AUTHORISED)
EXPIRED_SESSION = a_cancellation("evt_2", payment_intent_id=None, event_type="checkout.session.expired")
OTHER_ENDS = a_cancellation("evt_3", payment_intent_id="pi_2")
ENDS = {
    # what is known of payments, what is over: result, status
    "an older session, a voucher elsewhere": ([VOUCHER], EXPIRED_SESSION, "payment_canceled", "reserved"),
    "an older session, an authorisation": ([AUTHORISED], EXPIRED_SESSION, "payment_canceled", "reserved"),
    "one of two": ([VOUCHER, CARD], a_cancellation("evt_2"), "payment_canceled", "reserved"),
    "both of two": ([VOUCHER, CARD, a_cancellation("evt_2")], OTHER_ENDS, "cancelled", "cancelled"),
    "the only one": ([VOUCHER], a_cancellation("evt_2"), "cancelled", "cancelled"),
    "what has failed elsewhere": ([VOUCHER, FAILED_LATER], EXPIRED_SESSION, "cancelled", "cancelled"),
    "its customer asks for it": ([VOUCHER], a_cancel_request(), "cancelled", "cancelled"),
}


@pytest.mark.parametrize(("before", "event", "result", "status"), ENDS.values(), ids=ENDS)
def test_an_end_concerns_the_payment_it_names_and_what_is_under_way_elsewhere_keeps_the_order(
    before: list[OrderEvent], event: OrderEvent, result: str, status: str
) -> None:
    change = given(after(*before)).changed_by(event)
    assert (change.result, change.order.status) == (result, status)
    assert change.moves == (RELEASED if status == "cancelled" else ())
    assert len(change.notices) == (status == "cancelled")


@pytest.mark.parametrize("order", [a_pending_order(), a_counted_order()], ids=["pending", "reserving"])
def test_nor_does_an_end_elsewhere_cancel_an_order_that_is_not_held_yet(order: Order) -> None:
    on_its_way = replace(order, payments=Payments.of(Payment("pi_2", PaymentState.PROCESSING, NOW)))
    change = given(on_its_way, shirts=(10, 3)).changed_by(a_cancellation())
    assert (change.result, change.order.status, change.moves) == ("payment_canceled", order.status, ())


def test_an_order_that_stripe_cancels_remembers_when_its_customer_had_asked_for_it() -> None:
    asked_at = NOW - timedelta(minutes=1)
    asked = given(a_held_order(cancel_requested_at=asked_at))
    assert asked.changed_by(a_cancellation()).order.cancel_requested_at == asked_at


def test_a_price_that_a_customer_wrote_is_repeated_to_nobody() -> None:
    change = given(a_pending_order(total=Money(1, "eur"))).changed_by(a_cancel_request())
    assert (change.money, change.notices) == (None, (to_customer("cancelled", money=None),))
