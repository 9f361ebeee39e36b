"""Units are held as long as the slowest payment takes, and an end concerns only the payment it names."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orders.events import OrderEvent
from orders.order import Order, OrderStatus
from orders.payments import Payment, Payments, PaymentState
from tests.support.builders import NOW, TERMS, a_cancel_request, a_placement
from tests.support.deciding import changes_by, given
from tests.support.decisions import HELD, RELEASED, to_customer
from tests.support.orders import a_counted_order, a_held_order, a_pending_order, known
from tests.support.payments import a_cancellation, a_failure, a_processing

SOON = NOW + timedelta(minutes=30)
IN_3_DAYS, IN_A_WEEK, IN_30_DAYS, IN_40_DAYS = (NOW + timedelta(days=days) for days in (3, 7, 30, 40))
MINUTES_5, END_OF_TIME = timedelta(minutes=5), datetime.max.replace(tzinfo=UTC)


def test_the_shops_terms_say_how_long_units_are_held_and_for_how_long_that_is_extended() -> None:
    terms = replace(TERMS, reservation=MINUTES_5, async_reservation=timedelta(days=14))
    held = given(a_counted_order(), shirts=(3, 3), terms=terms).changed_by(a_placement()).order
    assert held.reservation_expires_at == NOW + MINUTES_5
    extended = given(held, terms=terms).changed_by(a_processing())
    assert extended.order.reservation_expires_at == NOW + timedelta(days=14)
    assert (extended.result, extended.moves, extended.notices) == ("hold_extended", (), ())


def test_money_on_its_way_that_finds_its_order_counted_reserves_it_for_the_longer_of_both() -> None:
    for days_ago, end in (0, IN_A_WEEK), (9, SOON):
        on_its_way = a_processing(created_at=NOW - timedelta(days=days_ago))
        change = given(a_counted_order(), shirts=(10, 3)).changed_by(on_its_way)
        assert (change.result, change.order.reservation_expires_at, change.moved) == ("reserved", end, HELD)
        assert change.notices == (to_customer("reserved"),)


def after(*events: OrderEvent, **changes: Any) -> Order:
    """A held order after these events."""
    held = a_held_order(**changes)
    return changes_by(held, *events)[-1].order if events else held


VOUCHER, CARD = a_processing(until=IN_3_DAYS), a_processing(payment_intent_id="pi_2", until=IN_A_WEEK)
FOR_EVER, USUAL = a_processing(until=IN_40_DAYS), a_processing()
NAMELESS = a_processing(payment_intent_id=None)
BY_CHARGE, AUTHORISED = a_processing(payment_intent_id=None, charge_id="ch_1"), PaymentState.AUTHORISED
CARD_FAILED = a_failure("evt_3", payment_intent_id="pi_2", created_at=NOW + MINUTES_5)
FAILED, FAILED_AGAIN = (a_failure(f"evt_{n}", created_at=NOW + n * MINUTES_5) for n in (1, 2))
EXTENDED_BY_OLGA = known(reservation_expires_at=IN_3_DAYS, extended_until=IN_3_DAYS)
HELD_SINCE, BY_HAND = known(reserved_at=NOW - timedelta(days=10)), known(reservation_expires_at=IN_40_DAYS)
ENDLESS, OVER = known(reserved_at=None, reservation_expires_at=None), known(reservation_expires_at=NOW)
SINCE, FROM_THE_FUTURE = (a_processing(created_at=NOW + timedelta(days=days)) for days in (-2, 2))
UNTIL: dict[str, tuple[list[OrderEvent], dict[str, Any], datetime | None]] = {
    # payments under way, failed payments: until when the units are held
    "as long as such a payment usually takes": ([USUAL], OVER, IN_A_WEEK),
    "since Stripe said so": ([SINCE], OVER, NOW + timedelta(days=5)),
    "not from the future": ([FROM_THE_FUTURE], OVER, IN_A_WEEK),
    "nor from the end of time": ([a_processing(created_at=END_OF_TIME)], OVER, IN_A_WEEK),
    "of a hold without an end": ([USUAL], known(reservation_expires_at=None), IN_A_WEEK),
    "never shortened": ([USUAL], BY_HAND, IN_40_DAYS),
    "a voucher, until it expires": ([VOUCHER], {}, IN_3_DAYS),
    "however long its session assumes": ([replace(FOR_EVER, is_estimate=True), VOUCHER], {}, IN_3_DAYS),
    "and however long such a payment usually takes": ([USUAL, VOUCHER], {}, IN_3_DAYS),
    "the slower of two": ([CARD, VOUCHER], {}, IN_A_WEEK),
    "no longer than the shop holds anything": ([FOR_EVER], {}, IN_30_DAYS),
    "which is counted from when the units were held": ([FOR_EVER], HELD_SINCE, NOW + timedelta(days=20)),
    "an authorisation": ([replace(VOUCHER, state=AUTHORISED)], {}, IN_3_DAYS),
    "a payment that is named later": ([BY_CHARGE, VOUCHER], {}, IN_A_WEEK),
    "one without a name changes nothing": ([NAMELESS], {}, SOON),
    "not even of a hold without an end": ([NAMELESS], ENDLESS, None),
    "what has failed falls back to the short term": ([VOUCHER, FAILED], {}, SOON + MINUTES_5),
    "even if that is told late": ([FAILED, VOUCHER], {}, SOON + MINUTES_5),
    "but not while another one is on its way": ([VOUCHER, CARD, FAILED], {}, IN_A_WEEK),
    "nor if it has ended": ([VOUCHER, CARD, a_cancellation("evt_2")], {}, IN_A_WEEK),
    "what was only declined": ([FAILED], {}, SOON),
    "again and again": ([FAILED, FAILED_AGAIN], {}, SOON),
    "by hand, and a card that was tried": ([a_failure()], BY_HAND, IN_40_DAYS),
    "by hand, and a voucher that came to nothing": ([VOUCHER, FAILED], BY_HAND, IN_40_DAYS),
    "by an operator, also after a slower payment has failed": ([CARD, CARD_FAILED], EXTENDED_BY_OLGA, IN_3_DAYS),
}


@pytest.mark.parametrize(("events", "order", "until"), UNTIL.values(), ids=UNTIL)
def test_units_are_held_for_as_long_as_the_slowest_payment_takes(
    events: list[OrderEvent], order: dict[str, Any], until: datetime | None
) -> None:
    held = after(*events, **order)
    assert (held.status, held.reservation_expires_at) == ("reserved", until)


def test_what_is_not_held_any_more_has_no_hold_that_could_fall_back() -> None:
    expired = replace(after(VOUCHER), status=OrderStatus.EXPIRED)
    assert given(expired).changed_by(FAILED).order.reservation_expires_at == IN_3_DAYS


EXPIRED_SESSION = a_cancellation("evt_2", payment_intent_id=None, event_type="checkout.session.expired")
OTHER_ENDS = a_cancellation("evt_3", payment_intent_id="pi_2")
ENDS = {
    # known payments, what ended: result, status
    "an older session, a voucher elsewhere": ([VOUCHER], EXPIRED_SESSION, "payment_canceled", "reserved"),
    "one of two": ([VOUCHER, CARD], a_cancellation("evt_2"), "payment_canceled", "reserved"),
    "both of two": ([VOUCHER, CARD, a_cancellation("evt_2")], OTHER_ENDS, "cancelled", "cancelled"),
    "the only one": ([VOUCHER], a_cancellation("evt_2"), "cancelled", "cancelled"),
    "what has failed elsewhere": ([VOUCHER, FAILED], EXPIRED_SESSION, "cancelled", "cancelled"),
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


@pytest.mark.parametrize(("until", "status"), [(SOON, "reserved"), (NOW, "cancelled")])
def test_an_end_cancels_no_order_before_the_time_until_which_an_operator_wants_it_held(
    until: datetime, status: str
) -> None:
    extended = a_held_order(extended_until=until, reservation_expires_at=until)
    change = given(extended, shirts=(10, 3)).changed_by(a_cancellation())
    assert change.order.status == status
    assert change.order.reservation_expires_at == until


def test_nor_does_an_end_elsewhere_cancel_an_order_that_is_not_held_yet() -> None:
    for order in a_pending_order(), a_counted_order():
        on_its_way = replace(order, payments=Payments.of(Payment("pi_2", PaymentState.PROCESSING, NOW)))
        change = given(on_its_way, shirts=(10, 3)).changed_by(a_cancellation())
        assert (change.result, change.order.status, change.moves) == ("payment_canceled", order.status, ())


def test_an_order_that_stripe_cancels_remembers_when_its_customer_had_asked_for_it() -> None:
    asked = known(cancel_requested_at=NOW - timedelta(minutes=1))
    cancelled = given(a_held_order(**asked)).changed_by(a_cancellation()).order
    assert cancelled.cancel_requested_at == asked["cancel_requested_at"]
