"""Events recorded without moving anything: declines, disputes, cancel requests, repetitions."""

from dataclasses import replace
from typing import Any

import pytest

from orders.disputes import Dispute
from orders.money import Money
from orders.payments import Payment, Payments, PaymentState
from settlement.decisions import Change
from settlement.snapshot import CancelRequest, KnownDispute
from tests.support.builders import LATER, NOW, a_cancel_request, a_lapse, a_placement
from tests.support.deciding import given
from tests.support.decisions import CANCEL_REQUESTED, PLACED, a_change, to_customer, to_operators, unchanged
from tests.support.orders import a_counted_order, a_held_order, a_sold_order, known, paid_as
from tests.support.payments import a_failure, a_payment, a_processing, a_subscription
from tests.support.refunds import a_dispute
from tests.support.snapshots import a_known_payment

# --- Declines --------------------------------------------------------------------------------------------------------

DECLINE, LATER_DECLINE = a_failure().decline, a_failure(charge_id="ch_1", created_at=LATER).decline
NEWS = to_customer("payment_failed", "insufficient_funds")


def test_a_decline_is_recorded_leaves_the_hold_and_tells_the_customer_why_or_else_with_which_code() -> None:
    failed = Payments.of(Payment("pi_1", PaymentState.FAILED, NOW, charge_id="ch_0"))
    declined = a_change("payment_failed", a_held_order(decline=DECLINE, payments=failed), None, NEWS)
    assert given(a_held_order()).when(a_failure()) == declined
    without_reason = given(a_held_order()).changed_by(a_failure(decline_code=None))
    assert without_reason.notices == (to_customer("payment_failed", "card_declined"),)


LESS = replace(DECLINE, decline_code=None, charge_id=None)
DECLINED = {
    # known, reported: known then, whether it is news
    "again": (DECLINE, a_failure(event_type="charge.failed", decline_code=None), DECLINE, False),
    "again, and more of it": (LESS, a_failure(), DECLINE, False),
    "the next one": (DECLINE, a_failure(charge_id="ch_1", created_at=LATER), LATER_DECLINE, True),
    "an earlier one": (LATER_DECLINE, a_failure(), LATER_DECLINE, False),
}


@pytest.mark.parametrize(("before", "event", "known_then", "is_news"), DECLINED.values(), ids=DECLINED)
def test_only_a_later_decline_than_the_known_one_is_news(
    before: object, event: Any, known_then: object, *, is_news: bool
) -> None:
    change = given(a_held_order(decline=before)).changed_by(event)
    assert (change.result, change.order.decline) == ("payment_failed", known_then)
    assert change.notices == ((NEWS,) if is_news else ())


# --- Disputes --------------------------------------------------------------------------------------------------------

DISPUTE, NEEDS_RESPONSE = (a_dispute().dispute, "dispute: dp_1 is needs_response, evidence due by 2026-03-21 15:09 UTC")


def known_as(status: str, order_id: str = "order-1", **changes: Any) -> KnownDispute:
    """The dispute, as known before."""
    return KnownDispute(order_id, replace(DISPUTE, status=status, **changes), "dispute as read")


def disputed(dispute: Dispute, note: str, *notices: Any, **changes: Any) -> Change:
    order = a_sold_order(**{"open_disputes": 1, **changes})
    return a_change("dispute_recorded", order, None, *notices, note=note, dispute=dispute)


def test_a_dispute_is_recorded_and_operators_are_notified_of_what_is_disputed() -> None:
    dearer = paid_as(money=Money(5_000, "eur"))
    recorded = disputed(DISPUTE, NEEDS_RESPONSE, to_operators("dispute", NEEDS_RESPONSE), payments=dearer)
    assert given(a_sold_order(payments=dearer)).when(a_dispute(order_id="order-1")) == recorded


OPEN_DISPUTES = {
    # known, open before, reported, open then
    "the first, undecided": (None, None, "needs_response", 1),
    "the first, decided": (None, None, "lost", 0),
    "another": (None, 1, "needs_response", 2),
    "further": (known_as("needs_response"), 1, "under_review", 1),
    "decided": (known_as("under_review"), 1, "won", 0),
    "decided otherwise": (known_as("won"), 1, "lost", 1),
    "appealed": (known_as("lost"), 0, "under_review", 1),
    "unreadable before": (KnownDispute("order-1", None, "dispute as read"), 0, "needs_response", 1),
    "of another order before": (known_as("needs_response", "order-2"), 1, "lost", 1),
    "not counted before": (known_as("needs_response"), 0, "under_review", 1),
}


@pytest.mark.parametrize(("before", "open_before", "status", "open_then"), OPEN_DISPUTES.values(), ids=OPEN_DISPUTES)
def test_an_order_counts_its_open_disputes_and_operators_are_notified_of_each_status(
    before: KnownDispute | None, open_before: int | None, status: str, open_then: int
) -> None:
    event = a_dispute(status=status, order_id="order-1", created_at=LATER)
    note = event.dispute.in_words
    change = given(a_sold_order(open_disputes=open_before), dispute=before).changed_by(event)
    assert change == disputed(event.dispute, note, to_operators("dispute", note), open_disputes=open_then)


def test_a_dispute_in_which_only_the_time_has_changed_is_recorded_and_is_no_news() -> None:
    event, order = a_dispute(order_id="order-1", created_at=LATER), a_sold_order(open_disputes=1)
    assert given(order, dispute=known_as("needs_response")).when(event) == disputed(event.dispute, NEEDS_RESPONSE)
    # What is already known, or older than what is known, changes nothing.
    for before in known_as("needs_response"), known_as("lost", told_at=LATER):
        nothing = given(order, dispute=before).when(a_dispute(order_id="order-1"))
        assert nothing == a_change("already_recorded", order)


# --- Cancel requests -------------------------------------------------------------------------------------------------

NOT_THE_OWNER = "not_the_owner: the request is not the customer's own"
NO_REQUEST = "no_request: nobody has asked to cancel the order"
NOT_HEARD = {
    # who asks, whose order it is, why nothing happens
    "nobody": (None, "alice", NO_REQUEST),
    "somebody else": (CancelRequest("mallory", "v"), "alice", NOT_THE_OWNER),
    "nobody in particular": (CancelRequest(None, "v"), "alice", NOT_THE_OWNER),
    "nobody in particular, for nobody's order": (CancelRequest(None, "v"), None, NOT_THE_OWNER),
    "somebody, for nobody's order": (CancelRequest("alice", "v"), None, NOT_THE_OWNER),
}


@pytest.mark.parametrize(("request_read", "user_id", "why"), NOT_HEARD.values(), ids=NOT_HEARD)
def test_only_the_orders_own_customer_is_heard_whoever_says_that_there_is_a_request(
    request_read: CancelRequest | None, user_id: str | None, why: str
) -> None:
    for status in "reserved", "finalized", "expired":
        order = given(a_held_order(status, user_id=user_id), cancel_request=request_read)
        assert order.when(a_cancel_request()) == unchanged("ignored", why)


def test_a_forged_request_does_not_even_give_back_what_a_late_payment_is_holding() -> None:
    counted = given(a_counted_order(held_from="expired"), cancel_request=None)
    assert counted.when(a_cancel_request()) == unchanged("ignored", NO_REQUEST)


def test_a_request_to_cancel_what_is_paid_is_for_operators_to_decide_and_what_is_over_only_remembers_it() -> None:
    asked, note = known(cancel_requested_at=NOW), "cancel_requested: the order is paid"
    paid, notice = a_held_order("finalized", **asked), to_operators("cancel_requested", note)
    recorded = a_change("cancel_request_recorded", paid, None, notice, note=note, **CANCEL_REQUESTED)
    assert given(a_held_order("finalized")).when(a_cancel_request()) == recorded
    refunded, expired = a_held_order("refunded"), a_held_order("expired")
    assert given(refunded).when(a_cancel_request()) == a_change("already_finalized", refunded, **CANCEL_REQUESTED)
    remembered = a_change("already_expired", replace(expired, **asked), **CANCEL_REQUESTED)
    assert given(expired).when(a_cancel_request()) == remembered


# --- Subscriptions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["reserved", "finalized"])
def test_a_session_that_sold_a_subscription_pays_for_no_order_and_operators_are_notified(status: str) -> None:
    note = "subscription: a session that names this order sold a subscription, which does not pay for it"
    order, notice = a_held_order(status), to_operators("subscription", note)
    assert given(order).when(a_subscription()) == a_change("not_paid", order, None, notice, note=note)


# --- Repetitions -----------------------------------------------------------------------------------------------------

NOTHING_TO_DO = [
    *((a_processing(), "finalized", "already_finalized"), (a_processing(), "expired", "already_expired")),
    *((a_payment(), "refunded", "already_finalized"), (a_failure(), "refund_due", "already_refund_due")),
    (a_payment(), "review", "already_quarantined"),
]


@pytest.mark.parametrize(("event", "status", "result"), NOTHING_TO_DO)
def test_what_comes_too_late_changes_nothing_and_notifies_nobody(event: Any, status: str, result: str) -> None:
    order = a_held_order(status, payments=paid_as())
    assert given(order).when(event) == a_change(result, order)


@pytest.mark.parametrize("sold", [{"finalized_at": NOW}, {"unfulfilled_as": "refund_due"}], ids=["sold", "refund due"])
@pytest.mark.parametrize("status", ["unknown", "cancelled", "pending", "reserved"])
def test_a_paid_order_to_which_somebody_else_gave_a_status_is_not_paid_or_placed_again(
    status: str, sold: dict[str, Any]
) -> None:
    order = a_held_order(status, payments=paid_as(), **sold)
    paid_by_it = given(order, payments={"pi_1": a_known_payment(), "ch_1": a_known_payment()})
    assert paid_by_it.when(a_payment()) == a_change("unknown_status", order)
    assert paid_by_it.when(a_placement()) == a_change("already_placed", order, **PLACED)


def test_the_trigger_after_the_hold_puts_the_order_on_record_as_placed_and_changes_nothing() -> None:
    order = a_held_order("finalized")
    assert given(order).when(a_placement()) == a_change("already_placed", order, **PLACED)
    assert given(a_held_order("expired")).when(a_lapse()) == unchanged("not_expired")
    # It never held units, and may still be paid.
    assert given(a_held_order("cancelled", reserved_at=None)).when(a_placement()) == unchanged("already_placed")
