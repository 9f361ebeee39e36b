"""How the push channel is made: with Google's credentials, or for the outbox."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from google.auth.exceptions import DefaultCredentialsError
from google.oauth2.credentials import Credentials

from notifications.outbox import Outbox
from notifications.push.channel import channel_from
from notifications.push.tests.fcm_api import ACCESS_TOKEN, MESSAGE, PROJECT
from service.environment import SettingsError
from tests.support.channels import a_kit


def test_the_emulators_push_into_the_outbox(tmp_path: Path) -> None:
    channel_from(a_kit({}, outbox=Outbox(tmp_path))).send(MESSAGE, "evt_1_push_customer")
    assert json.loads((tmp_path / "evt_1_push_customer.json").read_text()) == MESSAGE


def test_without_credentials_nothing_is_pushed(monkeypatch: pytest.MonkeyPatch) -> None:
    def default(scopes: object) -> object:
        raise DefaultCredentialsError("none")

    monkeypatch.setattr("google.auth.default", default)
    with pytest.raises(SettingsError, match=r"^pushes cannot be sent: there are no Google credentials$"):
        channel_from(a_kit({}))


def test_without_a_project_nothing_is_pushed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("google.auth.default", lambda scopes: (object(), None))
    said = r"^pushes cannot be sent: no Google Cloud project is named$"
    with pytest.raises(SettingsError, match=said):
        channel_from(replace(a_kit({}), project=None))


def test_it_pushes_with_the_right_to_push_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    credentials = Credentials(ACCESS_TOKEN)

    def default(scopes: object) -> tuple[object, str]:
        asked.append(scopes)
        return credentials, "their-project"

    monkeypatch.setattr("google.auth.default", default)
    devices: Any = channel_from(a_kit({})).transport.__self__  # type: ignore[attr-defined]
    assert asked == [("https://www.googleapis.com/auth/firebase.messaging",)]
    assert (devices.project, devices.authorization(5)) == (PROJECT, {"authorization": f"Bearer {ACCESS_TOKEN}"})
