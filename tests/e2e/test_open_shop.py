"""An open shop on one machine: it has a catalogue, its customers sign in, and its data can be kept."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support import http_client
from tools import logs, suite
from tools.addresses import PROJECT
from tools.polling import polled
from tools.toolchain import ROOT

ACCOUNTS = "identitytoolkit.googleapis.com/v1/accounts"
DOCUMENTS = f"projects/{PROJECT}/databases/(default)/documents"


@pytest.fixture
def open_shop(functions_host: str, tmp_path: Path) -> Iterator[Mapping[str, str]]:
    """What `make emulators` opens, until Ctrl-C; the variables that it tells a person to export."""
    said = tmp_path / "said"
    with (
        said.open("wb") as out,
        subprocess.Popen([sys.executable, "-m", "tools.open_shop"], cwd=ROOT, stdout=out, stderr=out) as opened,
    ):
        text = polled(said.read_text, lambda text: "Ctrl-C ends" in text or opened.poll() is not None, seconds=60)
        yield dict(re.findall(r"export (\w+)=(\S+)", text))
        opened.send_signal(signal.SIGINT)
        assert opened.wait(60) == 0, said.read_text()


def asked(url: str, body: object = None, *, token: str | None) -> Any:
    posted = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    answer = http_client.request(url, posted, headers)
    assert answer.status == 200, answer
    return json.loads(answer.body)


def place_order(firestore: str, order_id: str, user: Mapping[str, str]) -> None:
    """As the app does, with the user's own token and under the security rules."""
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


def hub_port() -> int:
    """The port of the suite that the tests run in."""
    (hub,) = json.loads(Path(os.environ[logs.FOLDER_VARIABLE], f"hub-{PROJECT}.json").read_text())["origins"]
    return int(hub.rpartition(":")[2])


def test_customers_sign_in_and_order_in_an_open_shop_and_what_it_knows_is_kept(
    open_shop: Mapping[str, str], tmp_path: Path
) -> None:
    firestore, data = open_shop["FIRESTORE_EMULATOR_HOST"], tmp_path / "kept"
    user = sign_up(open_shop["FIREBASE_AUTH_EMULATOR_HOST"])
    place_order(firestore, "order-kept", user)
    asked(f"http://{firestore}/v1/{DOCUMENTS}/products/espresso-cup", token=user["idToken"])
    suite.keep(hub_port(), data)
    assert user["localId"] in (data / "auth_export/accounts.json").read_text()
    assert any(b"order-kept" in each.read_bytes() for each in (data / "firestore_export").rglob("output-*"))
