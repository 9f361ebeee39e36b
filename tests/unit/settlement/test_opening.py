"""Sessions of our own are claimed once, one after the other, while the order can still be paid."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orders.checkout import Checkout, CheckoutState
from orders.money import Money
from orders.order import Order
from orders.outcome import Outcome, Result
from orders.payments import Payment, Payments, PaymentState
from settlement.decisions import Unchanged
from tests.support.builders import LATER, NOW, TERMS
from tests.support.checkouts import a_checkout, a_session_end, an_open_checkout, an_opening
from tests.support.deciding import given
from tests.support.in_checkout import EUR_43, OPEN, TOTALS, after
from tests.support.orders import EUR_36, PAID, a_held_order, a_sold_order, an_order_in_checkout
from tests.support.payments import a_failure, a_processing
from tests.support.snapshots import a_known_checkout


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
    # Should the backend take all of it away, what was asked before is asked again.
    assert replace(change.order, adjustments=()).asked == EUR_36
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


def test_a_free_session_that_paid_for_nothing_blocks_nothing() -> None:
    free = Payments.of(replace(PAID, money=Money(0, "eur")))
    assert given(a_held_order(payments=free)).changed_by(an_opening()).result == "checkout_opened"
