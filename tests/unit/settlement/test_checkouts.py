"""Our own session is believed about what it adds to the price, and waited for until it has reported that."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from orders.adjustments import ADJUSTMENTS_MAX, Adjustment, AdjustmentKind
from orders.checkout import Checkout, CheckoutState, SessionTotals
from orders.events import OrderEvent, PaymentProcessing, PaymentSucceeded
from orders.money import Money
from settlement.decisions import Hold, Look
from settlement.snapshot import KnownPayment
from tests.support.builders import LATER, NOW, TERMS, a_placement
from tests.support.checkouts import an_open_checkout
from tests.support.deciding import given
from tests.support.in_checkout import (
    CHARGE,
    EUR_43,
    INTENT,
    OPEN,
    PARTS,
    TOTALS,
    UNTIL,
    after,
    completed,
    in_checkout,
    in_session,
)
from tests.support.orders import EUR_36, a_held_order, a_pending_order, an_order_in_checkout
from tests.support.payments import a_payment, a_processing
from tests.support.refunds import a_refund, a_refunded_charge
from tests.support.snapshots import a_known_checkout


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


@pytest.mark.parametrize("what", UNBELIEVED)
def test_nothing_else_is_believed_for_what_was_added(what: str) -> None:
    change = in_checkout().changed_by(UNBELIEVED[what])
    # What is not of the order's own session leaves that to say what it cost.
    status = "reserved" if what in ("another session", "no session") else "review"
    assert (change.order.status, change.order.adjustments, change.order.finalized_at) == (status, (), None)


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


@pytest.mark.parametrize("currency", ["eur", "usd"])
def test_a_total_that_the_backend_had_written_is_part_of_the_sum(currency: str) -> None:
    checkout = an_open_checkout(asked=Money(3_000, currency))
    order = an_order_in_checkout(checkout, total=Money(3_000, currency))
    change = in_checkout(checkout, order).changed_by(
        completed(replace(TOTALS, subtotal=3_000, total=3_700, currency=currency))
    )
    written = Adjustment(AdjustmentKind.OTHER, -600)
    assert (change.order.status, change.order.adjustments, change.order.asked) == (
        *("finalized", (written, *PARTS)),
        Money(3_700, currency),
    )
    # So the next session asks for whatever total the backend has written by then.
    assert change.order.added == (written, *PARTS)


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
    assert order.adjustments == (Adjustment(AdjustmentKind.DISCOUNT, -490), Adjustment(AdjustmentKind.SHIPPING, 490))
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
