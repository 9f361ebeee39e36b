"""Accounts in the Authentication emulator, and their custom claims.

https://firebase.google.com/docs/emulator-suite/connect_auth
"""

import json
from collections.abc import Mapping

from ops.accounts import Accounts
from ops.exit_codes import Failed
from tools.addresses import PROJECT
from tools.posting import post


def let_in(auth_host: str, email: str, password: str, claims: Mapping[str, object]) -> str:
    """The id of the account with this address, created if need be, with these claims. Raises Failed, NotAnswered."""
    accounts = Accounts(PROJECT, auth_host)
    found = accounts.by_email(email)
    user_id = found.user_id if found else _signed_up(auth_host, email, password)
    accounts.set_claims(user_id, claims)
    return user_id


def _signed_up(auth_host: str, email: str, password: str) -> str:
    url = f"http://{auth_host}/identitytoolkit.googleapis.com/v1/accounts:signUp?key=any"
    answer = post(url, json.dumps({"email": email, "password": password}).encode())
    if not answer.is_done:
        raise Failed(f"The Authentication emulator answers {answer.status}: {answer.body.decode(errors='replace')}")
    return str(answer.fields()["localId"])
