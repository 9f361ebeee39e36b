"""`make console` uses the open shop or opens one, and fills a shop without orders."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from tools import addresses, site
from tools.addresses import Addresses, NoEmulators
from tools.living import __main__ as living
from tools.living import shop as living_shop
from tools.living.shop import open_for_business

NOW = datetime(2026, 3, 14, 15, 9, tzinfo=UTC)
SHOP = Addresses(firestore="127.0.0.1:1", functions="127.0.0.1:2", auth="127.0.0.1:3", stripe="127.0.0.1:4")


class Started(Exception):
    """The emulators were started."""


def found_none(_environment: Mapping[str, str], _build: object) -> Addresses:
    raise NoEmulators("none are up")


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was served."""
    seen: list[str] = []

    def serve(*_: object) -> int:
        seen.append("the console")
        return 0

    monkeypatch.setattr(site, "serve", serve)

    def start(_program: str, words: tuple[str, ...]) -> None:
        raise Started(" ".join(words[1:]))

    monkeypatch.setattr(os, "execv", start)
    return seen


def test_a_shop_that_is_open_is_taken(monkeypatch: pytest.MonkeyPatch, served: list[str]) -> None:
    monkeypatch.setattr(addresses, "found", lambda _environment, _build: SHOP)
    assert (living.main(), served) == (0, ["the console"])


def test_emulators_are_started_if_none_are_up(monkeypatch: pytest.MonkeyPatch, served: list[str]) -> None:
    monkeypatch.setattr(addresses, "found", found_none)
    for variable in SHOP.variables():
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(Started, match=r"tools\.emulators .* -m tools\.living$"):
        living.main()
    assert served == []


def test_none_are_started_in_the_place_of_those_that_are_named(
    monkeypatch: pytest.MonkeyPatch, served: list[str]
) -> None:
    monkeypatch.setattr(addresses, "found", found_none)
    for variable, host in SHOP.variables().items():
        monkeypatch.setenv(variable, host)
    # Serving itself says that they do not run.
    assert (living.main(), served) == (0, ["the console"])


@pytest.mark.parametrize("orders", [0, 1])
def test_only_a_shop_in_which_nobody_has_ordered_is_given_a_past(monkeypatch: pytest.MonkeyPatch, orders: int) -> None:
    written: dict[str, object] = {}
    there: Any = SimpleNamespace(
        client=SimpleNamespace(
            collection=lambda _: SimpleNamespace(limit=lambda _: SimpleNamespace(stream=lambda: iter([None] * orders)))
        )
    )
    monkeypatch.setattr(living_shop, "put", lambda _client, documents: written.update(documents))
    monkeypatch.setattr(living_shop, "seed", lambda _client: None)
    made = open_for_business(there, "kettle", NOW, "olga")
    assert made == sum(path.startswith("orders/") for path in written)
    assert (made > 50) is (orders == 0)
    # Every visiting customer gets mails.
    assert sum(path.startswith("users/") for path in written) == 12
