"""A session ends before its order: units stay held while somebody could still pay, and no longer."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from effects.effect import EffectKind, a_stripe_call
from orders.checkout import Checkout, CheckoutState
from orders.events import OrderEvent
from orders.order import OrderStatus
from orders.payments import Payment, Payments, PaymentState
from settlement.decisions import Unchanged
from tests.support.builders import LATER, NOW, TERMS, a_cancel_request, a_lapse
from tests.support.checkouts import a_checkout, a_session_end, an_open_checkout, an_opening
from tests.support.deciding import given
from tests.support.decisions import RELEASED, to_customer
from tests.support.in_checkout import CHARGE, EUR_43, OPEN, UNTIL, completed, in_checkout, session_expired
from tests.support.orders import PAID, a_held_order, an_order_in_checkout, known
from tests.support.payments import a_cancellation, a_failure
from tests.support.snapshots import a_known_checkout

OVER: dict[str, Any] = {"reservation_expires_at": NOW, "checkout_until": NOW}
"""Its time is up, and nothing was reported about its session."""


# --- A session ends ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("held_for", [TERMS.reservation, timedelta(hours=1)])
def test_an_order_whose_session_ran_out_is_over_with_it(held_for: timedelta) -> None:
    session = an_open_checkout(request={"mode": "payment"}, client_secret="cs_1_secret")
    change = in_checkout(session, reserved_at=NOW - held_for).changed_by(session_expired())
    assert (change.result, change.order.status, change.moves) == ("expired", "expired", RELEASED)
    assert change.notices == (to_customer("expired"),)
    assert change.checkout == replace(OPEN, state=CheckoutState.EXPIRED, url=None)


def test_that_the_session_of_a_sold_order_ran_out_is_recorded_once() -> None:
    sold = an_order_in_checkout(OPEN, "finalized", payments=Payments.of(PAID), priced_by_checkout=True)
    ran_out = in_checkout(OPEN, sold).changed_by(session_expired())
    assert ran_out.checkout == replace(OPEN, state=CheckoutState.EXPIRED, url=None)
    assert (ran_out.order.checkout_until, ran_out.order.priced_by_checkout) == (None, False)
    again = in_checkout(ran_out.checkout, ran_out.order).changed_by(session_expired())
    assert (again.checkout, again.order) == (None, ran_out.order)


def test_an_order_whose_customer_opens_another_session_stays_held_for_that() -> None:
    change = in_checkout(reserved_at=NOW - timedelta(hours=1)).changed_by(a_session_end())
    assert (change.result, change.order.status, change.moves) == ("checkout_ended", "reserved", ())
    reopened = given(change.order, checkout=a_known_checkout(change.checkout or OPEN))
    assert not change.order.priced_by_checkout
    assert reopened.changed_by(an_opening(attempt=2)).result == "checkout_opened"
    assert given(change.order, shirts=(10, 3)).changed_by(a_lapse()).result == "expired"


def test_an_order_that_has_time_left_stays_held_and_can_be_tried_again() -> None:
    change = in_checkout(priced_by_checkout=True).changed_by(session_expired())
    assert (change.result, change.order.status, change.moves, change.notices) == ("checkout_ended", "reserved", (), ())
    assert (change.order.reservation_expires_at, change.order.checkout_until) == (NOW + TERMS.reservation, None)
    assert not change.order.priced_by_checkout


@pytest.mark.parametrize(
    "event",
    [session_expired("cs_0"), a_cancellation(), a_cancellation(payment_intent_id="pi_9")],
    ids=["an earlier session", "its payment", "another payment"],
)
def test_no_other_end_cancels_an_order_that_is_paid_for_in_sessions_of_ours(event: OrderEvent) -> None:
    change = in_checkout().changed_by(event)
    assert (change.result, change.order.status, change.checkout) == ("payment_canceled", "reserved", None)
    assert change.order.reservation_expires_at == UNTIL
    ended = in_checkout(OPEN, change.order).changed_by(session_expired()).order
    assert given(ended, shirts=(10, 3)).changed_by(event).order.status == "reserved"


def test_a_declined_attempt_leaves_the_session_open() -> None:
    change = in_checkout().changed_by(a_failure())
    assert (change.order.checkout_until, change.order.reservation_expires_at) == (UNTIL, UNTIL)


# --- An order ends while its session is open --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "ends_as", "cause"),
    [(a_cancel_request(), "cancelled", "cancel_order-1"), (a_lapse(), "expired", "lapsed_order-1")],
)
def test_the_session_is_ended_first_and_the_units_stay_held(event: OrderEvent, ends_as: str, cause: str) -> None:
    change = in_checkout(**OVER).changed_by(event)
    assert (change.result, change.order.status, change.moves, change.notices) == ("checkout_ending", "reserved", (), ())
    assert change.checkout == replace(OPEN, ends_as=OrderStatus(ends_as))
    assert change.effects == (a_stripe_call(EffectKind.STRIPE_EXPIRE_SESSION, "cs_1", "order-1", cause, "alice"),)
    assert change.order.reservation_expires_at == NOW + TERMS.reservation


def test_while_stripe_is_asked_an_old_order_is_held_for_some_minutes() -> None:
    change = in_checkout(**OVER, reserved_at=NOW - timedelta(hours=1)).changed_by(a_lapse())
    assert change.order.reservation_expires_at == NOW + timedelta(minutes=15)


def test_the_request_to_cancel_is_not_forgotten() -> None:
    change = in_checkout().changed_by(a_cancel_request())
    assert (change.order.cancel_requested_at, change.order.reservation_expires_at) == (NOW, UNTIL)


@pytest.mark.parametrize("event", [a_session_end(), session_expired()], ids=["asked", "reported"])
@pytest.mark.parametrize(("ends_as", "status"), [("cancelled", "cancelled"), ("expired", "expired")])
def test_once_it_is_ended_the_units_are_released(event: OrderEvent, ends_as: str, status: str) -> None:
    ending = an_open_checkout(ends_as=OrderStatus(ends_as))
    order = an_order_in_checkout(ending, reserved_at=NOW - timedelta(hours=1))
    change = in_checkout(ending, order).changed_by(event)
    assert (change.result, change.order.status, change.moves) == (status, status, RELEASED)
    assert change.checkout
    assert (change.checkout.state, change.checkout.ends_as) == ("expired", None)
    assert [notice.type for notice in change.notices] == [status]


LONG = known(reservation_expires_at=NOW + timedelta(days=2), extended_until=NOW + timedelta(days=2))
ON_ITS_WAY = known(payments=Payments.of(Payment("pi_2", PaymentState.PROCESSING, NOW, until=NOW + timedelta(days=2))))


@pytest.mark.parametrize("event", [a_session_end(), session_expired()], ids=["asked", "reported"])
@pytest.mark.parametrize(
    ("held_for", "status"), [({}, "expired"), (LONG, "reserved"), (ON_ITS_WAY, "reserved")], ids=["", "longer", "money"]
)
def test_so_they_are_before_their_time_is_up_unless_they_are_held_for_something_else(
    event: OrderEvent, held_for: dict[str, Any], status: str
) -> None:
    ending = an_open_checkout(ends_as=OrderStatus.EXPIRED)
    change = in_checkout(ending, an_order_in_checkout(ending, **held_for)).changed_by(event)
    assert (change.order.status, change.order.checkout_until) == (status, None)
    assert change.order.reservation_expires_at is not None and change.order.reservation_expires_at > NOW


def test_what_was_extended_until_this_very_moment_is_held_no_longer() -> None:
    ending = an_open_checkout(ends_as=OrderStatus.EXPIRED)
    order = an_order_in_checkout(ending, extended_until=NOW, reservation_expires_at=NOW)
    assert in_checkout(ending, order).changed_by(session_expired()).order.status == "expired"


def test_a_customer_who_was_faster_has_paid() -> None:
    ending = an_open_checkout(ends_as=OrderStatus.CANCELLED)
    order = an_order_in_checkout(ending, cancel_requested_at=NOW, checkout_until=LATER, reservation_expires_at=LATER)
    kept = in_checkout(ending, order).changed_by(a_session_end(is_complete=True))
    assert (kept.result, kept.order.status, kept.checkout) == (
        *("checkout_complete", "reserved"),
        replace(OPEN, url=None),
    )
    until = NOW + TERMS.reservation
    assert (kept.order.reservation_expires_at, kept.order.checkout_until) == (until, until)
    assert "session_complete" in (kept.note or "")
    paid = in_checkout(OPEN, kept.order).changed_by(completed())
    assert paid.order.status == "finalized"
    assert "cancel_requested" in (paid.note or "")


def test_that_a_session_is_complete_which_was_not_to_end_is_no_news() -> None:
    change = in_checkout().changed_by(a_session_end(is_complete=True))
    assert (change.result, change.note) == ("checkout_complete", None)


@pytest.mark.parametrize(
    "checkout",
    [None, an_open_checkout(attempt=2), an_open_checkout(state=CheckoutState.EXPIRED)],
    ids=["none", "a later one", "one that is over"],
)
def test_what_is_known_of_a_session_already_changes_nothing(checkout: Checkout | None) -> None:
    decided = given(a_held_order(), checkout=checkout and a_known_checkout(checkout)).when(a_session_end())
    assert isinstance(decided, Unchanged)
    assert (decided.outcome.result, decided.outcome.order_id) == ("already_ended", "order-1")


@pytest.mark.parametrize("ends_as", [None, "cancelled", "expired"])
def test_money_that_no_session_explains_is_for_a_person(ends_as: str | None) -> None:
    kept = in_checkout().changed_by(CHARGE).order
    ending = an_open_checkout(ends_as=ends_as and OrderStatus(ends_as))
    change = in_checkout(ending, kept).changed_by(a_session_end())
    assert (change.result, change.order.status, change.order.hold_kept) == ("quarantined", "review", True)
    assert "4300 eur was paid, 3600 eur was asked" in (change.note or "")
    assert change.checkout and change.checkout.state == "expired"


def test_money_is_for_a_person_when_its_time_is_out_and_settled_all_the_same_by_what_the_session_says_later() -> None:
    kept = replace(in_checkout().changed_by(CHARGE).order, reservation_expires_at=NOW)
    lapsed = in_checkout(OPEN, kept).changed_by(a_lapse())
    assert (lapsed.result, lapsed.order.status, lapsed.effects) == ("quarantined", "review", ())
    assert [notice.audience for notice in lapsed.notices] == ["customer", "operator"]
    assert in_checkout(OPEN, lapsed.order).changed_by(completed()).order.status == "finalized"


# --- Where nobody can pay any more ------------------------------------------------------------------------------------

NOT_THERE: dict[str, Checkout | None] = {
    "Stripe has not answered for it": a_checkout(),
    "it was asked for in vain until its time was out": an_open_checkout(ends_as=OrderStatus.EXPIRED),
    "it is nowhere": None,
    "it is over": an_open_checkout(state=CheckoutState.EXPIRED),
}


@pytest.mark.parametrize("checkout", NOT_THERE.values(), ids=NOT_THERE)
def test_an_order_ends_at_once_when_its_time_is_out_and(checkout: Checkout | None) -> None:
    change = in_checkout(checkout, **OVER).changed_by(a_lapse())
    assert (change.result, change.moves, change.effects) == ("expired", RELEASED, ())
    assert change.order.checkout_until is None
    if checkout and checkout.state is CheckoutState.OPEN:
        assert change.checkout and change.checkout.state == "expired"


def test_a_cancelled_order_that_stripe_never_answered_for_is_cancelled_in_the_end() -> None:
    ending = an_open_checkout(ends_as=OrderStatus.CANCELLED)
    assert in_checkout(ending, **OVER).changed_by(a_lapse()).result == "cancelled"


def test_an_attempt_that_has_no_session_yet_does_not_keep_a_customer_from_cancelling() -> None:
    change = in_checkout(a_checkout()).changed_by(a_cancel_request())
    assert (change.result, change.moves, change.effects) == ("cancelled", RELEASED, ())


@pytest.mark.parametrize("checkout", [a_checkout(), None, an_open_checkout(state=CheckoutState.EXPIRED)])
def test_money_is_for_a_person_if_its_customer_cancels_and_no_session_is_open_that_could_explain_it(
    checkout: Checkout | None,
) -> None:
    kept = in_checkout(a_checkout()).changed_by(CHARGE).order
    change = in_checkout(checkout, kept).changed_by(a_cancel_request())
    assert (change.result, change.order.status, change.moves) == ("quarantined", "review", ())
    assert (change.order.received, change.order.cancel_requested_at) == (EUR_43, NOW)
    assert "4300 eur was paid, 3600 eur was asked" in (change.note or "")
    if checkout and checkout.state is CheckoutState.OPEN:
        assert change.checkout and change.checkout.state == "expired"


def test_a_customer_may_cancel_what_is_about_to_expire() -> None:
    expiring = an_open_checkout(ends_as=OrderStatus.EXPIRED)
    change = in_checkout(expiring).changed_by(a_cancel_request())
    assert (change.result, change.effects) == ("checkout_ending", ())
    assert change.checkout == replace(expiring, ends_as=OrderStatus.CANCELLED)


def test_late_money_is_explained_by_a_session_that_was_taken_for_ended() -> None:
    ended = an_open_checkout(state=CheckoutState.EXPIRED)
    closed = a_held_order("expired", checkout_attempts=1)
    held = given(closed, checkout=a_known_checkout(ended)).when(completed())
    again = in_checkout(ended, held.order)  # type: ignore[union-attr]
    change = again.changed_by(completed())
    assert (change.order.status, change.order.asked) == ("finalized", EUR_43)
