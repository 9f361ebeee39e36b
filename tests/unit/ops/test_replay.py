"""Stripe's events are settled again by the usual code: first shown, and from what is stored."""

from datetime import timedelta
from typing import Any, cast

import pytest

from ops import event_sources
from ops.event_sources import claims_that_ended, parked_claims
from service.wiring import answering
from tests.support.builders import LATER, NOW, TERMS, a_placement, redelivered, something_not_understood
from tests.support.memory_reader import MemoryReader
from tests.support.memory_store import MemoryStore
from tests.support.operators import an_operators_request
from tests.support.payments import a_payment
from tests.support.refunds import an_updated_refund
from tests.support.replaying import PAID, YES, Stripe, output_lines_of, replay, the_set
from tests.support.settling import settled, settling_on
from tests.support.shop import a_shop_after, a_shop_with_a_hold, complaints_in, document_at, shirts_in, status_in

DAY = timedelta(days=1)


# --- Shown, and done --------------------------------------------------------------------------------------------------


def test_an_event_that_stripe_knows_is_shown_with_the_difference_and_nothing_is_done() -> None:
    store = a_shop_with_a_hold()
    before = store.dump()
    shown = replay(store, "evt_1", stripe=Stripe(PAID))
    assert (shown.exit_code, store.dump()) == (0, before)
    lines = output_lines_of(shown)
    assert lines[0] == "1 event, 3600 eur paid in minor units"
    assert (
        lines[1] == "evt_1 payment_intent.succeeded, from Stripe, would end as first_time_finalized for order order-1"
    )
    assert "inventory/shirt stock 10 7" in lines
    assert "orders/order-1 status reserved finalized" in lines
    assert lines[-1] == "Nothing was done. Add --yes --reason '…' to do it."


def test_it_is_settled_as_a_delivery_is_with_who_and_why_on_record() -> None:
    store = a_shop_with_a_hold()
    shown = replay(store, "evt_1", *YES, stripe=Stripe(PAID))
    assert (shown.exit_code, status_in(store), shirts_in(store)) == (0, "finalized", (7, 0))
    assert "ended as first_time_finalized for order order-1" in shown.stdout
    entry = document_at(store, "auditLog/evt_1")
    assert (entry["operator"], entry["reason"]) == ("olga", "the endpoint was off")
    assert entry["webhookProcessed"] is True


def test_what_is_settled_already_changes_nothing_and_says_so() -> None:
    store = a_shop_after(a_placement(), a_payment())
    # If its claim disagrees, the trail is right.
    store.put("webhookEvents/evt_1", document_at(store, "webhookEvents/evt_1") | {"result": "livemode_mismatch"})
    before = store.dump()
    for how in (), YES:
        shown = replay(store, "evt_1", *how, stripe=Stripe(PAID))
        assert (shown.exit_code, store.dump()) == (0, before)
        said = (
            "changes nothing (duplicate_detected: it was settled as first_time_finalized on 2026-03-14 at 15:09:26 UTC)"
        )
        assert said in shown.stdout


def test_what_is_no_event_of_the_shop_changes_nothing_and_says_why() -> None:
    store, subscribed = a_shop_with_a_hold(), {**PAID, "type": "customer.created"}
    shown = replay(store, "evt_1", *YES, stripe=Stripe(subscribed))
    assert "changes nothing (ignored: type not handled)" in shown.stdout


@pytest.mark.parametrize("how", [(), YES])
def test_an_event_of_another_account_stays_set_aside_until_the_settings_take_it(how: tuple[str, ...]) -> None:
    foreign = {**PAID, "account": "acct_9"}
    store = a_shop_after(a_placement())
    assert replay(store, "evt_1", *YES, stripe=Stripe(foreign), now=NOW).exit_code == 3
    assert document_at(store, "webhookEvents/evt_1")["askedBy"] == {"operator": "olga", "reason": YES[2]}
    again = replay(store, "evt_1", *how, stripe=Stripe(foreign))
    assert (again.exit_code, status_in(store)) == (3, "reserved")
    assert "other_account for order order-1: it was set aside on 2026-03-14 at 15:09:26 UTC, and the sh" in again.stdout
    listed = {"STRIPE_ACCOUNTS": "acct_9"}
    bulk = ("--result", "other_account", *the_set("evt_1"))
    settled = replay(store, *bulk, *YES, stripe=Stripe(foreign), settings=listed)
    assert (settled.exit_code, status_in(store), complaints_in(store)) == (0, "finalized", [])


def test_what_a_person_has_handled_is_settled_after_all_from_what_is_kept_of_it() -> None:
    store = a_shop_after(a_placement(), an_updated_refund("evt_2", order_id=None))
    store.put("operatorRequests/h", an_operators_request("handle", target="evt_2", of="event"))
    assert answering(store, settling_on(store), TERMS).answer("h", NOW).result == "handled"
    stuck = replay(store, "evt_2")
    assert (stuck.exit_code, "would end as payment_not_found" in stuck.stdout) == (3, True)
    settled(a_payment(), store)
    bulk = ("--result", "handled", *the_set("evt_2"))
    assert replay(store, *bulk, *YES).exit_code == 0
    assert (status_in(store), complaints_in(store)) == ("refunded", [])
    unread = a_shop_after(a_placement())
    settled(something_not_understood(), unread)
    unread.put("operatorRequests/h", an_operators_request("handle", target="evt_1", of="event"))
    answering(unread, settling_on(unread), TERMS).answer("h", NOW)
    bad = {**PAID, "data": {"object": {**cast("Any", PAID)["data"]["object"], "amount_received": "much"}}}
    shown = replay(unread, "evt_1", stripe=Stripe(bad))
    assert (
        shown.exit_code,
        "it was marked as handled on 2026-03-14 at 15:09:26 UTC, and it cannot" in shown.stdout,
    ) == (3, True)


# --- From what is stored here ------------------------------------------------------------------------------------


def a_shop_with_a_parked_refund() -> MemoryStore:
    """The order is held; a refund waits for its payment."""
    return a_shop_after(a_placement(), an_updated_refund("evt_2", order_id=None))


def test_what_is_parked_is_settled_from_what_is_kept_of_it_without_any_key() -> None:
    early = a_payment("evt_9", order_id="order-9", created_at=NOW - timedelta(hours=2))
    store = a_shop_after(early)
    assert document_at(store, "webhookEvents/evt_9")["result"] == "order_not_found"
    waits = replay(store, "--parked")
    assert (waits.exit_code, replay(store, "evt_9").stdout.splitlines()[1:]) == (3, waits.stdout.splitlines()[2:])
    assert "evt_9 payment_intent.succeeded, from what is stored here, would end as order_not_found" in waits.stdout
    store.put("orders/order-9", document_at(a_shop_with_a_hold(), "orders/order-1") | {"status": "pending"})
    done = replay(store, "--parked", *the_set("evt_9"), *YES)
    assert (done.exit_code, status_in(store, "order-9")) == (0, "finalized")
    assert document_at(store, "webhookEvents/evt_9")["deliveries"] == 1


def test_an_event_that_was_only_replayed_was_delivered_never_and_its_first_delivery_is_the_first() -> None:
    store = a_shop_with_a_hold()
    assert replay(store, "evt_1", *YES, stripe=Stripe(PAID)).exit_code == 0
    assert (status_in(store), document_at(store, "webhookEvents/evt_1")["deliveries"]) == ("finalized", 0)
    for number in (1, 2):
        assert settled(redelivered(a_payment(), LATER + timedelta(hours=number)), store).result == "duplicate_detected"
        assert document_at(store, "webhookEvents/evt_1")["deliveries"] == number
    assert [path for path in store.dump() if "/deliveries/" in path] == ["auditLog/evt_1/deliveries/2"]


def test_all_are_found_however_many_answers_that_takes_and_no_more_are_done_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_sources, "EVENTS_MAX", 250)
    kept = document_at(a_shop_with_a_parked_refund(), "webhookEvents/evt_2")
    store = MemoryStore({f"webhookEvents/evt_{number}": kept for number in range(250)})
    all_of_them = parked_claims(MemoryReader(store), None)
    assert (len({claim.id for claim in all_of_them.found}), all_of_them.is_all) == (250, True)
    store.put("webhookEvents/evt_250", kept)
    assert not claims_that_ended(MemoryReader(store), "payment_not_found", None).is_all
    assert len(claims_that_ended(MemoryReader(store), "payment_not_found", None).found) == 250


def test_what_nobody_could_read_is_asked_of_stripe_and_without_a_key_nothing_else_is_held_up() -> None:
    store = a_shop_with_a_parked_refund()
    unread = {
        "processed": False,
        "result": "error",
        "receivedAt": NOW,
        "parkedAt": NOW,
        "eventType": "payment_intent.succeeded",
    }
    store.put("webhookEvents/evt_1", unread)
    without = replay(store, "--parked")
    assert (
        "evt_1, from Stripe, cannot be settled now: Stripe cannot be asked: STRIPE_API_KEY is not set" in without.stdout
    )
    assert "evt_2" in without.stdout
    done = replay(store, "--parked", *the_set("evt_1", "evt_2"), *YES, stripe=Stripe(PAID))
    assert (done.exit_code, status_in(store)) == (0, "refunded")


def test_only_what_came_since_then_is_taken() -> None:
    store = a_shop_with_a_parked_refund()
    long_ago = {"receivedAt": NOW - 3 * DAY, "parkedAt": NOW - 3 * DAY}
    store.put("webhookEvents/evt_2", document_at(store, "webhookEvents/evt_2") | long_ago)
    for which in ("--parked",), ("--result", "payment_not_found"):
        assert "0 events" in replay(store, *which, "--since", "2d").stdout
        assert "1 event, 3600 eur refunded" in replay(store, *which, "--since", "4d").stdout


def test_all_of_a_kind_are_done_only_by_who_says_how_many_they_are() -> None:
    store = a_shop_with_a_parked_refund()
    before = store.dump()
    for count in (), ("--count", "2"):
        refused = replay(store, "--parked", *count, *YES)
        assert (refused.exit_code, store.dump()) == (2, before)
        assert "The number of events is 1." in refused.stderr
