"""Who may open the console: the claim that the rules read is set, and nothing else of the account changes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, cast

import pytest
from click.testing import CliRunner, Result

from ops.__main__ import shop
from ops.accounts import Account, Accounts
from ops.commands import Asked
from ops.connection import Shop

OLGA = Account("u-1", "olga@example.com", is_verified=True, claims={"plan": "gold"})


@dataclass
class AccountsInMemory:
    by_id: dict[str, Account] = field(default_factory=dict)

    def by_email(self, email: str) -> Account | None:
        return next((each for each in self.by_id.values() if each.email == email), None)

    def all(self) -> Iterator[Account]:
        return iter(self.by_id.values())

    def set_claims(self, user_id: str, claims: Mapping[str, Any]) -> None:
        self.by_id[user_id] = replace(self.by_id[user_id], claims=claims)


@dataclass(frozen=True)
class ShopWithAccounts(Shop):
    kept: AccountsInMemory

    @cached_property
    def accounts(self) -> Accounts:
        return cast("Accounts", self.kept)


def ran(accounts: AccountsInMemory, *words: str, emulated: bool = False) -> Result:
    opened = ShopWithAccounts("shop", {"FIRESTORE_EMULATOR_HOST": "here"} if emulated else {}, accounts)
    return CliRunner().invoke(shop, ("admin", *words), obj=Asked(open=lambda _: opened))


@pytest.mark.parametrize(
    ("words", "claims", "may"),
    [
        (("add", OLGA.email), {"plan": "gold", "admin": True}, "act"),
        (("add", OLGA.email, "--viewer"), {"plan": "gold", "viewer": True}, "look"),
        (("remove", OLGA.email), {"plan": "gold"}, "do nothing"),
    ],
)
def test_a_claim_replaces_the_other_and_leaves_all_others(
    words: tuple[str, ...], claims: Mapping[str, Any], may: str
) -> None:
    accounts = AccountsInMemory({"u-1": replace(OLGA, claims={**OLGA.claims, "admin": True, "viewer": True})})
    assert f"olga@example.com may {may}" in ran(accounts, *words).output
    assert accounts.by_id["u-1"].claims == claims


def test_an_address_that_nobody_has_proven_is_given_nothing_but_in_the_emulators() -> None:
    unproven = replace(OLGA, is_verified=False)
    accounts = AccountsInMemory({"u-1": unproven})
    said = ran(accounts, "add", OLGA.email)
    assert (said.exit_code, accounts.by_id["u-1"]) == (1, unproven)
    assert ran(accounts, "add", OLGA.email, emulated=True).exit_code == 0


def test_who_has_never_signed_in_is_given_nothing() -> None:
    said = ran(AccountsInMemory(), "add", OLGA.email)
    assert (said.exit_code, "Have them sign in to the console once" in said.output) == (1, True)


def test_only_claims_that_the_rules_would_read_are_listed() -> None:
    claimed: dict[str, dict[str, Any]] = {
        "u-1": {"admin": True},
        "u-2": {"viewer": True},
        "u-3": {"admin": "true"},
        "u-4": {},
    }
    accounts = {
        user: Account(user, f"{user}@example.com", is_verified=True, claims=said) for user, said in claimed.items()
    }
    listed = ran(AccountsInMemory(accounts), "list").stdout
    assert [line.split() for line in listed.splitlines()[1:]] == [
        ["u-1@example.com", "act", "u-1"],
        ["u-2@example.com", "look", "u-2"],
    ]
