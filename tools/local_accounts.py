"""Accounts in the Authentication emulator, and what their tokens claim.

https://firebase.google.com/docs/emulator-suite/connect_auth
"""

import json
from collections.abc import Mapping
from typing import Final

from tools.addresses import PROJECT
from tools.posting import Answer, post

# The emulator's own word for whoever may do anything.
_OWNER: Final = {"Authorization": "Bearer owner"}


class NoAccount(Exception):
    """The emulator refuses it. The message says why."""


def let_in(auth_host: str, email: str, password: str, claims: Mapping[str, object]) -> str:
    """The id of the account with this address, whose next token claims this. Raises NoAccount, NotAnswered."""
    origin, said = f"http://{auth_host}/identitytoolkit.googleapis.com/v1", {"email": email, "password": password}
    made = post(f"{origin}/accounts:signUp?key=any", json.dumps(said).encode())
    if not made.is_done:
        made = post(f"{origin}/accounts:signInWithPassword?key=any", json.dumps(said).encode())
    user_id = _done(made)["localId"]
    changed = {"localId": user_id, "customAttributes": json.dumps(dict(claims))}
    _done(post(f"{origin}/projects/{PROJECT}/accounts:update", json.dumps(changed).encode(), _OWNER))
    return str(user_id)


def _done(answer: Answer) -> Mapping[str, object]:
    if not answer.is_done:
        raise NoAccount(f"The Authentication emulator answers {answer.status}: {answer.body.decode(errors='replace')}")
    return answer.fields()
