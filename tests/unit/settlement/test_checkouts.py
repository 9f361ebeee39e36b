"""Sessions that the service opens itself: claimed once, believed for what they add, and ended before their order."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from effects.effect import EffectKind, a_stripe_call
from orders.adjustments import ADJUSTMENTS_MAX, Adjustment, AdjustmentKind
from orders.checkout import Checkout, CheckoutState, SessionTotals
from orders.events import OrderEvent, PaymentCanceled, PaymentProcessing, PaymentSucceeded
from orders.money import Money
from orders.order import Order, OrderStatus
from orders.outcome import Outcome, Result
from orders.payments import Payment, Payments, PaymentState
from settlement.decisions import Change, Hold, Look, Unchanged
from settlement.snapshot import KnownPayment
from tests.support.builders import LATER, NOW, TERMS, a_cancel_request, a_lapse, a_placement
from tests.support.checkouts import a_checkout, a_session_end, an_open_checkout, an_opening
from tests.support.deciding import Given, given
from tests.support.decisions import RELEASED, to_customer
from tests.support.orders import EUR_36, PAID, a_held_order, a_pending_order, a_sold_order, an_order_in_checkout, known
from tests.support.payments import a_cancellation, a_failure, a_payment, a_processing
from tests.support.refunds import a_refund, a_refunded_charge
from tests.support.snapshots import a_known_checkout

OPEN = an_open_checkout()
EUR_43 = Money(4_300, "eur")
TOTALS = SessionTotals(subtotal=3_600, total=4_300, discount=100, shipping=490, tax=310, currency="eur")
PARTS = (
    Adjustment(AdjustmentKind.DISCOUNT, -100),
    Adjustment(AdjustmentKind.SHIPPING, 490),
    Adjustment(AdjustmentKind.TAX, 310),
)
UNTIL = OPEN.expires_at + timedelta(minutes=5)
OVER: dict[str, Any] = {"reservation_expires_at": NOW, "checkout_until": NOW}
"""Its time is out, and nobody has said a word of its session."""


def in_checkout(checkout: Checkout | None = OPEN, order: Order | None = None, **changes: Any) -> Given:
    """The order, whose latest attempt is this one; None if nothing is known of any."""
    order = order or an_order_in_checkout(checkout or OPEN, **changes)
    return given(order, shirts=(10, 3), checkout=checkout and a_known_checkout(checkout))


def in_session(event: PaymentSucceeded, attempt: int | None = 1) -> PaymentSucceeded:
    return replace(event, attempt=attempt)


def completed(totals: SessionTotals | None = TOTALS, session_id: str = "cs_1", **more: Any) -> PaymentSucceeded:
    paid = Money(totals.total, totals.currency) if totals else EUR_43
    event = a_payment("evt_session", money=paid, charge_id=None, event_type="checkout.session.completed", **more)
    return replace(in_session(event), session_id=session_id, totals=totals)


def session_expired(session_id: str = "cs_1", payment_intent_id: str | None = None) -> PaymentCanceled:
    event = a_cancellation(payment_intent_id=payment_intent_id, event_type="checkout.session.expired")
    return replace(event, session_id=session_id)


CHARGE = in_session(a_payment("evt_charge", money=EUR_43, event_type="charge.succeeded"))
INTENT = in_session(a_payment("evt_intent", money=EUR_43, event_type="payment_intent.succeeded"))


def after(*events: OrderEvent, checkout: Checkout = OPEN, order: Order | None = None) -> Change:
    """The last of what these events change, one after the other."""
    order, change = order or an_order_in_checkout(checkout), None
    for event in events:
        change = in_checkout(checkout, order).changed_by(event)
        order, checkout = change.order, change.checkout or checkout
    assert change
    return replace(change, checkout=checkout)


# --- An attempt is claimed --------------------------------------------------------------------------------------------


def test_an_attempt_holds_the_order_for_as_long_as_its_session_may_be_open() -> None:
    change = given(a_held_order()).changed_by(an_opening())
    assert (change.result, change.checkout, change.notices, change.moves) == ("checkout_opened", a_checkout(), (), ())
    assert change.order == an_order_in_checkout(a_checkout())
    assert change.entry_id == "opened_order-1_1"


def test_a_hold_is_never_made_shorter_by_an_attempt() -> None:
    held_by_hand = a_held_order(reservation_expires_at=NOW + timedelta(hours=5))
    assert given(held_by_hand).changed_by(an_opening()).order.reservation_expires_at == NOW + timedelta(hours=5)


@pytest.mark.parametrize("state", [CheckoutState.EXPIRED, CheckoutState.COMPLETE])
def test_the_next_attempt_comes_after_one_that_is_over(state: CheckoutState) -> None:
    earlier = a_known_checkout(an_open_checkout(state=state))
    change = given(a_held_order(checkout_attempts=1), checkout=earlier).changed_by(an_opening(attempt=2))
    assert (change.result, change.order.checkout_attempts) == ("checkout_opened", 2)


def test_the_next_attempt_asks_for_nothing_that_was_added_in_a_session_whose_payment_failed() -> None:
    sepa = replace(a_processing(until=LATER), session_id="cs_1", totals=TOTALS)
    change = after(sepa, a_failure("evt_2", created_at=NOW + timedelta(seconds=1)))
    assert change.checkout and (change.checkout.state, change.order.asked) == ("complete", EUR_43)
    again = given(change.order, checkout=a_known_checkout(change.checkout)).changed_by(an_opening(attempt=2))
    assert (again.result, again.order.asked, again.order.adjustments) == ("checkout_opened", EUR_36, ())
    assert again.order.total == EUR_36


UNDER_WAY = Payments.of(Payment("pi_1", PaymentState.PROCESSING, NOW, until=LATER))
NOT_THE_NEXT: dict[str, tuple[Order, Checkout | None, dict[str, Any]]] = {
    "not_the_owner": (a_held_order(user_id="mallory"), None, {}),
    "still_open": (an_order_in_checkout(OPEN), OPEN, {"attempt": 2}),
    "still_open, unrecorded": (an_order_in_checkout(a_checkout()), a_checkout(), {}),
    "not_the_next": (a_held_order(), None, {"attempt": 2}),
    "not_the_next, again": (a_held_order(), an_open_checkout(state=CheckoutState.EXPIRED), {}),
    "another_price": (a_held_order(total=Money(3_700, "eur")), None, {}),
    "another_price, unreadable": (a_held_order(price_defect="no"), None, {}),
    "payment_under_way": (a_held_order(payments=UNDER_WAY), None, {}),
    "payment_under_way, there": (a_held_order(payments=Payments.of(replace(PAID, money=Money(1, "eur")))), None, {}),
    "held_too_long": (a_held_order(reserved_at=NOW - TERMS.hold_max + timedelta(minutes=44)), None, {}),
}


@pytest.mark.parametrize(("order", "latest", "changes"), NOT_THE_NEXT.values(), ids=NOT_THE_NEXT)
def test_no_other_attempt_is_claimed(
    order: Order, latest: Checkout | None, changes: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    decided = given(order, checkout=latest and a_known_checkout(latest)).when(an_opening(**changes))
    assert isinstance(decided, Unchanged)
    assert (decided.outcome.result, decided.outcome.order_id) == ("checkout_not_opened", "order-1")
    assert (decided.outcome.note or "").startswith(request.node.callspec.id.partition(",")[0] + ":")


def test_an_attempt_that_is_not_the_next_says_which_was_the_latest() -> None:
    latest = a_known_checkout(an_open_checkout(2, state=CheckoutState.EXPIRED))
    notes = [given(a_held_order(), checkout=each).when(an_opening(attempt=2)).outcome.note for each in (None, latest)]  # type: ignore[union-attr]
    assert notes == ["not_the_next: 2 does not come after 0", "not_the_next: 2 does not come after 2"]


def test_no_session_is_opened_for_an_order_that_is_sold_nor_ended() -> None:
    sold = given(a_sold_order())
    not_reserved = Outcome(Result.CHECKOUT_NOT_OPENED, "order-1", "not_reserved: it is finalized")
    assert sold.when(an_opening()) == Unchanged(not_reserved)
    assert sold.when(a_session_end()) == Unchanged(Outcome(Result.ALREADY_ENDED, "order-1"))


def test_an_order_can_be_paid_for_until_its_last_day() -> None:
    last = a_held_order(reserved_at=NOW - TERMS.hold_max + timedelta(minutes=45))
    assert given(last).changed_by(an_opening()).result == "checkout_opened"


def test_a_free_session_that_paid_for_nothing_is_in_nobodys_way() -> None:
    free = Payments.of(replace(PAID, money=Money(0, "eur")))
    assert given(a_held_order(payments=free)).changed_by(an_opening()).result == "checkout_opened"


# --- What Stripe adds -------------------------------------------------------------------------------------------------


def test_what_stripe_adds_is_paid_for_in_whatever_order_it_is_reported() -> None:
    for events in permutations([CHARGE, INTENT, completed()]):
        change = after(*events)
        order = change.order
        assert (order.status, order.asked, order.received) == ("finalized", EUR_43, EUR_43)
        assert (order.adjustments, order.items_total, order.priced_by_checkout) == (PARTS, EUR_36, True)
        assert (order.checkout_until, order.failure_reason) == (None, None)
        assert change.checkout and change.checkout.state == "complete"


def test_money_that_does_not_match_is_kept_until_the_open_session_has_said_what_it_cost() -> None:
    change = in_checkout().changed_by(CHARGE)
    assert (change.result, change.order.status, change.notices) == ("awaiting_checkout", "reserved", ())
    assert change.moves == ()
    assert change.order.payments.succeeded
    assert change.order.reservation_expires_at == UNTIL
    assert "4300 eur was paid, 3600 eur was asked" in (change.note or "")


def test_it_is_kept_for_the_usual_time_at_least() -> None:
    an_hour_ago = NOW - timedelta(hours=1)
    nearly_over: dict[str, Any] = {"reserved_at": an_hour_ago, "checkout_until": LATER, "reservation_expires_at": LATER}
    change = in_checkout(**nearly_over).changed_by(CHARGE)
    assert change.order.reservation_expires_at == NOW + TERMS.reservation


def test_what_was_refunded_meanwhile_is_known_once_the_session_has_spoken() -> None:
    refund = a_refunded_charge("evt_r", a_refund(amount=4_300), total=4_300, paid=EUR_43)
    assert after(refund, completed()).order.status == "refunded"


NOT_WAITED_FOR: dict[str, tuple[Checkout | None, dict[str, Any]]] = {
    "nothing may be added": (an_open_checkout(adds=False), {}),
    "it has spoken": (an_open_checkout(state=CheckoutState.COMPLETE), {}),
    "it is nowhere": (None, {}),
    "there is none": (OPEN, {"checkout_until": None}),
    "what is asked cannot be read": (OPEN, {"price_defect": "no"}),
}


@pytest.mark.parametrize(("checkout", "changes"), NOT_WAITED_FOR.values(), ids=NOT_WAITED_FOR)
def test_a_session_is_not_waited_for_where(checkout: Checkout | None, changes: dict[str, Any]) -> None:
    assert in_checkout(checkout, **changes).changed_by(CHARGE).result == "quarantined"


def test_a_payment_that_has_paid_for_another_order_is_not_kept_for_this_one() -> None:
    elsewhere = {"pi_1": KnownPayment("order-2", (), "payment as read")}
    order = an_order_in_checkout(OPEN)
    shop = given(order, shirts=(10, 3), checkout=a_known_checkout(OPEN), payments=elsewhere)
    assert shop.changed_by(CHARGE).result == "quarantined"


def test_what_an_order_says_of_sessions_before_it_was_ever_held_is_forgotten() -> None:
    hostile = a_pending_order(checkout_attempts=5, checkout_until=UNTIL, priced_by_checkout=True)
    held = given(hostile).when(a_placement())
    assert isinstance(held, Hold)
    assert (held.order.checkout_attempts, held.order.checkout_until, held.order.priced_by_checkout) == (0, None, False)


def test_an_ordinary_payment_never_looks_for_a_session() -> None:
    assert given(a_held_order()).looks_for(CHARGE) == []
    assert in_checkout().looks_for(in_session(a_payment())) == []
    assert in_checkout().looks_for(CHARGE) == [Look(checkout=True)]
    assert in_checkout().looks_for(completed()) == []


UNBELIEVED: dict[str, PaymentSucceeded] = {
    "another session": completed(session_id="cs_2"),
    "no session": replace(completed(), session_id=None),
    "another subtotal": completed(replace(TOTALS, subtotal=3_500, total=4_200)),
    "another currency": completed(replace(TOTALS, currency="usd")),
    "parts that do not come to its total": completed(replace(TOTALS, total=4_301)),
    "parts that come to less": completed(replace(TOTALS, total=3_989)),
    "no parts": completed(None),
}


@pytest.mark.parametrize("event", UNBELIEVED.values(), ids=UNBELIEVED)
def test_nothing_else_is_believed_for_what_was_added(event: PaymentSucceeded) -> None:
    change = in_checkout().changed_by(event)
    assert (change.order.status, change.order.adjustments) in [("review", ()), ("reserved", ())]
    assert change.order.finalized_at is None


def test_a_total_that_the_backend_gave_to_items_without_a_price_is_what_the_session_adds_to() -> None:
    order = in_checkout(order=an_order_in_checkout(OPEN, items_total=None)).changed_by(completed()).order
    assert (order.status, order.total, order.adjustments) == ("finalized", EUR_43, PARTS)


def test_a_session_of_another_price_than_the_order_has_by_now_is_not_believed() -> None:
    dearer = an_order_in_checkout(OPEN, adjustments=(Adjustment(AdjustmentKind.TIP, 100),))
    assert in_checkout(order=dearer).changed_by(completed()).result == "quarantined"


def test_what_the_backend_had_added_stays_beside_what_stripe_adds() -> None:
    tip = Adjustment(AdjustmentKind.TIP, 100)
    checkout = an_open_checkout(asked=Money(3_700, "eur"))
    order = an_order_in_checkout(checkout, adjustments=(tip,))
    change = in_checkout(checkout, order).changed_by(completed(replace(TOTALS, subtotal=3_700, total=4_400)))
    assert (change.order.status, change.order.adjustments) == ("finalized", (tip, *PARTS))


def test_a_total_that_the_backend_had_written_is_part_of_the_sum() -> None:
    checkout = an_open_checkout(asked=Money(3_000, "eur"))
    order = an_order_in_checkout(checkout, total=Money(3_000, "eur"))
    change = in_checkout(checkout, order).changed_by(completed(replace(TOTALS, subtotal=3_000, total=3_700)))
    written = Adjustment(AdjustmentKind.OTHER, -600)
    assert (change.order.status, change.order.adjustments, change.order.asked) == (
        *("finalized", (written, *PARTS)),
        Money(3_700, "eur"),
    )


def test_tax_that_the_prices_contain_is_not_added() -> None:
    included = replace(TOTALS, total=3_990, tax=700)
    order = in_checkout().changed_by(completed(included)).order
    assert (order.status, order.asked, order.adjustments) == ("finalized", Money(3_990, "eur"), PARTS[:2])


def test_a_session_that_a_code_made_free_pays_for_its_order() -> None:
    free = SessionTotals(3_600, 0, discount=3_600, shipping=0, tax=0, currency="eur")
    order = in_checkout().changed_by(completed(free, payment_intent_id=None)).order
    assert (order.status, order.asked) == ("finalized", Money(0, "eur"))


def test_what_a_session_adds_is_the_price_also_if_nobody_expected_it_to_add() -> None:
    order = in_checkout(an_open_checkout(adds=False)).changed_by(completed()).order
    assert (order.total, order.priced_by_checkout) == (EUR_43, True)


@pytest.mark.parametrize(("before", "total"), [(ADJUSTMENTS_MAX - 3, EUR_43), (ADJUSTMENTS_MAX - 2, EUR_36)])
def test_a_session_adds_no_more_parts_than_an_order_can_have(before: int, total: Money) -> None:
    order = an_order_in_checkout(OPEN, adjustments=(Adjustment(AdjustmentKind.OTHER, 0),) * before)
    assert in_checkout(OPEN, order).changed_by(completed()).order.total == total


def test_a_session_that_adds_nothing_leaves_the_price_as_it_was() -> None:
    plain = SessionTotals(3_600, 3_600, discount=0, shipping=0, tax=0, currency="eur")
    checkout = an_open_checkout(adds=False)
    change = after(completed(plain), checkout=checkout)
    assert (change.order.status, change.order.adjustments, change.order.priced_by_checkout) == ("finalized", (), False)


def test_parts_that_come_to_nothing_are_shown_also_of_an_order_that_its_charge_has_settled() -> None:
    even = SessionTotals(3_600, 3_600, discount=490, shipping=490, tax=0, currency="eur")
    order = after(a_payment("evt_charge"), completed(even)).order
    assert order.adjustments == (
        Adjustment(AdjustmentKind.DISCOUNT, -490),
        Adjustment(AdjustmentKind.SHIPPING, 490),
    )
    assert (order.status, order.asked) == ("finalized", EUR_36)


def test_they_are_shown_once_however_often_the_session_says_so() -> None:
    even = completed(SessionTotals(3_600, 3_600, discount=490, shipping=490, tax=0, currency="eur"))
    again = replace(even, delivery=replace(even.delivery, event_id="evt_again"))
    assert len(after(even, again).order.adjustments) == 2


def test_an_order_that_others_have_paid_is_not_given_the_price_of_a_session_that_is_paid_too() -> None:
    change = after(a_payment("evt_other"), completed(payment_intent_id="pi_2"))
    assert (change.order.asked, change.order.adjustments) == (EUR_36, ())
    assert "second_payment" in (change.note or "")


def test_a_session_says_what_it_cost_before_slow_money_is_there() -> None:
    slow: PaymentProcessing = replace(a_processing("evt_unpaid", until=LATER), session_id="cs_1", totals=TOTALS)
    change = in_checkout().changed_by(slow)
    assert (change.result, change.order.asked, change.order.checkout_until) == ("hold_extended", EUR_43, None)
    assert after(slow, CHARGE).order.status == "finalized"
    later = replace(completed(), delivery=replace(completed().delivery, event_id="evt_later"))
    reported: list[OrderEvent] = [CHARGE, slow, later]
    for events in permutations(reported):
        assert after(*events).order.status == "finalized"


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


# --- Other money than the session's -----------------------------------------------------------------------------------

OTHER = a_payment("evt_other", payment_intent_id="pi_2", charge_id="ch_2")
OTHER_AMOUNT = a_payment("evt_other", money=Money(1, "eur"), payment_intent_id="pi_2", charge_id="ch_2")
BESIDE = pytest.mark.parametrize(
    ("other", "status"), [(OTHER, "finalized"), (OTHER_AMOUNT, "review")], ids=["paid", "review"]
)


@BESIDE
@pytest.mark.parametrize("attempt", [None, 2], ids=["unnamed", "of another attempt"])
def test_an_order_that_other_money_has_reached_has_its_session_ended_and_shown_to_nobody(
    other: PaymentSucceeded, status: str, attempt: int | None
) -> None:
    change = in_checkout().changed_by(in_session(other, attempt))
    assert change.order.status == status
    assert change.checkout == replace(OPEN, url=None, ends_as=OrderStatus(status))
    effect = a_stripe_call(EffectKind.STRIPE_EXPIRE_SESSION, "cs_1", "order-1", "evt_other", "alice")
    assert change.effects == (effect,)


def test_it_is_ended_once_however_often_that_money_is_reported() -> None:
    again = replace(OTHER, delivery=replace(OTHER.delivery, event_id="evt_again"))
    change = after(OTHER, again)
    assert (change.effects, change.checkout) == ((), replace(OPEN, url=None, ends_as=OrderStatus.FINALIZED))


@BESIDE
def test_it_is_ended_too_after_a_declined_attempt_to_pay_in_it(other: PaymentSucceeded, status: str) -> None:
    change = after(replace(a_failure(), attempt=1), other)
    assert (change.order.status, len(change.effects)) == (status, 1)


@pytest.mark.parametrize("own", [CHARGE, INTENT, completed(), replace(a_processing(until=LATER), attempt=1)])
def test_a_session_is_never_ended_because_of_its_own_money_nor_once_that_is_on_its_way(own: OrderEvent) -> None:
    for events in ([own], [own, OTHER], [own, OTHER_AMOUNT]):
        change = after(*events)
        assert (change.effects, change.checkout and change.checkout.ends_as) == ((), None)


def test_a_session_from_before_payments_named_their_attempt_is_left_to_run_out() -> None:
    before = an_open_checkout(is_marked=False)
    change = in_checkout(before).changed_by(OTHER)
    assert (change.order.status, change.checkout, change.effects) == ("finalized", None, ())
    assert in_checkout(before).changed_by(in_session(CHARGE, None)).result == "awaiting_checkout"


def test_an_attempt_that_has_no_session_yet_is_closed_so_that_nobody_is_shown_one() -> None:
    change = in_checkout(a_checkout()).changed_by(OTHER)
    assert change.checkout
    assert (change.checkout.state, change.checkout.request, change.effects) == ("expired", None, ())
    assert change.order.checkout_until is None


@pytest.mark.parametrize("checkout", [None, an_open_checkout(state=CheckoutState.EXPIRED)])
def test_nobody_looks_for_a_session_again_that_is_known_to_be_over(checkout: Checkout | None) -> None:
    change = in_checkout(checkout).changed_by(OTHER)
    assert (change.order.checkout_until, change.checkout, change.effects) == (None, None, ())


def test_a_session_that_was_to_end_already_is_not_ended_twice() -> None:
    ending = an_open_checkout(ends_as=OrderStatus.CANCELLED)
    change = in_checkout(ending).changed_by(OTHER)
    assert (change.order.status, change.effects, change.checkout) == ("finalized", (), None)
    found_complete = in_checkout(ending, change.order).changed_by(a_session_end(is_complete=True))
    assert found_complete.checkout == replace(ending, url=None)


@BESIDE
def test_once_it_is_ended_that_is_on_record_and_the_order_is_as_it_was(other: PaymentSucceeded, status: str) -> None:
    change = after(other, a_session_end())
    assert (change.result, change.order.status, change.moves, change.notices) == ("checkout_ended", status, (), ())
    assert change.checkout
    assert (change.checkout.state, change.checkout.ends_as, change.order.checkout_until) == ("expired", None, None)


def test_a_customer_who_was_faster_than_its_end_has_their_money_counted_with_what_the_session_says() -> None:
    found_complete = after(OTHER_AMOUNT, a_session_end(is_complete=True))
    assert (found_complete.result, found_complete.order.status) == ("checkout_complete", "review")
    assert (found_complete.checkout and found_complete.checkout.state, found_complete.effects) == ("open", ())
    change = after(OTHER_AMOUNT, a_session_end(is_complete=True), CHARGE, completed())
    assert (change.order.status, change.order.asked, change.checkout and change.checkout.state) == (
        *("finalized", EUR_43),
        "complete",
    )
