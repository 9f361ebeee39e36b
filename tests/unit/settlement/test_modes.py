"""Events set aside as another account's or mode's because of a wrong setting are settled once it is corrected."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from orders.events import StripeEvent
from tests.support.builders import NOW, TERMS, a_placement, an_order, redelivered, something_not_understood
from tests.support.interference import DisturbedStore, calls_to_settle, someone_after
from tests.support.memory_store import MemoryStore
from tests.support.payments import a_payment
from tests.support.refunds import a_refund, an_updated_refund
from tests.support.settling import settled
from tests.support.shop import a_shop, a_shop_after, complaints_in, document_at, shirts_in, status_in

LIVE_ONLY = replace(TERMS, expected_livemode=True)
LISTING = replace(TERMS, accounts=frozenset({"acct_1"}))
PAID, REFUNDED = a_payment(), an_updated_refund("evt_refund", a_refund(amount=1_200))
BOTH: tuple[StripeEvent, ...] = PAID, REFUNDED
EARLY = a_payment(created_at=NOW - timedelta(hours=2))


def a_shop_that_set_aside(*events: StripeEvent) -> MemoryStore:
    store = a_shop_after(a_placement())
    for event in events:
        assert settled(event, store, terms=LIVE_ONLY).result == "livemode_mismatch"
    assert (status_in(store), shirts_in(store)) == ("reserved", (10, 3))
    return store


def assert_sold_once(store: MemoryStore, status: str = "finalized") -> None:
    assert (status_in(store), shirts_in(store)) == (status, (7, 0))
    assert complaints_in(store) == []


def test_what_was_set_aside_is_settled_once_when_it_is_sent_again_in_either_order() -> None:
    for events in permutations(BOTH):
        store = a_shop_that_set_aside(*BOTH)
        for event in events:
            settled(redelivered(event), store)
        assert_sold_once(store, "partially_refunded")
        once = store.dump()
        for event in events:
            settled(redelivered(event), store)
        assert store.dump() == once


@pytest.mark.parametrize("claim_expires_before_delivery", [None, 2, 3, 4])
def test_what_was_set_aside_is_a_duplicate_until_the_setting_is_corrected_and_once_it_is_settled(
    claim_expires_before_delivery: int | None,
) -> None:
    store = a_shop_that_set_aside(PAID)
    resent = [(LIVE_ONLY, "duplicate_detected"), (TERMS, "first_time_finalized"), (TERMS, "duplicate_detected")]
    for number, (terms, result) in enumerate(resent, start=2):
        if number == claim_expires_before_delivery:
            store.delete("webhookEvents/evt_1")
        assert settled(redelivered(PAID, NOW + timedelta(days=number)), store, terms=terms).result == result
    assert_sold_once(store)


@pytest.mark.parametrize("expected", [True, False])
def test_what_does_not_say_of_which_mode_it_is_is_kept_for_a_person_in_a_shop_of_either(*, expected: bool) -> None:
    store = a_shop_after(a_placement())
    thin = something_not_understood(livemode=None)
    assert settled(thin, store, terms=replace(TERMS, expected_livemode=expected)).result == "error"
    claim = document_at(store, "webhookEvents/evt_1")
    assert (claim["processed"], claim["livemode"]) == (False, None)


# --- Of another account -----------------------------------------------------------------------------------------------

FOREIGN = a_payment(account="acct_1")


def test_what_another_account_reports_touches_nothing_until_the_account_is_listed() -> None:
    store = a_shop_after(a_placement())
    before = store.dump()
    assert settled(FOREIGN, store).result == "other_account"
    after = store.dump()
    new = {path: fields.get("account") for path, fields in after.items() if path not in before}
    assert new == {"webhookEvents/evt_1": "acct_1", "auditLog/evt_1": "acct_1"}
    assert {path: after[path] for path in before} == before
    assert settled(redelivered(FOREIGN), store).result == "duplicate_detected"
    again = redelivered(FOREIGN, NOW + timedelta(minutes=1))
    assert settled(again, store, terms=LISTING).result == "first_time_finalized"
    late = "set_aside: taken for an event of another account, on 2026-03-14 at 15:09:26 UTC"
    assert document_at(store, "auditLog/evt_1")["note"] == late
    assert_sold_once(store)


# --- Before its order was there ---------------------------------------------------------------------------------------


def parked_in(store: MemoryStore) -> StripeEvent:
    """The event that waits for the order, which is now created and placed."""
    store.put("orders/order-1", an_order())
    settled(a_placement(), store)
    (parked,) = store.parked_events("order-1")
    return parked


def test_what_was_parked_for_an_account_that_is_listed_no_more_stays_parked() -> None:
    store, early = a_shop(), a_payment(created_at=NOW - timedelta(hours=2), account="acct_1")
    assert settled(early, store, terms=LISTING).result == "order_not_found"
    parked = parked_in(store)
    assert parked.delivery.account == "acct_1"
    assert settled(parked, store).result == "order_not_found"
    assert (status_in(store), shirts_in(store)) == ("reserved", (10, 3))
    assert settled(parked, store, terms=LISTING).result == "first_time_finalized"
    assert_sold_once(store)


def test_what_was_set_aside_before_its_order_was_there_is_settled_when_the_order_appears() -> None:
    store = a_shop()
    assert settled(EARLY, store, terms=LIVE_ONLY).result == "livemode_mismatch"
    assert settled(redelivered(EARLY), store).result == "order_not_found"
    # No commit fails first: the caller may have little time left.
    assert calls_to_settle(parked_in(store), store) == ["read", "commit"]
    assert_sold_once(store)


def test_a_delivery_that_parks_what_was_set_aside_is_counted_once_though_another_comes_in_between() -> None:
    store = a_shop()
    settled(EARLY, store, terms=LIVE_ONLY)
    third = redelivered(EARLY, NOW + timedelta(minutes=1))
    disturbed = DisturbedStore(store, [someone_after(lambda: settled(third, store))])
    assert settled(redelivered(EARLY), disturbed).result == "order_not_found"
    assert document_at(store, "webhookEvents/evt_1")["deliveries"] == 3
    assert complaints_in(store) == []
