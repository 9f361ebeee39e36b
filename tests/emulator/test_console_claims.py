"""A claim given on the command line is in the user's next token, and opens what the rules protect."""

import base64
import json
import os
from typing import Any
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner, Result

from ops.__main__ import shop
from ops.commands import Asked
from ops.connection import Shop
from tools.addresses import PROJECT

AUTH = f"http://{os.environ.get('FIREBASE_AUTH_EMULATOR_HOST')}/identitytoolkit.googleapis.com/v1/accounts"


def asked(what: str, email: str) -> dict[str, Any]:
    body = json.dumps({"email": email, "password": "a passphrase", "returnSecureToken": True}).encode()
    with urlopen(Request(f"{AUTH}:{what}?key=any", body, {"Content-Type": "application/json"})) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def ran(*words: str) -> Result:
    opened = Shop(PROJECT, {**os.environ, "GOOGLE_CLOUD_PROJECT": PROJECT})
    return CliRunner().invoke(shop, ("admin", *words), obj=Asked(open=lambda _: opened))


def claims_of(email: str) -> dict[str, Any]:
    """From a new sign-in's token."""
    payload = asked("signInWithPassword", email)["idToken"].split(".")[1]
    said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return said


@pytest.mark.parametrize(("more", "claim"), [((), "admin"), (("--viewer",), "viewer")])
def test_a_claim_is_given_and_taken_away(more: tuple[str, ...], claim: str) -> None:
    email = f"{claim}-of-the-claims@example.com"
    asked("signUp", email)
    assert ran("add", email, *more).exit_code == 0
    assert claims_of(email)[claim] is True
    assert email in ran("list").stdout
    assert ran("remove", email).exit_code == 0
    assert claim not in claims_of(email)
    assert email not in ran("list").stdout
