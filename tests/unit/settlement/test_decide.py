"""Whether an event is settled at all: by its record, by whose it is, and by the lifecycle."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from orders.events import CarriesPayment, OrderEvent, PaymentFailed, StripeEvent
from orders.operator_events import AskedBy
from orders.order import CLOSED
from orders.outcome import Outcome, Result
from orders.shop_events import ShopEvent
from settlement.decisions import Case, Decision, GiveBack, Park, SetAside
from settlement.setting_aside import HANDLING, Handling
from settlement.snapshot import CancelRequest, Record
from settlement.terms import Terms
from tests.support.builders import LATER, NOW, TERMS, a_cancel_request, a_lapse, a_placement, something_not_understood
from tests.support.deciding import LIVE_ONLY, given
from tests.support.decisions import RELEASED, TAKEN, a_change, a_count, to_customer, unchanged
from tests.support.on_record import (
    AGAIN,
    CLAIMED,
    CLAIMED_AS_SET_ASIDE,
    PARKED,
    REPLAY,
    SETTLED,
    UNREADABLE,
    WAS_SET_ASIDE,
)
from tests.support.one_of_each import ONE_OF_EACH_KIND
from tests.support.orders import PAID_NOW, a_held_order, a_pending_order, a_sold_order, known
from tests.support.payments import a_payment
from tests.support.refunds import a_dispute, a_refunded_charge, an_updated_refund
from tests.support.snapshots import SET_ASIDE, SET_ASIDE_ON_PI_DAY, a_claim, a_known_payment, a_parked_claim, a_snapshot

DUPLICATE = a_count("duplicate_detected")
FINALIZED = a_change("first_time_finalized", a_sold_order(**PAID_NOW), "reserved", to_customer("paid"), moves=TAKEN)
SETTLED_AFTER_ALL = replace(FINALIZED, note=SET_ASIDE_ON_PI_DAY)


def set_aside(order_id: str | None = "order-1", mode: str = "test") -> SetAside:
    return SetAside(Result.LIVEMODE_MISMATCH, order_id, f"livemode_mismatch: an event of {mode} mode")


def of_account(account: str, order_id: str | None = "order-1", note: str = "") -> SetAside:
    return SetAside(Result.OTHER_ACCOUNT, order_id, f"other_account: an event of {account}{note}")


# --- By what is on record, and whose it is ----------------------------------------------------------------------------

LISTING = replace(TERMS, accounts=frozenset({"acct_1", "org_1/acct_2"}))
WAS_HANDLED = known(set_aside=SET_ASIDE._replace(result=Result.HANDLED))
CLAIMED_AS_HANDLED = known(claim=a_claim("handled", processed_at=LATER))
HANDLED = CLAIMED_AS_HANDLED | WAS_HANDLED
HANDLED_ON_PI_DAY = "handled: a person had set it aside, on 2026-03-14 at 15:09:26 UTC"
SETTLED_AFTER_HANDLED = replace(FINALIZED, note=HANDLED_ON_PI_DAY)
CELLS = {
    # the record: the decision about our payment, and about one of another mode or account
    "new": ({}, FINALIZED, set_aside()),
    "parked": (PARKED, FINALIZED, a_count("order_not_found")),
    "parked, set aside before": (PARKED | WAS_SET_ASIDE, SETTLED_AFTER_ALL, a_count("order_not_found")),
    "set aside": (CLAIMED_AS_SET_ASIDE | WAS_SET_ASIDE, SETTLED_AFTER_ALL, DUPLICATE),
    "set aside, claim expired": (WAS_SET_ASIDE, SETTLED_AFTER_ALL, a_count(recorded_as="livemode_mismatch")),
    "set aside, whatever its claim says": (CLAIMED | WAS_SET_ASIDE, SETTLED_AFTER_ALL, DUPLICATE),
    "handled": (HANDLED, DUPLICATE, DUPLICATE),
    "handled, claim expired": (WAS_HANDLED, a_count(recorded_as="handled"), a_count(recorded_as="handled")),
    "handled, parked before by its claim": (PARKED | WAS_HANDLED, SETTLED_AFTER_HANDLED, a_count("order_not_found")),
    "settled": (CLAIMED | SETTLED, DUPLICATE, DUPLICATE),
    "settled, claim expired": (SETTLED, DUPLICATE, DUPLICATE),
    "settled, claim unprocessed": (PARKED | SETTLED, DUPLICATE, DUPLICATE),
    "settled, claim says set aside": (CLAIMED_AS_SET_ASIDE | SETTLED, DUPLICATE, DUPLICATE),
}


@pytest.mark.parametrize(("on_record", "of_ours", "of_others"), CELLS.values(), ids=CELLS)
def test_what_is_done_with_a_payment_that_comes_again(
    on_record: dict[str, Any], of_ours: Decision, of_others: Decision
) -> None:
    assert given(a_held_order(), after_loss=True, **on_record).when(AGAIN) == of_ours
    assert given(a_held_order(), after_loss=True, terms=LIVE_ONLY, **on_record).when(AGAIN) == of_others
    foreign = given(a_held_order(), after_loss=True, **on_record).when(a_payment(delivered_at=LATER, account="acct_9"))
    assert foreign == (of_others if on_record else of_account("acct_9"))


@pytest.mark.parametrize("on_record", [HANDLED, WAS_HANDLED, CLAIMED_AS_HANDLED])
def test_what_a_person_has_handled_only_a_person_has_settled_and_only_by_terms_that_take_it(
    on_record: dict[str, Any],
) -> None:
    asked = a_payment(is_replay=True, asked_by=AskedBy("olga", "as agreed"))
    is_dated = "set_aside" in on_record
    note = HANDLED_ON_PI_DAY if is_dated else "handled: a person had set it aside"
    assert given(a_held_order(), **on_record).when(asked) == replace(FINALIZED, note=note)
    assert given(a_held_order(), **on_record).when(REPLAY) == unchanged("duplicate_detected")
    assert given(a_held_order(), terms=LIVE_ONLY, **on_record).when(asked) == unchanged("duplicate_detected")
    assert given(**on_record).when(asked) == unchanged("order_not_found", "the order does not exist")


def test_whatever_is_on_record_of_an_event_that_is_taken_or_not_has_its_handling() -> None:
    assert set(HANDLING) == set(product(Record, (True, False)))
    assert set(HANDLING.values()) == set(Handling)


@pytest.mark.parametrize(("expected", "livemode"), [(True, True), (False, False), (None, True)])
def test_an_event_of_an_expected_mode_is_settled(*, expected: bool | None, livemode: bool) -> None:
    terms = replace(TERMS, expected_livemode=expected)
    assert given(a_held_order(), terms=terms).when(a_payment(livemode=livemode)) == FINALIZED


def test_all_that_is_wrong_with_an_event_that_is_set_aside_is_named() -> None:
    test_only = replace(TERMS, expected_livemode=False)
    assert given(a_held_order(), terms=test_only).when(a_payment(livemode=True)) == set_aside(mode="live")
    both = given(a_held_order(), terms=LIVE_ONLY).when(a_payment(account="acct_9"))
    assert both == of_account("acct_9", note="; livemode_mismatch: an event of test mode")


@pytest.mark.parametrize("event", [a_payment(), an_updated_refund(), a_refunded_charge(order_id=None), a_dispute()])
def test_what_is_set_aside_waits_neither_for_its_order_nor_for_its_payment(event: StripeEvent) -> None:
    paid = known(payments={"pi_1": a_known_payment("evt_7")})
    assert given(terms=LIVE_ONLY, **paid).when(event) == set_aside(event.order_id)
    foreign = replace(event, delivery=replace(event.delivery, account="acct_9"))
    assert given(**paid).when(foreign) == of_account("acct_9", event.order_id)


def test_an_event_of_a_listed_account_is_settled_and_of_any_other_set_aside() -> None:
    listing = given(a_held_order(), terms=LISTING)
    for listed in None, "acct_1", "org_1/acct_2", "acct_1,org_1/acct_2":
        assert listing.when(a_payment(account=listed)) == FINALIZED, listed
    for other in "acct_2", "org_1", "acct_1,acct_3", "acct_3,acct_1", "", "ACCT_1":
        assert listing.when(a_payment(account=other)) == of_account(other)


TAKEN_FOR = {"livemode_mismatch": "an event of the other mode", "other_account": "an event of another account"}


@pytest.mark.parametrize(("result", "taken_for"), TAKEN_FOR.items())
def test_an_event_that_was_set_aside_is_settled_as_late_as_it_is_even_if_its_audit_entry_is_gone(
    result: str, taken_for: str
) -> None:
    without_entry = given(a_held_order(), claim=a_claim(result)).when(AGAIN)
    assert without_entry == replace(FINALIZED, note=f"set_aside: taken for {taken_for}")
    entry = known(set_aside=SET_ASIDE._replace(result=Result(result)), after_loss=True)
    note = f"set_aside: taken for {taken_for}, on 2026-03-14 at 15:09:26 UTC"
    assert given(a_held_order(), **entry).when(AGAIN) == replace(FINALIZED, note=note)
    expired = given(a_held_order(), terms=LIVE_ONLY, **entry).when(AGAIN)
    assert expired == a_count(recorded_as=Result(result))


# --- Duplicates ------------------------------------------------------------------------------------------------------

THEY_WAIT = known(payments={"pi_1": a_known_payment("evt_7")})
either_record = pytest.mark.parametrize("on_record", [CLAIMED, SETTLED], ids=["claimed", "audited"])


@either_record
def test_a_duplicate_changes_nothing_whatever_became_of_its_order_and_releases_what_nobody_lived_to_settle(
    on_record: dict[str, Any],
) -> None:
    for order in None, a_pending_order(), a_held_order("expired"):
        assert given(order, after_loss=True, **on_record).when(AGAIN) == DUPLICATE
    assert given(after_loss=True, **THEY_WAIT, **on_record).when(AGAIN) == a_count(released=("evt_7",))


def test_a_duplicate_that_names_no_order_belongs_to_the_one_that_its_payment_leads_to() -> None:
    known_payment = given(**CLAIMED, payments={"pi_1": a_known_payment()})
    assert known_payment.when(an_updated_refund(delivered_at=LATER)) == DUPLICATE


@pytest.mark.parametrize("terms", [TERMS, LIVE_ONLY], ids=["this mode", "other mode"])
@pytest.mark.parametrize("on_record", [SETTLED, PARKED | SETTLED], ids=["claim expired", "claim unprocessed"])
def test_a_parked_event_that_was_settled_is_no_delivery_and_still_releases_what_waits_for_it(
    on_record: dict[str, Any], terms: Terms
) -> None:
    decision = given(a_sold_order(), terms=terms, **THEY_WAIT, **on_record).when(REPLAY)
    assert decision == unchanged("duplicate_detected", released=("evt_7",))


KEPT = Park(Result.ERROR, "order-1", "amount_received must be an amount")
PARKED_UNREAD = known(claim=a_parked_claim("error"))
NOT_UNDERSTOOD = {
    # the record: the decision about it, and about one of another account
    "new": ({}, KEPT, of_account("acct_9")),
    "parked before": (PARKED_UNREAD, a_count("error"), a_count("error")),
    "set aside by a release that could read it": (CLAIMED_AS_SET_ASIDE, KEPT, DUPLICATE),
    "set aside so, and its claim expired": (WAS_SET_ASIDE, KEPT, a_count(recorded_as=Result.LIVEMODE_MISMATCH)),
    "settled by a release that could read it": (CLAIMED, DUPLICATE, DUPLICATE),
    "settled so, and its claim expired": (SETTLED, DUPLICATE, DUPLICATE),
}


@pytest.mark.parametrize(("on_record", "of_ours", "of_others"), NOT_UNDERSTOOD.values(), ids=NOT_UNDERSTOOD)
def test_what_is_not_understood_is_kept_for_a_person_unless_it_was_settled_or_is_not_ours(
    on_record: dict[str, Any], of_ours: Decision, of_others: Decision
) -> None:
    assert given(**on_record).when(UNREADABLE) == of_ours
    foreign = something_not_understood(delivered_at=LATER, account="acct_9")
    assert given(**on_record).when(foreign) == of_others
    of_other_mode = set_aside() if of_others == of_account("acct_9") else of_others
    assert given(terms=LIVE_ONLY, **on_record).when(UNREADABLE) == of_other_mode


# --- What happens in the shop ----------------------------------------------------------------------------------------

each_shop_event = pytest.mark.parametrize(
    ("event", "result"),
    [(a_placement(), "already_placed"), (a_lapse(), "not_expired"), (a_cancel_request(), "already_recorded")],
    ids=["placed", "lapsed", "cancel requested"],
)


@each_shop_event
def test_an_event_of_the_shop_is_settled_once_and_not_without_its_order(event: ShopEvent, result: str) -> None:
    order = a_held_order("expired", reservation_expires_at=NOW)
    assert given(order, **SETTLED).when(event) == unchanged(result)
    assert given().when(event) == unchanged(result, "no_order: it does not exist")
    # Even then it does not keep a hold that a late payment began.
    begun = given(a_held_order("reserving", held_from="expired"), **SETTLED)
    assert begun.when(event) == GiveBack(a_held_order("expired"), RELEASED)


def test_a_cancel_request_that_is_on_record_cancels_no_order_that_is_held_by_now() -> None:
    asked = known(cancel_request=CancelRequest("alice", "request as read"))
    assert given(a_held_order(), **SETTLED, **asked).when(a_cancel_request()) == unchanged("already_recorded")


def test_a_hold_lapses_although_one_of_an_earlier_order_with_its_id_did() -> None:
    change = given(a_held_order(reservation_expires_at=NOW), **SETTLED).changed_by(a_lapse())
    assert (change.result, change.entry_id) == ("expired", "lapsed_order-1_20260314T150926000000")


# --- By the lifecycle ------------------------------------------------------------------------------------------------

NO_PAYMENTS = {kind: event for kind, event in ONE_OF_EACH_KIND.items() if not isinstance(event, CarriesPayment)}


@pytest.mark.parametrize("event", NO_PAYMENTS.values(), ids=NO_PAYMENTS)
def test_to_all_but_payments_an_order_that_a_late_payment_began_to_hold_is_what_it_was(event: OrderEvent) -> None:
    for was in CLOSED:
        begun = given(a_held_order("reserving", held_from=was))
        assert begun.when(event) == GiveBack(a_held_order(was), RELEASED)


def test_no_step_takes_an_event_that_the_lifecycle_does_not_allow_there() -> None:
    with pytest.raises(TypeError, match="the lifecycle does not allow payment_succeeded here"):
        Case(a_payment(), a_held_order(), a_snapshot(), TERMS, NOW).event_as(PaymentFailed)


# --- How it is answered -----------------------------------------------------------------------------------------------


def test_what_was_decided_is_answered_with_its_order_and_what_a_person_should_know() -> None:
    assert KEPT.outcome == Outcome(Result.ERROR, "order-1", "amount_received must be an amount")
    assert DUPLICATE.outcome == Outcome(Result.DUPLICATE_DETECTED, "order-1")
    of_test_mode = "livemode_mismatch: an event of test mode"
    assert set_aside().outcome == Outcome(Result.LIVEMODE_MISMATCH, "order-1", of_test_mode)
