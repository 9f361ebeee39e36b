"""A test event is signed for its own shop, and never for one in live mode unless asked."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest
from click.testing import Result

from ops.deliver import signing_secret
from ops.exit_codes import Failed
from tests.support.builders import NOW
from tests.support.memory_store import MemoryStore
from tests.support.operating import operated
from tests.support.settling import settled
from tests.support.shop import a_shop, a_shop_with_a_hold
from tests.support.translating import translated
from tools import deliveries
from tools.posting import Answer
from webhooks.signing_secrets import EMULATORS_SECRET
from webhooks.translation import HANDLED_TYPES

TEST, LIVE = (f"whsec_{name * 24}" for name in "tl")
EMULATORS = {"FIRESTORE_EMULATOR_HOST": "here"}
THERE = ("--to", "https://shop.example/hook")


class Endpoint:
    """A shop's webhook: settles and records what is posted."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.posted: list[tuple[str, Mapping[str, Any], str]] = []

    def take(self, url: str, event: Mapping[str, Any], secret: str) -> Answer:
        self.posted.append((url, event, secret))
        if url.endswith("busy"):
            return Answer(503, b'{"error": "not settled yet, deliver again"}')
        result = settled(cast("Any", translated(event)), self.store).result
        return Answer(200, json.dumps({"result": result}).encode())


def ran(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch, words: Sequence[str], settings: Mapping[str, str], secrets: str
) -> tuple[Result, Endpoint]:
    endpoint = Endpoint(store)
    monkeypatch.setattr(deliveries, "deliver", endpoint.take)
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", secrets)
    return operated(store, *words, settings=settings), endpoint


def test_a_payment_is_delivered_and_its_answer_and_what_the_order_is_then_are_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = a_shop_with_a_hold()
    words = ("deliver", "order-1", *THERE, "--payment", "pi_7", "--event", "payment_intent.succeeded", "--event")
    shown, endpoint = ran(store, monkeypatch, (*words, "charge.succeeded"), EMULATORS, "")
    assert shown.exit_code == 0
    assert shown.stdout.splitlines() == [
        "payment_intent.succeeded evt_7_payment_intent_succeeded: 200 first_time_finalized; order order-1 is finalized",
        "charge.succeeded evt_7_charge_succeeded: 200 already_finalized; order order-1 is finalized",
    ]
    assert shown.stderr == "3600 eur with --payment pi_7\n"
    assert {(url, secret) for url, _, secret in endpoint.posted} == {(THERE[1], EMULATORS_SECRET)}


def test_what_an_operator_would_read_is_said_where_the_endpoint_does_not_say_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = ("deliver", "order-1", *THERE, "--payment", "7", "--amount", "5", "--currency", "usd")
    shown, _ = ran(a_shop_with_a_hold(), monkeypatch, wrong, {"EXPECT_LIVEMODE": "false"}, f"live:{LIVE},{TEST}")
    assert "200 quarantined: " in shown.stdout
    assert shown.stdout.endswith("; order order-1 is review\n")
    assert TEST not in shown.output


def test_what_is_not_taken_ends_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("deliver", "order-1", "--to", "https://shop.example/busy")
    shown, _ = ran(a_shop_with_a_hold(), monkeypatch, words, EMULATORS, "")
    assert (shown.exit_code, "503 not settled yet, deliver again; order order-1 is reserved" in shown.stdout) == (
        1,
        True,
    )


@pytest.mark.parametrize(
    ("settings", "words", "livemode"),
    [
        ({}, (), None),
        ({"EXPECT_LIVEMODE": "true"}, (), None),
        ({}, ("--live",), False),
        ({"EXPECT_LIVEMODE": "true"}, ("--live",), True),
        ({"EXPECT_LIVEMODE": "false"}, (), False),
    ],
)
def test_a_shop_that_may_take_real_money_is_sent_nothing_unless_that_is_said(
    settings: dict[str, str], words: tuple[str, ...], livemode: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ("deliver", "order-1", *THERE, *words)
    shown, endpoint = ran(a_shop_with_a_hold(), monkeypatch, said, settings, f"live:{LIVE},test:{TEST}")
    assert [event["livemode"] for _, event, _ in endpoint.posted] == ([] if livemode is None else [livemode])
    assert [secret for *_, secret in endpoint.posted] == {None: [], True: [LIVE], False: [TEST]}[cast("Any", livemode)]
    assert ("may take real money" in shown.stderr) == (livemode is None)


@pytest.mark.parametrize(
    ("words", "settings", "said"),
    [
        (("order-9", *THERE), EMULATORS, "There is no order order-9 in demo-shop. Nothing was sent."),
        (("order-1", *THERE), EMULATORS, "has no price: add --amount and --currency."),
        (("order-1",), {"EXPECT_LIVEMODE": "false"}, "Where to?"),
    ],
)
def test_what_cannot_be_delivered_says_why(
    words: tuple[str, ...], settings: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpriced = a_shop({"userId": "alice", "status": "pending", "items": [], "createdAt": NOW})
    shown, endpoint = ran(unpriced, monkeypatch, ("deliver", *words), settings, "" if settings == EMULATORS else TEST)
    assert (shown.exit_code != 0, said in shown.stderr, endpoint.posted) == (True, True, [])


def test_without_a_secret_for_the_mode_it_says_where_to_take_one_from() -> None:
    with pytest.raises(Failed, match="no signing secret for test mode"):
        signing_secret({}, {"STRIPE_WEBHOOK_SECRET": f"live:{LIVE}"}, livemode=False)
    with pytest.raises(Failed, match="no signing secret for live mode"):
        signing_secret({}, {}, livemode=True)


def test_the_stripe_cli_is_told_what_to_forward_and_the_functions_what_to_believe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown, _ = ran(a_shop(), monkeypatch, ("listen", *THERE, "--json"), {}, "")
    typed = json.loads(shown.stdout)
    events, url = typed["listen"].removeprefix("stripe listen --events ").split(" --forward-to ")
    assert (frozenset(events.split(",")), url) == (HANDLED_TYPES, THERE[1])
    assert "test:$(stripe listen --print-secret)" in typed["secret"]
    beside, _ = ran(a_shop(), monkeypatch, ("listen", *THERE), EMULATORS, "")
    line = f'echo "STRIPE_WEBHOOK_SECRET={EMULATORS_SECRET},$(stripe listen --print-secret)" >> .secret.local'
    assert line in beside.stdout.splitlines()


def test_a_shop_of_live_mode_alone_is_forwarded_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    refused, _ = ran(a_shop(), monkeypatch, ("listen",), {"EXPECT_LIVEMODE": "true"}, "")
    assert (refused.exit_code, "only live events" in refused.stderr) == (1, True)
