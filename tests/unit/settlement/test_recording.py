"""What is put on record without moving anything: declines, disputes, cancel requests, and repetitions."""

from dataclasses import replace
from typing import Any

import pytest

from orders.disputes import Dispute
from orders.money import Money
from orders.order import OrderStatus
from orders.payments import Payment, Payments, PaymentState
from settlement.decisions import Change
from settlement.snapshot import CancelRequest, KnownDispute
from tests.support.builders import (
    LATER,
    NOW,
    a_cancel_request,
    a_dispute,
    a_failure,
    a_payment,
    a_placement,
    a_processing,
    a_subscription,
)
from tests.support.deciding import (
    CANCEL_REQUESTED,
    a_change,
    a_counted_order,
    a_held_order,
    a_known_payment,
    a_sold_order,
    given,
    paid_as,
    to_customer,
    to_operators,
    unchanged,
)

# --- Declines --------------------------------------------------------------------------------------------------------

DECLINE, LATER_DECLINE = a_failure().decline, a_failure(charge_id="ch_1", created_at=LATER).decline
NEWS = to_customer("payment_failed", "insufficient_funds")


def test_a_decline_is_recorded_and_leaves_the_hold() -> None:
    failed = Payments.of(Payment("pi_1", PaymentState.FAILED, NOW, charge_id="ch_0"))
    declined = a_change("payment_failed", a_held_order(decline=DECLINE, payments=failed), None, NEWS)
    assert given(a_held_order()).when(a_failure()) == declined


def test_where_the_bank_gives_no_reason_the_customer_is_notified_of_the_code() -> None:
    change = given(a_held_order()).changed_by(a_failure(decline_code=None))
    assert change.notices == (to_customer("payment_failed", "card_declined"),)


LESS = replace(DECLINE, decline_code=None, charge_id=None)
DECLINED = {
    # what is known, what is reported: what is known then, whether it is news
    "again": (DECLINE, a_failure(event_type="charge.failed", decline_code=None), DECLINE, False),
    "again, and more of it": (LESS, a_failure(), DECLINE, False),
    "the next one": (DECLINE, a_failure(charge_id="ch_1", created_at=LATER), LATER_DECLINE, True),
    "an earlier one": (LATER_DECLINE, a_failure(), LATER_DECLINE, False),
}


@pytest.mark.parametrize(("known", "event", "known_then", "is_news"), DECLINED.values(), ids=DECLINED)
def test_only_a_later_decline_than_the_known_one_is_news(
    known: object, event: Any, known_then: object, *, is_news: bool
) -> None:
    change = given(a_held_order(decline=known)).changed_by(event)
    assert (change.result, change.order.decline) == ("payment_failed", known_then)
    assert change.notices == ((NEWS,) if is_news else ())


# --- Disputes --------------------------------------------------------------------------------------------------------

DISPUTE, NEEDS_RESPONSE = a_dispute().dispute, "dispute: dp_1 is needs_response"


def known_as(status: str, order_id: str = "order-1", **changes: Any) -> KnownDispute:
    """The dispute, as it was known before."""
    return KnownDispute(order_id, replace(DISPUTE, status=status, **changes), "dispute as read")


def disputed(dispute: Dispute, note: str, *notices: Any, open_disputes: int = 1) -> Change:
    order = a_sold_order(open_disputes=open_disputes)
    return a_change("dispute_recorded", order, None, *notices, note=note, dispute=dispute)


@pytest.mark.parametrize("payments", [paid_as(), paid_as(money=Money(5_000, "eur"))], ids=["all", "a part"])
def test_a_dispute_is_recorded_and_operators_are_notified_of_what_is_disputed(payments: Payments) -> None:
    change = given(a_sold_order(payments=payments)).changed_by(a_dispute(order_id="order-1"))
    assert replace(change, order=replace(change.order, payments=paid_as())) == disputed(
        DISPUTE, NEEDS_RESPONSE, to_operators("dispute", NEEDS_RESPONSE)
    )


OPEN_DISPUTES = {
    # what was known, how many were open, what is reported, how many are open then
    "the first, undecided": (None, None, "needs_response", 1),
    "the first, decided": (None, None, "lost", 0),
    "another": (None, 1, "needs_response", 2),
    "another, decided": (None, 1, "prevented", 1),
    "further": (known_as("needs_response"), 1, "under_review", 1),
    "further, beside another": (known_as("needs_response"), 2, "under_review", 2),
    "decided": (known_as("under_review"), 1, "won", 0),
    "decided, beside another": (known_as("under_review"), 2, "lost", 1),
    "decided otherwise": (known_as("won"), 1, "lost", 1),
    "appealed": (known_as("lost"), 0, "under_review", 1),
    "appealed, beside another": (known_as("won"), 1, "needs_response", 2),
    "in a status that nobody knows": (known_as("needs_response"), 1, "a_status_to_come", 1),
    "unreadable before": (KnownDispute("order-1", None, "dispute as read"), 0, "needs_response", 1),
    "of another order before": (known_as("needs_response", "order-2"), 1, "lost", 1),
    "not counted before": (known_as("needs_response"), 0, "under_review", 1),
}


@pytest.mark.parametrize(("known", "open_before", "status", "open_then"), OPEN_DISPUTES.values(), ids=OPEN_DISPUTES)
def test_an_order_counts_its_open_disputes_and_operators_are_notified_of_each_status(
    known: KnownDispute | None, open_before: int | None, status: str, open_then: int
) -> None:
    event, note = a_dispute(status=status, order_id="order-1", created_at=LATER), f"dispute: dp_1 is {status}"
    change = given(a_sold_order(open_disputes=open_before), dispute=known).changed_by(event)
    assert change == disputed(event.dispute, note, to_operators("dispute", note), open_disputes=open_then)


def test_a_dispute_in_which_only_the_time_has_changed_is_recorded_and_is_no_news() -> None:
    event = a_dispute(order_id="order-1", created_at=LATER)
    known = given(a_sold_order(open_disputes=1), dispute=known_as("needs_response"))
    assert known.when(event) == disputed(event.dispute, NEEDS_RESPONSE)


@pytest.mark.parametrize("known", [known_as("needs_response"), known_as("lost", told_at=LATER)], ids=["again", "late"])
def test_what_is_known_of_a_dispute_changes_nothing(known: KnownDispute) -> None:
    order = a_sold_order(open_disputes=1)
    assert given(order, dispute=known).when(a_dispute(order_id="order-1")) == a_change("already_recorded", order)


# --- Cancel requests -------------------------------------------------------------------------------------------------

NOT_THE_OWNER = "not_the_owner: the request is not the customer's own"
NO_REQUEST = "no_request: nobody has asked for the order to be cancelled"
NOT_HEARD = {
    # who has asked, whose order it is, and why nothing happens
    "nobody": (None, "alice", NO_REQUEST),
    "somebody else": (CancelRequest("mallory", "v"), "alice", NOT_THE_OWNER),
    "nobody in particular": (CancelRequest(None, "v"), "alice", NOT_THE_OWNER),
    "nobody in particular, for nobody's order": (CancelRequest(None, "v"), None, NOT_THE_OWNER),
    "somebody, for nobody's order": (CancelRequest("alice", "v"), None, NOT_THE_OWNER),
}


@pytest.mark.parametrize("status", [status for status in OrderStatus if status is not OrderStatus.UNKNOWN])
@pytest.mark.parametrize(("request_read", "user_id", "why"), NOT_HEARD.values(), ids=NOT_HEARD)
def test_only_the_orders_own_customer_is_heard_whoever_says_that_there_is_a_request(
    request_read: CancelRequest | None, user_id: str | None, why: str, status: str
) -> None:
    order = given(a_held_order(status, user_id=user_id), cancel_request=request_read)
    assert order.when(a_cancel_request()) == unchanged("ignored", why)


def test_a_forged_request_does_not_even_give_back_what_a_late_payment_is_holding() -> None:
    counted = given(a_counted_order(held_from="expired"), cancel_request=None)
    assert counted.when(a_cancel_request()) == unchanged("ignored", NO_REQUEST)


@pytest.mark.parametrize("status", ["finalized", "partially_refunded", "refund_due", "review"])
def test_a_request_to_cancel_a_paid_order_is_recorded_for_operators(status: str) -> None:
    order, note = a_held_order(status, cancel_requested_at=NOW), "cancel_requested: the order is paid"
    notice = to_operators("cancel_requested", note)
    recorded = a_change("cancel_request_recorded", order, None, notice, note=note, **CANCEL_REQUESTED)
    assert given(a_held_order(status)).when(a_cancel_request()) == recorded


@pytest.mark.parametrize(("status", "result"), [("refunded", "already_finalized"), ("unknown", "unknown_status")])
def test_a_request_to_cancel_what_nobody_can_cancel_is_settled_and_changes_nothing(status: str, result: str) -> None:
    changes_nothing = a_change(result, a_held_order(status), **CANCEL_REQUESTED)
    assert given(a_held_order(status)).when(a_cancel_request()) == changes_nothing


@pytest.mark.parametrize("status", ["failed", "expired", "cancelled"])
def test_a_request_to_cancel_what_is_over_is_only_remembered(status: str) -> None:
    remembered = a_change(f"already_{status}", a_held_order(status, cancel_requested_at=NOW), **CANCEL_REQUESTED)
    assert given(a_held_order(status)).when(a_cancel_request()) == remembered


# --- Subscriptions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", list(OrderStatus))
def test_a_session_that_sold_a_subscription_pays_for_no_order_and_operators_are_notified(status: str) -> None:
    note = "subscription: a session that names this order has sold a subscription, which pays for no order"
    order, notice = a_held_order(status), to_operators("subscription", note)
    assert given(order).when(a_subscription()) == a_change("not_paid", order, None, notice, note=note)


# --- Repetitions -----------------------------------------------------------------------------------------------------

PAID = {
    "finalized": "already_finalized",
    "partially_refunded": "already_finalized",
    "refunded": "already_finalized",
    "refund_due": "already_refund_due",
    "review": "already_quarantined",
}
OVER = {"failed": "already_failed", "expired": "already_expired", "cancelled": "already_cancelled"}
NOTHING_TO_DO = [
    *((a_processing(), status, result) for status, result in {**PAID, **OVER, "unknown": "unknown_status"}.items()),
    *((a_payment(), status, result) for status, result in PAID.items()),
    *((a_failure(), status, result) for status, result in PAID.items()),
]


@pytest.mark.parametrize(("event", "status", "result"), NOTHING_TO_DO)
def test_what_comes_too_late_changes_nothing_and_never_takes_back_a_refund(
    event: Any, status: str, result: str
) -> None:
    order = a_held_order(status, payments=paid_as())
    assert given(order).when(event) == a_change(result, order)


@pytest.mark.parametrize("known", [{"finalized_at": NOW}, {"unfulfilled_as": "refund_due"}], ids=["sold", "refund due"])
@pytest.mark.parametrize("status", ["unknown", "cancelled", "expired", "failed", "pending", "reserved"])
def test_a_paid_order_to_which_somebody_else_gave_a_status_is_not_paid_or_placed_again(
    status: str, known: dict[str, Any]
) -> None:
    order = a_held_order(status, payments=paid_as(), **known)
    paid_by_it = given(order, payments={"pi_1": a_known_payment(), "ch_1": a_known_payment()})
    assert paid_by_it.when(a_payment()) == a_change("unknown_status", order)
    assert paid_by_it.when(a_placement()) == a_change("already_placed", order, entry_id="placed_order-1")


@pytest.mark.parametrize("status", [one for one in OrderStatus if one not in ("pending", "reserving", "unknown")])
def test_the_trigger_after_the_hold_puts_the_order_on_record_as_placed_and_changes_nothing(status: str) -> None:
    order = a_held_order(status)
    assert given(order).when(a_placement()) == a_change("already_placed", order, entry_id="placed_order-1")


def test_an_order_that_was_cancelled_before_its_trigger_is_not_on_record_so_that_it_can_be_paid_after_all() -> None:
    order = a_held_order("cancelled", reserved_at=None)
    assert given(order).when(a_placement()) == unchanged("already_placed")
