"""Events of Stripe's are settled again by what settles deliveries: dry unless it is said why, and once."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import Result

from ops import event_sources, replaying
from ops.bulk import set_of
from ops.event_files import NoEvents, events_in
from ops.event_sources import claims_that_ended, parked_claims
from ops.stripe_access import stripe_access
from service.environment import SettingsError
from service.wiring import answering, patience
from stripe_api.api import NoSuchEvent, StripeRefused, StripeUnavailable
from stripe_api.client import StripeClient
from tests.support.builders import LATER, NOW, TERMS, a_placement, redelivered, something_not_understood
from tests.support.memory_reader import MemoryReader
from tests.support.memory_store import MemoryStore
from tests.support.operating import operated
from tests.support.operators import an_operators_request
from tests.support.payments import a_payment
from tests.support.refunds import an_updated_refund
from tests.support.settling import settled, settling_on
from tests.support.shop import (
    a_shop,
    a_shop_after,
    a_shop_with_a_hold,
    complaints_in,
    document_at,
    shirts_in,
    status_in,
)
from tests.support.stripe_objects import the_event
from tools.stripe_events import thin_event_of

PAID = the_event("payment_intent.succeeded")
DAY = timedelta(days=1)
YES = ("--yes", "--reason", "the endpoint was off", "--operator", "olga")


class Stripe:
    """Knows these events."""

    def __init__(self, *events: Mapping[str, Any]) -> None:
        self.events = {event["id"]: event for event in events}

    def event(self, event_id: str) -> Mapping[str, object]:
        if event_id == "evt_slow":
            raise StripeUnavailable("Stripe answers 503")
        if event_id == "evt_secret":
            raise StripeRefused("The key may not read events", "more_permissions_required")
        if event_id not in self.events:
            raise NoSuchEvent(event_id, "resource_missing")
        return self.events[event_id]


def the_set(*event_ids: str) -> tuple[str, ...]:
    """How these events are named together."""
    return ("--count", str(len(event_ids)), "--set", set_of(event_ids))


def ran(store: MemoryStore, *words: str, now: datetime = LATER, **more: Any) -> Result:
    return operated(store, "replay", *words, now=now, **more)


def lines_of(result: Result) -> list[str]:
    return [" ".join(line.split()) for line in result.stdout.splitlines()]


# --- Shown, and done --------------------------------------------------------------------------------------------------


def test_an_event_that_stripe_knows_is_shown_with_the_difference_and_nothing_is_done() -> None:
    store = a_shop_with_a_hold()
    before = store.dump()
    shown = ran(store, "evt_1", stripe=Stripe(PAID))
    assert (shown.exit_code, store.dump()) == (0, before)
    lines = lines_of(shown)
    assert lines[0] == "1 event, 3600 eur paid in minor units"
    assert (
        lines[1] == "evt_1 payment_intent.succeeded, from Stripe, would end as first_time_finalized for order order-1"
    )
    assert "inventory/shirt stock 10 7" in lines
    assert "orders/order-1 status reserved finalized" in lines
    assert lines[-1] == "Nothing was done. Add --yes --reason '…' to do it."


def test_it_is_settled_as_a_delivery_is_with_who_and_why_on_record() -> None:
    store = a_shop_with_a_hold()
    shown = ran(store, "evt_1", *YES, stripe=Stripe(PAID))
    assert (shown.exit_code, status_in(store), shirts_in(store)) == (0, "finalized", (7, 0))
    assert "ended as first_time_finalized for order order-1" in shown.stdout
    entry = document_at(store, "auditLog/evt_1")
    assert (entry["operator"], entry["reason"]) == ("olga", "the endpoint was off")
    assert entry["webhookProcessed"] is True


def test_what_is_settled_already_changes_nothing_and_says_so() -> None:
    store = a_shop_after(a_placement(), a_payment())
    # Where its claim says something else, the trail is right.
    store.put("webhookEvents/evt_1", document_at(store, "webhookEvents/evt_1") | {"result": "livemode_mismatch"})
    before = store.dump()
    for how in (), YES:
        shown = ran(store, "evt_1", *how, stripe=Stripe(PAID))
        assert (shown.exit_code, store.dump()) == (0, before)
        said = (
            "changes nothing (duplicate_detected: it was settled as first_time_finalized on 2026-03-14 at 15:09:26 UTC)"
        )
        assert said in shown.stdout


def test_what_is_no_event_of_the_shop_changes_nothing_and_says_why() -> None:
    store, subscribed = a_shop_with_a_hold(), {**PAID, "type": "customer.created"}
    shown = ran(store, "evt_1", *YES, stripe=Stripe(subscribed))
    assert "changes nothing (ignored: type not handled)" in shown.stdout


@pytest.mark.parametrize("how", [(), YES])
def test_an_event_of_another_account_stays_set_aside_until_the_settings_take_it(how: tuple[str, ...]) -> None:
    foreign = {**PAID, "account": "acct_9"}
    store = a_shop_after(a_placement())
    assert ran(store, "evt_1", *YES, stripe=Stripe(foreign), now=NOW).exit_code == 3
    assert document_at(store, "webhookEvents/evt_1")["askedBy"] == {"operator": "olga", "reason": YES[2]}
    again = ran(store, "evt_1", *how, stripe=Stripe(foreign))
    assert (again.exit_code, status_in(store)) == (3, "reserved")
    assert "other_account for order order-1: it was set aside on 2026-03-14 at 15:09:26 UTC, and the sh" in again.stdout
    listed = {"STRIPE_ACCOUNTS": "acct_9"}
    bulk = ("--result", "other_account", *the_set("evt_1"))
    settled = ran(store, *bulk, *YES, stripe=Stripe(foreign), settings=listed)
    assert (settled.exit_code, status_in(store), complaints_in(store)) == (0, "finalized", [])


def test_what_a_person_has_handled_is_settled_after_all_from_what_is_kept_of_it() -> None:
    store = a_shop_after(a_placement(), an_updated_refund("evt_2", order_id=None))
    store.put("operatorRequests/h", an_operators_request("handle", target="evt_2", of="event"))
    assert answering(store, settling_on(store), TERMS).answer("h", NOW).result == "handled"
    stuck = ran(store, "evt_2")
    assert (stuck.exit_code, "would end as payment_not_found" in stuck.stdout) == (3, True)
    settled(a_payment(), store)
    bulk = ("--result", "handled", *the_set("evt_2"))
    assert ran(store, *bulk, *YES).exit_code == 0
    assert (status_in(store), complaints_in(store)) == ("refunded", [])
    unread = a_shop_after(a_placement())
    settled(something_not_understood(), unread)
    unread.put("operatorRequests/h", an_operators_request("handle", target="evt_1", of="event"))
    answering(unread, settling_on(unread), TERMS).answer("h", NOW)
    bad = {**PAID, "data": {"object": {**cast("Any", PAID)["data"]["object"], "amount_received": "much"}}}
    shown = ran(unread, "evt_1", stripe=Stripe(bad))
    assert (
        shown.exit_code,
        "it was marked as handled on 2026-03-14 at 15:09:26 UTC, and it cannot" in shown.stdout,
    ) == (
        3,
        True,
    )


# --- From what is kept here -------------------------------------------------------------------------------------------


def a_shop_with_a_parked_refund() -> MemoryStore:
    """The order is held, and a refund waits for its payment."""
    return a_shop_after(a_placement(), an_updated_refund("evt_2", order_id=None))


def test_what_is_parked_is_settled_from_what_is_kept_of_it_without_any_key() -> None:
    early = a_payment("evt_9", order_id="order-9", created_at=NOW - timedelta(hours=2))
    store = a_shop_after(early)
    assert document_at(store, "webhookEvents/evt_9")["result"] == "order_not_found"
    waits = ran(store, "--parked")
    assert (waits.exit_code, ran(store, "evt_9").stdout.splitlines()[1:]) == (3, waits.stdout.splitlines()[2:])
    assert "evt_9 payment_intent.succeeded, from what is kept here, would end as order_not_found" in waits.stdout
    store.put("orders/order-9", document_at(a_shop_with_a_hold(), "orders/order-1") | {"status": "pending"})
    done = ran(store, "--parked", *the_set("evt_9"), *YES)
    assert (done.exit_code, status_in(store, "order-9")) == (0, "finalized")
    assert document_at(store, "webhookEvents/evt_9")["deliveries"] == 1


def test_an_event_that_was_only_replayed_was_delivered_never_and_its_first_delivery_is_the_first() -> None:
    store = a_shop_with_a_hold()
    assert ran(store, "evt_1", *YES, stripe=Stripe(PAID)).exit_code == 0
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
    without = ran(store, "--parked")
    assert (
        "evt_1, from Stripe, cannot be settled now: Stripe cannot be asked: STRIPE_API_KEY is not set" in without.stdout
    )
    assert "evt_2" in without.stdout
    done = ran(store, "--parked", *the_set("evt_1", "evt_2"), *YES, stripe=Stripe(PAID))
    assert (done.exit_code, status_in(store)) == (0, "refunded")


def test_only_what_came_since_then_is_taken() -> None:
    store = a_shop_with_a_parked_refund()
    long_ago = {"receivedAt": NOW - 3 * DAY, "parkedAt": NOW - 3 * DAY}
    store.put("webhookEvents/evt_2", document_at(store, "webhookEvents/evt_2") | long_ago)
    for which in ("--parked",), ("--result", "payment_not_found"):
        assert "0 events" in ran(store, *which, "--since", "2d").stdout
        assert "1 event, 3600 eur refunded" in ran(store, *which, "--since", "4d").stdout


def test_all_of_a_kind_are_done_only_by_who_says_how_many_they_are() -> None:
    store = a_shop_with_a_parked_refund()
    before = store.dump()
    for count in (), ("--count", "2"):
        refused = ran(store, "--parked", *count, *YES)
        assert (refused.exit_code, store.dump()) == (2, before)
        assert "1 events are found" in refused.stderr


# --- From a file ------------------------------------------------------------------------------------------------------

OTHER = the_event("refund.created", event_id="evt_2")


@pytest.mark.parametrize(
    "text",
    [
        f"{json.dumps(PAID)}\n{json.dumps(OTHER)}\n",
        json.dumps([PAID, OTHER], indent=2),
        json.dumps({"object": "list", "data": [PAID, OTHER], "has_more": False}),
        f"{json.dumps(PAID, indent=2)}\n\n{json.dumps(OTHER, indent=2)}",
    ],
    ids=["lines", "list", "answer", "one after the other"],
)
def test_a_file_is_read_as_stripe_and_its_tools_write_it(text: str) -> None:
    assert events_in(text) == (PAID, OTHER)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{json.dumps(PAID)}\n{{", "line 2 begins no JSON that comes to an end"),
        ('{"object": "charge"}', "something that is no event"),
        ("[1]", "something that is no event"),
    ],
)
def test_what_is_no_file_of_events_is_refused_as_a_whole(text: str, said: str) -> None:
    with pytest.raises(NoEvents, match=said):
        events_in(text)


def test_what_a_file_says_is_looked_up_in_stripe_and_what_stripe_says_counts() -> None:
    store = a_shop_with_a_hold()
    tampered = the_event("payment_intent.succeeded", amount_received=1)
    done = ran(store, "--from", "-", *the_set("evt_1"), *YES, stripe=Stripe(PAID), given=json.dumps(tampered))
    assert (done.exit_code, status_in(store)) == (0, "finalized")
    assert "from Stripe," in done.stdout


def test_each_event_and_the_money_of_each_payment_counts_once_and_a_thin_event_as_what_it_stands_for() -> None:
    charge = the_event("charge.succeeded", event_id="evt_3")
    stripe, file = Stripe(PAID, charge), json.dumps([PAID, PAID, charge, thin_event_of(dict(PAID), "evt_thin")])
    shown = ran(a_shop_with_a_hold(), "--from", "-", stripe=stripe, given=file)
    assert lines_of(shown)[0] == "2 events, 3600 eur paid in minor units"


def test_what_only_a_file_says_is_shown_and_settled_only_by_who_accepts_that_nobody_has_signed_it(
    tmp_path: Path,
) -> None:
    store, file = a_shop_with_a_hold(), tmp_path / "events.json"
    file.write_text(json.dumps([PAID]))
    taken = ("--from", str(file), *the_set("evt_1"))
    for stripe in None, Stripe():
        shown = ran(store, *taken, stripe=stripe)
        assert "1 of them are known from the file alone: nobody has signed them" in shown.stdout
        refused = ran(store, *taken, *YES, stripe=stripe)
        assert (refused.exit_code, status_in(store), "say --unsigned" in refused.stderr) == (2, "reserved", True)
    assert ran(store, *taken, *YES, "--unsigned").exit_code == 0
    assert status_in(store) == "finalized"


# --- What cannot be done ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "Which?"),
        (("evt_1", "--parked"), 2, "Which?"),
        (("evt_1", "--since", "2d"), 2, "--since is for"),
        (("evt_1", *YES[:-2], "--operator", "o" * 201), 2, "at most 200 characters"),
        (("evt_slow",), 1, "status.stripe.com"),
        (("evt_2",), 1, ""),
        (("evt_1", "evt_2"), 3, ""),
    ],
)
def test_what_is_said_wrongly_or_cannot_be_answered_does_nothing(words: tuple[str, ...], code: int, said: str) -> None:
    store = a_shop_with_a_hold()
    before = store.dump()
    refused = ran(store, *words, stripe=Stripe(PAID))
    assert (refused.exit_code, said in refused.stderr, store.dump()) == (code, True, before)


def test_stripe_is_asked_with_the_key_of_the_environment_and_only_in_the_mode_of_the_shop() -> None:
    key = {"STRIPE_API_KEY": "rk_live_1234567890"}
    assert isinstance(stripe_access({}, key), StripeClient)
    assert stripe_access({}, {"STRIPE_API_KEY": "unset"}) is None
    for settings in {"EXPECT_LIVEMODE": "false"}, {"FIRESTORE_EMULATOR_HOST": "here"}:
        with pytest.raises(SettingsError, match="live mode"):
            stripe_access(settings, key)


def test_without_a_key_it_says_where_to_take_one_from() -> None:
    refused = ran(a_shop(), "evt_1")
    assert (refused.exit_code, "gcloud secrets versions access" in refused.stdout) == (1, True)


@pytest.mark.parametrize(
    ("event_id", "said"),
    [
        ("evt_9", "Stripe knows no such event in this account and mode, or none any more"),
        ("evt_secret", "Stripe does not show it: more_permissions_required: The key may not read events"),
        ("evt_other", "Stripe has shown another event"),
        ("evt/1", "this cannot be the id of an event"),
    ],
)
def test_what_stripe_does_not_show_says_why(event_id: str, said: str) -> None:
    stripe = Stripe()
    stripe.events["evt_other"] = stripe.events["evt/1"] = PAID
    refused = ran(a_shop_with_a_hold(), event_id, stripe=stripe)
    assert (refused.exit_code, said in refused.stdout) == (1, True)


def test_what_nobody_knows_to_be_settled_can_be_replayed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "patience", lambda: patience(total_seconds=0))
    shown = ran(a_shop_with_a_hold(), "evt_1", *YES, stripe=Stripe(PAID))
    assert (shown.exit_code, "nobody knows whether it is settled" in shown.stdout) == (1, True)


def test_an_event_whose_order_is_not_there_yet_says_so() -> None:
    recent = {**PAID, "created": int(NOW.timestamp())}
    shown = ran(a_shop(), "evt_1", stripe=Stripe(recent))
    assert (shown.exit_code, "cannot be settled now: order order-1 does not exist yet" in shown.stdout) == (1, True)


def test_in_json_the_same_is_said() -> None:
    data = json.loads(ran(a_shop_with_a_hold(), "evt_1", "--json", stripe=Stripe(PAID)).stdout)
    assert data["found"] == {
        "events": 1,
        "money": {"paid": {"eur": 3_600}},
        "fromFileAlone": 0,
        "set": set_of(["evt_1"]),
    }
    assert [(each["event_id"], each["result"]) for each in data["replays"]] == [("evt_1", "first_time_finalized")]
    assert data["differences"]["inventory/shirt"]["after"]["stock"] == 7
