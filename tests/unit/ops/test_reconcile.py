"""An operator sees what is missing and what disagrees, and settles it on request."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result

from ops import findings, reconcile, stripe_access
from ops.__main__ import shop
from ops.commands import Asked
from ops.connection import Shop
from ops.exit_codes import ExitCode
from stripe_api.api import StripeRefused
from stripe_api.client import StripeClient
from stripe_api.keys import EMULATORS_KEY
from tests.support.builders import NOW
from tests.support.reconciling import ShopAtStripe, broken
from tests.support.recording import silent
from tests.support.shop import document_at, status_in
from tools.addresses import Addresses, NoEmulators

ASKED_AT = NOW + timedelta(hours=4)
"""The database's time; the computer's is an hour behind."""


@pytest.fixture
def at_stripe(monkeypatch: pytest.MonkeyPatch) -> ShopAtStripe:
    """One order is paid, but no webhook came."""
    opened = ShopAtStripe()
    opened.order("order-1")
    opened.pay("order-1")
    opened.later(hours=3)
    monkeypatch.setattr(reconcile, "job_of", lambda _shop, _log: opened.job())
    monkeypatch.setattr(findings, "moment_of", lambda _shop: opened.store.as_of(opened.now))
    return opened


def ran(*words: str) -> Result:
    asked = Asked(open=lambda _: Shop("p", {}), clock=lambda _: ASKED_AT)
    return CliRunner().invoke(shop, words, obj=asked)


def test_what_is_missing_is_shown_and_nothing_is_written(at_stripe: ShopAtStripe) -> None:
    before = at_stripe.store.dump()
    shown = ran("reconcile", "--since", "2026-03-14")
    assert (shown.exit_code, at_stripe.store.dump()) == (ExitCode.FOUND, before)
    events = [event["id"] for event in at_stripe.account.events]
    assert "Not settled yet: add --yes to settle them" in shown.stdout
    assert all(event_id in shown.stdout for event_id in events)
    assert "./shop why" in shown.stdout
    assert [each["eventId"] for each in json.loads(ran("reconcile", "--json").stdout)["missing"]] == events


def test_it_is_settled_once_that_is_said_and_then_all_is_well(at_stripe: ShopAtStripe) -> None:
    done = ran("reconcile", "--yes")
    assert (done.exit_code, status_in(at_stripe.store)) == (ExitCode.FOUND, "finalized")
    assert "first_time_finalized: 1" in done.stdout
    at_stripe.later(hours=1)
    assert ran("reconcile", "--yes").exit_code == ExitCode.FINE
    said = ran("findings")
    assert said.exit_code == ExitCode.FINE
    assert said.stdout.startswith(f"Nothing disagrees, up to {at_stripe.now:%Y-%m-%d} ")


def test_where_stripe_was_never_asked_that_is_said_of_what_is_right(
    at_stripe: ShopAtStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "job_of", lambda _shop, _log: replace(at_stripe.job(), stripe=None))
    assert ran("reconcile", "--yes").exit_code == ExitCode.FAILED
    said = ran("findings")
    assert (said.exit_code, said.stdout.splitlines()[1][:26]) == (ExitCode.FINE, "Stripe was never asked: re")


def test_nothing_is_called_right_that_nobody_has_compared(at_stripe: ShopAtStripe) -> None:
    said = ran("findings")
    assert (said.exit_code, said.stdout, "Nothing has been compared yet" in said.stderr) == (ExitCode.FAILED, "", True)
    assert at_stripe.store.get("reconciliations/stripe") is None


def test_by_hand_it_goes_on_to_the_end_however_long_that_takes(at_stripe: ShopAtStripe) -> None:
    at_stripe.clock.per_look = 100
    assert json.loads(ran("reconcile", "--since", "2026-03-01", "--json").stdout)["complete"]


def test_what_disagrees_is_listed_with_what_to_do(at_stripe: ShopAtStripe) -> None:
    broken(at_stripe.store, "inventory/shirt", reserved=9)
    assert (
        "6 of shirt are reserved, but orders hold 0\n./shop stock recount shirt\n" in ran("reconcile", "--yes").stdout
    )
    listed = ran("findings")
    assert listed.exit_code == ExitCode.FOUND
    assert listed.stdout.splitlines() == [
        f"reserved_not_held, since {ASKED_AT:%Y-%m-%d %H:%M} UTC",
        "6 of shirt are reserved, but orders hold 0",
        "./shop stock recount shirt",
        "./shop handle reserved_not_held_shirt",
        "",
        "A finding closes once it is right and checked again: within the hour, or now, with",
        "./shop reconcile --yes",
    ]
    assert json.loads(ran("findings", "--json").stdout)[0]["id"] == "reserved_not_held_shirt"
    again = ran("reconcile", "--yes")
    assert (again.exit_code, "1 found earlier: ./shop findings" in again.stdout) == (ExitCode.FOUND, True)


def test_what_a_person_has_handled_is_listed_last_and_ends_as_if_all_was_well(at_stripe: ShopAtStripe) -> None:
    at_stripe.deliver()
    broken(at_stripe.store, "inventory/shirt", reserved=9)
    ran("reconcile", "--yes")
    path = "findings/reserved_not_held_shirt"
    by = {"state": "handled", "handledAt": NOW, "operator": "olga", "reason": "counted by hand"}
    at_stripe.store.put(path, {**document_at(at_stripe.store, path), **by})
    at_stripe.later(hours=1)
    again = ran("reconcile", "--yes")
    assert (again.exit_code, "found before" in again.stdout) == (ExitCode.FINE, False)
    listed = ran("findings")
    assert (listed.exit_code, listed.stdout.startswith("Nothing else disagrees")) == (ExitCode.FINE, True)
    assert listed.stdout.endswith(", handled\n9 of shirt are reserved, but orders hold 0\nby olga: counted by hand\n")


def test_where_stripe_cannot_be_asked_it_says_so_and_shows_what_the_database_alone_does(
    at_stripe: ShopAtStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_what: str) -> None:
        raise StripeRefused("The key may not list events.", "permission_error")

    at_stripe.stripe.before_answering = refuse
    refused = ran("reconcile")
    assert (refused.exit_code, "may not list events" in refused.stderr) == (ExitCode.FAILED, True)

    broken(at_stripe.store, "inventory/shirt", reserved=9)
    monkeypatch.setattr(reconcile, "job_of", lambda _shop, _log: replace(at_stripe.job(), stripe=None))
    keyless = ran("reconcile")
    assert (keyless.exit_code, "export STRIPE_API_KEY" in keyless.stderr) == (ExitCode.FAILED, True)
    assert "9 of shirt are reserved" in keyless.stdout


def test_beside_the_emulators_what_stands_in_for_stripe_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    emulator = {"FIRESTORE_EMULATOR_HOST": "127.0.0.1:1"}
    addresses = Addresses("127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", "127.0.0.1:4")
    monkeypatch.setattr(stripe_access, "found", lambda *_: addresses)
    assert stripe_access.with_key({**emulator, "EXPECT_LIVEMODE": "false"}, {}) == {
        **emulator,
        "EXPECT_LIVEMODE": "false",
        "STRIPE_API_KEY": EMULATORS_KEY,
        "STRIPE_API_URL": "http://127.0.0.1:4",
    }
    assert isinstance(stripe_access.stripe_access(emulator, {}), StripeClient)
    assert stripe_access.with_key(emulator, {"STRIPE_API_KEY": EMULATORS_KEY}) == stripe_access.with_key(emulator, {})
    assert "STRIPE_API_URL" not in stripe_access.with_key(emulator, {"STRIPE_API_KEY": "rk_test_of_a_sandbox"})
    # The functions' key is not the operator's.
    assert stripe_access.with_key({"STRIPE_API_KEY": "rk_test_of_the_shop"}, {"STRIPE_API_KEY": "unset"}) == {}


def test_beside_no_emulators_that_are_up_nothing_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_is_up(*_: object) -> Addresses:
        raise NoEmulators

    monkeypatch.setattr(stripe_access, "found", none_is_up)
    emulator = {"FIRESTORE_EMULATOR_HOST": "127.0.0.1:1"}
    assert stripe_access.with_key(emulator, {}) == emulator


def test_the_job_is_that_of_the_shops_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", "rk_test_of_the_emulators")
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    job = reconcile.job_of(Shop("demo-shop", {"SHOP_ID": "berlin"}), silent)
    assert job.stripe is not None
    assert job.naming.shop_id == "berlin"
