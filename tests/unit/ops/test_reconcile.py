"""An operator sees what is missing and what disagrees, and has it settled when they say so."""

import json

import pytest
from click.testing import CliRunner, Result

from ops import findings, reconcile
from ops.__main__ import shop
from ops.commands import Asked
from ops.connection import Shop
from ops.exit_codes import ExitCode, Failed
from stripe_api.api import StripeRefused
from tests.support.builders import NOW
from tests.support.reconciling import ShopAtStripe, broken
from tests.support.recording import silent
from tests.support.shop import status_in


@pytest.fixture
def at_stripe(monkeypatch: pytest.MonkeyPatch) -> ShopAtStripe:
    """One order is paid, and no webhook has come."""
    opened = ShopAtStripe()
    opened.order("order-1")
    opened.pay("order-1")
    opened.later(hours=3)
    monkeypatch.setattr(reconcile, "job_of", lambda _shop, _log: opened.job())
    monkeypatch.setattr(findings, "moment_of", lambda _shop: opened.store.as_of(opened.now))
    return opened


def ran(*words: str) -> Result:
    asked = Asked(open=lambda *_: Shop("p", {}, lambda: NOW))
    return CliRunner().invoke(shop, words, obj=asked)


def test_what_is_missing_is_shown_and_nothing_is_written(at_stripe: ShopAtStripe) -> None:
    before = at_stripe.store.dump()
    shown = ran("reconcile", "--since", "2026-03-14")
    assert (shown.exit_code, at_stripe.store.dump()) == (ExitCode.FOUND, before)
    events = [event["id"] for event in at_stripe.account.events]
    assert "Nobody has settled these: add --yes to do it" in shown.stdout
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
    assert said.stdout.startswith(f"Nothing disagrees of what happened before {at_stripe.now:%Y-%m-%d} ")


def test_nothing_is_called_right_that_nobody_has_compared(at_stripe: ShopAtStripe) -> None:
    said = ran("findings")
    assert (said.exit_code, said.stdout, "Nobody has compared yet" in said.stderr) == (ExitCode.FAILED, "", True)
    assert at_stripe.store.get("reconciliations/stripe") is None


def test_by_hand_it_goes_on_to_the_end_however_long_that_takes(at_stripe: ShopAtStripe) -> None:
    at_stripe.clock.per_look = 100
    assert json.loads(ran("reconcile", "--since", "2026-03-01", "--json").stdout)["complete"]


def test_what_disagrees_is_listed_with_what_to_do(at_stripe: ShopAtStripe) -> None:
    broken(at_stripe.store, "inventory/shirt", reserved=9)
    assert "6 of shirt are reserved, and orders hold 0\n./shop stock shirt\n" in ran("reconcile", "--yes").stdout
    listed = ran("findings")
    assert listed.exit_code == ExitCode.FOUND
    assert listed.stdout.splitlines() == [
        f"reserved_not_held, since {at_stripe.now:%Y-%m-%d %H:%M} UTC",
        "6 of shirt are reserved, and orders hold 0",
        "./shop stock shirt",
    ]
    assert json.loads(ran("findings", "--json").stdout)[0]["id"] == "reserved_not_held_shirt"
    again = ran("reconcile", "--yes")
    assert (again.exit_code, "1 found before: ./shop findings" in again.stdout) == (ExitCode.FOUND, True)


def test_a_key_is_asked_for_and_one_that_may_not_list_is_refused(
    at_stripe: ShopAtStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.delenv("STRIPE_API_KEY", raising=False)
    assert "export STRIPE_API_KEY" in ran("reconcile").stderr

    def refuse(_what: str) -> None:
        raise StripeRefused("The key may not list events.", "permission_error")

    at_stripe.stripe.before_answering = refuse
    monkeypatch.setattr(reconcile, "job_of", lambda _shop, _log: at_stripe.job())
    refused = ran("reconcile")
    assert (refused.exit_code, "may not list events" in refused.stderr) == (ExitCode.FAILED, True)


def test_beside_the_emulators_what_stands_in_for_stripe_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STRIPE_API_KEY", raising=False)
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    monkeypatch.setenv("STRIPE_STAND_IN_HOST", "127.0.0.1:2")
    emulated = Shop("demo-shop", {"FIRESTORE_EMULATOR_HOST": "127.0.0.1:1"}, lambda: NOW)
    assert reconcile.job_of(emulated, silent).stripe is not None
    with pytest.raises(Failed, match="There is no key"):
        reconcile.job_of(Shop("live", {}, lambda: NOW), silent)


def test_the_job_is_that_of_the_shops_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", "rk_test_of_the_emulators")
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    job = reconcile.job_of(Shop("demo-shop", {"SHOP_ID": "berlin"}, lambda: NOW), silent)
    assert job.stripe is not None
    assert job.naming.shop_id == "berlin"
