"""The runbook's recipes for incidents, typed as written: each repairs what it says."""

import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Final

import pytest
from click.testing import CliRunner, Result

from ops import stripe_access
from ops.__main__ import shop as command_line
from ops.commands import Asked
from ops.exit_codes import ExitCode
from tests.emulator.ordering_shop import HELD, ON_THE_SHELF, PAID, SOLD, Shop
from tests.support.builders import NOW
from tests.support.stripe_objects import the_event
from tools.toolchain import ROOT

_SECTION: Final = re.compile(r"^### After an incident\n(.*?)^## ", re.DOTALL | re.MULTILINE)
_RECIPE: Final = re.compile(r"^#### (.+?)\n.*?^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
RECIPES: Final = dict(_RECIPE.findall(_SECTION.findall((ROOT / "docs/runbook.md").read_text())[0]))
THE_PAYMENT: Final = the_event(PAID, event_id="evt_1")
COUNTED: Final = {"shirt": (12, 2), "hat": (5, 1)}


def nothing_came(_shop: Shop) -> None:
    pass


def it_was_set_aside(shop: Shop) -> None:
    wrong = replace(shop, terms=replace(shop.terms, expected_livemode=True))
    assert wrong.deliver(THE_PAYMENT) == "livemode_mismatch"


def it_could_not_be_read(shop: Shop) -> None:
    assert shop.report(PAID, amount="3600", amount_received="3600") == "error"


def too_little_was_paid(shop: Shop) -> None:
    assert shop.report(PAID, amount_received=3_000) == "quarantined"


def it_was_paid_twice(shop: Shop) -> None:
    assert shop.report(PAID) == "first_time_finalized"
    assert shop.report(PAID, "evt_2", id="pi_2", latest_charge="ch_2") == "already_finalized"


def it_was_recorded_of_the_wrong_order(shop: Shop) -> None:
    assert shop.report(PAID) == "first_time_finalized"
    assert shop.ask("refund", elsewhere=True) == "refunded"


def another_was_paid_that_is_not_there(shop: Shop) -> None:
    waiting_for_none = replace(shop, terms=replace(shop.terms, order_wait=timedelta(0)))
    event = the_event(PAID, event_id="evt_2", id="pi_2", metadata={"orderId": "order-2"})
    assert waiting_for_none.deliver(event) == "order_not_found"


INCIDENTS: Final[Mapping[str, tuple[Callable[[Shop], None], str, Mapping[str, tuple[int, int]]]]] = {
    # the incident, the order's status once repaired, and the stock then
    "Events did not come": (nothing_came, "finalized", SOLD),
    "A setting kept events out": (it_was_set_aside, "finalized", SOLD),
    "A release could not read them": (it_could_not_be_read, "finalized", SOLD),
    "Nobody will ever write the order": (another_was_paid_that_is_not_there, "reserved", HELD),
    "Something else was paid than was asked": (too_little_was_paid, "finalized", SOLD),
    "Money is due back": (too_little_was_paid, "review", HELD),
    "It was paid twice": (it_was_paid_twice, "finalized", SOLD),
    "It was paid back outside Stripe": (it_was_paid_twice, "finalized", SOLD),
    "A refund was a mistake": (it_was_recorded_of_the_wrong_order, "finalized", SOLD),
    "The shelf has another number": (nothing_came, "reserved", COUNTED),
    "Orders hold what nobody will pay": (nothing_came, "expired", ON_THE_SHELF),
}


def test_every_recipe_is_tried() -> None:
    assert RECIPES.keys() == INCIDENTS.keys()


@pytest.mark.parametrize("incident", INCIDENTS)
def test_a_recipe_puts_right_what_it_is_for(
    incident: str, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    happens, status, stock = INCIDENTS[incident]
    happens(shop)
    (tmp_path / "events.json").write_text(json.dumps({"object": "list", "data": [THE_PAYMENT]}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", shop.client.project)
    knows_it = SimpleNamespace(event={"evt_1": THE_PAYMENT}.__getitem__)
    monkeypatch.setattr(stripe_access, "stripe_access", lambda *_: knows_it)
    before = (shop.order, shop.stock)
    names = {"ORDER": "order-1", "PAYMENT": "pi_2", "EVENT": "evt_2", "REFUND": "elsewhere_refund-1_pi_1"}
    *shown, done = typed(RECIPES[incident], PROJECT=shop.client.project, **names)
    said: dict[str, str] = {}
    for words in shown:
        result = run(words)
        assert result.exit_code in (ExitCode.FINE, ExitCode.FOUND), words
        assert (shop.order, shop.stock) == before
        if found := re.search(r"--count (\d+) --set (\w+)", result.stdout):
            said = {"COUNT": found[1], "SET": found[2]}
    assert run([said.get(word, word) for word in done]).exit_code == ExitCode.FINE
    assert (shop.order["status"], shop.stock) == (status, stock)
    reasons = [(entry.to_dict() or {}).get("reason") for entry in shop.client.collection("auditLog").stream()]
    assert done[done.index("--reason") + 1] in reasons


def typed(recipe: str, **names: str) -> list[list[str]]:
    """The words of each of our commands, with the names filled in."""
    commands = re.findall(r"^\./shop (.*)$", recipe, re.MULTILINE)
    return [[names.get(word, word) for word in shlex.split(command)] for command in commands]


def run(words: list[str]) -> Result:
    return CliRunner().invoke(command_line, words, obj=Asked(clock=lambda _: NOW + timedelta(hours=1)))
