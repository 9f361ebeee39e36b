"""A shop on one machine: it opens with Auth and a catalogue, and the next start begins with what it kept.

It is a second suite of emulators beside the one that this test runs in, and leaves no process behind.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support import http_client
from tools import logs, reaper
from tools.addresses import PROJECT
from tools.emulators import data_to_keep
from tools.polling import polled
from tools.toolchain import ROOT

OWNER = "owner"
"""The emulators take this for somebody whom no rules bind."""
ACCOUNTS = "identitytoolkit.googleapis.com/v1/accounts"
DOCUMENTS = f"projects/{PROJECT}/databases/(default)/documents"
OWN = {"AUTH_PORT", "FIRESTORE_PORT", "FUNCTIONS_PORT", "FIRESTORE_EMULATOR_HOST", "FUNCTIONS_EMULATOR_HOST"}


@pytest.fixture
def keep() -> Iterator[Mapping[str, str]]:
    """A name for data that no other start has, and an environment that names nothing else."""
    named = {"KEEP": f"test-{uuid.uuid4().hex}"}
    yield named
    shutil.rmtree(data_to_keep(named) or "", ignore_errors=True)


@contextlib.contextmanager
def an_open_shop(said: Path, environment: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """What `make emulators` starts, until Ctrl-C; the variables that it tells a person to export."""
    inherited = {name: value for name, value in os.environ.items() if name not in OWN}
    with said.open("wb") as out:
        started = subprocess.Popen(
            [sys.executable, "-m", "tools.emulators"],
            env={**inherited, **environment},
            cwd=ROOT,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        text = polled(said.read_text, lambda text: "Ctrl-C ends" in text or started.poll() is not None, seconds=90)
        yield dict(re.findall(r"export (\w+)=(\S+)", text))
    finally:
        started_by_it = set(reaper.descendants(started.pid))
        assert len(started_by_it) >= 4, "the reaper, Node, Java, and what keeps the shop open"
        # As a terminal does, to the command and to what runs within.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGINT)
        assert started.wait(60) == 0, said.read_text()
        assert not started_by_it & set(reaper.living_processes())


def asked(url: str, body: object = None, *, token: str | None = OWNER) -> Any:
    posted = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    answer = http_client.request(url, posted, headers)
    assert answer.status == 200, answer
    return json.loads(answer.body)


def place_order(firestore: str, order_id: str, user: Mapping[str, str]) -> None:
    """As the app does it, with the user's own token and by the security rules."""
    line = {"productId": {"stringValue": "espresso-cup"}, "quantity": {"integerValue": "2"}}
    fields = {
        "userId": {"stringValue": user["localId"]},
        "items": {"arrayValue": {"values": [{"mapValue": {"fields": line}}]}},
        "status": {"stringValue": "pending"},
    }
    write = {
        "update": {"name": f"{DOCUMENTS}/orders/{order_id}", "fields": fields},
        "updateTransforms": [{"fieldPath": "createdAt", "setToServerValue": "REQUEST_TIME"}],
        "currentDocument": {"exists": False},
    }
    asked(f"http://{firestore}/v1/{DOCUMENTS}:commit", {"writes": [write]}, token=user["idToken"])


def sign_up(auth: str) -> Mapping[str, str]:
    """A new anonymous user: the id and a token."""
    user: Mapping[str, str] = asked(f"http://{auth}/{ACCOUNTS}:signUp?key=any", {"returnSecureToken": True}, token=None)
    return user


def users_of(auth: str) -> set[str]:
    listed = asked(f"http://{auth}/{ACCOUNTS.replace('accounts', f'projects/{PROJECT}/accounts')}:query", {})
    return {user["localId"] for user in listed["userInfo"]}


def export_this_suite(data: Path) -> None:
    """What an open shop kept, as far as the next start can see: the data of the suite that this test runs in."""
    (hub,) = json.loads(Path(os.environ[logs.FOLDER_VARIABLE], f"hub-{PROJECT}.json").read_text())["origins"]
    data.parent.mkdir(parents=True, exist_ok=True)
    asked(f"{hub}/_admin/export", {"path": str(data)})


@pytest.mark.usefixtures("functions_host")
def test_customers_sign_in_and_order_in_an_open_shop_and_what_it_knows_is_kept(
    tmp_path: Path, keep: Mapping[str, str]
) -> None:
    data, before = data_to_keep(keep), sign_up(os.environ["FIREBASE_AUTH_EMULATOR_HOST"])
    assert data
    export_this_suite(data)
    with an_open_shop(tmp_path / "said", keep) as exports:
        firestore, auth = exports["FIRESTORE_EMULATOR_HOST"], exports["FIREBASE_AUTH_EMULATOR_HOST"]
        assert before["localId"] in users_of(auth)
        user = sign_up(auth)
        place_order(firestore, "order-kept", user)
        asked(f"http://{firestore}/v1/{DOCUMENTS}/products/espresso-cup", token=user["idToken"])
    assert user["localId"] in (data / "auth_export/accounts.json").read_text()
    assert any(b"order-kept" in each.read_bytes() for each in (data / "firestore_export").rglob("output-*"))
