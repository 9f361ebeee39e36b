"""`./shop admin`: who may open the operators' console, and who may act in it."""

from collections.abc import Mapping
from typing import Any, Final

import click

from ops.accounts import Account, Accounts
from ops.commands import Asked, Commands
from ops.exit_codes import Failed
from ops.page import Heading, Line, Page, Table, Tone

_CLAIMS: Final = ("admin", "viewer")
"""As in firestore.rules and the console."""


@click.group("admin", cls=Commands)
def admin() -> None:
    """Manage who may use the operators' console."""


@admin.command("list")
@click.pass_obj
def list_(asked: Asked) -> None:
    """List who may look or act."""
    found = [account for account in asked.shop.accounts.all() if _word_for(account.claims)]
    rows = tuple(sorted((account.email, _word_for(account.claims), account.user_id) for account in found))
    page: Page = (Table(rows, ("account", "may", "user id")),) if rows else (Line("Nobody may open the console."),)
    asked.output.show([_data_of(account) for account in found], page)


@admin.command("add")
@click.argument("email")
@click.option("--viewer", is_flag=True, help="May only look, not act.")
@click.pass_obj
def add(asked: Asked, email: str, *, viewer: bool) -> None:
    """Let the account EMAIL use the console, at once.

    They must have signed in once, and have verified the address.
    """
    account = _account_in(asked.shop.accounts, email)
    # Anybody can create an account with somebody else's address and a password.
    if not (account.is_verified or asked.shop.is_emulated):
        raise Failed(f"{email} is not verified: somebody else may have created that account.")
    _set(asked, account, {"viewer": True} if viewer else {"admin": True})


@admin.command("remove")
@click.argument("email")
@click.pass_obj
def remove(asked: Asked, email: str) -> None:
    """Close the console to the account EMAIL, at once.

    A token issued before stays valid for up to an hour.
    """
    _set(asked, _account_in(asked.shop.accounts, email), {})


def _account_in(accounts: Accounts, email: str) -> Account:
    if account := accounts.by_email(email):
        return account
    raise Failed(f"Nobody has signed in as {email}. Have them sign in to the console once, then run this again.")


def _set(asked: Asked, account: Account, wanted: Mapping[str, Any]) -> None:
    others = {name: value for name, value in account.claims.items() if name not in _CLAIMS}
    asked.shop.accounts.set_claims(account.user_id, {**others, **wanted})
    may = _word_for(wanted) or "do nothing"
    end = "It takes effect once they sign out and in again, or within an hour."
    page: Page = (Heading(f"{account.email} may {may} in the console of {asked.shop.project}"), Line(end, Tone.QUIET))
    asked.output.show({**_data_of(account), "claims": {**others, **wanted}}, page)


def _word_for(claims: Mapping[str, Any]) -> str:
    """Only exactly `true` counts, as in the rules."""
    return "act" if claims.get("admin") is True else "look" if claims.get("viewer") is True else ""


def _data_of(account: Account) -> dict[str, Any]:
    return {"userId": account.user_id, "email": account.email, "claims": account.claims}
