"""Events in a file are fetched from Stripe; each that cannot be replayed says why."""

import json
from pathlib import Path

import pytest

from ops import replaying
from ops.bulk import set_of
from ops.event_files import NoEvents, events_in
from ops.stripe_access import stripe_access
from service.environment import SettingsError
from service.wiring import patience
from stripe_api.client import StripeClient
from tests.support.builders import NOW
from tests.support.replaying import PAID, YES, Stripe, output_lines_of, replay, the_set
from tests.support.shop import a_shop, a_shop_with_a_hold, status_in
from tests.support.stripe_objects import the_event
from tools.stripe_events import thin_event_of

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
        (f"{json.dumps(PAID)}\n{{", "line 2 does not begin complete JSON"),
        ('{"object": "charge"}', "something that is not a Stripe event"),
        ("[1]", "something that is not a Stripe event"),
    ],
)
def test_what_is_no_file_of_events_is_refused_as_a_whole(text: str, said: str) -> None:
    with pytest.raises(NoEvents, match=said):
        events_in(text)


def test_what_a_file_says_is_looked_up_in_stripe_and_what_stripe_says_counts() -> None:
    store = a_shop_with_a_hold()
    tampered = the_event("payment_intent.succeeded", amount_received=1)
    done = replay(store, "--from", "-", *the_set("evt_1"), *YES, stripe=Stripe(PAID), given=json.dumps(tampered))
    assert (done.exit_code, status_in(store)) == (0, "finalized")
    assert "from Stripe," in done.stdout


def test_each_event_and_the_money_of_each_payment_counts_once_and_a_thin_event_as_what_it_stands_for() -> None:
    charge = the_event("charge.succeeded", event_id="evt_3")
    stripe, file = Stripe(PAID, charge), json.dumps([PAID, PAID, charge, thin_event_of(dict(PAID), "evt_thin")])
    shown = replay(a_shop_with_a_hold(), "--from", "-", stripe=stripe, given=file)
    assert output_lines_of(shown)[0] == "2 events, 3600 eur paid in minor units"


def test_what_only_a_file_says_is_shown_and_settled_only_by_who_accepts_that_nobody_has_signed_it(
    tmp_path: Path,
) -> None:
    store, file = a_shop_with_a_hold(), tmp_path / "events.json"
    file.write_text(json.dumps([PAID]))
    taken = ("--from", str(file), *the_set("evt_1"))
    for stripe in None, Stripe():
        shown = replay(store, *taken, stripe=stripe)
        assert "1 of them are only in the file: they are not signed" in shown.stdout
        refused = replay(store, *taken, *YES, stripe=stripe)
        assert (refused.exit_code, status_in(store), "add --unsigned" in refused.stderr) == (2, "reserved", True)
    assert replay(store, *taken, *YES, "--unsigned").exit_code == 0
    assert status_in(store) == "finalized"


# --- What cannot be done ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "Which events?"),
        (("evt_1", "--parked"), 2, "Which events?"),
        (("evt_1", "--since", "2d"), 2, "--since needs"),
        (("evt_1", *YES[:-2], "--operator", "o" * 201), 2, "at most 200 characters"),
        (("evt_slow",), 1, "status.stripe.com"),
        (("evt_2",), 1, ""),
        (("evt_1", "evt_2"), 3, ""),
    ],
)
def test_what_is_said_wrongly_or_cannot_be_answered_does_nothing(words: tuple[str, ...], code: int, said: str) -> None:
    store = a_shop_with_a_hold()
    before = store.dump()
    refused = replay(store, *words, stripe=Stripe(PAID))
    assert (refused.exit_code, said in refused.stderr, store.dump()) == (code, True, before)


def test_stripe_is_asked_with_the_key_of_the_environment_and_only_in_the_mode_of_the_shop() -> None:
    key = {"STRIPE_API_KEY": "rk_live_1234567890"}
    assert isinstance(stripe_access({}, key), StripeClient)
    assert stripe_access({}, {"STRIPE_API_KEY": "unset"}) is None
    for settings in {"EXPECT_LIVEMODE": "false"}, {"FIRESTORE_EMULATOR_HOST": "here"}:
        with pytest.raises(SettingsError, match="live mode"):
            stripe_access(settings, key)


def test_without_a_key_it_says_where_to_take_one_from() -> None:
    refused = replay(a_shop(), "evt_1")
    assert (refused.exit_code, "gcloud secrets versions access" in refused.stdout) == (1, True)


@pytest.mark.parametrize(
    ("event_id", "said"),
    [
        ("evt_9", "Stripe has no such event in this account and mode, or no longer has it"),
        ("evt_secret", "Stripe refuses to show it: more_permissions_required: The key may not read events"),
        ("evt_other", "Stripe returned another event"),
        ("evt/1", "this is not a valid event id"),
    ],
)
def test_what_stripe_does_not_show_says_why(event_id: str, said: str) -> None:
    stripe = Stripe()
    stripe.events["evt_other"] = stripe.events["evt/1"] = PAID
    refused = replay(a_shop_with_a_hold(), event_id, stripe=stripe)
    assert (refused.exit_code, said in refused.stdout) == (1, True)


def test_what_nobody_knows_to_be_settled_can_be_replayed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "patience", lambda: patience(total_seconds=0))
    shown = replay(a_shop_with_a_hold(), "evt_1", *YES, stripe=Stripe(PAID))
    assert (shown.exit_code, "it is not known whether it was settled" in shown.stdout) == (1, True)


def test_an_event_whose_order_is_not_there_yet_says_so() -> None:
    recent = {**PAID, "created": int(NOW.timestamp())}
    shown = replay(a_shop(), "evt_1", stripe=Stripe(recent))
    assert (shown.exit_code, "cannot be settled now: order order-1 does not exist yet" in shown.stdout) == (1, True)


def test_in_json_the_same_is_said() -> None:
    data = json.loads(replay(a_shop_with_a_hold(), "evt_1", "--json", stripe=Stripe(PAID)).stdout)
    assert data["found"] == {
        "events": 1,
        "money": {"paid": {"eur": 3_600}},
        "fromFileAlone": 0,
        "set": set_of(["evt_1"]),
    }
    assert [(each["event_id"], each["result"]) for each in data["replays"]] == [("evt_1", "first_time_finalized")]
    assert data["differences"]["inventory/shirt"]["after"]["stock"] == 7
